//! Each step refuses what it is there for, and the first that refuses is the one that speaks.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use rstest::rstest;
use sentinel_core::time::CLOCK_SKEW;
use serde_json::{Value, json};

use super::*;
use crate::examples::{good, lock, policy, profile, seen, session_of};

fn stale(watch: &'static str) -> Stale {
    Stale { watch, age: Some(std::time::Duration::from_secs(61)) }
}

fn change_pod(facts: &mut Facts, change: impl FnOnce(&mut PodEntry)) {
    if let PodSight::Seen(pod) = &mut facts.pod {
        change(Arc::make_mut(pod));
    }
}

fn change_session(facts: &mut Facts, change: impl FnOnce(&mut SessionEntry)) {
    let session = facts.session.object.get_or_insert_with(|| Arc::new(session_of(&facts.caller)));
    change(Arc::make_mut(session));
}

fn change_profile(facts: &mut Facts, change: impl FnOnce(&mut ProfileEntry)) {
    if let Some(profile) = &mut facts.profile.object {
        change(Arc::make_mut(profile));
    }
}

type Fault = (&'static str, &'static str, fn(&mut Facts));

fn rules(facts: &mut Facts, rules: &Value) {
    facts.policy.object = Some(Arc::new(policy(rules)));
}

fn locked(facts: &mut Facts, name: &str, spec: &Value) {
    facts.locks.push(Arc::new(lock(name, spec)));
}

fn a_second_ago(facts: &Facts) -> jiff::Timestamp {
    facts.now - jiff::SignedDuration::from_secs(1)
}

/// Everything that can be wrong, in the order of the steps: the word that comes out, its code, and the fault.
const FAULTS: &[Fault] = &[
    // The pod.
    ("PodGone", "AccessDenied", |facts| facts.pod = PodSight::Gone),
    ("StaleWatch", "ServiceUnavailable", |facts| facts.pod = PodSight::Stale(stale("pods"))),
    ("PodUnknown", "ServiceUnavailable", |facts| facts.pod = PodSight::Unknown("timeout".into())),
    ("PodGone", "AccessDenied", |facts| change_pod(facts, |pod| pod.uid = "uid-1".into())),
    ("OtherServiceAccount", "AccessDenied", |facts| change_pod(facts, |pod| pod.service_account = "admin".into())),
    ("PodEnded", "AccessDenied", |facts| change_pod(facts, |pod| pod.finished = true)),
    ("PodEnded", "AccessDenied", |facts| {
        let end = facts.now - CLOCK_SKEW - Duration::from_secs(1);
        change_pod(facts, |pod| pod.ends_at = Some(end));
    }),
    ("NotInjected", "AccessDenied", |facts| change_pod(facts, |pod| pod.injected = false)),
    ("NotInjected", "AccessDenied", |facts| change_pod(facts, |pod| pod.has_sidecar = false)),
    ("OtherProfile", "AccessDenied", |facts| change_pod(facts, |pod| pod.profile = None)),
    ("OtherProfile", "AccessDenied", |facts| change_pod(facts, |pod| pod.profile = Some("prod-eu".into()))),
    // The profile.
    ("StaleWatch", "ServiceUnavailable", |facts| facts.profile.stale = Some(stale("SentinelProfiles"))),
    ("ProfileMissing", "AccessDenied", |facts| facts.profile.object = None),
    ("ProfileDeleting", "AccessDenied", |facts| change_profile(facts, |profile| profile.deleting = true)),
    ("ProfileInvalid", "AccessDenied", |facts| {
        change_profile(facts, |profile| profile.judged = Err("spec.lease".into()));
    }),
    // The locks.
    ("Locked", "AccessLocked", |facts| {
        locked(facts, "a", &json!({"users": ["system:serviceaccount:payments:api"], "reason": "leak"}));
    }),
    ("Locked", "AccessLocked", |facts| {
        locked(facts, "b", &json!({"namespaces": ["pay*"], "profiles": ["prod"], "reason": "leak"}));
    }),
    ("Locked", "AccessLocked", |facts| locked(facts, "c", &json!({"namespace": ["elsewhere"], "reason": "typo"}))),
    ("Locked", "AccessLocked", |facts| locked(facts, "d", &json!("unreadable"))),
    ("Locked", "AccessLocked", |facts| {
        let soon = facts.now + jiff::SignedDuration::from_secs(1);
        locked(facts, "e", &json!({"profiles": ["prod"], "reason": "leak", "expiresAt": soon}));
    }),
    ("Locked", "AccessLocked", |facts| {
        facts.locks_stale = Some(stale("AccessLocks"));
        locked(facts, "f", &json!({"profiles": ["prod"], "reason": "known, though stale"}));
    }),
    // The session.
    ("SessionInvalid", "AccessDenied", |facts| {
        change_session(facts, |session| session.problem = Some("spec.revokd".into()));
    }),
    ("SessionOfAnother", "AccessDenied", |facts| change_session(facts, |session| session.pod_uid = "uid-1".into())),
    ("SessionOfAnother", "AccessDenied", |facts| change_session(facts, |session| session.pod = "api-1".into())),
    ("SessionOfAnother", "AccessDenied", |facts| change_session(facts, |session| session.profile = "dev".into())),
    ("SessionOfAnother", "AccessDenied", |facts| change_session(facts, |session| session.user = "alice".into())),
    ("SessionRevoked", "SessionRevoked", |facts| {
        change_session(facts, |session| session.revoked = Some(Revoked::default()));
    }),
    ("SessionRevoked", "SessionRevoked", |facts| facts.revoked_before = Some(Revoked::default())),
    ("SessionEnded", "AccessDenied", |facts| change_session(facts, |session| session.expired = true)),
    // The policy.
    ("StaleWatch", "ServiceUnavailable", |facts| facts.policy.stale = Some(stale("AccessPolicies"))),
    ("PolicyMissing", "AccessDenied", |facts| facts.policy.object = None),
    ("PolicyDeleting", "AccessDenied", |facts| {
        if let Some(policy) = &mut facts.policy.object {
            Arc::make_mut(policy).deleting = true;
        }
    }),
    ("PolicyInvalid", "AccessDenied", |facts| {
        rules(facts, &json!([{"name": "r", "effect": "allow", "conditions": {"user": ["a"]}}]));
    }),
    ("PolicyDenied", "AccessDenied", |facts| rules(facts, &json!([{"name": "r", "effect": "deny", "conditions": {}}]))),
    ("StaleWatch", "ServiceUnavailable", |facts| {
        rules(facts, &json!([{"name": "r", "effect": "require_approval", "conditions": {}}]));
        facts.requests.stale = Some(stale("AccessRequests"));
    }),
    ("ApprovalRequired", "ApprovalRequired", |facts| {
        rules(facts, &json!([{"name": "r", "effect": "require_approval", "conditions": {}}]));
    }),
    // What is decided comes before what can't be.
    ("StaleWatch", "ServiceUnavailable", |facts| facts.locks_stale = Some(stale("AccessLocks"))),
    ("StaleWatch", "ServiceUnavailable", |facts| facts.session.stale = Some(stale("SentinelSessions"))),
    ("SessionMissing", "ServiceUnavailable", |facts| facts.session.object = None),
    ("SessionMissing", "ServiceUnavailable", |facts| change_session(facts, |session| session.deleting = true)),
];

#[test]
fn with_nothing_wrong_the_policy_decides() {
    let permit = decide(&good()).unwrap();
    assert_eq!((permit.decision.rule.as_str(), permit.table()), ("all", Some("sentinel-sessions")));
}

#[test]
fn each_step_refuses_what_it_is_there_for() {
    for (index, (word, code, fault)) in FAULTS.iter().enumerate() {
        let mut facts = good();
        fault(&mut facts);
        let cause = decide(&facts).unwrap_err();
        assert_eq!((cause.word(), cause.code()), (*word, *code), "fault {index}: {cause}");
        let unavailable = *code == "ServiceUnavailable";
        assert_eq!(cause.kind() == Kind::Unavailable, unavailable, "fault {index}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

    /// Whatever is wrong, nothing is allowed, and the first step that minds is the one that speaks, unless it can't decide and
    /// a lock or a session says no.
    #[test]
    fn nothing_passes_a_step_that_refuses(mut chosen in proptest::collection::vec(0..FAULTS.len(), 0..6)) {
        chosen.sort_unstable();
        chosen.dedup();
        let speaks = speaker(&chosen).map(|index| FAULTS[index].0);
        let mut facts = good();
        // The last first, so that an earlier fault is what is found where two concern the same thing.
        for index in chosen.iter().rev() {
            (FAULTS[*index].2)(&mut facts);
        }
        prop_assert_eq!(decide(&facts).err().map(|cause| cause.word()), speaks, "{:?}", chosen);
    }
}

/// The fault that is told of those chosen, which are in order.
fn speaker(chosen: &[usize]) -> Option<usize> {
    let first = *chosen.first()?;
    let is_stop = |index: &&usize| matches!(FAULTS[**index], (word, code, _) if word == "Locked" || word.starts_with("Session") && code != "ServiceUnavailable");
    let stop = chosen.iter().find(is_stop).filter(|_| FAULTS[first].1 == "ServiceUnavailable");
    Some(stop.copied().unwrap_or(first))
}

#[test]
fn an_outage_does_not_lift_a_lock_or_a_revocation_that_is_known() {
    let outages: [fn(&mut Facts); 4] = [
        |facts| facts.pod = PodSight::Stale(stale("pods")),
        |facts| facts.pod = PodSight::Unknown("timeout".into()),
        |facts| facts.profile.stale = Some(stale("SentinelProfiles")),
        |facts| facts.policy.stale = Some(stale("AccessPolicies")),
    ];
    for outage in outages {
        let mut facts = good();
        outage(&mut facts);
        assert_eq!(decide(&facts).unwrap_err().kind(), Kind::Unavailable);
        facts.session.stale = Some(stale("SentinelSessions"));
        change_session(&mut facts, |session| session.revoked = Some(Revoked::default()));
        assert_eq!(decide(&facts).unwrap_err().word(), "SessionRevoked");
        facts.locks_stale = Some(stale("AccessLocks"));
        locked(&mut facts, "a", &json!({"profiles": ["prod"], "reason": "leak"}));
        assert_eq!(decide(&facts).unwrap_err().word(), "Locked");
    }
}

#[test]
fn a_pod_that_is_being_deleted_may_finish_its_work() {
    let mut facts = good();
    // Longer by the clocks' difference: the API server dates its end.
    for end in [facts.now + Duration::from_secs(30), facts.now - CLOCK_SKEW] {
        change_pod(&mut facts, |pod| pod.ends_at = Some(end));
        decide(&facts).unwrap();
    }
}

#[rstest]
#[case::the_rules("rule-table", Some("profile-table"), Some("default-table"), Some("rule-table"))]
#[case::the_profiles("", Some("profile-table"), Some("default-table"), Some("profile-table"))]
#[case::the_installations("", None, Some("default-table"), Some("default-table"))]
#[case::none("", None, None, None)]
fn the_session_table_is(
    #[case] rule: &str,
    #[case] of_profile: Option<&str>,
    #[case] default: Option<&str>,
    #[case] expected: Option<&str>,
) {
    let mut facts = good();
    facts.default_table = default.map(str::to_owned);
    facts.profile = seen(profile(&of_profile.map_or(json!({}), |table| json!({"sessionTable": table}))));
    let mut law = json!({"name": "r", "effect": "allow", "conditions": {}});
    if !rule.is_empty() {
        law = json!({"name": "r", "effect": "require_server_session", "sessionTable": rule, "conditions": {}});
    }
    rules(&mut facts, &json!([law]));
    assert_eq!(decide(&facts).unwrap().table(), expected);
}

#[test]
fn require_server_session_without_a_table_is_a_denial_that_says_so() {
    let mut facts = good();
    facts.default_table = None;
    rules(
        &mut facts,
        &json!([{"name": "tracked", "effect": "require_server_session", "conditions": {}, "reason": "audit"}]),
    );
    let cause = decide(&facts).unwrap_err();
    insta::assert_snapshot!(cause, @"AccessPolicy `prod` denies profile `prod` by rule `tracked`: Policy requires session tracking: audit. See: kubectl describe accesspolicy prod");
}

#[test]
fn a_refusal_names_the_object_and_the_command_that_helps() {
    let mut facts = good();
    change_session(&mut facts, |session| {
        session.revoked = Some(Revoked { by: Some("dana".into()), reason: Some("key leaked".into()) });
    });
    insta::assert_snapshot!(decide(&facts).unwrap_err(), @"the session of pod payments/api-0 is revoked by dana (key leaked), for good: a new pod gets a new session. See: kubectl get sentinelsessions -n payments");
    facts.session.object = None;
    let missing = decide(&facts).unwrap_err().to_string();
    assert!(missing.ends_with(&format!("kubectl get sentinelsession {} -n payments", facts.session_id)), "{missing}");
}

#[test]
fn locks_of_others_and_locks_that_are_over_stop_nothing() {
    let mut facts = good();
    for (name, spec) in [
        ("over", json!({"profiles": ["prod"], "reason": "r", "expiresAt": a_second_ago(&facts)})),
        ("now", json!({"profiles": ["prod"], "reason": "r", "expiresAt": facts.now})),
        ("over-and-odd", json!({"everybody": true, "reason": "r", "expiresAt": a_second_ago(&facts)})),
        ("elsewhere", json!({"namespaces": ["billing"], "profiles": ["prod"], "reason": "r"})),
        ("another", json!({"users": ["system:serviceaccount:payments:web"], "reason": "r"})),
    ] {
        locked(&mut facts, name, &spec);
    }
    decide(&facts).unwrap();
}

#[test]
fn of_several_locks_the_one_that_ends_last_speaks() {
    let mut facts = good();
    let after = |seconds| facts.now + jiff::SignedDuration::from_secs(seconds);
    let (soon, late) = (after(60), after(120));
    locked(&mut facts, "late", &json!({"profiles": ["prod"], "reason": "r", "expiresAt": late}));
    locked(&mut facts, "soon", &json!({"profiles": ["prod"], "reason": "r", "expiresAt": soon}));
    let cause = decide(&facts).unwrap_err();
    assert_eq!((cause.by(), cause.holds_until(), cause.reason().as_str()), ("late", Some(late), "r"));
    locked(&mut facts, "for-good", &json!({"profiles": ["prod"], "reason": "r"}));
    locked(&mut facts, "also", &json!({"namespaces": ["*"], "reason": "r"}));
    let cause = decide(&facts).unwrap_err();
    assert_eq!((cause.by(), cause.holds_until()), ("also", None));
}

#[test]
fn a_lock_says_who_made_it_until_when_and_why() {
    let mut facts = good();
    let spec =
        json!({"profiles": ["prod"], "reason": "key leaked", "createdBy": "dana", "expiresAt": "2999-01-01T00:00:00Z"});
    locked(&mut facts, "leak-7", &spec);
    insta::assert_snapshot!(decide(&facts).unwrap_err(), @"profile `prod` is locked for pod payments/api-0 by AccessLock `leak-7` of dana until 2999-01-01T00:00:00Z: key leaked. See: kubectl get accesslock leak-7");
    facts.locks.clear();
    locked(&mut facts, "typo", &json!({"user": ["x"], "reason": "r", "createdBy": "dana"}));
    let odd = decide(&facts).unwrap_err().to_string();
    assert!(
        odd.contains("locks everything that it might mean: spec.user: unknown key `user`: did you mean `users`?"),
        "{odd}"
    );
}

#[test]
fn a_policy_that_nobody_matches_denies() {
    let mut facts = good();
    rules(
        &mut facts,
        &json!([{"name": "r", "effect": "allow", "conditions": {"users": ["system:serviceaccount:other:*"]}}]),
    );
    let cause = decide(&facts).unwrap_err();
    assert_eq!((cause.word(), cause.reason().as_str()), ("PolicyDenied", "no matching rule"));
}
