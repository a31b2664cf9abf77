//! When a key of a spec was written.

use jiff::{SignedDuration, Timestamp};
use kube::core::DynamicObject;

/// The API server says in whole seconds when somebody wrote.
const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// When `spec.<key>` got the value that it has, at the latest, as the API server noted it in `managedFields`; none: it didn't.
/// Whoever may update the object can rewrite those, so this is for what is set once and harms nobody by being older than it was.
pub(crate) fn written_at(object: &DynamicObject, key: &str) -> Option<Timestamp> {
    let path = format!("/f:spec/f:{key}");
    let entries = object.metadata.managed_fields.iter().flatten();
    let theirs = entries.filter(|one| one.fields_v1.as_ref().is_some_and(|fields| fields.0.pointer(&path).is_some()));
    let first = theirs.filter_map(|one| one.time.as_ref()).map(|time| time.0).min()?;
    first.checked_add(SECOND).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn at(managed: &Value) -> Option<String> {
        let object = json!({"apiVersion": "v", "kind": "k", "metadata": {"name": "n", "managedFields": managed}});
        written_at(&serde_json::from_value(object).unwrap(), "decision").map(|at| at.to_string())
    }

    fn entry(time: &Value, fields: &Value) -> Value {
        json!({"manager": "kubectl", "operation": "Update", "time": time, "fieldsType": "FieldsV1", "fieldsV1": fields})
    }

    #[test]
    fn it_was_before_the_end_of_the_second_that_is_noted() {
        let (early, late) = (json!("2026-03-02T01:00:00Z"), json!("2026-03-02T02:00:00Z"));
        let (decision, other) = (json!({"f:spec": {"f:decision": {}}}), json!({"f:spec": {"f:profile": {}}}));
        for (managed, expected) in [
            (json!([entry(&early, &other), entry(&late, &decision)]), Some("2026-03-02T02:00:01Z")),
            (json!([entry(&late, &decision), entry(&early, &decision)]), Some("2026-03-02T01:00:01Z")),
            (json!([entry(&late, &other)]), None),
            (json!([entry(&Value::Null, &decision)]), None),
            (Value::Null, None),
        ] {
            assert_eq!(at(&managed).as_deref(), expected, "{managed}");
        }
    }
}
