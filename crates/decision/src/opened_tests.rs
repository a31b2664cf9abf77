//! What an approval or an emergency opens, for whom, until when, and what is said where none does.

use jiff::SignedDuration;
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::decide;
use crate::examples::{good, grant, lock, policy, profile, seen};

/// Facts under which the policy says `effect`, and the profile names an ApprovalPolicy.
fn facts(effect: &str) -> Facts {
    let mut facts = good();
    if let Some(rule) = rule(effect) {
        facts.policy = seen(policy(&json!([rule])));
    }
    facts.profile = seen(profile(&json!({"policies": {"approval": "prod"}})));
    facts.default_table = None;
    facts
}

#[expect(clippy::unnecessary_wraps, reason = "as a policy has it")]
fn rule(effect: &str) -> Option<Value> {
    let users = if effect == "none" { json!(["nobody"]) } else { json!([]) };
    let effect = if effect == "none" { "allow" } else { effect };
    Some(json!({"name": "r", "effect": effect, "conditions": {"users": users}}))
}

fn pins() -> Value {
    json!({"policies": {"access": "prod", "approval": "prod"}})
}

fn in_seconds(facts: &Facts, seconds: i64) -> Timestamp {
    facts.now + SignedDuration::from_secs(seconds)
}

fn add(facts: &mut Facts, door: Door, name: &str, seconds: i64, change: impl FnOnce(&mut GrantEntry)) {
    let mut entry = grant(door, name, in_seconds(facts, seconds), &pins());
    change(&mut entry);
    let grants = if door == Door::Approval { &mut facts.requests } else { &mut facts.events };
    grants.entries.push(Arc::new(entry));
}

#[expect(clippy::unnecessary_wraps, reason = "as the facts have it")]
fn stale(watch: &'static str, age: Option<u64>) -> Option<Stale> {
    Some(Stale { watch, age: age.map(std::time::Duration::from_secs) })
}

#[rstest]
#[case::an_approval_where_one_is_wanted("require_approval", Door::Approval, true)]
#[case::an_emergency_where_an_approval_is_wanted("require_approval", Door::BreakGlass, true)]
#[case::an_approval_against_a_deny("deny", Door::Approval, false)]
#[case::an_emergency_against_a_deny("deny", Door::BreakGlass, true)]
#[case::an_approval_against_no_rule("none", Door::Approval, false)]
#[case::an_emergency_against_no_rule("none", Door::BreakGlass, true)]
#[case::an_approval_for_want_of_a_table("require_server_session", Door::Approval, false)]
#[case::an_emergency_for_want_of_a_table("require_server_session", Door::BreakGlass, false)]
fn what_is_overridden(#[case] effect: &str, #[case] door: Door, #[case] opens: bool) {
    let mut facts = facts(effect);
    let refused = decide(&facts).unwrap_err();
    add(&mut facts, door, "g", 60, |_| ());
    match decide(&facts) {
        Ok(permit) => {
            assert!(opens, "{permit:?}");
            assert_eq!(permit.granted_by(), GrantedBy::Request(RequestId::derive("cluster", "g")));
            assert_eq!(permit.holds_until(), Some(in_seconds(&facts, 60)));
            assert_ne!(permit.decision.effect, Verdict::Allow);
        }
        Err(cause) => assert_eq!((opens, cause.word()), (false, refused.word())),
    }
}

#[test]
fn what_the_policy_allows_needs_no_grant_and_ends_with_none() {
    let mut facts = facts("allow");
    add(&mut facts, Door::Approval, "g", 60, |_| ());
    let permit = decide(&facts).unwrap();
    assert_eq!((permit.granted_by(), permit.holds_until()), (GrantedBy::Direct, None));
}

fn pinned(entry: &mut GrantEntry, change: impl FnOnce(&mut Pins)) {
    if let Standing::Open(open) = &mut entry.standing {
        change(&mut open.pins);
    }
}

#[rstest]
#[case::another_service_account(|entry: &mut GrantEntry| entry.service_account = "web".into(), "")]
#[case::another_profile(|entry: &mut GrantEntry| entry.profile = "dev".into(), "")]
#[case::a_service_account_made_again(|entry: &mut GrantEntry| pinned(entry, |pins| pins.service_account_uid = "old".into()), "the service account was deleted and made again")]
#[case::a_profile_made_again(|entry: &mut GrantEntry| pinned(entry, |pins| pins.profile_uid = "old".into()), "the SentinelProfile was deleted and made again")]
#[case::another_role(|entry: &mut GrantEntry| pinned(entry, |pins| pins.role_arn = "arn:old".into()), "its role is arn:aws:iam::111122223333:role/prod, and was arn:old")]
#[case::another_access_policy(|entry: &mut GrantEntry| pinned(entry, |pins| pins.policies.access = "old".into()), "its AccessPolicy is `prod`, and was `old`")]
#[case::another_approval_policy(|entry: &mut GrantEntry| pinned(entry, |pins| pins.policies.approval = None), "its ApprovalPolicy is `prod`, and was `none`")]
#[case::unknown_uids(|entry: &mut GrantEntry| pinned(entry, |pins| pins.profile_uid = String::new()), "deleted and made again")]
#[case::unreadable(|entry: &mut GrantEntry| entry.standing = Standing::Invalid("x".into()), "")]
#[case::denied(|entry: &mut GrantEntry| entry.standing = Standing::Shut { phase: "denied", said: "denied by ann: not today".into() }, "is denied: denied by ann: not today")]
fn what_is_for_something_else_opens_nothing_and_says_so(
    #[values(Door::Approval, Door::BreakGlass)] door: Door,
    #[case] change: fn(&mut GrantEntry),
    #[case] said: &str,
) {
    let mut facts = facts("require_approval");
    add(&mut facts, door, "g", 60, change);
    let cause = decide(&facts).unwrap_err();
    assert_eq!(cause.word(), "ApprovalRequired");
    assert!(cause.to_string().contains(said), "{cause}");
}

#[test]
fn a_caller_whose_service_account_is_not_known_has_no_grants() {
    let mut facts = facts("require_approval");
    facts.caller.service_account_uid = String::new();
    add(&mut facts, Door::Approval, "g", 60, |entry| pinned(entry, |pins| pins.service_account_uid = String::new()));
    assert_eq!(decide(&facts).unwrap_err().word(), "ApprovalRequired");
}

#[test]
fn it_ends_at_its_end() {
    for (seconds, open) in [(1, true), (0, false), (-1, false)] {
        let mut facts = facts("require_approval");
        add(&mut facts, Door::Approval, "g", seconds, |_| ());
        assert_eq!(decide(&facts).is_ok(), open, "{seconds}");
    }
}

#[test]
fn the_one_that_ends_last_counts_and_an_emergency_only_where_no_approval_does() {
    let mut facts = facts("require_approval");
    let name = |facts: &Facts| decide(facts).unwrap().opened.unwrap().name;
    add(&mut facts, Door::BreakGlass, "fire", 600, |_| ());
    assert_eq!(name(&facts), "fire");
    add(&mut facts, Door::Approval, "short", 60, |_| ());
    assert_eq!(name(&facts), "short");
    add(&mut facts, Door::Approval, "long", 120, |_| ());
    add(&mut facts, Door::Approval, "longer-but-over", -1, |_| ());
    assert_eq!(name(&facts), "long");
}

#[rstest]
#[case::a_lock("Locked", |facts: &mut Facts| facts.locks.push(Arc::new(lock("l", &json!({"profiles": ["prod"], "reason": "leak"})))))]
#[case::a_revocation("SessionRevoked", |facts: &mut Facts| facts.revoked_before = Some(crate::Revoked::default()))]
#[case::no_policy("PolicyMissing", |facts: &mut Facts| facts.policy.object = None)]
#[case::an_unreadable_policy("PolicyInvalid", |facts: &mut Facts| facts.policy = seen(policy(&json!([{"name": "r"}]))))]
fn what_beats_both(
    #[values("require_approval", "deny")] effect: &str,
    #[case] word: &str,
    #[case] stop: fn(&mut Facts),
) {
    let mut facts = facts(effect);
    add(&mut facts, Door::Approval, "a", 60, |_| ());
    add(&mut facts, Door::BreakGlass, "b", 60, |_| ());
    decide(&facts).unwrap();
    stop(&mut facts);
    assert_eq!(decide(&facts).unwrap_err().word(), word);
}

#[rstest]
#[case::an_approval_may_have_come("require_approval", Some(61), None, "StaleWatch")]
#[case::requests_never_listed("require_approval", None, None, "StaleWatch")]
#[case::a_known_approval("require_approval", Some(61), Some(Door::Approval), "StaleWatch")]
#[case::a_deny_is_a_deny("deny", Some(61), None, "PolicyDenied")]
#[case::a_deny_before_any_event_was_seen("deny", None, None, "StaleWatch")]
#[case::a_known_emergency("deny", Some(61), Some(Door::BreakGlass), "StaleWatch")]
#[case::an_approval_against_a_deny("deny", Some(61), Some(Door::Approval), "PolicyDenied")]
fn while_nobody_knows(#[case] effect: &str, #[case] age: Option<u64>, #[case] known: Option<Door>, #[case] word: &str) {
    let mut facts = facts(effect);
    facts.requests.stale = stale("AccessRequests", age);
    facts.events.stale = stale("BreakGlassEvents", age);
    if let Some(door) = known {
        add(&mut facts, door, "g", 60, |_| ());
    }
    assert_eq!(decide(&facts).unwrap_err().word(), word);
    facts.locks.push(Arc::new(lock("l", &json!({"profiles": ["prod"], "reason": "leak"}))));
    assert_eq!(decide(&facts).unwrap_err().word(), "Locked");
}

#[test]
fn an_emergency_that_is_known_opens_though_requests_are_not() {
    let mut facts = facts("require_approval");
    facts.requests.stale = stale("AccessRequests", Some(61));
    add(&mut facts, Door::BreakGlass, "fire", 60, |_| ());
    assert_eq!(decide(&facts).unwrap().opened.unwrap().door, Door::BreakGlass);
}

#[test]
fn a_refusal_names_the_command_that_asks() {
    let facts = facts("require_approval");
    insta::assert_snapshot!(decide(&facts).unwrap_err(), @"AccessPolicy `prod` wants an approval for profile `prod` by rule `r`: approval is required. Ask for it: kubectl sentinel request --profile prod --service-account api -n payments --duration 1h --justification '…'. See: kubectl describe accesspolicy prod");
}

#[test]
fn a_refusal_says_what_is_pending_and_who_decides() {
    let mut facts = facts("require_approval");
    let since: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
    add(&mut facts, Door::Approval, "ticket-7", 60, |entry| {
        let approvers = ["ann", "ops"].map(str::to_owned).to_vec();
        entry.standing = Standing::Pending { approvers, said: String::new() };
        entry.since = Some(since);
    });
    add(&mut facts, Door::Approval, "ticket-6", -60, |entry| {
        entry.standing = Standing::Shut { phase: "denied", said: "denied by ann".into() };
    });
    insta::assert_snapshot!(decide(&facts).unwrap_err(), @"AccessPolicy `prod` wants an approval for profile `prod` by rule `r`: approval is required; AccessRequest ticket-7 is pending since 2026-11-22T09:00:00Z: ann, ops may decide; AccessRequest ticket-6 is denied: denied by ann. See: kubectl describe accesspolicy prod");
}

#[test]
fn where_nobody_can_approve_no_command_is_named() {
    let mut facts = facts("require_approval");
    facts.profile = seen(profile(&json!({})));
    let said = decide(&facts).unwrap_err().to_string();
    assert!(
        said.contains("names no ApprovalPolicy (spec.policies.approval)") && !said.contains("Ask for it"),
        "{said}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    /// However many there are: nothing opens but what is open, for this caller, unchanged, and of a kind that may.
    #[test]
    fn only_a_grant_that_fits_opens(
        effect in prop::sample::select(vec!["allow", "require_approval", "deny", "none", "require_server_session"]),
        made in prop::collection::vec((any::<bool>(), -2_i64..3, 0_u8..6), 0..6),
    ) {
        let mut facts = facts(effect);
        let mut fitting = vec![];
        for (index, (approval, seconds, fault)) in made.into_iter().enumerate() {
            let door = if approval { Door::Approval } else { Door::BreakGlass };
            let name = format!("g{index}");
            add(&mut facts, door, &name, seconds, |entry| match fault {
                1 => entry.service_account = "web".into(),
                2 => entry.profile = "dev".into(),
                3 => pinned(entry, |pins| pins.role_arn = "arn:old".into()),
                4 => entry.standing = Standing::Pending { approvers: vec![], said: String::new() },
                _ => {}
            });
            let overrides = match effect {
                "require_approval" => true,
                "deny" | "none" => !approval,
                _ => false,
            };
            if overrides && seconds > 0 && !(1..5).contains(&fault) {
                fitting.push((!approval, -seconds, name));
            }
        }
        fitting.sort();
        let opened = decide(&facts).ok().map(|permit| permit.opened.map(|opened| opened.name));
        let expected = if effect == "allow" { Some(None) } else { fitting.first().map(|(.., name)| Some(name.clone())) };
        prop_assert_eq!(opened, expected);
    }
}
