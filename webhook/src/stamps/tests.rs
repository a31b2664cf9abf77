//! What is stored of what an author writes.

use super::*;
use crate::admission::UserInfo;
use rstest::rstest;
use serde_json::json;

/// What `spec` becomes, written by dana in place of `old`.
fn stored(resource: &str, operation: &str, spec: &Value, old: &Value) -> Value {
    let mut object = json!({"metadata": {"name": "l"}, "spec": spec});
    let request: AdmissionRequest = serde_json::from_value(json!({
        "uid": "u", "operation": operation, "object": object, "oldObject": {"spec": old},
        "userInfo": {"username": "dana", "groups": ["ops", "", "dev", "ops"], "extra": {"sessionName": ["d@x.test"], "arn": ["a"]}},
        "resource": {"group": "sentinel.dev", "resource": resource},
    }))
    .unwrap();
    let patch = stamp(&request, "sessionName").patch.unwrap_or_default();
    json_patch::patch(&mut object, &patch).unwrap();
    object["spec"].take()
}

fn dana() -> Value {
    json!({"user": "dana", "person": "d@x.test", "groups": ["dev", "ops"]})
}

fn olga() -> Value {
    json!({"user": "olga"})
}

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
    let spec = stored("accesslocks", operation, &new, &old);
    assert_eq!(spec.get("createdBy").and_then(Value::as_str), by);
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
    let spec = stored("sentinelsessions", operation, &new, &old);
    assert_eq!(spec.get("revokedBy").and_then(Value::as_str), by);
}

/// The key of each stamp, and what somebody does who is stamped there.
#[rstest]
#[case::requester("accessrequests", "requester", None)]
#[case::decider("accessrequests", "decidedBy", Some(json!({"decision": "Approved"})))]
#[case::denier("accessrequests", "decidedBy", Some(json!({"decision": "Denied", "comment": "no"})))]
#[case::invoker("breakglassevents", "invoker", None)]
#[case::closer("breakglassevents", "closedBy", Some(json!({"closed": true})))]
#[case::reviewer("breakglassevents", "reviewedBy", Some(json!({"review": "fire is out"})))]
fn people_are_stamped_whatever_is_written(#[case] resource: &str, #[case] key: &str, #[case] deed: Option<Value>) {
    let with = |stamp: Option<Value>| {
        let mut spec = deed.clone().unwrap_or_else(|| json!({"profile": "prod"}));
        spec.as_object_mut().unwrap().extend(stamp.map(|stamp| (key.to_owned(), stamp)));
        spec
    };
    let operation = if deed.is_some() { "UPDATE" } else { "CREATE" };
    for written in [
        None,
        Some(Value::Null),
        Some(olga()),
        Some(json!("olga")),
        Some(json!({"user": "dana", "groups": ["approvers"]})),
    ] {
        assert_eq!(stored(resource, operation, &with(written), &json!({}))[key], dana());
    }
    let done = with(Some(olga()));
    for left_out in [with(None), with(Some(Value::Null)), done.clone()] {
        assert_eq!(stored(resource, "UPDATE", &left_out, &done)[key], olga(), "what was done keeps its stamp");
    }
    let changed = stored(resource, "UPDATE", &with(Some(dana())), &done);
    assert_eq!(changed[key], dana(), "and is refused by others");
    assert_eq!(stored(resource, "UPDATE", &with(None), &with(None)).get(key), None, "nobody signs later");
}

#[test]
fn a_deed_that_comes_with_the_object_is_signed_as_well() {
    let request =
        stored("accessrequests", "CREATE", &json!({"decision": "Approved", "decidedBy": olga()}), &Value::Null);
    assert_eq!((&request["requester"], &request["decidedBy"]), (&dana(), &dana()));
    let event = stored("breakglassevents", "CREATE", &json!({"closed": false, "closedBy": olga()}), &Value::Null);
    assert_eq!((&event["invoker"], &event["closedBy"]), (&dana(), &olga()), "no deed: refused by others");
}

#[rstest]
#[case::of_the_installation("sessionName", json!({"sessionName": ["ann"]}), Some("ann"))]
#[case::the_first("sessionName", json!({"sessionName": ["ann", "ben"]}), Some("ann"))]
#[case::another("sessionName", json!({"arn": ["ann"]}), None)]
#[case::empty("sessionName", json!({"sessionName": [""]}), None)]
#[case::none_of_it("sessionName", json!({"sessionName": []}), None)]
#[case::not_configured("", json!({"": ["ann"], "sessionName": ["ann"]}), None)]
fn who_a_person_is(#[case] key: &str, #[case] extra: Value, #[case] person: Option<&str>) {
    let user: UserInfo = serde_json::from_value(json!({"username": "role-a", "extra": extra})).unwrap();
    assert_eq!(user.person(key).identity().person.as_deref(), person);
}
