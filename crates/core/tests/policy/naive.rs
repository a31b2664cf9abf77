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
const PATTERNS: [&str; 17] = [
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
    "pro*",
    "**",
    "system:serviceaccount:*:*",
    "system:serviceaccount:ops:api",
    "system:serviceaccount:pay:w*",
];
/// Zones whose clocks stand still, with their minutes east of UTC; the engine's DST is tested against a scan elsewhere.
const ZONES: [(&str, i64); 5] =
    [("UTC", 0), ("Asia/Kolkata", 330), ("Asia/Kathmandu", 345), ("Etc/GMT+5", -300), ("Asia/Tokyo", 540)];
const DAYS: [&str; 7] = ["thursday", "friday", "saturday", "sunday", "monday", "tuesday", "wednesday"];

/// How far a change of a window is looked for: a week has all of them, where clocks stand still.
const HORIZON: i64 = 8 * 1440;

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

/// The first second at which a window opens or closes, of the rules that can decide: all that match apart from time, up to
/// and including the first that matches.
pub fn holds_until(document: &Value, request: &Request<'_>) -> Option<i64> {
    let mut until = None;
    for rule in document["rules"].as_array().unwrap() {
        let conditions = &rule["conditions"];
        if !matches_apart_from_time(conditions, request) {
            continue;
        }
        until = until.into_iter().chain(next_change(&conditions["time"], request.at)).min();
        if rule_matches(conditions, request) {
            break;
        }
    }
    until
}

fn next_change(window: &Value, at: Timestamp) -> Option<i64> {
    if window.is_null() {
        return None;
    }
    let (window, now) = (Window::read(window), at.as_second().div_euclid(60));
    let change = (now + 1..now + HORIZON).find(|minute| window.is_open(*minute) != window.is_open(now));
    change.map(|minute| minute * 60)
}

fn rule_matches(conditions: &Value, request: &Request<'_>) -> bool {
    matches_apart_from_time(conditions, request) && is_open(&conditions["time"], request.at)
}

/// Whether the window, if there is one, is open.
pub fn is_open(window: &Value, at: Timestamp) -> bool {
    window.is_null() || Window::read(window).is_open(at.as_second().div_euclid(60))
}

fn matches_apart_from_time(conditions: &Value, request: &Request<'_>) -> bool {
    let one = |key: &str, matches: &dyn Fn(&str) -> bool| {
        let list = conditions[key].as_array().cloned().unwrap_or_default();
        list.is_empty() || list.iter().any(|entry| matches(entry.as_str().unwrap()))
    };
    conditions["device"].is_null()
        && one("profiles", &|glob| glob_matches(glob.as_bytes(), request.profile.as_bytes()))
        && one("users", &|glob| glob_matches(glob.as_bytes(), request.user.as_bytes()))
        && one("mode", &|mode| mode == request.mode.to_string())
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

/// A window in plain numbers.
struct Window {
    /// Minutes east of UTC.
    east: i64,
    /// Counted from Thursday, as 1970 began; empty is any.
    days: Vec<i64>,
    /// Minutes of the day.
    hours: (i64, i64),
}

impl Window {
    fn read(window: &Value) -> Self {
        let zone = window["timezone"].as_str().unwrap_or("UTC");
        let (_, east) = ZONES.iter().find(|(name, _)| *name == zone).unwrap();
        let days = window["days"].as_array().cloned().unwrap_or_default();
        let hours = &window["hours"];
        let minutes = |clock: &Value| {
            let (hours, minutes) = clock.as_str().unwrap().split_once(':').unwrap();
            hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap()
        };
        Self {
            east: *east,
            days: (0..7).zip(DAYS).filter(|(_, day)| days.iter().any(|name| name == day)).map(|(day, _)| day).collect(),
            hours: if hours.is_null() { (0, 1440) } else { (minutes(&hours["start"]), minutes(&hours["end"])) },
        }
    }

    /// In this minute since 1970.
    fn is_open(&self, minute: i64) -> bool {
        let local = minute + self.east;
        let (day, clock) = (local.div_euclid(1440).rem_euclid(7), local.rem_euclid(1440));
        (self.days.is_empty() || self.days.contains(&day)) && self.hours.0 <= clock && clock < self.hours.1
    }
}

/// Up to two of these words, or no key at all.
pub fn some_of(words: &'static [&'static str]) -> impl Strategy<Value = Option<Value>> {
    prop::option::of(prop::sample::subsequence(words, 0..=2).prop_map(|words| json!(words)))
}

/// An object of the fields that are there.
pub fn object(fields: Vec<(&str, Option<Value>)>) -> Value {
    Value::Object(fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect::<Map<_, _>>())
}

fn clock() -> impl Strategy<Value = String> {
    (0..1440_u16).prop_map(|minutes| format!("{:02}:{:02}", minutes / 60, minutes % 60))
}

/// A window of any kind.
pub fn window() -> impl Strategy<Value = Value> {
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
    documents(7)
}

/// One with up to 60 rules, most of which a request meets in part.
pub fn long_document() -> impl Strategy<Value = Value> {
    documents(60)
}

fn documents(rules: usize) -> impl Strategy<Value = Value> {
    prop::collection::vec(rule(), 1..rules).prop_map(|mut rules| {
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
