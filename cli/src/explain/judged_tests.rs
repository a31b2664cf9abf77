//! What would help, situation by situation.

use rstest::rstest;
use sentinel_core::grant::Door;
use sentinel_core::policy::{AccessPolicy, ApprovalPolicy, BreakGlassPolicy, Mode, RateLimitPolicy, Request};
use sentinel_decision::examples::{good, grant, lock, policy, profile, seen, session_of};
use sentinel_decision::{GrantEntry, Grants, Revoked, SessionEntry};
use serde_json::{Value, json};

use super::super::governors::Found;
use super::*;

const APPROVALS: &str = "version: \"1\"\nrules:\n- {name: a, profiles: [prod], approvers: [ann, security]}\n";
const GLASS: &str = "version: \"1\"\nrules:\n- {name: g, profiles: [prod], users: [oncall, dana], allowed_reason_codes: [security, incident], max_duration: 30m}\n";
const LIMITS: &str = "version: \"1\"\nrules:\n- {name: l, profiles: [dev], cooldown: 1h}\n";

/// 12:00 UTC of a Monday.
const NOON: &str = "2026-03-02T12:00:00Z";
const WHOM: &str = "--profile prod --service-account api -n payments";

fn found<P>(policy: Result<P, String>) -> Found<P> {
    Found { name: "p".to_owned(), exists: true, policy }
}

/// With policies of these texts; an empty one is none.
fn governors(approvals: &str, glass: &str) -> Governors {
    let named = |text: &str| !text.is_empty();
    Governors {
        approval: named(approvals).then(|| found(Ok(ApprovalPolicy::from_yaml(approvals).unwrap()))),
        break_glass: named(glass).then(|| found(Ok(BreakGlassPolicy::from_yaml(glass).unwrap()))),
        rate_limit: None,
    }
}

fn both() -> Governors {
    governors(APPROVALS, GLASS)
}

/// A pod at noon, whose policy has one rule of this effect, and whose profile names both policies.
fn facts(effect: &str) -> Facts {
    let rules = match effect {
        "" => json!([{"name": "r", "effect": "deny", "conditions": {"profiles": ["dev"]}}]),
        effect => json!([{"name": "r", "effect": effect, "conditions": {}}]),
    };
    let names = json!({"policies": {"approval": "p", "breakGlass": "p"}});
    Facts { now: NOON.parse().unwrap(), policy: seen(policy(&rules)), profile: seen(profile(&names)), ..good() }
}

fn help(facts: &Facts, governors: &Governors) -> Vec<String> {
    pod(facts, governors).would_help
}

fn approval() -> String {
    format!(
        "an approval by one of ann, security (rule `a` of ApprovalPolicy `p`). Ask for it: kubectl sentinel request {WHOM} --duration 1h --justification '…'"
    )
}

fn glass() -> String {
    format!(
        "breaking the glass, by one of oncall, dana (rule `g` of BreakGlassPolicy `p`), because of one of security, incident, for 30m0s at most: kubectl sentinel break-glass {WHOM} --reason-code security --duration 30m0s --justification '…'"
    )
}

#[rstest]
#[case::allowed("allow", both(), vec![])]
#[case::approval_wanted("require_approval", both(), vec![approval(), glass()])]
#[case::approval_wanted_and_nobody_to_give_it("require_approval", governors("", GLASS), vec![glass()])]
#[case::approval_wanted_and_nothing_at_all("require_approval", governors("", ""), vec![])]
#[case::a_deny_by_a_rule("deny", both(), vec![glass()])]
#[case::a_deny_by_none("", both(), vec![glass()])]
#[case::a_deny_that_nobody_overrides("deny", governors(APPROVALS, ""), vec![])]
#[case::rules_for_another_profile(
    "require_approval",
    governors(&APPROVALS.replace("prod", "dev"), &GLASS.replace("prod", "dev")),
    vec![]
)]
fn the_doors_are_named_that_somebody_may_open(
    #[case] effect: &str,
    #[case] governors: Governors,
    #[case] expected: Vec<String>,
) {
    assert_eq!(help(&facts(effect), &governors), expected);
}

#[test]
fn nothing_goes_past_what_a_rule_requires() {
    let shut = Facts { default_table: None, ..facts("require_server_session") };
    let ways = help(&shut, &both());
    assert!(ways.len() == 1 && ways[0].starts_with("a session table: "), "{ways:?}");
}

#[test]
fn a_door_that_is_open_needs_nothing() {
    for (door, effect) in [(Door::Approval, "require_approval"), (Door::BreakGlass, "deny")] {
        let mut open = facts(effect);
        let pins = json!({"policies": {"access": "prod", "approval": "p", "breakGlass": "p"}});
        let until = "2026-03-02T13:00:00Z".parse().unwrap();
        let entries = vec![Arc::new(grant(door, "g", until, &pins))];
        let grants = if door == Door::Approval { &mut open.requests } else { &mut open.events };
        *grants = Grants { entries, ..Grants::none(door) };
        let said = serde_json::to_value(pod(&open, &both())).unwrap();
        assert_eq!((&said["outcome"], &said["wouldHelp"]), (&json!("allowed"), &json!([])), "{said}");
    }
}

#[test]
fn a_request_that_waits_is_named_instead_of_another() {
    let mut waits = facts("require_approval");
    let standing = Standing::Pending { approvers: vec![], said: String::new() };
    let entry = |name: &str, service_account: &str| {
        let entry = grant(Door::Approval, name, waits.now, &json!({}));
        Arc::new(GrantEntry { standing: standing.clone(), service_account: service_account.to_owned(), ..entry })
    };
    waits.requests.entries = vec![entry("others", "other"), entry("ticket-7", "api")];
    let ways = help(&waits, &both());
    let expected = "an approval of AccessRequest ticket-7, which waits for one of ann, security (rule `a` of ApprovalPolicy `p`): kubectl sentinel approve ticket-7 -n payments";
    assert_eq!(ways, [expected.to_owned(), glass()]);
    assert_eq!(help(&waits, &governors("", GLASS)), [glass()], "nobody could approve it");
}

fn locked(effect: &str, specs: &[Value]) -> Facts {
    let lock = |(index, spec)| Arc::new(lock(&format!("l{index}"), spec));
    Facts { locks: specs.iter().enumerate().map(lock).collect(), ..facts(effect) }
}

#[rstest]
#[case::one(
    &[json!({"profiles": ["prod"], "reason": "r"})],
    "the end of the lock: kubectl sentinel unlock l0; before that nothing goes past it"
)]
#[case::one_that_ends(
    &[json!({"profiles": ["prod"], "reason": "r", "expiresAt": "2026-03-02T13:00:00Z"})],
    "the end of the lock (it ends by itself at 2026-03-02T13:00:00Z): kubectl sentinel unlock l0; "
)]
#[case::several_and_one_that_hits_somebody_else(
    &[json!({"profiles": ["prod"], "reason": "r"}), json!({"profiles": ["dev"], "reason": "r"}), json!({"namespaces": ["payments"], "reason": "r"})],
    "the end of every lock: kubectl sentinel unlock l0 && kubectl sentinel unlock l2; "
)]
fn a_lock_beats_every_door(#[case] locks: &[Value], #[case] begin: &str) {
    for effect in ["allow", "deny", "require_approval", ""] {
        let ways = help(&locked(effect, locks), &both());
        assert!(ways.len() == 1 && ways[0].starts_with(begin), "{ways:?}");
    }
}

/// `shut`, with its session stopped.
fn revoked(shut: Facts) -> Facts {
    let session = SessionEntry { revoked: Some(Revoked::default()), ..session_of(&shut.caller) };
    Facts { session: seen(session), ..shut }
}

#[test]
fn the_end_of_a_session_beats_every_door() {
    for effect in ["allow", "deny", "require_approval"] {
        let ways = help(&revoked(facts(effect)), &both());
        assert!(ways.len() == 1 && ways[0].starts_with("a new pod, which gets a new session"), "{ways:?}");
    }
    let ways = help(&revoked(locked("deny", &[json!({"profiles": ["prod"], "reason": "r"})])), &both());
    assert!(
        ways.len() == 2 && ways[0].starts_with("the end of the lock") && ways[1].starts_with("a new pod"),
        "{ways:?}"
    );
}

#[test]
fn what_the_refusal_says_itself_is_not_said_twice() {
    let shut = Facts { policy: seen(policy(&json!([]))), ..facts("deny") };
    assert!(help(&shut, &both()).is_empty());
    let other = Facts { profile_name: "dev".to_owned(), ..facts("deny") };
    assert_eq!(help(&other, &both()), ["a new pod with the annotation sentinel.dev/profile: dev"]);
}

#[rstest]
#[case::closed(
    "{start: \"20:00\", end: \"23:00\"}",
    Some(", for 4h0m0s at most, from 2026-03-02T20:00:00Z on (its time window): ")
)]
#[case::open("{start: \"09:00\", end: \"17:00\"}", Some(", for 4h0m0s at most: "))]
#[case::never("{start: \"17:00\", end: \"09:00\"}", None)]
fn an_emergency_has_its_hours(#[case] hours: &str, #[case] part: Option<&str>) {
    let glass = format!("version: \"1\"\nrules:\n- {{name: g, users: [\"team-*\"], time: {{hours: {hours}}}}}\n");
    let ways = help(&facts("deny"), &governors("", &glass));
    assert_eq!(ways.len(), usize::from(part.is_some()), "{ways:?}");
    for (way, part) in ways.iter().zip(part) {
        let begin = format!("breaking the glass, by team-* (rule `g` of BreakGlassPolicy `p`){part}");
        assert!(way.starts_with(&begin) && way.contains("--reason-code incident --duration 1h0m0s "), "{way}");
    }
}

#[test]
fn who_need_not_ask_is_named() {
    let approvals = APPROVALS.replace(
        "security]",
        "security], auto_approve: {users: [bob], max_duration: 2h, time: {hours: {start: \"09:00\", end: \"17:00\"}}}",
    );
    let way = help(&facts("require_approval"), &governors(&approvals, "")).remove(0);
    let part = "; what bob asks for is approved by itself, for 2h0m0s at most, within its time window. Ask for it: ";
    assert!(way.contains(part), "{way}");
}

#[test]
fn a_long_list_is_cut() {
    let names = (0..25).map(|n| format!("n{n}")).collect::<Vec<_>>().join(", ");
    let glass = GLASS.replace("oncall, dana", &names);
    let way = help(&facts("deny"), &governors("", &glass)).remove(0);
    assert!(way.contains("n18, n19 and 5 more (rule"), "{way}");
}

#[test]
fn policies_that_can_not_be_used_open_nothing_and_say_why() {
    let broken = Governors {
        approval: Some(found(Err("it is being deleted".to_owned()))),
        break_glass: Some(Found { name: "b".to_owned(), exists: false, policy: Err("it does not exist".to_owned()) }),
        rate_limit: Some(found(Ok(RateLimitPolicy::from_yaml(LIMITS).unwrap()))),
    };
    let said = pod(&facts("require_approval"), &broken);
    assert!(said.would_help.is_empty(), "{:?}", said.would_help);
    let lines: Vec<String> = said.other_policies.iter().map(super::super::governors::OtherPolicy::line).collect();
    let expected = [
        "ApprovalPolicy p: exists, but ApprovalPolicy `p`, which governs profile `prod`, can't be used: it is being deleted",
        "BreakGlassPolicy b: is missing",
        "RateLimitPolicy p: exists",
    ];
    assert_eq!(lines, expected);
    let unlimited = Governors { rate_limit: Some(found(Err("it is spoilt".to_owned()))), ..both() };
    assert_eq!(help(&facts("require_approval"), &unlimited), [approval()], "without its limits the glass stays whole");
    let uncovered = governors(&APPROVALS.replace("prod", "dev"), "").told("prod").remove(0).line();
    assert_eq!(uncovered, "ApprovalPolicy p: exists, but no rule of ApprovalPolicy `p` is for profile `prod`");
}

fn of_user(user: &str, effect: &str, locks: &[Value]) -> Vec<String> {
    let facts = locked(effect, locks);
    let profile = usable_profile("prod", &facts.profile).unwrap();
    let text = format!("version: \"1\"\nrules:\n- {{name: r, effect: {effect}, conditions: {{}}}}\n");
    let law = AccessPolicy::from_yaml(&text).unwrap();
    let request = Request { user, profile: "prod", mode: Mode::Server, session_table: None, at: facts.now };
    let asked = Asked { user, profile: "prod", at: facts.now };
    super::user(asked, Ok(profile), Ok(Walked::of(&law, &request)), &facts.locks, &both()).would_help
}

#[test]
fn a_user_hears_the_same_and_doors_are_for_pods() {
    let pods = "system:serviceaccount:payments:api";
    assert_eq!(of_user(pods, "require_approval", &[]), [approval(), glass()]);
    assert_eq!(of_user(pods, "deny", &[]), [glass()]);
    assert!(of_user(pods, "allow", &[]).is_empty());
    assert!(of_user("alice", "require_approval", &[]).is_empty());
    let everything = [json!({"namespaces": ["payments"], "reason": "r"})];
    let ways = of_user(pods, "require_approval", &everything);
    assert!(ways.len() == 1 && ways[0].starts_with("the end of the lock: kubectl sentinel unlock l0;"), "{ways:?}");
}
