//! The schema of the lines, from their types.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Map, Value, json};

use super::{BreakGlassLine, DecisionLine, LockLine, RequestLine, RevocationLine};

/// Where a signed entry stands in its chain; part of every kind of line, where lines are signed.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "its schema alone is asked for: the lines are made in core")]
struct Signed {
    /// The chain: pod and beginning of the process that wrote it.
    writer: String,
    /// The how manyth line of the chain, from 1.
    seq: u64,
    /// The signature of the line before; empty: it is the first.
    prev: String,
}

/// Each kind of line: a word for it, and its schema.
pub fn kinds() -> [(&'static str, Value); 5] {
    [
        ("decision", of::<DecisionLine<'static>>()),
        ("request", of::<RequestLine<'static>>()),
        ("break-glass", of::<BreakGlassLine<'static>>()),
        ("revocation", of::<RevocationLine<'static>>()),
        ("lock", of::<LockLine<'static>>()),
    ]
}

/// The fields that signing adds to each.
pub fn signed() -> Value {
    of::<Signed>()
}

/// One JSON Schema for a line of any kind, signed or not. It closes nothing: a later version may add fields.
pub fn whole() -> Value {
    let mut defs: Map<String, Value> = kinds().into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    let any: Vec<Value> = defs.keys().map(|name| json!({"$ref": format!("#/$defs/{name}")})).collect();
    defs.insert("chain".to_owned(), signed());
    defs.insert("entry".to_owned(), json!({"anyOf": any}));
    defs.insert("signed".to_owned(), wrapper());
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of Sentinel's audit log",
        "anyOf": [{"$ref": "#/$defs/entry"}, {"$ref": "#/$defs/signed"}],
        "$defs": defs,
    })
}

fn wrapper() -> Value {
    json!({
        "description": "A signed line. The signature is HMAC-SHA256 over {\"entry\":…,\"timestamp\":…,\"key_id\":…}, as docs/reference/audit-log.md says.",
        "type": "object",
        "additionalProperties": false,
        "required": ["entry", "signature", "key_id", "timestamp"],
        "properties": {
            "entry": {"allOf": [{"$ref": "#/$defs/entry"}, {"$ref": "#/$defs/chain"}]},
            "signature": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "key_id": {"type": "string"},
            "timestamp": {"type": "string", "format": "date-time"},
        },
    })
}

/// What an entry has that its kind's schema doesn't say, lacks, or has in another type.
pub fn misfits(schema: &Value, entry: &Value) -> Vec<String> {
    let part = |key: &str| schema.get(key).unwrap_or(&Value::Null);
    let (properties, required) = (part("properties"), part("required"));
    let required = required.as_array().into_iter().flatten().filter_map(Value::as_str);
    let missing = required.filter(|key| entry.get(key).is_none()).map(|key| format!("{key} is missing"));
    let fields = entry.as_object().into_iter().flatten();
    let odd = fields.filter_map(|(key, value)| match properties.get(key) {
        None => Some(format!("nobody knows {key}")),
        Some(property) if !fits(property, value) => Some(format!("{key} is {value}, and not {property}")),
        Some(_) => None,
    });
    missing.chain(odd).collect()
}

fn fits(property: &Value, value: &Value) -> bool {
    let name = match value {
        Value::String(_) => "string",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Null => "null",
    };
    let types = property.get("type");
    let is_typed = types
        .is_some_and(|types| types == name || types.as_array().is_some_and(|all| all.iter().any(|one| one == name)));
    let allowed = property.get("enum").and_then(Value::as_array).is_none_or(|allowed| allowed.contains(value));
    is_typed && allowed
}

fn of<T: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::draft2020_12().for_serialize();
    settings.meta_schema = None;
    settings.inline_subschemas = true;
    SchemaGenerator::new(settings).into_root_schema_for::<T>().to_value()
}

pub(super) fn moment(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "format": "date-time"})
}

pub(super) fn end(generator: &mut SchemaGenerator) -> Schema {
    moment(generator)
}

pub(super) fn effect(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "enum": ["allow", "deny", "require_approval"]})
}

pub(super) fn request_event(_: &mut SchemaGenerator) -> Schema {
    one_of("request", &["created", "approved", "denied", "expired", "cancelled"])
}

pub(super) fn break_glass_event(_: &mut SchemaGenerator) -> Schema {
    one_of("breakglass", &["invoked", "escalated", "closed", "expired", "refused"])
}

pub(super) fn revocation_event(_: &mut SchemaGenerator) -> Schema {
    one_of("session", &["revoked"])
}

pub(super) fn lock_event(_: &mut SchemaGenerator) -> Schema {
    one_of("lock", &["created", "ended"])
}

fn one_of(subject: &str, changes: &[&str]) -> Schema {
    let events: Vec<String> = changes.iter().map(|change| format!("{subject}.{change}")).collect();
    json_schema!({"type": "string", "enum": events})
}
