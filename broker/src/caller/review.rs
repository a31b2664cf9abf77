//! Reading the API server's TokenReview.

use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewStatus, UserInfo};
use sentinel_core::identity::parse_service_account_user;
use sentinel_core::protocol::BROKER_AUDIENCE;

use sentinel_decision::Caller;

const POD_NAME: &str = "authentication.kubernetes.io/pod-name";
const POD_UID: &str = "authentication.kubernetes.io/pod-uid";

/// What the API server says of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reviewed {
    /// It is good, for us, and bound to a pod.
    Caller(Caller),
    /// It is not.
    Refused(String),
    /// Nobody could say.
    Unknown(String),
}

/// The caller, three named checks: authenticated, for us, bound to a pod.
pub fn read_review(review: TokenReview) -> Reviewed {
    let status = review.status.unwrap_or_default();
    match authenticated(&status).and_then(|()| for_us(&status)).and_then(|()| bound(status.user.unwrap_or_default())) {
        Ok(caller) => Reviewed::Caller(caller),
        Err(why) => Reviewed::Refused(why),
    }
}

fn authenticated(status: &TokenReviewStatus) -> Result<(), String> {
    let good = status.authenticated == Some(true);
    good.then_some(()).ok_or_else(|| status.error.clone().unwrap_or_else(|| "it is not authentic".to_owned()))
}

/// An API server that knows no audiences answers without any: that is no yes.
fn for_us(status: &TokenReviewStatus) -> Result<(), String> {
    let ours = status.audiences.iter().flatten().any(|audience| audience == BROKER_AUDIENCE);
    ours.then_some(()).ok_or_else(|| format!("it is not for the audience {BROKER_AUDIENCE}"))
}

fn bound(user: UserInfo) -> Result<Caller, String> {
    let name = user.username.unwrap_or_default();
    let service_account_uid = user.uid.unwrap_or_default();
    let Some((namespace, service_account)) = parse_service_account_user(&name) else {
        return Err(format!("`{name}` is no service account"));
    };
    let extra = user.extra.unwrap_or_default();
    let only = |key: &str| match extra.get(key).map(Vec::as_slice) {
        Some([value]) if !value.is_empty() => Ok(value.clone()),
        _ => Err(format!("it is not bound to a pod ({key} is missing)")),
    };
    Ok(Caller {
        namespace: namespace.to_owned(),
        service_account: service_account.to_owned(),
        service_account_uid,
        pod: only(POD_NAME)?,
        pod_uid: only(POD_UID)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn good() -> Value {
        json!({"authenticated": true, "audiences": ["sentinel.dev/broker"], "user": {"username": "system:serviceaccount:payments:api", "uid": "sa-uid",
            "extra": {"authentication.kubernetes.io/pod-name": ["api-0"], "authentication.kubernetes.io/pod-uid": ["u"]}}})
    }

    fn review(change: &Value) -> Reviewed {
        let mut status = good();
        json_merge(&mut status, change);
        read_review(serde_json::from_value(json!({"spec": {}, "status": status})).unwrap())
    }

    fn json_merge(into: &mut Value, change: &Value) {
        match (into, change) {
            (Value::Object(into), Value::Object(change)) => {
                for (key, value) in change {
                    json_merge(into.entry(key).or_insert(Value::Null), value);
                }
            }
            (into, change) => *into = change.clone(),
        }
    }

    #[test]
    fn a_good_review_names_the_pod() {
        let Reviewed::Caller(caller) = review(&json!({})) else { panic!("refused") };
        assert_eq!(
            (caller.user().as_str(), caller.pod_path().as_str()),
            ("system:serviceaccount:payments:api", "payments/api-0")
        );
        assert_eq!(caller.service_account_uid, "sa-uid");
    }

    #[rstest]
    #[case(json!({"authenticated": false}), "it is not authentic")]
    #[case(json!({"authenticated": null, "error": "token expired"}), "token expired")]
    #[case(json!({"audiences": null}), "it is not for the audience sentinel.dev/broker")]
    #[case(json!({"audiences": ["https://kubernetes.default.svc"]}), "it is not for the audience sentinel.dev/broker")]
    #[case(json!({"user": {"username": "alice"}}), "`alice` is no service account")]
    #[case(json!({"user": {"extra": {"authentication.kubernetes.io/pod-name": null}}}), "it is not bound to a pod (authentication.kubernetes.io/pod-name is missing)")]
    #[case(json!({"user": {"extra": {"authentication.kubernetes.io/pod-uid": []}}}), "it is not bound to a pod (authentication.kubernetes.io/pod-uid is missing)")]
    #[case(json!({"user": {"extra": {"authentication.kubernetes.io/pod-uid": ["a", "b"]}}}), "it is not bound to a pod (authentication.kubernetes.io/pod-uid is missing)")]
    fn every_check_can_refuse(#[case] change: Value, #[case] why: &str) {
        // A null in `extra` can't be parsed; leaving the key out is what the API server does.
        let change = match change.pointer("/user/extra/authentication.kubernetes.io~1pod-name") {
            Some(Value::Null) => json!({"user": {"extra": {"authentication.kubernetes.io/pod-name": []}}}),
            _ => change,
        };
        assert_eq!(review(&change), Reviewed::Refused(why.to_owned()));
    }
}
