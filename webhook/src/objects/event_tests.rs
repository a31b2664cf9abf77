//! Emergencies: who may break the glass, close and review.

use rstest::rstest;
use serde_json::{Value, json};

use super::ask_samples::{ask, ask_in, event, refused, stamp, with};
use crate::admission::Answer;
use crate::view_samples::governing;

#[rstest]
#[case::by_name("ben", json!({}))]
#[case::by_group("olga", json!({"duration": "30m", "reasonCode": "security"}))]
fn who_may_break_the_glass(#[case] user: &str, #[case] changes: Value) {
    let new = with(event(&json!({"invoker": null})), &json!({"spec": {"invoker": stamp(user)}}));
    assert_eq!(ask(user, &with(new, &json!({"spec": changes})), &Value::Null), Answer::allowed());
}

#[rstest]
#[case::forged(json!({"invoker": {"user": "ben"}}), 422, "spec.invoker: it is stamped by Sentinel")]
#[case::closed(json!({"closed": true}), 422, "spec.closed: an event that is closed never begins")]
#[case::reviewed(json!({"review": "fine"}), 422, "spec.review: it is written when the emergency is over")]
#[case::no_such_profile(json!({"profile": "prd"}), 422, "spec.profile: there is no SentinelProfile `prd`")]
#[case::no_policy(json!({"profile": "unnamed"}), 403, "SentinelProfile `unnamed` names no BreakGlassPolicy: nobody can break the glass")]
#[case::missing(json!({"profile": "missing"}), 403, "BreakGlassPolicy `nowhere`, which governs profile `missing`, can't be used")]
#[case::no_rule(json!({"profile": "free"}), 403, "no rule of BreakGlassPolicy `all` is for profile `free`")]
#[case::another_reason(json!({"reasonCode": "maintenance"}), 403, "does not take the reason code `maintenance`: incident, security is expected")]
#[case::too_long(json!({"duration": "2h"}), 403, "allows 1h0m0s at most, and 2h0m0s was asked")]
fn where_the_glass_stays_whole(#[case] changes: Value, #[case] code: u16, #[case] part: &str) {
    refused(ask("olga", &event(&changes), &Value::Null), code, part);
}

#[rstest]
#[case::anybody("eve", "does not name eve among its users")]
#[case::a_program_that_is_listed("system:serviceaccount:a:bot", "service accounts never break the glass")]
fn who_may_not_break_the_glass(#[case] user: &str, #[case] part: &str) {
    let new = with(event(&json!({"invoker": null})), &json!({"spec": {"invoker": stamp(user)}}));
    refused(ask(user, &new, &Value::Null), 403, part);
}

#[rstest]
#[case::by_anybody("eve", json!({"closed": true, "closedReason": "it is over", "closedBy": stamp("eve")}))]
#[case::by_a_program("system:serviceaccount:a:bot", json!({"closed": true, "closedBy": stamp("system:serviceaccount:a:bot")}))]
#[case::unstamped("eve", json!({"closed": true}))]
#[case::reviewed("ben", json!({"closed": true, "closedBy": stamp("ben"), "review": "the disk was full", "reviewedBy": stamp("ben")}))]
fn whoever_may_update_an_emergency_may_end_it(#[case] user: &str, #[case] changes: Value) {
    assert_eq!(ask(user, &with(event(&json!({})), &json!({"spec": changes})), &event(&json!({}))), Answer::allowed());
}

#[rstest]
#[case::forged_closing("eve", json!({"closed": true, "closedBy": stamp("ben")}), 422, "spec.closedBy: it is stamped")]
#[case::signed_and_not_closed("eve", json!({"closedBy": stamp("eve")}), 422, "spec.closedBy: it is stamped")]
#[case::profile("olga", json!({"profile": "free"}), 422, "spec.profile: it never changes")]
#[case::service_account("olga", json!({"serviceAccount": "root"}), 422, "spec.serviceAccount: it never changes")]
#[case::code("olga", json!({"reasonCode": "security"}), 422, "spec.reasonCode: it never changes")]
#[case::longer("olga", json!({"duration": "59m"}), 422, "spec.duration: it never changes")]
#[case::justification("olga", json!({"justification": "the network is on fire"}), 422, "spec.justification: it never changes")]
#[case::invoker("olga", json!({"invoker": {"user": "eve"}}), 422, "spec.invoker: it is stamped")]
#[case::own_review("olga", json!({"review": "fine", "reviewedBy": stamp("olga")}), 403, "nobody reviews their own emergency")]
#[case::a_program_reviews("system:serviceaccount:a:bot", json!({"review": "fine", "reviewedBy": stamp("system:serviceaccount:a:bot")}), 403, "people review emergencies")]
#[case::forged_review("olga", json!({"review": "fine", "reviewedBy": stamp("ben")}), 422, "spec.reviewedBy: it is stamped")]
#[case::unsigned_review("ben", json!({"review": "fine"}), 422, "spec.reviewedBy: it is stamped")]
fn what_an_emergency_was_never_changes(
    #[case] user: &str,
    #[case] changes: Value,
    #[case] code: u16,
    #[case] part: &str,
) {
    refused(ask(user, &with(event(&json!({})), &json!({"spec": changes})), &event(&json!({}))), code, part);
}

#[rstest]
#[case::open_again(json!({"closed": false}), "spec.closed: it never changes")]
#[case::another_reason(json!({"closedReason": "other"}), "spec.closedReason: it never changes")]
#[case::another_name(json!({"closedBy": stamp("eve")}), "spec.closedBy: it is stamped")]
#[case::another_review(json!({"review": "not so fine"}), "spec.review: it never changes")]
#[case::another_reviewer(json!({"reviewedBy": {"user": "eve"}}), "spec.reviewedBy: it is stamped")]
fn what_was_closed_and_reviewed_stays(#[case] changes: Value, #[case] part: &str) {
    let old = event(
        &json!({"closed": true, "closedReason": "over", "closedBy": stamp("olga"), "review": "fine", "reviewedBy": stamp("ben")}),
    );
    refused(ask("eve", &with(old.clone(), &json!({"spec": changes})), &old), 422, part);
}

/// Nothing that isn't known stands in the way of the end of an emergency.
#[test]
fn an_emergency_ends_while_nothing_is_known() {
    let old = event(&json!({"profile": "nowhere"}));
    let new = with(old.clone(), &json!({"spec": {"closed": true, "closedBy": stamp("eve")}}));
    assert_eq!(ask_in(&governing(vec![], None, None), "eve", &new, &old), Answer::allowed());
}
