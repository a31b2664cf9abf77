//! Stamps: who did it, written by us from the request and never read from the author. The mutating webhook makes them; the
//! validating one compares what came of it, and nobody changes them later.

use kube::Resource as _;
use sentinel_api::{AccessLock, SentinelSession};
use serde_json::Value;

use crate::admission::{AdmissionRequest, Answer, Operation};

/// Key of a lock's spec: who made it.
const CREATED_BY: &str = "createdBy";
/// Key of a session's spec: who revoked it.
const REVOKED_BY: &str = "revokedBy";

/// The object of `request` with its stamps.
pub fn stamp(request: &AdmissionRequest) -> Answer {
    let mut stamped = request.object.clone();
    let resource = request.resource.resource.as_str();
    if resource == AccessLock::plural(&()) {
        lock(request, &mut stamped);
    } else if resource == SentinelSession::plural(&()) {
        session(request, &mut stamped);
    }
    Answer::patched(&request.object, &stamped)
}

fn lock(request: &AdmissionRequest, stamped: &mut Value) {
    match request.operation {
        Operation::Create => set(stamped, CREATED_BY, author(request)),
        Operation::Update => keep(stamped, &request.old_object, CREATED_BY),
        Operation::Delete | Operation::Connect => {}
    }
}

/// A revocation is a change: a session that is made revoked is one that the operator makes again, with who it was.
fn session(request: &AdmissionRequest, stamped: &mut Value) {
    match (request.operation, is_revoked(&request.old_object), is_revoked(&request.object)) {
        (Operation::Update, false, true) => set(stamped, REVOKED_BY, author(request)),
        (Operation::Update, true, _) => keep(stamped, &request.old_object, REVOKED_BY),
        _ => {}
    }
}

fn is_revoked(session: &Value) -> bool {
    session.pointer("/spec/revoked") == Some(&Value::Bool(true))
}

fn author(request: &AdmissionRequest) -> Value {
    request.user_info.username.as_str().into()
}

/// A spec of another shape stays as it is: the schema refuses it.
fn set(object: &mut Value, key: &str, value: Value) {
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
        spec.insert(key.to_owned(), value);
    }
}

/// Whoever replaces an object by one without its stamp doesn't mean to change it; one that is another is refused later.
fn keep(object: &mut Value, old: &Value, key: &str) {
    let missing = object.pointer(&format!("/spec/{key}")).is_none_or(Value::is_null);
    if let Some(value) = old.pointer(&format!("/spec/{key}")).filter(|_| missing) {
        set(object, key, value.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::made("CREATE", json!({"reason": "r"}), json!({}), Some("dana"))]
    #[case::forged("CREATE", json!({"createdBy": "mallory"}), json!({}), Some("dana"))]
    #[case::of_another_shape("CREATE", json!({"createdBy": 7}), json!({}), Some("dana"))]
    #[case::left_out("UPDATE", json!({"reason": "r"}), json!({"createdBy": "olga"}), Some("olga"))]
    #[case::null("UPDATE", json!({"createdBy": null}), json!({"createdBy": "olga"}), Some("olga"))]
    #[case::the_same("UPDATE", json!({"createdBy": "olga"}), json!({"createdBy": "olga"}), Some("olga"))]
    #[case::changed("UPDATE", json!({"createdBy": "mallory"}), json!({"createdBy": "olga"}), Some("mallory"))]
    #[case::never_there("UPDATE", json!({"reason": "r"}), json!({"reason": "r"}), None)]
    fn locks(#[case] operation: &str, #[case] new: Value, #[case] old: Value, #[case] by: Option<&str>) {
        let stamped = stamped("accesslocks", operation, &new, &old);
        assert_eq!(stamped["spec"].get("createdBy").and_then(Value::as_str), by);
    }

    #[rstest]
    #[case::revoked("UPDATE", json!({"revoked": true}), json!({}), Some("dana"))]
    #[case::forged("UPDATE", json!({"revoked": true, "revokedBy": "mallory"}), json!({"revoked": false}), Some("dana"))]
    #[case::revoked_before("UPDATE", json!({"revoked": true}), json!({"revoked": true, "revokedBy": "olga"}), Some("olga"))]
    #[case::undone("UPDATE", json!({}), json!({"revoked": true, "revokedBy": "olga"}), Some("olga"))]
    #[case::unstamped_before("UPDATE", json!({"revoked": true}), json!({"revoked": true}), None)]
    #[case::not_revoked("UPDATE", json!({"revokedReason": "r"}), json!({}), None)]
    #[case::of_another_shape("UPDATE", json!({"revoked": "true"}), json!({}), None)]
    #[case::made_again("CREATE", json!({"revoked": true, "revokedBy": "olga"}), json!({}), Some("olga"))]
    #[case::made_again_unstamped("CREATE", json!({"revoked": true}), json!({}), None)]
    fn sessions(#[case] operation: &str, #[case] new: Value, #[case] old: Value, #[case] by: Option<&str>) {
        let stamped = stamped("sentinelsessions", operation, &new, &old);
        assert_eq!(stamped["spec"].get("revokedBy").and_then(Value::as_str), by);
    }

    /// What dana writes, as it is stored.
    fn stamped(resource: &str, operation: &str, new: &Value, old: &Value) -> Value {
        let mut object = json!({"metadata": {"name": "l"}, "spec": new});
        let request: AdmissionRequest = serde_json::from_value(json!({
            "uid": "u", "operation": operation, "userInfo": {"username": "dana"}, "object": object, "oldObject": {"spec": old},
            "resource": {"group": "sentinel.dev", "resource": resource},
        }))
        .unwrap();
        json_patch::patch(&mut object, &stamp(&request).patch.unwrap_or_default()).unwrap();
        object
    }
}
