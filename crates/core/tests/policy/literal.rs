//! What the evaluators outside the cluster decide from what is published. They compare names literally, take their own zone
//! where none is named, and where no rule is for a profile they refuse nothing. They never grant more than we do.

use jiff::Timestamp;
use proptest::prelude::*;
use sentinel_core::policy::publish::{portable, portable_approval, portable_break_glass, portable_rate_limit};
use sentinel_core::policy::{
    AccessPolicy, ApprovalPolicy, BreakGlassPolicy, Mode, RateLimitPolicy, ReasonCode, Request, Spelling, Verdict, tree,
};
use sentinel_core::time::GoDuration;
use serde_json::{Value, json};

use crate::naive::{self, object, some_of, window};

/// People: no evaluator outside the cluster ever sees a pod's user.
const PEOPLE: [&str; 3] = ["alice", "bob", "é"];
/// More than are known when a policy is published.
const PROFILES: [&str; 4] = ["prod", "prod-eu", "dev", "prod-new"];
const KNOWN: [&str; 3] = ["prod", "prod-eu", "dev"];
/// Where the other evaluator's clock hangs.
const ELSEWHERE: &str = "Asia/Tokyo";

/// A document as they read it.
fn read_elsewhere(text: &str) -> Value {
    let mut document = tree(text).unwrap();
    take_own_zone(&mut document);
    document
}

fn take_own_zone(value: &mut Value) {
    match value {
        Value::Array(entries) => entries.iter_mut().for_each(take_own_zone),
        Value::Object(fields) => {
            fields.values_mut().for_each(take_own_zone);
            if let Some(Value::Object(window)) = fields.get_mut("time") {
                window.entry("timezone").or_insert_with(|| json!(ELSEWHERE));
            }
        }
        _ => {}
    }
}

/// Empty is any.
fn lists(list: &Value, word: &str) -> bool {
    list.as_array().is_none_or(|list| list.is_empty() || list.iter().any(|entry| entry == word))
}

fn names(list: &Value, word: &str) -> bool {
    list.as_array().is_some_and(|list| list.iter().any(|entry| entry == word))
}

fn rule_for<'a>(document: &'a Value, profile: &str) -> Option<&'a Value> {
    document["rules"].as_array().unwrap().iter().find(|rule| lists(&rule["profiles"], profile))
}

fn duration(value: &Value) -> Option<GoDuration> {
    value.as_str().map(|text| text.parse::<GoDuration>().unwrap()).filter(|duration| !duration.is_zero())
}

fn is_short(cap: &Value, asked: GoDuration) -> bool {
    duration(cap).is_none_or(|cap| asked <= cap)
}

/// How much is granted, and for how long: the higher the more.
fn granted(policy: &AccessPolicy, request: &Request<'_>) -> (u8, Option<GoDuration>) {
    let decision = policy.decide(request);
    let cap = decision.rule_index.and_then(|index| policy.rules()[index].max_server_duration);
    let rank = match decision.effect {
        Verdict::Deny => 0,
        Verdict::RequireApproval => 1,
        Verdict::Allow => 2,
    };
    (rank, cap.filter(|cap| !cap.is_zero()))
}

/// Their access policy decided by our engine, which has no globs to find: a star is a letter like any other to them.
fn literal(text: &str) -> AccessPolicy {
    let mut document = read_elsewhere(text);
    without_stars(&mut document);
    AccessPolicy::from_value(&document, Spelling::Document).unwrap()
}

fn without_stars(value: &mut Value) {
    match value {
        Value::String(text) => *text = text.replace('*', "\u{2217}"),
        Value::Array(entries) => entries.iter_mut().for_each(without_stars),
        Value::Object(fields) => fields.values_mut().for_each(without_stars),
        _ => {}
    }
}

/// Mostly names, since a glob is seldom portable.
fn profiles() -> impl Strategy<Value = Option<Value>> {
    let some = some_of(&["prod", "prod-eu", "dev", "prod-new"]);
    prop_oneof![9 => some, 1 => Just(Some(json!(["prod-*"])))]
}

fn people(least: usize) -> impl Strategy<Value = Value> {
    prop::sample::subsequence(&PEOPLE[..], least..=2).prop_map(|people| json!(people))
}

fn go_duration() -> impl Strategy<Value = Value> {
    prop::sample::select(&["0s", "30m", "1h30m", "4h"][..]).prop_map(|text| json!(text))
}

fn asked() -> impl Strategy<Value = (&'static str, &'static str, GoDuration, Timestamp)> {
    let moment = (1_700_000_000_i64..1_800_000_000).prop_map(|second| Timestamp::from_second(second).unwrap());
    let asked = (0_i64..16_000).prop_map(GoDuration::from_secs);
    (prop::sample::select(&PEOPLE[..]), prop::sample::select(&PROFILES[..]), asked, moment)
}

/// A document of such rules.
fn document(rule: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::vec(rule, 1..5).prop_map(|mut rules| {
        for (index, rule) in rules.iter_mut().enumerate() {
            rule["name"] = json!(format!("rule {index}"));
        }
        json!({"version": "1", "rules": rules})
    })
}

/// Globs where they may be portable.
fn access_rule() -> impl Strategy<Value = Value> {
    let strict = &["deny", "require_approval", "require_server", "require_server_session"][..];
    let strict = (prop::sample::select(strict), profiles(), some_of(&PEOPLE));
    let users = some_of(&["alice", "bob", "al*", "*"]);
    let open = (Just("allow"), some_of(&["prod", "dev", "prod-*", "*"]), users);
    let who = prop_oneof![strict, open];
    let cap = prop::option::weighted(0.2, go_duration());
    let mode = some_of(&["server", "cli", "credential_process"]);
    let time = prop::option::weighted(0.3, window());
    (who, mode, time, cap).prop_map(|((effect, profiles, users), mode, time, cap)| {
        let conditions = object(vec![("profiles", profiles), ("users", users), ("mode", mode), ("time", time)]);
        let effect = Some(json!(effect));
        object(vec![("effect", effect), ("conditions", Some(conditions)), ("max_server_duration", cap)])
    })
}

fn approval_rule() -> impl Strategy<Value = Value> {
    let users = prop_oneof![8 => people(1), 1 => Just(json!(["*"]))];
    let auto = (users, prop::option::of(window()), prop::option::of(go_duration()))
        .prop_map(|(users, time, max)| object(vec![("users", Some(users)), ("time", time), ("max_duration", max)]));
    (profiles(), people(1), prop::option::of(auto)).prop_map(|(profiles, approvers, auto)| {
        object(vec![("profiles", profiles), ("approvers", Some(approvers)), ("auto_approve", auto)])
    })
}

fn break_glass_rule() -> impl Strategy<Value = Value> {
    let users = prop_oneof![8 => people(1), 1 => Just(json!(["al*"]))];
    let codes = some_of(&["incident", "security", "other"]);
    (profiles(), users, codes, prop::option::of(window()), prop::option::of(go_duration())).prop_map(
        |(profiles, users, codes, time, max)| {
            object(vec![
                ("profiles", profiles),
                ("users", Some(users)),
                ("allowed_reason_codes", codes),
                ("time", time),
                ("max_duration", max),
            ])
        },
    )
}

fn rate_limit_rule() -> impl Strategy<Value = Value> {
    (profiles(), 1_u32..60, prop::option::of(1_u32..9)).prop_map(|(profiles, minutes, most)| {
        object(vec![
            ("profiles", profiles),
            ("cooldown", Some(json!(format!("{minutes}m")))),
            ("max_per_user", most.map(|most| json!(most))),
            ("quota_window", Some(json!("24h"))),
        ])
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn access(document in document(access_rule()), asked in asked(), mode in prop::sample::select(Mode::ALL)) {
        let policy = AccessPolicy::from_value(&document, Spelling::Document).unwrap();
        if let Ok(text) = portable(&policy, &KNOWN) {
            let (user, profile, _, at) = asked;
            let request = Request { user, profile, mode, session_table: None, at };
            let (theirs, cap) = granted(&literal(&text), &request);
            let (ours, our_cap) = granted(&policy, &request);
            prop_assert!(theirs <= ours, "{text}");
            if let (2, 2, Some(our_cap)) = (theirs, ours, our_cap) {
                prop_assert!(cap.is_some_and(|cap| cap <= our_cap), "{text}");
            }
        }
    }

    #[test]
    fn approval(document in document(approval_rule()), (user, profile, duration, at) in asked()) {
        let policy = ApprovalPolicy::from_value(&document, Spelling::Document).unwrap();
        if let Ok(text) = portable_approval(&policy) {
            let theirs = read_elsewhere(&text);
            let rule = rule_for(&theirs, profile);
            let ours = policy.rule_for(profile).map(|(_, rule)| rule);
            if rule.is_none_or(|rule| names(&rule["approvers"], user)) {
                prop_assert!(ours.is_some_and(|rule| rule.has_approver(&[user])), "{user} approves: {text}");
            }
            let auto = rule.map(|rule| &rule["auto_approve"]).filter(|auto| !auto.is_null());
            let approves = |auto: &Value| {
                lists(&auto["users"], user) && naive::is_open(&auto["time"], at) && is_short(&auto["max_duration"], duration)
            };
            if !duration.is_zero() && auto.is_some_and(approves) {
                let auto = ours.and_then(|rule| rule.auto_approve.as_ref());
                prop_assert!(auto.is_some_and(|auto| auto.check(&[user], duration, at).is_ok()), "{text}");
            }
        }
    }

    #[test]
    fn break_glass(
        document in document(break_glass_rule()),
        (user, profile, duration, at) in asked(),
        code in prop::sample::select(ReasonCode::ALL),
    ) {
        let policy = BreakGlassPolicy::from_value(&document, Spelling::Document).unwrap();
        if let Ok(text) = portable_break_glass(&policy) {
            let theirs = read_elsewhere(&text);
            let may = |rule: &Value| {
                names(&rule["users"], user)
                    && lists(&rule["allowed_reason_codes"], code.as_str())
                    && naive::is_open(&rule["time"], at)
                    && is_short(&rule["max_duration"], duration)
            };
            let within = !duration.is_zero() && duration <= BreakGlassPolicy::MAX_DURATION;
            if within && rule_for(&theirs, profile).is_none_or(may) {
                let ours = policy.rule_for(profile).map(|(_, rule)| rule);
                prop_assert!(ours.is_some_and(|rule| rule.check(&[user], code, duration, at).is_ok()), "{text}");
            }
        }
    }

    /// The same rule for every profile, or none to both.
    #[test]
    fn rate_limit(document in document(rate_limit_rule()), profile in prop::sample::select(&PROFILES[..])) {
        let policy = RateLimitPolicy::from_value(&document, Spelling::Document).unwrap();
        if let Ok(text) = portable_rate_limit(&policy) {
            let theirs = read_elsewhere(&text);
            let theirs = rule_for(&theirs, profile);
            let ours = policy.rule_for(profile).map(|(_, rule)| rule);
            prop_assert_eq!(theirs.is_some(), ours.is_some());
            if let Some((theirs, ours)) = theirs.zip(ours) {
                prop_assert_eq!(duration(&theirs["cooldown"]), ours.cooldown);
                prop_assert_eq!(duration(&theirs["quota_window"]), ours.quota_window);
                prop_assert_eq!(theirs["max_per_user"].as_u64(), ours.max_per_user.map(u64::from));
                prop_assert_eq!(theirs["max_per_profile"].as_u64(), ours.max_per_profile.map(u64::from));
            }
        }
    }
}
