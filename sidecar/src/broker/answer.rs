//! What the broker's bytes mean.

use hyper::body::Bytes;
use sentinel_core::protocol::{Grant, Refusal, code};

use crate::state::{BrokerAnswer, Denial};

/// An HTTP answer.
pub(super) struct Raw {
    pub status: u16,
    pub retry_after: Option<u64>,
    pub body: Bytes,
}

/// The answer, and a newer trust bundle if one came along.
pub(super) fn read(raw: &Raw) -> (BrokerAnswer, Option<String>) {
    match raw.status {
        200 => match serde_json::from_slice::<Grant>(&raw.body) {
            Ok(mut grant) => {
                let bundle = grant.trust_bundle.take();
                (BrokerAnswer::Granted(grant), bundle)
            }
            // serde's text would quote the body, and with it a key.
            Err(error) => (
                undecided(&format!("its grant can't be read (line {}, column {})", error.line(), error.column())),
                None,
            ),
        },
        // A no stays a no, whatever its body is like.
        401 => refused(raw, code::INVALID_TOKEN, BrokerAnswer::Refused),
        403 => refused(raw, code::ACCESS_DENIED, BrokerAnswer::Refused),
        429 => refused(raw, code::THROTTLED, BrokerAnswer::Throttled),
        503 => refused(raw, code::UNAVAILABLE, |denial| BrokerAnswer::Undecided(said_by_broker(denial))),
        status => (undecided(&format!("it answered with status {status}")), None),
    }
}

fn refused(raw: &Raw, default: &str, make: impl FnOnce(Denial) -> BrokerAnswer) -> (BrokerAnswer, Option<String>) {
    let read = serde_json::from_slice::<Refusal>(&raw.body);
    let mut refusal =
        read.unwrap_or_else(|_| Refusal::new(default, format!("status {} with a body that can't be read", raw.status)));
    let bundle = refusal.trust_bundle.take();
    (make(Denial { status: raw.status, refusal, retry_after: raw.retry_after }), bundle)
}

fn said_by_broker(mut denial: Denial) -> Denial {
    denial.refusal.message = format!("the broker, which could not decide: {}", denial.refusal.message);
    denial
}

fn undecided(what: &str) -> BrokerAnswer {
    BrokerAnswer::Undecided(Denial::undecided(format!("the broker: {what}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(status: u16, body: &str) -> Raw {
        Raw { status, retry_after: Some(7), body: Bytes::from(body.to_owned()) }
    }

    const GRANT: &str = r#"{"credentials": {"AccessKeyId": "A", "SecretAccessKey": "hidden", "Token": "T",
        "Expiration": "2026-11-22T20:00:00Z"}, "leaseMs": 5000, "trustBundle": "pem"}"#;

    #[test]
    fn a_grant_is_read_with_its_bundle() {
        let (answer, bundle) = read(&raw(200, GRANT));
        assert!(
            matches!(answer, BrokerAnswer::Granted(grant) if grant.lease_ms == 5000 && grant.outage_grace_ms.is_none())
        );
        assert_eq!(bundle.as_deref(), Some("pem"));
    }

    #[test]
    fn garbage_is_no_decision_and_is_not_quoted() {
        for body in ["", "hidden", "{}", &GRANT.replace("5000", "\"hidden\"")] {
            let (answer, _) = read(&raw(200, body));
            let BrokerAnswer::Undecided(denial) = answer else { panic!("{answer:?}") };
            assert!(!denial.refusal.message.contains("hidden"), "{}", denial.refusal.message);
        }
    }

    #[test]
    fn the_status_decides() {
        for body in ["nonsense", r#"{"Code": "X", "Message": "no"}"#] {
            assert!(matches!(read(&raw(401, body)).0, BrokerAnswer::Refused(denial) if denial.status == 401));
            assert!(matches!(read(&raw(403, body)).0, BrokerAnswer::Refused(denial) if denial.status == 403));
            assert!(
                matches!(read(&raw(429, body)).0, BrokerAnswer::Throttled(denial) if denial.retry_after == Some(7))
            );
            for status in [204, 302, 400, 404, 500, 502, 503] {
                assert!(matches!(read(&raw(status, body)).0, BrokerAnswer::Undecided(_)), "{status}");
            }
        }
    }
}
