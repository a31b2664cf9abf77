//! Stamps: who did it, written by us from the request and never read from the author. The mutating webhook makes them; the
//! validating one compares what came of it, and nobody changes them later.

use kube::Resource as _;
use sentinel_api::AccessLock;
use serde_json::Value;

use crate::admission::{AdmissionRequest, Answer, Operation};

/// Key of a lock's spec: who made it.
const CREATED_BY: &str = "createdBy";

/// The object of `request` with its stamps.
pub fn stamp(request: &AdmissionRequest) -> Answer {
    let mut stamped = request.object.clone();
    if request.resource.resource == AccessLock::plural(&()) {
        match request.operation {
            Operation::Create => set(&mut stamped, CREATED_BY, request.user_info.username.as_str().into()),
            Operation::Update => keep(&mut stamped, &request.old_object, CREATED_BY),
            Operation::Delete | Operation::Connect => {}
        }
    }
    Answer::patched(&request.object, &stamped)
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
        let object = json!({"metadata": {"name": "l"}, "spec": new});
        let request: AdmissionRequest = serde_json::from_value(json!({
            "uid": "u", "operation": operation, "userInfo": {"username": "dana"}, "object": object, "oldObject": {"spec": old},
            "resource": {"group": "sentinel.dev", "resource": "accesslocks"},
        }))
        .unwrap();
        let mut stamped = object;
        let answer = stamp(&request);
        json_patch::patch(&mut stamped, &answer.patch.unwrap_or_default()).unwrap();
        assert_eq!(stamped["spec"].get("createdBy").and_then(Value::as_str), by);
    }
}
