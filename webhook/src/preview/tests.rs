//! Previews by tables, through the whole way from a request to words, and against a naive count.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use proptest::prelude::*;
use rstest::rstest;
use sentinel_core::policy::{AccessPolicy, Effect, Mode, Request, Spelling};
use serde_json::{Value, json};

use super::*;
use crate::admission::AdmissionRequest;
use crate::view::View;
use crate::view_samples::{knowing, policy, profile, session};

/// A Sunday, 22:00 UTC.
const NOW: &str = "2026-11-22T22:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn request(resource: &str, old: &Value, new: &Value) -> AdmissionRequest {
    let operation = if new.is_null() {
        "DELETE"
    } else if old.is_null() {
        "CREATE"
    } else {
        "UPDATE"
    };
    let name = if new.is_null() { old } else { new }["metadata"]["name"].clone();
    serde_json::from_value(json!({
        "uid": "u", "operation": operation, "name": name, "object": new, "oldObject": old,
        "resource": {"group": "sentinel.dev", "version": "v1alpha1", "resource": resource},
    }))
    .unwrap()
}

/// Profiles `prod` and `staging`, governed by policies of these names, and `tracked`, governed by `prod`; 12 sessions of
/// payments/api and 2 of payments/migrate on prod, 3 of web/front on staging, and 1 of payments/api on tracked.
fn view() -> View {
    view_with(vec![rules_for("payments:*"), rules_for("web:*")], Some(sessions()))
}

fn view_with(rules: Vec<Value>, sessions: Option<Vec<Value>>) -> View {
    let policies = ["prod", "staging"].into_iter().zip(rules).map(|(name, rules)| policy(name, &rules)).collect();
    let tracked = profile("tracked", &json!({"policies": {"access": "prod"}, "sessionTable": "sessions"}));
    let profiles = vec![profile("prod", &json!({})), profile("staging", &json!({})), tracked];
    knowing(Some(profiles), policies, sessions, None)
}

fn sessions() -> Vec<Value> {
    let holders = [("prod", "payments/api", 12), ("prod", "payments/migrate", 2), ("staging", "web/front", 3)];
    let holders = holders.into_iter().chain([("tracked", "payments/api", 1)]);
    let each = holders.flat_map(|(profile, account, count)| std::iter::repeat_n((profile, account), count));
    each.enumerate().map(|(id, (profile, account))| session(id, profile, account)).collect()
}

fn rules_for(users: &str) -> Value {
    json!([{"name": "r", "effect": "allow", "conditions": {"users": [format!("system:serviceaccount:{users}")]}}])
}

fn told(view: &View, default_table: &str, request: &AdmissionRequest) -> Vec<String> {
    match asked(request, view, default_table) {
        Some(asked) => warnings(asked, now()).0,
        None => vec![],
    }
}

fn told_of_policy(old: &Value, new: &Value) -> Vec<String> {
    told(&view(), "", &request("accesspolicies", old, new))
}

fn prod(rules: &Value) -> Value {
    policy("prod", rules)
}

#[rstest]
#[case::nothing(rules_for("payments:*"), &[])]
#[case::other_words_for_the_same(rules_for("*:*"), &[])]
#[case::some(rules_for("payments:migrate"), &["as of now, AccessPolicy `prod` would refuse 13 of 15 live sessions: payments/api (13)"])]
#[case::all(rules_for("web:*"), &["as of now, AccessPolicy `prod` would refuse 15 of 15 live sessions: payments/api (13), payments/migrate (2)"])]
#[case::no_table(
    json!([{"name": "r", "effect": "require_server_session"}]),
    &["as of now, AccessPolicy `prod` would refuse 14 of 15 live sessions: payments/api (12), payments/migrate (2)"]
)]
#[case::approval(
    json!([{"name": "r", "effect": "require_approval", "conditions": {"users": ["*migrate", "system:serviceaccount:payments:migrate"]}}, {"name": "s", "effect": "allow"}]),
    &["as of now, AccessPolicy `prod` would demand an approval for 2 of 15 live sessions: payments/migrate (2)"]
)]
#[case::a_closed_window(
    json!([{"name": "r", "effect": "allow", "conditions": {"time": {"days": ["monday"], "timezone": "UTC"}}}]),
    &["as of now, AccessPolicy `prod` would refuse 15 of 15 live sessions: payments/api (13), payments/migrate (2)"]
)]
#[case::an_open_window(json!([{"name": "r", "effect": "allow", "conditions": {"time": {"days": ["sunday"], "timezone": "UTC"}}}]), &[])]
#[test]
fn a_changed_policy(#[case] rules: Value, #[case] expected: &[&str]) {
    assert_eq!(told_of_policy(&prod(&rules_for("payments:*")), &prod(&rules)), expected);
}

#[test]
fn a_new_policy_where_none_was() {
    let warnings = told_of_policy(&Value::Null, &prod(&rules_for("payments:migrate")));
    let expected = "as of now, AccessPolicy `prod` would newly allow 2 of 15 live sessions: payments/migrate (2)";
    assert_eq!(warnings, [expected]);
}

#[test]
fn a_deleted_policy() {
    let mut old = prod(&rules_for("payments:*"));
    let refused = "as of now, deleting AccessPolicy `prod` would refuse 15 of 15 live sessions: payments/api (13), payments/migrate (2)";
    assert_eq!(told_of_policy(&old, &Value::Null), [refused]);
    old["metadata"]["deletionTimestamp"] = json!("2026-11-22T21:00:00Z");
    assert!(told_of_policy(&old, &Value::Null).is_empty(), "one that is going away already grants nothing");
}

#[test]
fn a_policy_that_governs_nothing() {
    let other = |rules: &Value| policy("other", rules);
    assert!(told_of_policy(&other(&rules_for("*:*")), &Value::Null).is_empty());
}

#[rstest]
#[case::a_role(json!({"roleArn": "arn:aws:iam::111122223333:role/other"}), "", &[])]
#[case::another_policy(
    json!({"policies": {"access": "staging"}}), "",
    &["as of now, SentinelProfile `prod` would refuse 14 of 14 live sessions: payments/api (12), payments/migrate (2)"]
)]
#[case::a_missing_policy(
    json!({"policies": {"access": "nowhere"}}), "",
    &["as of now, SentinelProfile `prod` would refuse 14 of 14 live sessions: payments/api (12), payments/migrate (2)"]
)]
#[test]
fn a_changed_profile(#[case] extra: Value, #[case] default_table: &str, #[case] expected: &[&str]) {
    let request = request("sentinelprofiles", &profile("prod", &json!({})), &profile("prod", &extra));
    assert_eq!(told(&view(), default_table, &request), expected);
}

#[rstest]
#[case::loses_its_table("", json!({"sessionTable": "sessions"}), json!({}), &["as of now, SentinelProfile `prod` would refuse 14 of 14 live sessions: payments/api (12), payments/migrate (2)"])]
#[case::the_installation_has_one("default", json!({"sessionTable": "sessions"}), json!({}), &[])]
#[case::gets_one("", json!({}), json!({"sessionTable": "sessions"}), &["as of now, SentinelProfile `prod` would newly allow 14 of 14 live sessions: payments/api (12), payments/migrate (2)"])]
#[test]
fn tables_come_in_the_brokers_order(
    #[case] default_table: &str,
    #[case] old: Value,
    #[case] new: Value,
    #[case] expected: &[&str],
) {
    let tracked = json!([{"name": "r", "effect": "require_server_session"}]);
    let view = view_with(vec![tracked], Some(sessions()));
    let request = request("sentinelprofiles", &profile("prod", &old), &profile("prod", &new));
    assert_eq!(told(&view, default_table, &request), expected);
}

#[test]
fn a_deleted_profile_and_a_new_one() {
    let one = profile("staging", &json!({}));
    let warnings = told(&view(), "", &request("sentinelprofiles", &one, &Value::Null));
    let end = "3 of 3 live sessions: web/front (3)";
    assert_eq!(warnings, [format!("as of now, deleting SentinelProfile `staging` would refuse {end}")]);
    let warnings = told(&view(), "", &request("sentinelprofiles", &Value::Null, &one));
    assert_eq!(warnings, [format!("as of now, SentinelProfile `staging` would newly allow {end}")]);
}

#[test]
fn what_is_not_known_is_said_and_nothing_else() {
    let (old, new) = (prod(&rules_for("payments:*")), prod(&rules_for("web:*")));
    let blind = view_with(vec![], None);
    let warnings = told(&blind, "", &request("accesspolicies", &old, &new));
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("live sessions are not known now"), "{warnings:?}");
    assert!(told(&blind, "", &request("accesspolicies", &old, &old)).is_empty(), "the same law concerns nobody");
    let unlisted = knowing(None, vec![], Some(vec![]), None);
    assert!(told(&unlisted, "", &request("accesspolicies", &old, &new))[0].contains("not known now"));
}

#[test]
fn pods_do_not_wait_for_what_only_warnings_need() {
    let without_sessions = knowing(Some(vec![]), vec![], None, Some("pem"));
    assert_eq!(without_sessions.broker_ca().unwrap(), "pem");
    assert!(without_sessions.live_sessions(&["prod"]).is_none());
}

#[test]
fn the_largest_are_named_and_the_rest_are_counted() {
    let accounts = |count: usize| (1..=count).map(|n| (format!("team-{n:03}/app"), n)).collect::<BTreeMap<_, _>>();
    let preview = Preview { sessions: 99, turns: [(Turn::Refused, accounts(7))].into() };
    let expected = "as of now, X would refuse 28 of 99 live sessions: team-007/app (7), team-006/app (6), team-005/app (5), team-004/app (4), team-003/app (3) and 2 more";
    assert_eq!(words::words(&preview, "X"), [expected]);
}

#[test]
fn long_names_never_pass_the_limit_of_a_warning() {
    let long = |letter: &str| format!("{}/{}", letter.repeat(63), letter.repeat(100));
    let accounts = ["a", "b", "c"].map(|letter| (long(letter), 1)).into();
    let preview = Preview { sessions: 3, turns: [(Turn::Refused, accounts)].into() };
    let told = words::words(&preview, "AccessPolicy `prod`").remove(0);
    assert!(told.ends_with("aaa (1) and 2 more") && told.chars().count() <= 256, "{told}");
    let told = words::words(&preview, &format!("AccessPolicy `{}`", "p".repeat(253))).remove(0);
    assert!(told.ends_with("would refuse 3 of 3 live sessions"), "{told}");
}

#[test]
fn ten_thousand_users_are_decided_in_time() {
    let rule = |n: usize| json!({"name": format!("r{n}"), "effect": "allow", "conditions": {"profiles": ["prod"], "users": [format!("system:serviceaccount:team-{n}:*")]}});
    let law = |count: usize| Law { policy: Some(Arc::new(law(&(0..count).map(rule).collect::<Value>()))), table: None };
    let change = Change { profile: "prod".into(), before: law(100), after: law(99) };
    let holder = |n: usize| Holder {
        user: format!("system:serviceaccount:team-{}:app-{n}", n % 100).into(),
        profile: "prod".into(),
    };
    let held: Vec<_> = (0..10_000).map(|n| Held { holder: holder(n), sessions: 1 }).collect();
    let started = Instant::now();
    let preview = preview(&[change], &held, now(), || true).unwrap();
    let took = started.elapsed();
    // Time says something of optimized code only: cargo test --release -p sentinel-webhook ten_thousand
    assert!(cfg!(debug_assertions) || took < Duration::from_millis(300), "{took:?}");
    assert_eq!(preview.turns[&Turn::Refused].values().sum::<usize>(), 100);
}

#[test]
fn a_preview_ends_when_its_time_is_over() {
    let deny = Law { policy: Some(Arc::new(law(&json!([{"name": "r", "effect": "deny"}])))), table: None };
    let change = Change { profile: "prod".into(), before: Law::default(), after: deny };
    let holder = |n: usize| Holder { user: format!("system:serviceaccount:a:app-{n}").into(), profile: "prod".into() };
    let held: Vec<_> = (0..100).map(|n| Held { holder: holder(n), sessions: 1 }).collect();
    let mut left = 3;
    let told = preview(&[change], &held, now(), || {
        left -= 1;
        left >= 0
    });
    assert_eq!((told, left), (None, -1), "no holder is decided after that");
}

fn law(rules: &Value) -> AccessPolicy {
    AccessPolicy::from_value(&json!({"version": "1", "rules": rules}), Spelling::Manifest).unwrap()
}

/// What the first rule that a session meets says, in the plainest words.
fn naive(law: &Law, user: &str, profile: &str) -> &'static str {
    let Some(policy) = &law.policy else { return "deny" };
    let table = law.table.as_deref();
    let request = Request { user, profile, mode: Mode::Server, session_table: table, at: now() };
    let Some(met) = policy.walk(&request).find(|outcome| outcome.unmet.is_none()) else { return "deny" };
    match met.rule.effect {
        Effect::Allow | Effect::RequireServer => "allow",
        Effect::RequireServerSession if met.rule.session_table.is_some() || table.is_some() => "allow",
        Effect::RequireServerSession | Effect::Deny => "deny",
        Effect::RequireApproval => "approval",
    }
}

fn any_law() -> impl Strategy<Value = Law> {
    let effect =
        prop::sample::select(vec!["allow", "deny", "require_approval", "require_server", "require_server_session"]);
    let some = |all: &[&str]| prop::sample::subsequence(all.iter().map(ToString::to_string).collect::<Vec<_>>(), 0..=2);
    let users = some(&["system:serviceaccount:a:*", "system:serviceaccount:*:x", "system:serviceaccount:b:y"]);
    let window = prop::option::of(prop::sample::select(vec!["sunday", "monday"]));
    let table = || prop::option::of(Just("table".to_owned()));
    let rule =
        (effect, users, some(&["p", "q", "p*"]), window, table()).prop_map(|(effect, users, profiles, day, table)| {
            let time = day.map(|day| json!({"days": [day], "timezone": "UTC"}));
            let mut rule = json!({"effect": effect, "conditions": {"users": users, "profiles": profiles}});
            if let Some(time) = time {
                rule["conditions"]["time"] = time;
            }
            if let Some(table) = table.filter(|_| effect == "require_server_session") {
                rule["sessionTable"] = json!(table);
            }
            rule
        });
    let named = |mut rules: Vec<Value>| {
        rules.iter_mut().enumerate().for_each(|(n, rule)| rule["name"] = json!(format!("r{n}")));
        Arc::new(law(&json!(rules)))
    };
    let policy = prop::option::weighted(0.9, prop::collection::vec(rule, 1..5).prop_map(named));
    (policy, table()).prop_map(|(policy, table)| Law { policy, table })
}

fn any_session() -> impl Strategy<Value = (String, String)> {
    let user =
        prop::sample::select(vec!["a:x", "a:y", "b:x", "b:y"]).prop_map(|who| format!("system:serviceaccount:{who}"));
    (user, prop::sample::select(vec!["p", "q", "elsewhere"]).prop_map(str::to_owned))
}

proptest! {
    #[test]
    fn the_numbers_are_those_of_a_naive_count(
        laws in prop::array::uniform4(any_law()),
        sessions in prop::collection::vec(any_session(), 0..40),
    ) {
        let [p0, p1, q0, q1] = laws;
        let changes = [("p", p0, p1), ("q", q0, q1)]
            .map(|(profile, before, after)| Change { profile: profile.to_owned(), before, after });
        let mut held: BTreeMap<Holder, usize> = BTreeMap::new();
        for (user, profile) in &sessions {
            *held.entry(Holder { user: user.as_str().into(), profile: profile.as_str().into() }).or_default() += 1;
        }
        let held: Vec<_> = held.into_iter().map(|(holder, sessions)| Held { holder, sessions }).collect();
        let preview = preview(&changes, &held, now(), || true).unwrap();

        let mut expected = Preview::default();
        for (user, profile) in &sessions {
            let Some(change) = changes.iter().find(|change| &change.profile == profile) else { continue };
            expected.sessions += 1;
            let turn = match (naive(&change.before, user, profile), naive(&change.after, user, profile)) {
                ("allow", "deny") => Turn::Refused,
                ("allow", "approval") => Turn::NeedsApproval,
                ("approval", "deny") => Turn::BeyondApproval,
                ("deny" | "approval", "allow") => Turn::Allowed,
                ("deny", "approval") => Turn::OpenToApproval,
                _ => continue,
            };
            let account = user.trim_start_matches("system:serviceaccount:").replace(':', "/");
            *expected.turns.entry(turn).or_default().entry(account).or_default() += 1;
        }
        prop_assert_eq!(preview, expected);
    }
}
