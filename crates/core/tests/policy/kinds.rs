//! What holds for every kind of policy.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use rstest::rstest;
use sentinel_core::policy::{AccessPolicy, ApprovalPolicy, BreakGlassPolicy, Problems, RateLimitPolicy, Spelling};
use serde_json::{Map, Value, json};

use crate::support::{document, refuses};

/// A kind, seen through what it prints.
struct Kind {
    name: &'static str,
    /// Text to canonical text.
    text: fn(&str) -> Result<String, Problems>,
    /// Whether what is printed is read back as an equal policy.
    reads_back: fn(&str) -> bool,
    /// A tree in one spelling to the tree in another.
    tree: fn(&Value, Spelling, Spelling) -> Result<Value, Problems>,
    /// The least that a rule needs beside its name.
    body: &'static str,
}

macro_rules! kind {
    ($policy:ident, $name:literal, $body:literal) => {
        Kind {
            name: $name,
            text: |text| $policy::from_yaml(text).map(|policy| policy.to_yaml()),
            reads_back: |text| {
                let policy = $policy::from_yaml(text).unwrap();
                $policy::from_yaml(&policy.to_yaml()).unwrap() == policy
            },
            tree: |value, from, to| $policy::from_value(value, from).map(|policy| policy.to_value(to)),
            body: $body,
        }
    };
}

const ACCESS: Kind = kind!(AccessPolicy, "policy", "effect: deny");
const APPROVAL: Kind = kind!(ApprovalPolicy, "approval policy", "approvers: [a]");
const BREAK_GLASS: Kind = kind!(BreakGlassPolicy, "break-glass policy", "users: [a]");
const RATE_LIMIT: Kind = kind!(RateLimitPolicy, "rate limit policy", "cooldown: 1m");
const ALL: [Kind; 4] = [ACCESS, APPROVAL, BREAK_GLASS, RATE_LIMIT];

impl Kind {
    fn rule(&self, rest: &str) -> String {
        format!("{{name: a, {}{rest}}}", self.body)
    }
}

#[rstest]
#[case("version: '1'", "{kind} must have at least one rule")]
#[case("version: '1'\nrules: []", "rules: {kind} must have at least one rule")]
#[case("version: '2'\nrules: [{rule}]", "version: unsupported policy version '2', supported versions: [1]")]
#[case("version: 1.0\nrules: [{rule}]", "version: unsupported policy version '1.0'")]
#[case("rules: [{rule}]", "missing version field")]
#[case("version: '1'\nrules: [{rule}, {rule}]", "rules[1].name: duplicate rule name 'a', which rules[0] has")]
#[case("version: '1'\nrules: [{}]", "rules[0]: rule at index 0 missing name")]
#[case("version: '1'\nrules: [{rule}, {name: ''}]", "rules[1].name: rule at index 1 missing name")]
#[case("version: '1'\nrules: [{rule}]\n---\nversion: '1'", "more than one YAML document")]
#[case("version: '1'\npolicies: [{rule}]", "unknown key `policies`: did you mean `rules`?")]
#[case("a: &a [x]\nb: [*a, *a]", "anchors and aliases are refused")]
fn documents_are_refused_alike(#[case] text: &str, #[case] message: &str) {
    for kind in ALL {
        let text = text.replace("{rule}", &kind.rule(""));
        refuses(kind.text, &text, &[&message.replace("{kind}", kind.name)]);
    }
}

#[test]
fn rules_are_counted() {
    for kind in ALL {
        let rules = |count: usize| -> Vec<String> {
            (0..count).map(|n| kind.rule("").replace("name: a", &format!("name: r{n}"))).collect()
        };
        let document = |count| format!("version: '1'\nrules: [{}]", rules(count).join(", "));
        (kind.text)(&document(1000)).unwrap();
        refuses(kind.text, &document(1001), &["rules: 1001 entries are too many: at most 1000 are allowed"]);
    }
}

#[rstest]
#[case(APPROVAL, "profiles")]
#[case(APPROVAL, "approvers")]
#[case(BREAK_GLASS, "profiles")]
#[case(BREAK_GLASS, "users")]
#[case(BREAK_GLASS, "allowed_reason_codes")]
#[case(RATE_LIMIT, "profiles")]
fn lists_are_counted(#[case] kind: Kind, #[case] key: &str) {
    let entry = if key == "allowed_reason_codes" { "other" } else { "bob" };
    let body = if kind.body.starts_with(key) { "name: a" } else { &format!("name: a, {}", kind.body) };
    let document = |count| document(&format!("- {{{body}, {key}: [{}]}}", vec![entry; count].join(", ")));
    (kind.text)(&document(1000)).unwrap();
    refuses(kind.text, &document(1001), &[&format!("rules[0].{key}: 1001 entries are too many")]);
}

/// In a release build each takes at most 20 ms; the limit here is for a debug build on a busy machine.
#[rstest]
#[case::brackets("[a,".repeat(1 << 18))]
#[case::entries(format!("version: 1\nrules: [{}]", "{name: a},".repeat(8_000)))]
#[case::keys(format!("version: 1\nrules: [{{{}}}]", (0..10_000).map(|n| format!("k{n}: 1, ")).collect::<Vec<_>>().concat()))]
#[case::scalar(format!("a: \"{}\"", "\\n".repeat((1 << 19) - 10)))]
fn a_hostile_document_is_cheap(#[case] text: String) {
    for kind in ALL {
        let start = Instant::now();
        let problems = (kind.text)(&text).unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(2), "{} {:?}", kind.name, start.elapsed());
        assert!(problems.len() <= 101);
    }
}

#[test]
fn all_problems_come_at_once() {
    let time = "time: {days: [x], hours: {start: '9:00'}, timezone: x}";
    let cases = [
        (APPROVAL, format!("- {{approvers: [], profiles: [''], colour: x, auto_approve: {{max_duration: 9h, {time}}}}}\n- {{name: n, approvers: [a], auto_approve: {{}}}}")),
        (BREAK_GLASS, format!("- {{users: [], profiles: [''], colour: x, allowed_reason_codes: [x], max_duration: 5h, {time}}}\n- {{name: n, users: ['']}}")),
        (RATE_LIMIT, "- {profiles: [''], colour: x, cooldown: -1s, max_per_user: x, max_per_profile: 0, quota_window: 1}\n- {name: n}".to_owned()),
    ];
    let answers = cases.map(|(kind, rules)| format!("{:#}", (kind.text)(&document(&rules)).unwrap_err()));
    insta::assert_snapshot!(answers.join("\n\n"));
}

#[test]
fn a_manifest_is_written_in_camel_case() {
    // Compared as trees: the order of a JSON object's keys hangs on a feature that any crate of a build may switch on.
    let window = json!({"days": ["monday"], "hours": {"start": "09:00", "end": "17:00"}, "timezone": "UTC"});
    let rules = [
        (
            APPROVAL,
            json!({"name": "a", "profiles": ["p"], "approvers": ["b"],
            "autoApprove": {"users": ["c"], "time": window, "maxDuration": "1h0m0s"}}),
        ),
        (
            BREAK_GLASS,
            json!({"name": "a", "profiles": ["p"], "users": ["b"], "allowedReasonCodes": ["other"],
            "time": window, "maxDuration": "1h0m0s"}),
        ),
        (
            RATE_LIMIT,
            json!({"name": "a", "profiles": ["p"], "cooldown": "30m0s", "maxPerUser": 3, "maxPerProfile": 10,
            "quotaWindow": "24h0m0s", "escalationThreshold": 2}),
        ),
    ];
    for (kind, rule) in rules {
        let spec = json!({"version": "1", "rules": [rule]});
        assert_eq!((kind.tree)(&spec, Spelling::Manifest, Spelling::Manifest).unwrap(), spec);
        let problems = (kind.tree)(&spec, Spelling::Document, Spelling::Manifest).unwrap_err().to_string();
        assert!(problems.contains("did you mean `"), "{problems}");
    }
}

fn object(fields: Vec<(&str, Option<Value>)>) -> Value {
    Value::Object(fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect::<Map<_, _>>())
}

fn patterns(least: usize) -> impl Strategy<Value = Value> {
    prop::collection::vec("[a-z*:é \"{'#-]{1,8}", least..4).prop_map(|list| json!(list))
}

fn exact() -> impl Strategy<Value = Value> {
    prop::collection::vec("[a-z:é \"{'#-]{1,8}", 1..4).prop_map(|list| json!(list))
}

fn duration(hours: i64) -> impl Strategy<Value = Value> {
    let most = hours * 3600 * 1_000_000_000;
    (1..=most).prop_map(|nanos| json!(sentinel_core::time::GoDuration::from_nanos(nanos).to_string()))
}

fn window() -> impl Strategy<Value = Value> {
    let zone = prop::sample::select(&["UTC", "Europe/London", "Asia/Kathmandu"][..]);
    (0..24_u8, prop::option::of(zone)).prop_map(|(hour, zone)| {
        let hours = json!({"start": format!("{hour:02}:00"), "end": "23:59"});
        object(vec![("hours", Some(hours)), ("days", Some(json!(["sunday"]))), ("timezone", zone.map(Value::from))])
    })
}

fn maybe(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Option<Value>> {
    prop::option::of(value)
}

fn approval() -> impl Strategy<Value = Value> {
    let auto = (maybe(patterns(0)), maybe(window()), duration(8))
        .prop_map(|(users, time, most)| object(vec![("users", users), ("time", time), ("max_duration", Some(most))]));
    (maybe(patterns(0)), exact(), maybe(auto)).prop_map(|(profiles, approvers, auto)| {
        object(vec![("profiles", profiles), ("approvers", Some(approvers)), ("auto_approve", auto)])
    })
}

fn break_glass() -> impl Strategy<Value = Value> {
    let codes = prop::sample::subsequence(vec!["incident", "maintenance", "security", "recovery", "other"], 0..=5);
    (maybe(patterns(0)), patterns(1), codes, maybe(window()), maybe(duration(4))).prop_map(
        |(profiles, users, codes, time, most)| {
            object(vec![
                ("profiles", profiles),
                ("users", Some(users)),
                ("allowed_reason_codes", Some(json!(codes))),
                ("time", time),
                ("max_duration", most),
            ])
        },
    )
}

fn rate_limit() -> impl Strategy<Value = Value> {
    let count = || prop::option::of((1..=u32::MAX).prop_map(Value::from));
    (maybe(patterns(0)), duration(100), count(), count(), duration(9000), count()).prop_map(
        |(profiles, cooldown, user, profile, quota_window, threshold)| {
            object(vec![
                ("profiles", profiles),
                ("cooldown", Some(cooldown)),
                ("max_per_user", user),
                ("max_per_profile", profile),
                ("quota_window", Some(quota_window)),
                ("escalation_threshold", threshold),
            ])
        },
    )
}

/// A document of one of the kinds, as its place in `ALL` and a tree in the spelling of the reference.
fn any_document() -> impl Strategy<Value = (usize, Value)> {
    let kind = |place: usize, rule: BoxedStrategy<Value>| (Just(place), prop::collection::vec(rule, 1..5));
    prop_oneof![kind(1, approval().boxed()), kind(2, break_glass().boxed()), kind(3, rate_limit().boxed())].prop_map(
        |(place, mut rules)| {
            for (index, rule) in rules.iter_mut().enumerate() {
                rule["name"] = json!(format!("rule {index}"));
            }
            (place, json!({"version": "1", "rules": rules}))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn what_is_printed_is_read_back((place, document) in any_document()) {
        let kind = &ALL[place];
        let text = (kind.text)(&document.to_string()).unwrap();
        prop_assert_eq!((kind.text)(&text).unwrap(), text);
        prop_assert!((kind.reads_back)(&document.to_string()));
    }

    #[test]
    fn both_spellings_mean_the_same((place, document) in any_document()) {
        let (tree, here, there) = (ALL[place].tree, Spelling::Document, Spelling::Manifest);
        let canonical = tree(&document, here, here).unwrap();
        let manifest = tree(&document, here, there).unwrap();
        prop_assert_eq!(&tree(&canonical, here, there).unwrap(), &manifest);
        prop_assert_eq!(&tree(&manifest, there, here).unwrap(), &canonical);
    }

    #[test]
    fn reading_is_total(mut document in any_document().prop_map(|(_, document)| document), place in 0..4_usize, key in "[a-z_]{1,9}") {
        document["rules"][0][key] = json!({"users": [1], "time": {"hours": []}});
        for spelling in [Spelling::Document, Spelling::Manifest] {
            if let Err(problems) = (ALL[place].tree)(&document, spelling, spelling) {
                prop_assert!(problems.len() > 0 && problems.len() <= 101);
            }
        }
    }
}
