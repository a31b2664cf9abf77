//! Which webhooks need the bundle. Pure.

use k8s_openapi::ByteString;
use serde_json::{Value, json};

/// A webhook of a configuration: its name, and the bundle that it has.
pub(crate) type Webhook<'a> = (&'a str, Option<&'a [u8]>);

/// The strategic merge patch that gives `bundle` to every webhook that lacks it, if one does.
pub(crate) fn plan<'a>(webhooks: impl IntoIterator<Item = Webhook<'a>>, bundle: &str) -> Option<Value> {
    let encoded = ByteString(bundle.as_bytes().to_vec());
    let changes: Vec<Value> = webhooks
        .into_iter()
        .filter(|(_, current)| *current != Some(bundle.as_bytes()))
        .map(|(name, _)| json!({"name": name, "clientConfig": {"caBundle": encoded}}))
        .collect();
    (!changes.is_empty()).then(|| json!({"webhooks": changes}))
}

/// Whether a text may be a bundle at all: anything else would stop every pod, so it is left alone.
pub(crate) fn is_bundle(text: &str) -> bool {
    text.contains("-----BEGIN CERTIFICATE-----") && text.contains("-----END CERTIFICATE-----")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_webhooks_that_differ_are_written() {
        let patch = plan([("a", None), ("b", Some(b"pem".as_slice())), ("c", Some(b"old".as_slice()))], "pem").unwrap();
        let change = |name: &str| json!({"name": name, "clientConfig": {"caBundle": "cGVt"}});
        assert_eq!(patch, json!({"webhooks": [change("a"), change("c")]}));
    }

    #[test]
    fn nothing_is_written_where_all_have_it() {
        assert_eq!(plan([("b", Some(b"pem".as_slice()))], "pem"), None);
        assert_eq!(plan([], "pem"), None);
    }

    #[test]
    fn only_certificates_are_bundles() {
        assert!(is_bundle("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"));
        assert!(!is_bundle("") && !is_bundle("-----BEGIN PRIVATE KEY-----"));
    }
}
