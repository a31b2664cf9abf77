//! A second reading of the law, as plain as can be, and random policies to compare with.

use jiff::Timestamp;
use proptest::prelude::*;
use sentinel_core::policy::{Mode, Request};
use serde_json::{Map, Value, json};

pub const USERS: [&str; 6] = [
    "alice",
    "bob",
    "system:serviceaccount:pay:api",
    "system:serviceaccount:pay:web",
    "system:serviceaccount:ops:api",
    "é",
];
pub const PROFILES: [&str; 4] = ["prod", "prod-eu", "dev", ""];
const PATTERNS: [&str; 12] = [
    "alice",
    "bob",
    "prod",
    "prod-*",
    "*",
    "*-eu",
    "p*d*",
    "system:serviceaccount:pay:*",
    "system:serviceaccount:*:api",
    "system:*",
    "ALICE",
    "*é",
];
/// Zones whose clocks stand still, with their minutes east of UTC; the engine's DST is tested against a scan elsewhere.
const ZONES: [(&str, i64); 5] =
    [("UTC", 0), ("Asia/Kolkata", 330), ("Asia/Kathmandu", 345), ("Etc/GMT+5", -300), ("Asia/Tokyo", 540)];
const DAYS: [&str; 7] = ["thursday", "friday", "saturday", "sunday", "monday", "tuesday", "wednesday"];

/// Effect, index, the two flags and the table, straight from the tree of a document.
pub fn decide(document: &Value, request: &Request<'_>) -> (String, i64, bool, bool, String) {
    let asked = request.session_table.unwrap_or("");
    for (index, rule) in document["rules"].as_array().unwrap().iter().enumerate() {
        if !rule_matches(&rule["conditions"], request) {
            continue;
        }
        let table = rule["session_table"].as_str().unwrap_or(asked).to_owned();
        let server = request.mode == Mode::Server;
        let (effect, needs_server, needs_session) = match rule["effect"].as_str().unwrap() {
            "require_server" if server => ("allow", false, false),
            "require_server" => ("deny", true, false),
            "require_server_session" if !server => ("deny", true, true),
            "require_server_session" if table.is_empty() => ("deny", false, true),
            "require_server_session" => ("allow", false, false),
            plain => (plain, false, false),
        };
        return (effect.to_owned(), i64::try_from(index).unwrap(), needs_server, needs_session, table);
    }
    ("deny".to_owned(), -1, false, false, asked.to_owned())
}

fn rule_matches(conditions: &Value, request: &Request<'_>) -> bool {
    let one = |key: &str, matches: &dyn Fn(&str) -> bool| {
        let list = conditions[key].as_array().cloned().unwrap_or_default();
        list.is_empty() || list.iter().any(|entry| matches(entry.as_str().unwrap()))
    };
    conditions["device"].is_null()
        && one("profiles", &|glob| glob_matches(glob.as_bytes(), request.profile.as_bytes()))
        && one("users", &|glob| glob_matches(glob.as_bytes(), request.user.as_bytes()))
        && one("mode", &|mode| mode == request.mode.to_string())
        && (conditions["time"].is_null() || in_window(&conditions["time"], request.at))
}

fn glob_matches(glob: &[u8], name: &[u8]) -> bool {
    match glob.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => {
            glob_matches(rest, name) || name.first().is_some_and(|c| *c != b':') && glob_matches(glob, &name[1..])
        }
        Some((c, rest)) => name.first() == Some(c) && glob_matches(rest, &name[1..]),
    }
}

fn in_window(window: &Value, at: Timestamp) -> bool {
    let zone = window["timezone"].as_str().unwrap_or("UTC");
    let (_, east) = ZONES.iter().find(|(name, _)| *name == zone).unwrap();
    let minutes = at.as_second().div_euclid(60) + east;
    let day = DAYS[usize::try_from(minutes.div_euclid(1440).rem_euclid(7)).unwrap()];
    let clock = format!("{:02}:{:02}", minutes.rem_euclid(1440) / 60, minutes.rem_euclid(60));
    let days = window["days"].as_array().cloned().unwrap_or_default();
    let hours = &window["hours"];
    // Two digits each: text compares as time does.
    let in_hours = hours.is_null()
        || hours["start"].as_str().unwrap() <= clock.as_str() && clock.as_str() < hours["end"].as_str().unwrap();
    in_hours && (days.is_empty() || days.iter().any(|name| name == day))
}

fn some_of(words: &'static [&'static str]) -> impl Strategy<Value = Option<Value>> {
    prop::option::of(prop::sample::subsequence(words, 0..=2).prop_map(|words| json!(words)))
}

fn object(fields: Vec<(&str, Option<Value>)>) -> Value {
    Value::Object(fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect::<Map<_, _>>())
}

fn clock() -> impl Strategy<Value = String> {
    (0..1440_u16).prop_map(|minutes| format!("{:02}:{:02}", minutes / 60, minutes % 60))
}

fn window() -> impl Strategy<Value = Value> {
    let hours = prop::option::of((clock(), clock()).prop_map(|(start, end)| json!({"start": start, "end": end})));
    let zone = prop::option::of(prop::sample::select(&ZONES[..]).prop_map(|(name, _)| json!(name)));
    let days = prop::option::of(prop::sample::subsequence(&DAYS[..], 0..=6).prop_map(|days| json!(days)));
    (days, hours, zone)
        .prop_map(|(days, hours, zone)| object(vec![("days", days), ("hours", hours), ("timezone", zone)]))
}

fn conditions() -> impl Strategy<Value = Value> {
    let mode = some_of(&["server", "cli", "credential_process"]);
    let device = prop::option::weighted(0.1, Just(json!({"require_encryption": true, "allowed_os_types": ["linux"]})));
    let time = prop::option::weighted(0.6, window());
    (some_of(&PATTERNS), some_of(&PATTERNS), mode, time, device).prop_map(|(profiles, users, mode, time, device)| {
        object(vec![("profiles", profiles), ("users", users), ("mode", mode), ("time", time), ("device", device)])
    })
}

fn rule() -> impl Strategy<Value = Value> {
    let effect =
        prop::sample::select(&["allow", "deny", "require_approval", "require_server", "require_server_session"][..]);
    let table = prop::option::weighted(0.3, Just(json!("rules-table")));
    let reason = prop::option::of("[ -~\n]{0,20}".prop_map(|reason| json!(reason)));
    let cap = prop::option::weighted(
        0.3,
        prop::sample::select(&["0", "15m", "1h30m", "1.5s"][..]).prop_map(|cap| json!(cap)),
    );
    (effect, table, conditions(), reason, cap).prop_map(|(effect, table, conditions, reason, cap)| {
        object(vec![
            ("effect", Some(json!(effect))),
            ("session_table", table),
            ("conditions", Some(conditions)),
            ("reason", reason),
            ("max_server_duration", cap),
        ])
    })
}

/// A valid document as a tree, in the spelling of the reference.
pub fn document() -> impl Strategy<Value = Value> {
    prop::collection::vec(rule(), 1..7).prop_map(|mut rules| {
        for (index, rule) in rules.iter_mut().enumerate() {
            rule["name"] = json!(format!("rule {index}"));
        }
        json!({"version": "1", "rules": rules})
    })
}

/// The parts of a request.
pub fn asked() -> impl Strategy<Value = (&'static str, &'static str, Mode, Option<&'static str>, i64)> {
    (
        prop::sample::select(&USERS[..]),
        prop::sample::select(&PROFILES[..]),
        prop::sample::select(Mode::ALL),
        prop::sample::select(&[None, Some(""), Some("asked-table")][..]),
        1_700_000_000_i64..1_800_000_000,
    )
}
