//! Clients of the API server: each counts its calls, and those of the watches hear every byte.

use axum::http::{Method, Request};
use kube::client::{Body, ClientBuilder};
use kube::{Client, Config};
use prometheus::IntCounterVec;
use tower::util::{MapRequestLayer, MapResponseLayer};

use crate::watch::Heard;

/// Makes clients of one API server.
#[derive(Clone)]
pub struct Clients {
    config: Config,
    calls: IntCounterVec,
}

impl Clients {
    /// For the API server of `config`; calls are counted in `calls{verb,resource}`.
    pub fn new(config: Config, calls: IntCounterVec) -> Self {
        Self { config, calls }
    }

    /// A client for single questions.
    pub fn plain(&self) -> kube::Result<Client> {
        Ok(ClientBuilder::try_from(self.config.clone())?.with_layer(&self.counting()).build())
    }

    /// A client for one watch, which stamps `heard`.
    pub fn hearing(&self, heard: &Heard) -> kube::Result<Client> {
        let heard = heard.clone();
        let listening = MapResponseLayer::new(move |response| heard.listen(response));
        let builder = ClientBuilder::try_from(self.config.clone())?;
        Ok(builder.with_layer(&listening).with_layer(&self.counting()).build())
    }

    fn counting(&self) -> MapRequestLayer<impl Fn(Request<Body>) -> Request<Body> + Clone + use<>> {
        let calls = self.calls.clone();
        MapRequestLayer::new(move |request: Request<Body>| {
            let (verb, resource) = name_call(request.method(), request.uri().path(), request.uri().query());
            calls.with_label_values(&[verb, resource]).inc();
            request
        })
    }
}

/// Verb and resource of a request, in RBAC's words.
fn name_call<'a>(method: &Method, path: &'a str, query: Option<&str>) -> (&'static str, &'a str) {
    let mut parts = path.trim_matches('/').split('/');
    let before = if parts.next() == Some("apis") { 2 } else { 1 };
    let mut parts: Vec<&str> = parts.skip(before).collect();
    if parts.first() == Some(&"namespaces") && parts.len() > 2 {
        parts.drain(..2);
    }
    let resource = parts.first().copied().unwrap_or("other");
    (verb(method, parts.len() > 1, query.unwrap_or_default()), resource)
}

fn verb(method: &Method, named: bool, query: &str) -> &'static str {
    match (method.as_str(), named) {
        ("GET", _) if query.split('&').any(|pair| pair == "watch=true") => "watch",
        ("GET", true) => "get",
        ("GET", false) => "list",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", _) => "delete",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("GET", "/api/v1/pods?labelSelector=a%3Db&watch=true", ("watch", "pods"))]
    #[case("GET", "/api/v1/pods?limit=200", ("list", "pods"))]
    #[case("GET", "/api/v1/namespaces/payments/pods/api-0", ("get", "pods"))]
    #[case("GET", "/api/v1/namespaces/kube-system", ("get", "namespaces"))]
    #[case("GET", "/apis/sentinel.dev/v1alpha1/sentinelprofiles", ("list", "sentinelprofiles"))]
    #[case("POST", "/apis/authentication.k8s.io/v1/tokenreviews", ("create", "tokenreviews"))]
    #[case("POST", "/apis/events.k8s.io/v1/namespaces/payments/events", ("create", "events"))]
    fn calls_are_named_as_in_rbac(#[case] method: Method, #[case] uri: &str, #[case] expected: (&str, &str)) {
        let uri: axum::http::Uri = uri.parse().unwrap();
        assert_eq!(name_call(&method, uri.path(), uri.query()), expected);
    }
}
