//! Who may ask: a process of this pod that can read the token file, on the address that the webhook gave it.
//!
//! Against a web page or a proxy that is talked into calling us: only GET, only our own Host, no forwarded request, and
//! nothing without the token.

use http::header::{AUTHORIZATION, FORWARDED, HOST, HeaderName};
use http::request::Parts;
use http::{HeaderMap, Method};
use sentinel_core::protocol::{CREDENTIALS_PATH, code};

use crate::app_token::AppToken;

/// Path of the readiness endpoint.
pub const READY_PATH: &str = "/v1/ready";
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// Credentials.
    Credentials,
    /// Readiness; no token is needed, and no secret given.
    Ready,
}

/// Why a request is not answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rejection {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
}

pub(super) struct Guard {
    token: AppToken,
    hosts: [String; 2],
}

impl Guard {
    pub fn new(token: AppToken, port: u16) -> Self {
        Self { token, hosts: [format!("127.0.0.1:{port}"), "127.0.0.1".to_owned()] }
    }

    pub fn check(&self, head: &Parts) -> Result<Route, Rejection> {
        self.addressed(head)?;
        not_forwarded(&head.headers)?;
        let route = route(head.uri.path())?;
        only_get(&head.method)?;
        if route == Route::Credentials {
            self.authorized(&head.headers)?;
        }
        Ok(route)
    }

    fn addressed(&self, head: &Parts) -> Result<(), Rejection> {
        let ours = |host: &str| self.hosts.iter().any(|ours| ours == host);
        let host = only(&head.headers, &HOST).and_then(|host| std::str::from_utf8(host).ok());
        let target = head.uri.authority().is_none_or(|authority| ours(authority.as_str()));
        if target && host.is_some_and(ours) {
            return Ok(());
        }
        let [whole, _] = &self.hosts;
        Err(reject(403, code::INVALID_REQUEST, format!("only requests to the host {whole} are answered")))
    }

    fn authorized(&self, headers: &HeaderMap) -> Result<(), Rejection> {
        let shown = only(headers, &AUTHORIZATION);
        if shown.is_some_and(|shown| self.token.matches(shown)) {
            return Ok(());
        }
        let message =
            "the Authorization header must hold the content of the file in AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
        Err(reject(401, code::INVALID_TOKEN, message))
    }
}

fn not_forwarded(headers: &HeaderMap) -> Result<(), Rejection> {
    if headers.contains_key(FORWARDED_FOR) || headers.contains_key(FORWARDED) {
        return Err(reject(403, code::INVALID_REQUEST, "forwarded requests are not answered"));
    }
    Ok(())
}

fn route(path: &str) -> Result<Route, Rejection> {
    match path {
        CREDENTIALS_PATH => Ok(Route::Credentials),
        READY_PATH => Ok(Route::Ready),
        _ => Err(reject(
            404,
            code::INVALID_REQUEST,
            format!("there is nothing here; credentials are at {CREDENTIALS_PATH}"),
        )),
    }
}

fn only_get(method: &Method) -> Result<(), Rejection> {
    if method == Method::GET {
        return Ok(());
    }
    Err(reject(405, code::INVALID_REQUEST, "only GET is answered"))
}

/// The value of a header that occurs exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    values.next().is_none().then_some(value.as_bytes())
}

fn reject(status: u16, code: &'static str, message: impl Into<String>) -> Rejection {
    Rejection { status, code, message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn guard() -> (Guard, String) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        let token = AppToken::ensure(&path).unwrap();
        (Guard::new(token, 9911), std::fs::read_to_string(&path).unwrap())
    }

    fn check(method: &str, uri: &str, headers: &[(&str, &str)]) -> Result<Route, u16> {
        let (guard, token) = guard();
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, value.replace("TOKEN", &token));
        }
        guard.check(&request.body(()).unwrap().into_parts().0).map_err(|rejection| rejection.status)
    }

    const HOST: (&str, &str) = ("host", "127.0.0.1:9911");
    const TOKEN: (&str, &str) = ("authorization", "TOKEN");

    #[test]
    fn answers_the_pod() {
        assert_eq!(check("GET", "/v1/credentials", &[HOST, TOKEN]), Ok(Route::Credentials));
        assert_eq!(check("GET", "/v1/credentials", &[("host", "127.0.0.1"), TOKEN]), Ok(Route::Credentials));
        assert_eq!(check("GET", "http://127.0.0.1:9911/v1/credentials", &[HOST, TOKEN]), Ok(Route::Credentials));
        assert_eq!(check("GET", "/v1/ready", &[HOST]), Ok(Route::Ready));
    }

    #[rstest::rstest]
    #[case::no_host("GET", "/v1/credentials", &[TOKEN], 403)]
    #[case::name("GET", "/v1/credentials", &[("host", "localhost:9911"), TOKEN], 403)]
    #[case::rebound("GET", "/v1/credentials", &[("host", "evil.example:9911"), TOKEN], 403)]
    #[case::other_port("GET", "/v1/credentials", &[("host", "127.0.0.1:80"), TOKEN], 403)]
    #[case::two_hosts("GET", "/v1/credentials", &[HOST, HOST, TOKEN], 403)]
    #[case::other_target("GET", "http://evil.example/v1/credentials", &[HOST, TOKEN], 403)]
    #[case::ready_elsewhere("GET", "/v1/ready", &[("host", "evil.example")], 403)]
    #[case::forwarded("GET", "/v1/credentials", &[HOST, TOKEN, ("x-forwarded-for", "10.0.0.1")], 403)]
    #[case::forwarded_newly("GET", "/v1/credentials", &[HOST, TOKEN, ("forwarded", "for=10.0.0.1")], 403)]
    #[case::no_token("GET", "/v1/credentials", &[HOST], 401)]
    #[case::bearer("GET", "/v1/credentials", &[HOST, ("authorization", "Bearer TOKEN")], 401)]
    #[case::wrong_token("GET", "/v1/credentials", &[HOST, ("authorization", "0000")], 401)]
    #[case::two_tokens("GET", "/v1/credentials", &[HOST, TOKEN, TOKEN], 401)]
    #[case::put("PUT", "/v1/credentials", &[HOST, TOKEN], 405)]
    #[case::head("HEAD", "/v1/ready", &[HOST], 405)]
    #[case::elsewhere("GET", "/latest/meta-data", &[HOST, TOKEN], 404)]
    #[case::below("GET", "/v1/credentials/", &[HOST, TOKEN], 404)]
    fn refuses(#[case] method: &str, #[case] uri: &str, #[case] headers: &[(&str, &str)], #[case] status: u16) {
        assert_eq!(check(method, uri, headers), Err(status));
    }
}
