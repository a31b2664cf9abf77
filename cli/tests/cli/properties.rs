//! For any valid document: document ─▶ object ─▶ document is what it was. For any text: an answer.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::run;

const NAMES: &[&str] = &["prod", "prod-*", "on", "1", "é ü", "system:serviceaccount:payments:*", "it's", "a: b", "#"];

/// The keys that have a value.
fn object(fields: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    let fields = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(fields.collect::<Map<_, _>>())
}

fn names(least: usize) -> impl Strategy<Value = Value> {
    vec(select(NAMES), least..4).prop_map(|names| json!(names))
}

fn exact() -> impl Strategy<Value = Value> {
    vec(select(vec!["alice", "no", "0x1", "team lead"]), 1..3).prop_map(|names| json!(names))
}

fn duration() -> impl Strategy<Value = Value> {
    (1..14_400_i64).prop_map(|seconds| json!(format!("{seconds}s")))
}

fn window() -> impl Strategy<Value = Value> {
    let days = of(vec(select(vec!["monday", "sunday"]), 1..3).prop_map(|days| json!(days)));
    let hours = (0..12, 12..24, 0..60).prop_map(|(start, end, minute)| {
        json!({"start": format!("{start:02}:{minute:02}"), "end": format!("{end:02}:{minute:02}")})
    });
    let zone = of(select(vec!["UTC", "America/New_York"]).prop_map(Value::from));
    (days, hours, zone)
        .prop_map(|(days, hours, timezone)| object([("days", days), ("hours", Some(hours)), ("timezone", timezone)]))
}

fn access() -> impl Strategy<Value = Value> {
    let effects = vec!["allow", "deny", "require_approval", "require_server", "require_server_session"];
    let mode = of(select(vec!["server", "cli"]).prop_map(|mode| json!([mode])));
    let conditions = (of(names(0)), of(names(0)), mode, of(window())).prop_map(|(profiles, users, mode, time)| {
        object([("profiles", profiles), ("users", users), ("mode", mode), ("time", time)])
    });
    let reason = of(select(vec!["why", "two\nlines\n", " spaces ", "- a"]).prop_map(Value::from));
    (select(effects), of(select(NAMES)), of(conditions), reason, of(duration())).prop_map(
        |(effect, table, conditions, reason, most)| {
            let table = table.map(Value::from);
            object([
                ("effect", Some(effect.into())),
                ("session_table", table),
                ("conditions", conditions),
                ("reason", reason),
                ("max_server_duration", most),
            ])
        },
    )
}

fn approval() -> impl Strategy<Value = Value> {
    let auto = (names(1), of(window()), of(duration()))
        .prop_map(|(users, time, most)| object([("users", Some(users)), ("time", time), ("max_duration", most)]));
    (of(names(0)), exact(), of(auto)).prop_map(|(profiles, approvers, auto)| {
        object([("profiles", profiles), ("approvers", Some(approvers)), ("auto_approve", auto)])
    })
}

fn break_glass() -> impl Strategy<Value = Value> {
    let codes = of(select(vec!["incident", "other"]).prop_map(|code| json!([code])));
    (of(names(0)), names(1), codes, of(window()), of(duration())).prop_map(|(profiles, users, codes, time, most)| {
        object([
            ("profiles", profiles),
            ("users", Some(users)),
            ("allowed_reason_codes", codes),
            ("time", time),
            ("max_duration", most),
        ])
    })
}

fn rate_limit() -> impl Strategy<Value = Value> {
    let count = || of((1..u32::MAX).prop_map(|count| json!(count)));
    (of(names(0)), duration(), count(), count(), duration(), count()).prop_map(
        |(profiles, cooldown, per_user, per_profile, window, threshold)| {
            object([
                ("profiles", profiles),
                ("cooldown", Some(cooldown)),
                ("max_per_user", per_user),
                ("max_per_profile", per_profile),
                ("quota_window", Some(window)),
                ("escalation_threshold", threshold),
            ])
        },
    )
}

#[expect(clippy::indexing_slicing, reason = "clippy.toml frees test functions only, and this is their helper")]
fn of_kind(kind: &'static str, rule: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<(&'static str, String)> {
    let document = |rules: Vec<Value>| {
        let named = |(index, mut rule): (usize, Value)| {
            rule["name"] = format!("{index}: yes").into();
            rule
        };
        json!({"version": "1", "rules": rules.into_iter().enumerate().map(named).collect::<Vec<_>>()})
    };
    vec(rule, 1..4).prop_map(move |rules| (kind, document(rules).to_string())).boxed()
}

fn document() -> impl Strategy<Value = (&'static str, String)> {
    prop_oneof![
        of_kind("access", access()),
        of_kind("approval", approval()),
        of_kind("break-glass", break_glass()),
        of_kind("rate-limit", rate_limit()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_object_holds_what_its_document_holds((kind, document) in document(), format in select(vec!["text", "json"])) {
        let canonical = run(&["fmt", "--kind", kind, "-"], &document);
        prop_assert_eq!(canonical.code, 0, "{:?}", canonical);
        let object = run(&["convert", "--kind", kind, "--name", "x", "-o", format, "-"], &canonical.stdout);
        prop_assert_eq!(object.code, 0, "{:?}", object);
        let back = run(&["convert", "-"], &object.stdout);
        prop_assert_eq!(&back.stdout, &canonical.stdout, "{:?}", object);
    }

    #[test]
    fn every_text_has_an_answer(text in "[-a{}\\[\\]:, #'\"\n\t|>&*!é0]{0,60}", broken in document(), at in 0..400_usize) {
        let cut: String = broken.1.chars().take(at).collect();
        for text in [text.clone(), format!("{cut}{text}"), format!("kind: AccessPolicy\n{text}")] {
            let output = run(&["validate", "--kind", broken.0, "-"], &text);
            prop_assert!(output.code <= 1, "{:?}", output);
        }
    }
}
