//! What holds for every policy and every request.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use sentinel_core::policy::publish::portable;
use sentinel_core::policy::{AccessPolicy, CompiledPolicy, Mode, Request, RuleIndex, Spelling, Verdict, decide};
use sentinel_core::time::GoDuration;
use serde_json::{Value, json};

use crate::naive;

type Asked = (&'static str, &'static str, Mode, Option<&'static str>, i64);

fn request((user, profile, mode, session_table, second): Asked) -> Request<'static> {
    Request { user, profile, mode, session_table, at: Timestamp::from_second(second).unwrap() }
}

fn read(document: &Value) -> AccessPolicy {
    AccessPolicy::from_value(document, Spelling::Document).unwrap()
}

fn cases(count: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(count) }
}

/// Something like a tree of a document, with much that is wrong.
fn wild_tree() -> impl Strategy<Value = Value> {
    let words =
        &["version", "rules", "name", "effect", "conditions", "time", "users", "deny", "1", "hours", "start", ""][..];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(json!(1.0)),
        prop::sample::select(words).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(prop::sample::select(words), inner, 0..5)
                .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn decides_as_a_naive_reading_does(document in naive::document(), asked in naive::asked()) {
        let request = request(asked);
        let decision = read(&document).decide(&request);
        let (effect, index, server, session, table) = naive::decide(&document, &request);
        prop_assert_eq!(decision.effect.as_str(), effect);
        prop_assert_eq!(decision.index(), index);
        prop_assert_eq!((decision.requires_server_mode, decision.requires_session_tracking), (server, session));
        prop_assert_eq!(decision.session_table.unwrap_or_default(), table);
        prop_assert_eq!(decision.holds_until.map(Timestamp::as_second), naive::holds_until(&document, &request));
        let name = if index < 0 { String::new() } else { format!("rule {index}") };
        prop_assert_eq!(decision.rule, name);
    }

    #[test]
    fn the_compiled_form_decides_the_same(
        document in prop_oneof![naive::document(), naive::long_document()],
        asked in prop::collection::vec(naive::asked(), 4),
    ) {
        let policy = read(&document);
        let compiled = CompiledPolicy::new(policy.clone());
        prop_assert_eq!(compiled.policy(), &policy);
        for asked in asked {
            let request = request(asked);
            let decision = compiled.decide(&request);
            prop_assert_eq!(&decision, &policy.decide(&request));
            prop_assert_eq!(decision.index(), naive::decide(&document, &request).1);
            prop_assert_eq!(decision.holds_until.map(Timestamp::as_second), naive::holds_until(&document, &request));
        }
    }

    /// Whatever is a list of rules can be asked so: more than a document may have, and none.
    #[test]
    fn any_list_of_rules_has_an_index(document in naive::document(), repeats in 0..400_usize, asked in naive::asked()) {
        let rules = vec![read(&document).rules().to_vec(); repeats].concat();
        let request = request(asked);
        prop_assert_eq!(RuleIndex::of(&rules).decide(&rules, &request), decide(&rules, &request));
    }

    #[test]
    fn the_walk_agrees_with_the_decision(document in naive::document(), asked in naive::asked()) {
        let (policy, request) = (read(&document), request(asked));
        let walk: Vec<_> = policy.walk(&request).collect();
        prop_assert_eq!(walk.len(), policy.rules().len());
        prop_assert_eq!(walk.iter().position(|step| step.unmet.is_none()), policy.decide(&request).rule_index);
        // The condition that fails is one that the rule has.
        for (index, step) in walk.iter().enumerate() {
            if let Some(unmet) = step.unmet {
                prop_assert!(!document["rules"][index]["conditions"][unmet.as_str()].is_null(), "{unmet}");
            }
        }
    }

    #[test]
    fn what_is_printed_is_read_back(document in naive::document()) {
        let policy = read(&document);
        let text = policy.to_yaml();
        let again = AccessPolicy::from_yaml(&text).unwrap();
        prop_assert_eq!(&again, &policy);
        prop_assert_eq!(again.to_yaml(), text);
    }

    #[test]
    fn both_spellings_mean_the_same(document in naive::document()) {
        let policy = read(&document);
        for spelling in [Spelling::Document, Spelling::Manifest] {
            let value = policy.to_value(spelling);
            prop_assert_eq!(&AccessPolicy::from_value(&value, spelling).unwrap(), &policy);
            prop_assert_eq!(&AccessPolicy::from_value(&value, spelling).unwrap().to_value(spelling), &value);
            prop_assert_eq!(&sentinel_core::policy::tree(&policy.to_yaml_as(spelling)).unwrap(), &value);
        }
    }

    #[test]
    fn reading_is_total(tree in wild_tree()) {
        for spelling in [Spelling::Document, Spelling::Manifest] {
            if let Err(problems) = AccessPolicy::from_value(&tree, spelling) {
                prop_assert!(problems.len() > 0 && problems.len() <= 101);
            }
        }
    }

    #[test]
    fn deciding_is_total(
        document in naive::document(),
        user in "\\PC{0,12}",
        profile in "[-a-z*:]{0,12}",
        second in -377_705_023_201_i64..253_402_207_200,
    ) {
        let at = Timestamp::from_second(second).unwrap();
        let request = Request { user: &user, profile: &profile, mode: Mode::Server, session_table: None, at };
        let decision = read(&document).decide(&request);
        prop_assert!(decision.holds_until.is_none_or(|until| until > at));
        prop_assert_eq!(CompiledPolicy::new(read(&document)).decide(&request), decision);
    }

    #[test]
    fn a_decision_holds_until_it_says(document in naive::document(), asked in naive::asked(), part in 0_i64..1000) {
        let policy = read(&document);
        let request = request(asked);
        let decision = policy.decide(&request);
        let week = request.at + SignedDuration::from_hours(8 * 24);
        let until = decision.holds_until.unwrap_or(week);
        let span = until.as_second() - request.at.as_second();
        for second in [span * part / 1000, span - 1] {
            let later = policy.decide(&Request { at: request.at + SignedDuration::from_secs(second), ..request });
            prop_assert_eq!((later.effect, later.rule_index), (decision.effect, decision.rule_index));
            prop_assert_eq!(later.holds_until.unwrap_or(week).min(week) >= until, true);
        }
    }

    /// Whoever reads what is published literally is never allowed more by it than the policy allows.
    #[test]
    fn what_is_published_never_allows_more(document in naive::document(), asked in naive::asked()) {
        let policy = read(&document);
        if let Ok(text) = portable(&policy, &naive::PROFILES[..3]) {
            let mut literal = AccessPolicy::from_yaml(&text).unwrap().to_value(Spelling::Document);
            make_literal(&mut literal);
            let request = Request { user: ["alice", "bob", "é"][asked.0.len() % 3], ..request(asked) };
            if read(&literal).decide(&request).effect == Verdict::Allow {
                prop_assert_eq!(policy.decide(&request).effect, Verdict::Allow);
            }
        }
    }
}

/// A reader without globs: what has a star is a name that nobody has.
fn make_literal(value: &mut Value) {
    match value {
        Value::String(text) => *text = text.replace('*', "\u{2217}"),
        Value::Array(entries) => entries.iter_mut().for_each(make_literal),
        Value::Object(fields) => fields.values_mut().for_each(make_literal),
        _ => {}
    }
}

#[test]
fn a_cap_is_printed_as_go_prints_it() {
    let policy =
        read(&json!({"version": "1", "rules": [{"name": "a", "effect": "allow", "max_server_duration": "90m"}]}));
    assert!(policy.to_yaml().contains("max_server_duration: \"1h30m0s\""), "{}", policy.to_yaml());
    assert_eq!(policy.rules()[0].max_server_duration, Some(GoDuration::from_secs(5400)));
}
