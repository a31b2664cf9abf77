//! What the schema lets through.

use rstest::rstest;
use sentinel_api::PersonStamp;
use serde_json::{Value, json};

use super::{Around, judge};
use crate::View;
use crate::admission::{AdmissionRequest, Answer};
use crate::view_samples::{healthy, knowing, profile, session as live_session};

fn ask(resource: &str, operation: &str, object: &Value, old: &Value) -> Answer {
    let request: AdmissionRequest = serde_json::from_value(json!({
        "uid": "u", "operation": operation, "userInfo": {"username": "dana"}, "object": object, "oldObject": old,
        "resource": {"group": "sentinel.dev", "version": "v1alpha1", "resource": resource},
    }))
    .unwrap();
    judge_in(&healthy(), &request)
}

fn judge_in(view: &View, request: &AdmissionRequest) -> Answer {
    let by = PersonStamp::of(&request.user_info.person(""));
    judge(request, Around { view, default_table: "", by: &by, at: jiff::Timestamp::UNIX_EPOCH, profile: None })
}

fn policy(rule: &Value) -> Value {
    json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessPolicy", "metadata": {"name": "prod"}, "spec": {"version": "1", "rules": [rule]}})
}

fn session(spec: &Value) -> Value {
    let mut all = json!({"profile": "prod", "user": "system:serviceaccount:a:b", "pod": "p", "podUID": "u"});
    all.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "SentinelSession", "metadata": {"name": "s", "namespace": "a"}, "spec": all})
}

fn message(answer: Answer) -> String {
    let refused = answer.refused.expect("refused");
    assert_eq!(refused.code, 422);
    refused.message
}

#[test]
fn every_problem_of_a_policy_comes_at_once() {
    let rule = json!({"name": "r", "effect": "allow", "session_table": "t", "conditions": {"profiles": ["prod"], "user": ["x"], "time": {"timezone": "Mars/Phobos"}}});
    let message = message(ask("accesspolicies", "CREATE", &policy(&rule), &Value::Null));
    for part in ["AccessPolicy `prod`: ", "did you mean `sessionTable`?", "did you mean `users`?", "Mars/Phobos"] {
        assert!(message.contains(part), "`{part}` is not in {message}");
    }
}

#[test]
fn every_problem_of_a_profile_comes_at_once() {
    let bad = profile("prod", &json!({"sesionTable": "t", "sessionDuration": "2h", "policies": {"acess": "x"}}));
    let message = message(ask("sentinelprofiles", "CREATE", &bad, &Value::Null));
    for part in
        ["SentinelProfile `prod`: ", "did you mean `sessionTable`?", "`2h` is out of range", "did you mean `access`?"]
    {
        assert!(message.contains(part), "`{part}` is not in {message}");
    }
}

#[test]
fn a_typo_in_a_session_does_not_pass_as_a_revocation() {
    let typo = session(&json!({"revokd": true}));
    assert!(
        message(ask("sentinelsessions", "UPDATE", &typo, &session(&json!({})))).contains("did you mean `revoked`?")
    );
}

#[rstest]
#[case(json!({"revoked": false}))]
#[case(json!({}))]
fn a_revocation_never_goes_back(#[case] spec: Value) {
    let answer = ask("sentinelsessions", "UPDATE", &session(&spec), &session(&json!({"revoked": true})));
    assert!(message(answer).contains("a revocation is for good"));
}

#[rstest]
#[case::stamped(json!({"revokedBy": "dana"}), json!({}))]
#[case::unstamped(json!({}), json!({}))]
#[case::before(json!({"revokedBy": "olga"}), json!({"revoked": true, "revokedBy": "olga", "revokedReason": "leak"}))]
fn revoking_passes(#[case] extra: Value, #[case] old: Value) {
    let mut spec = json!({"revoked": true, "revokedReason": "leak"});
    spec.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    assert_eq!(ask("sentinelsessions", "UPDATE", &session(&spec), &session(&old)), Answer::allowed());
}

#[rstest]
#[case::of_another(json!({"revokedBy": "mallory"}), json!({}))]
#[case::afterwards(json!({"revokedBy": "dana"}), json!({"revoked": true}))]
#[case::instead(json!({"revokedBy": "dana"}), json!({"revoked": true, "revokedBy": "olga"}))]
fn nobody_writes_who_revoked_it(#[case] extra: Value, #[case] old: Value) {
    let mut spec = json!({"revoked": true});
    spec.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let answer = ask("sentinelsessions", "UPDATE", &session(&spec), &session(&old));
    assert!(message(answer).contains("spec.revokedBy: it is stamped by Sentinel"));
}

#[test]
fn a_session_that_is_made_again_says_who_it_was() {
    let revoked = session(&json!({"revoked": true, "revokedBy": "olga"}));
    assert_eq!(ask("sentinelsessions", "CREATE", &revoked, &Value::Null), Answer::allowed());
}

fn lock(spec: &Value) -> Value {
    json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessLock", "metadata": {"name": "leak"}, "spec": spec})
}

#[rstest]
#[case::new("CREATE", json!({"namespaces": ["a"], "reason": "r", "createdBy": "dana"}), Value::Null)]
#[case::longer("UPDATE", json!({"namespaces": ["a"], "reason": "r2", "createdBy": "olga", "expiresAt": "2999-01-01T00:00:00Z"}), json!({"namespaces": ["a"], "reason": "r", "createdBy": "olga"}))]
#[case::ended_by_hand("UPDATE", json!({"namespaces": ["a"], "reason": "r", "createdBy": "olga", "expiresAt": "1969-01-01T00:00:00Z"}), json!({"namespaces": ["a"], "reason": "r", "createdBy": "olga"}))]
fn a_lock_passes(#[case] operation: &str, #[case] new: Value, #[case] old: Value) {
    let answer = ask("accesslocks", operation, &lock(&new), &lock(&old));
    assert_eq!(answer.refused, None);
}

#[test]
fn every_problem_of_a_lock_comes_at_once() {
    let bad = json!({"user": ["x"], "users": ["*"], "reason": " ", "expiresAt": "soon", "createdBy": "mallory"});
    let message = message(ask("accesslocks", "CREATE", &lock(&bad), &Value::Null));
    for part in [
        "AccessLock `leak`: ",
        "spec.user: unknown key `user`: did you mean `users`?",
        "spec.users[0]: `*` names no pod",
        "spec.reason: a reason is required",
        "spec.expiresAt: a moment",
        "spec.createdBy: it is stamped by Sentinel",
    ] {
        assert!(message.contains(part), "`{part}` is not in {message}");
    }
}

#[rstest]
#[case::over("CREATE", json!({"namespaces": ["a"], "reason": "r", "createdBy": "dana", "expiresAt": "1969-01-01T00:00:00Z"}), Value::Null, "it has passed already")]
#[case::no_stamp("CREATE", json!({"namespaces": ["a"], "reason": "r"}), Value::Null, "spec.createdBy")]
#[case::another_stamp("UPDATE", json!({"namespaces": ["a"], "reason": "r", "createdBy": "dana"}), json!({"namespaces": ["a"], "reason": "r", "createdBy": "olga"}), "spec.createdBy")]
#[case::narrowed("UPDATE", json!({"namespaces": ["a"], "profiles": ["p"], "reason": "r", "createdBy": "olga"}), json!({"namespaces": ["a"], "reason": "r", "createdBy": "olga"}), "spec.profiles: it never changes")]
#[case::widened("UPDATE", json!({"namespaces": ["a"], "reason": "r", "createdBy": "olga"}), json!({"namespaces": ["a"], "profiles": ["p"], "reason": "r", "createdBy": "olga"}), "spec.profiles: it never changes")]
fn a_lock_is_refused(#[case] operation: &str, #[case] new: Value, #[case] old: Value, #[case] part: &str) {
    let message = message(ask("accesslocks", operation, &lock(&new), &lock(&old)));
    assert!(message.contains(part), "{message}");
}

#[rstest]
#[case::some(Some(3), "as of now, it refuses 3 live sessions: a/web (2), a/api (1)")]
#[case::none(Some(0), "as of now, it names no live session: it stops those that come")]
#[case::unknown(
    None,
    "the live sessions are not known now: what AccessLock `leak` would change for them can't be said; try again in a moment"
)]
fn a_lock_says_whom_it_hits(#[case] hit: Option<usize>, #[case] warning: &str) {
    let accounts = ["a/web", "a/api", "a/web"];
    let sessions = hit.map(|hit| {
        let others = vec![live_session(8, "prod", "b/web"), live_session(9, "dev", "a/web")];
        let hit = (0..hit).map(|id| live_session(id, "prod", accounts[id]));
        hit.chain(others).collect()
    });
    let spec = json!({"namespaces": ["a"], "profiles": ["prod"], "reason": "r", "createdBy": "dana"});
    let request = serde_json::from_value(json!({
        "uid": "u", "operation": "CREATE", "userInfo": {"username": "dana"}, "object": lock(&spec),
        "resource": {"group": "sentinel.dev", "version": "v1alpha1", "resource": "accesslocks"},
    }))
    .unwrap();
    let answer = judge_in(&knowing(None, vec![], sessions, None), &request);
    assert_eq!((answer.refused, answer.warnings), (None, vec![warning.to_owned()]));
}

#[rstest]
#[case("UPDATE")]
#[case("DELETE")]
fn an_old_invalid_object_can_go(#[case] operation: &str) {
    let old = policy(&json!({"name": "r", "effect": "allow", "user": "x"}));
    let mut new = old.clone();
    new["metadata"]["finalizers"] = json!([]);
    let new = if operation == "DELETE" { Value::Null } else { new };
    assert_eq!(ask("accesspolicies", operation, &new, &old), Answer::allowed());
}

#[test]
fn what_is_surely_a_mistake_is_a_warning_and_stops_nothing() {
    let rule = json!({"name": "r", "effect": "allow", "conditions": {"profiles": ["prod", "nowhere"], "users": ["u"]}});
    let answer = ask("accesspolicies", "CREATE", &policy(&rule), &Value::Null);
    assert!(answer.refused.is_none());
    assert_eq!(answer.warnings.len(), 1);
    assert!(answer.warnings[0].contains("nowhere") && answer.warnings[0].ends_with("(unknown-profile)"), "{answer:?}");
}

#[rstest]
#[case("approvalpolicies", json!({"name": "r", "profiles": ["nowhere"], "approvers": ["dana"]}), "(unknown-profile)")]
#[case("breakglasspolicies", json!({"name": "r", "profiles": ["prod"], "users": ["*"]}), "(glob-of-users)")]
#[case("ratelimitpolicies", json!({"name": "r", "profiles": ["nowhere"], "maxPerProfile": 1, "quotaWindow": "1h"}), "(unknown-profile)")]
fn every_kind_of_policy_is_linted(#[case] resource: &str, #[case] rule: Value, #[case] check: &str) {
    let answer = ask(resource, "CREATE", &policy(&rule), &Value::Null);
    assert!(answer.refused.is_none() && answer.warnings.iter().any(|text| text.ends_with(check)), "{answer:?}");
}

/// The view knows ApprovalPolicy `known` and no other, and has not listed the RateLimitPolicies.
#[rstest]
#[case("prod", json!({}), &[])]
#[case("dev", json!({}), &["there is no AccessPolicy `dev` yet: until there is, nobody gets this profile"])]
#[case("prod", json!({"approval": "known"}), &[])]
#[case("prod", json!({"approval": "nowhere"}), &["there is no ApprovalPolicy `nowhere` yet: until there is, nothing can be approved for this profile"])]
#[case("prod", json!({"breakGlass": "nowhere", "rateLimit": "x"}), &["there is no BreakGlassPolicy `nowhere` yet: until there is, there is no break-glass for this profile"])]
fn a_policy_that_is_missing_is_a_warning(#[case] name: &str, #[case] policies: Value, #[case] expected: &[&str]) {
    let profile = profile(name, &json!({"policies": policies}));
    assert_eq!(ask("sentinelprofiles", "CREATE", &profile, &Value::Null).warnings, expected);
}

#[rstest]
#[case("accesspolicies", json!({"spec": 7}))]
#[case("accesspolicies", Value::Null)]
#[case("sentinelprofiles", json!([]))]
#[case("secrets", json!({}))]
fn what_can_not_be_read_is_refused(#[case] resource: &str, #[case] object: Value) {
    assert!(ask(resource, "CREATE", &object, &Value::Null).refused.is_some());
}
