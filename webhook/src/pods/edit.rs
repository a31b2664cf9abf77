//! Changing raw JSON without losing any of it.

use sentinel_core::policy::Problem;
use serde_json::{Map, Value};

/// The list under `key`, made if there is none.
pub fn list<'v>(parent: &'v mut Value, key: &str) -> Result<&'v mut Vec<Value>, Problem> {
    entry(parent, key, || Value::Array(vec![]))?.as_array_mut().ok_or_else(|| Problem::new(key, "is not a list"))
}

/// The object under `key`, made if there is none.
pub fn object<'v>(parent: &'v mut Value, key: &str) -> Result<&'v mut Value, Problem> {
    let value = entry(parent, key, || Value::Object(Map::new()))?;
    if value.is_object() { Ok(value) } else { Err(Problem::new(key, "is not an object")) }
}

/// Sets `key`.
pub fn set(parent: &mut Value, key: &str, value: impl Into<Value>) -> Result<(), Problem> {
    *entry(parent, key, || Value::Null)? = value.into();
    Ok(())
}

fn entry<'v>(parent: &'v mut Value, key: &str, new: impl Fn() -> Value) -> Result<&'v mut Value, Problem> {
    let parent =
        parent.as_object_mut().ok_or_else(|| Problem::new(key, "stands in something that is not an object"))?;
    let value = parent.entry(key).or_insert_with(&new);
    if value.is_null() {
        *value = new();
    }
    Ok(value)
}
