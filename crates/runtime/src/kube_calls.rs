//! Requests to the API server, counted by verb and resource.

use axum::http::{Method, Request};
use kube::client::Body;
use prometheus::IntCounterVec;
use tower::util::MapRequestLayer;

/// The labels of a counter of requests.
pub const LABELS: [&str; 2] = ["verb", "resource"];

/// A layer for a client of the API server that counts its requests in `calls`.
pub fn counting(
    calls: IntCounterVec,
) -> MapRequestLayer<impl Fn(Request<Body>) -> Request<Body> + Clone + Send + Sync + 'static> {
    MapRequestLayer::new(move |request: Request<Body>| {
        let (verb, resource) = name_call(request.method(), request.uri().path(), request.uri().query());
        calls.with_label_values(&[verb, resource]).inc();
        request
    })
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
