//! The schema of rules, as far as kinds share it.
//!
//! Every object keeps unknown keys, and every optional key may be null: the API server would prune both before any webhook, and
//! a pruned `user:` or `users: null` widens a rule to everybody. Kept, they are refused by webhook, operator and broker.

use schemars::Schema;
use serde_json::{Value, json};

/// As many rules, and entries of one list, as core takes.
const MANY: usize = 1000;
/// As long as core lets a string be.
const LONG: usize = 2048;
const DURATION: &str = r"^[+]?(0|(([0-9]+([.][0-9]*)?|[.][0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$";
const NO_DURATION: &str = "a Go duration such as 30m, 1h or 2h30m is expected, and not a negative one";

/// A list of rules, none of which lacks a key of `required`. `must` must hold of each: CEL, and what it says if it doesn't.
pub(super) fn rules(required: &[&str], properties: &Value, must: &[(&str, &str)]) -> Schema {
    let mut rule = with(keeping(properties), "required", json!(required));
    if !must.is_empty() {
        rule = self::must(rule, must);
    }
    let rules = json!({"type": "array", "minItems": 1, "maxItems": MANY, "items": rule});
    Schema::try_from(rules).unwrap_or_default()
}

/// An object that may be left out.
pub(super) fn object(description: &str, properties: &Value) -> Value {
    with(with(keeping(properties), "description", json!(description)), "nullable", json!(true))
}

fn keeping(properties: &Value) -> Value {
    json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": properties})
}

/// The name of a rule.
pub(super) fn name() -> Value {
    json!({"type": "string", "description": "Rule identifier, unique in its policy.", "minLength": 1, "maxLength": LONG})
}

/// A sentence or a name that may be left out.
pub(super) fn text(description: &str, most: usize) -> Value {
    json!({"type": "string", "description": description, "maxLength": most, "nullable": true})
}

/// A list of names that may be left out.
pub(super) fn names(description: &str) -> Value {
    let item = json!({"type": "string", "minLength": 1, "maxLength": LONG});
    json!({"type": "array", "description": description, "maxItems": MANY, "nullable": true, "items": item})
}

/// A list of names that must be there; `none` says what is wrong when it is empty.
pub(super) fn some_names(description: &str, none: &str) -> Value {
    must(with(names(description), "nullable", json!(false)), &[("size(self) > 0", none)])
}

/// One word of a vocabulary.
pub(super) fn word(description: &str, words: &[&str]) -> Value {
    json!({"type": "string", "description": description, "enum": words})
}

/// A list of words of a vocabulary that may be left out.
pub(super) fn words(description: &str, words: &[&str]) -> Value {
    let item = json!({"type": "string", "enum": words});
    json!({"type": "array", "description": description, "maxItems": MANY, "nullable": true, "items": item})
}

/// A Go duration that may be left out.
pub(super) fn duration(description: &str) -> Value {
    must(text(description, 64), &[(&is_duration(), NO_DURATION)])
}

/// The same, of at most `most` hours.
pub(super) fn duration_up_to(description: &str, most: u8, key: &str) -> Value {
    let short = format!("!{} || duration(self) <= duration('{most}h')", is_duration());
    let long = format!("{key} exceeds maximum of {most}h");
    must(text(description, 64), &[(&is_duration(), NO_DURATION), (&short, &long)])
}

fn is_duration() -> String {
    format!("self.matches('{DURATION}')")
}

/// How many: at least 1, if it is there.
pub(super) fn count(description: &str) -> Value {
    json!({"type": "integer", "format": "int64", "description": description, "minimum": 1, "maximum": u32::MAX, "nullable": true})
}

/// A time window.
pub(super) fn window(description: &str) -> Value {
    let days = sentinel_core::time::Weekday::ALL.iter().map(|day| day.as_str()).collect::<Vec<_>>();
    let hour = |description: &str| json!({"type": "string", "description": description, "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"});
    let both = json!({
        "start": hour("Beginning of window (inclusive), 24-hour format HH:MM."),
        "end": hour("End of window (exclusive), 24-hour format HH:MM. After start: windows do not pass midnight."),
    });
    let hours = object("Time of day when the rule applies. Omit for any time of day.", &both);
    let hours = with(hours, "required", json!(["start", "end"]));
    let zone = text("IANA timezone for time evaluation, e.g. America/New_York, Europe/London, UTC. Omit for UTC.", 64);
    let days = words("Weekdays when the rule applies. Empty list means any day.", &days);
    object(description, &json!({"days": days, "hours": hours, "timezone": zone}))
}

/// `schema`, of which all of `must` must hold: CEL, and what is said when it doesn't.
pub(super) fn must(schema: Value, must: &[(&str, &str)]) -> Value {
    let rules: Vec<Value> = must.iter().map(|(rule, message)| json!({"rule": rule, "message": message})).collect();
    with(schema, "x-kubernetes-validations", json!(rules))
}

fn with(mut schema: Value, key: &str, value: Value) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert(key.to_owned(), value);
    }
    schema
}
