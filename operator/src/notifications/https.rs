//! One POST. A client for each: letters are rare, so no connection is kept, and keys and certificates are today's.

use std::error::Error;
use std::iter::successors;
use std::path::Path;

use axum::body::Body;
use axum::http::{Request, StatusCode, Uri, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use super::address::Delivery;
use super::letter::Letter;
use super::settings::{Webhook, address};
use super::signature::Keys;

/// Sends `letter`, signed, to `webhook`.
pub(super) async fn post(webhook: &Webhook, letter: &Letter) -> Delivery {
    match attempt(webhook, letter).await {
        Ok(status) => judged(status),
        Err(problem) => Delivery::Later(problem),
    }
}

async fn attempt(webhook: &Webhook, letter: &Letter) -> Result<StatusCode, String> {
    let (uri, keys) = (uri(webhook)?, Keys::read(&webhook.key_file)?);
    let second = Timestamp::now().as_second();
    let request = Request::post(uri)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, concat!("sentinel-operator/", env!("CARGO_PKG_VERSION")))
        .header("x-sentinel-event", &letter.event)
        .header("webhook-id", &letter.id)
        .header("webhook-timestamp", second)
        .header("webhook-signature", keys.sign(letter, second))
        .body(Body::from(letter.body.clone()))
        .map_err(|error| error.to_string())?;
    let client = Client::builder(TokioExecutor::new()).build(connector(webhook)?);
    let answer = client.request(request).await.map_err(|error| causes(&error))?;
    Ok(answer.status())
}

/// A redirect is none that we follow: who may hear is the installation's to say.
fn judged(status: StatusCode) -> Delivery {
    let says = format!("the target answers {status}");
    match status.as_u16() {
        200..300 => Delivery::Done,
        408 | 425 | 429 | 500.. => Delivery::Later(says),
        300..400 => Delivery::Refused(format!("{says}; redirects are not followed")),
        _ => Delivery::Refused(says),
    }
}

fn uri(webhook: &Webhook) -> Result<Uri, String> {
    match (&webhook.url, &webhook.url_file) {
        (Some(url), _) => address(url),
        (None, Some(file)) => address(&read(file)?),
        (None, None) => Err("the target has no url".to_owned()),
    }
}

fn connector(webhook: &Webhook) -> Result<HttpsConnector<HttpConnector>, String> {
    let roots = roots(webhook.ca_file.as_deref())?;
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(HttpsConnectorBuilder::new().with_tls_config(config).https_only().enable_http1().build())
}

fn roots(file: Option<&Path>) -> Result<RootCertStore, String> {
    let found = match file {
        Some(file) => {
            let text = read(file)?;
            let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
            all.map_err(|error| format!("{} holds no certificates in PEM: {error}", file.display()))?
        }
        None => rustls_native_certs::load_native_certs().certs,
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found);
    if roots.is_empty() {
        let place = file.map_or_else(|| "the system".to_owned(), |file| file.display().to_string());
        return Err(format!("there is no CA certificate in {place}"));
    }
    Ok(roots)
}

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{} can't be read: {error}", file.display()))
}

/// Without the address, which none of the causes names.
fn causes(error: &(dyn Error + 'static)) -> String {
    successors(Some(error), |&error| error.source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(200, "done")]
    #[case(204, "done")]
    #[case(302, "refused")]
    #[case(400, "refused")]
    #[case(404, "refused")]
    #[case(408, "later")]
    #[case(410, "refused")]
    #[case(429, "later")]
    #[case(500, "later")]
    #[case(503, "later")]
    fn what_an_answer_means(#[case] status: u16, #[case] meaning: &str) {
        let found = match judged(StatusCode::from_u16(status).unwrap()) {
            Delivery::Done => "done",
            Delivery::Refused(_) => "refused",
            Delivery::Later(_) => "later",
        };
        assert_eq!(found, meaning);
    }
}
