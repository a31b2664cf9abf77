//! Valid policies and requests, generated from bytes.

use arbitrary::{Result, Unstructured};
use sentinel_core::policy::{AccessPolicy, CompiledPolicy, Spelling};
use serde_json::{Map, Value, json};

use crate::asked;
use crate::decide::decides_lawfully;
use crate::document::policy_is_lawful;
use crate::law::{Law, accepted};

const PATTERNS: [&str; 16] = [
    "alice",
    "bob",
    "prod",
    "prod-eu",
    "dev",
    "*",
    "prod-*",
    "*-eu",
    "p*d*",
    "a*a",
    "system:serviceaccount:pay:api",
    "system:serviceaccount:pay:*",
    "system:serviceaccount:*:api",
    "system:*",
    "*é",
    "(nobody)",
];
const ZONES: [&str; 8] = [
    "UTC",
    "America/New_York",
    "Europe/London",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/St_Johns",
    "Africa/Casablanca",
];
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const EFFECTS: [&str; 5] = ["allow", "deny", "require_approval", "require_server", "require_server_session"];
const MODES: [&str; 3] = ["server", "cli", "credential_process"];
const REASONS: [&str; 6] = ["", "because", "a: b #c", "no", "{{ssm}}", "two\nlines"];
const CAPS: [&str; 4] = ["0", "15m", "1.5s", "8h"];

/// Bytes as a policy and requests of it. Every policy that comes out is valid.
pub fn decide(bytes: &[u8]) -> Law {
    let mut bytes = Unstructured::new(bytes);
    let Ok(document) = document(&mut bytes) else { return Ok(()) };
    let policy = accepted("generated", AccessPolicy::from_value(&document, Spelling::Document))?;
    policy_is_lawful(&policy)?;
    let compiled = CompiledPolicy::new(policy.clone());
    for asked in asked::requests(&policy, &mut bytes) {
        decides_lawfully(&policy, &compiled, &asked.request())?;
    }
    Ok(())
}

fn document(bytes: &mut Unstructured<'_>) -> Result<Value> {
    let count = bytes.int_in_range(1..=12)?;
    let rules = (0..count).map(|index| rule(index, bytes)).collect::<Result<Vec<_>>>()?;
    Ok(json!({"version": "1", "rules": rules}))
}

fn rule(index: usize, bytes: &mut Unstructured<'_>) -> Result<Value> {
    let mut rule = json!({"name": format!("rule {index}"), "effect": bytes.choose(&EFFECTS)?});
    let conditions = conditions(bytes)?;
    set(&mut rule, "conditions", bytes.ratio(7, 8)?.then_some(conditions));
    set(&mut rule, "session_table", bytes.ratio(1, 4)?.then(|| json!("rules")));
    let (reason, cap) = (*bytes.choose(&REASONS)?, *bytes.choose(&CAPS)?);
    set(&mut rule, "reason", bytes.ratio(1, 4)?.then(|| json!(reason)));
    set(&mut rule, "max_server_duration", bytes.ratio(1, 4)?.then(|| json!(cap)));
    Ok(rule)
}

fn conditions(bytes: &mut Unstructured<'_>) -> Result<Value> {
    let mut conditions = json!({});
    set(&mut conditions, "profiles", some_of(&PATTERNS, bytes)?);
    set(&mut conditions, "users", some_of(&PATTERNS, bytes)?);
    set(&mut conditions, "mode", some_of(&MODES, bytes)?);
    let time = if bytes.ratio(1, 2)? { Some(window(bytes)?) } else { None };
    set(&mut conditions, "time", time);
    set(&mut conditions, "device", bytes.ratio(1, 16)?.then(|| json!({"require_encryption": true})));
    Ok(conditions)
}

fn window(bytes: &mut Unstructured<'_>) -> Result<Value> {
    let mut window = json!({});
    set(&mut window, "days", some_of(&DAYS, bytes)?);
    let hours = json!({"start": clock(bytes)?, "end": clock(bytes)?});
    set(&mut window, "hours", bytes.ratio(3, 4)?.then_some(hours));
    let zone = *bytes.choose(&ZONES)?;
    set(&mut window, "timezone", bytes.ratio(3, 4)?.then(|| json!(zone)));
    Ok(window)
}

fn clock(bytes: &mut Unstructured<'_>) -> Result<String> {
    let minutes: u16 = bytes.int_in_range(0..=1439)?;
    Ok(format!("{:02}:{:02}", minutes / 60, minutes % 60))
}

/// None, or up to three different words.
fn some_of(words: &[&str], bytes: &mut Unstructured<'_>) -> Result<Option<Value>> {
    let mut chosen: Vec<&str> = vec![];
    for _ in 0..bytes.int_in_range(0..=3)? {
        let word = *bytes.choose(words)?;
        if !chosen.contains(&word) {
            chosen.push(word);
        }
    }
    Ok((!chosen.is_empty()).then(|| json!(chosen)))
}

fn set(object: &mut Value, key: &str, value: Option<Value>) {
    let fields = object.as_object_mut().map(|fields: &mut Map<String, Value>| fields.entry(key));
    if let (Some(entry), Some(value)) = (fields, value) {
        entry.or_insert(value);
    }
}
