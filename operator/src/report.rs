//! Writing a status: only what changed, and only if something did.

use std::fmt::Debug;

use kube::api::{Patch, PatchParams};
use kube::core::DynamicObject;
use kube::{Api, ResourceExt as _};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The name under which the operator's writes stand in `managedFields`.
pub(crate) const FIELD_MANAGER: &str = "sentinel-operator";

/// Writes `new` over `old` as the status of `name`; the object as it stands then, or `None` if there was nothing to write.
pub(crate) async fn write_status<K>(
    api: &Api<K>,
    name: &str,
    old: &impl Serialize,
    new: &impl Serialize,
) -> kube::Result<Option<K>>
where
    K: Clone + DeserializeOwned + Debug,
{
    let Some(patch) = difference(old, new)? else { return Ok(None) };
    api.patch_status(name, &params(), &Patch::Merge(patch)).await.map(Some)
}

/// The same, if `object` still is what it was: else the API server refuses, see [`is_outrun`]. The object as it stands then.
pub(crate) async fn advance_status(
    api: &Api<DynamicObject>,
    object: DynamicObject,
    old: &impl Serialize,
    new: &impl Serialize,
) -> kube::Result<DynamicObject> {
    let Some(Value::Object(mut patch)) = difference(old, new)? else { return Ok(object) };
    patch.insert("metadata".to_owned(), json!({"resourceVersion": object.metadata.resource_version}));
    api.patch_status(&object.name_any(), &params(), &Patch::Merge(patch)).await
}

/// What `key` of an object's content says.
pub(crate) fn part<'a, T: Deserialize<'a>>(data: &'a Value, key: &str) -> Result<T, serde_json::Error> {
    T::deserialize(data.get(key).unwrap_or(&Value::Null))
}

fn params() -> PatchParams {
    PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() }
}

fn difference(old: &impl Serialize, new: &impl Serialize) -> kube::Result<Option<Value>> {
    let old = serde_json::to_value(old).map_err(kube::Error::SerdeError)?;
    let new = serde_json::to_value(new).map_err(kube::Error::SerdeError)?;
    Ok(status_patch(&old, &new))
}

/// The merge patch that makes `new` of `old`, if they differ: keys that `new` lacks become null.
fn status_patch(old: &Value, new: &Value) -> Option<Value> {
    let (empty, also_empty) = (Map::new(), Map::new());
    let old = old.as_object().unwrap_or(&empty);
    let new = new.as_object().unwrap_or(&also_empty);
    let changed =
        new.iter().filter(|(key, value)| old.get(*key) != Some(value)).map(|(key, value)| (key.clone(), value.clone()));
    let gone = old.keys().filter(|key| !new.contains_key(*key)).map(|key| (key.clone(), Value::Null));
    let patch: Map<String, Value> = changed.chain(gone).collect();
    (!patch.is_empty()).then(|| json!({"status": patch}))
}

/// Whether the API server says that there is no such object.
pub(crate) fn is_gone(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 404)
}

/// Whether the API server says that there is one already.
pub(crate) fn exists_already(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 409)
}

/// Whether the API server says that the object has changed since.
pub(crate) fn is_outrun(error: &kube::Error) -> bool {
    exists_already(error)
}

/// `text`, cut to at most `limit` bytes.
pub(crate) fn shortened(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let mut end = limit.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_statuses_write_nothing() {
        let status = json!({"phase": "Active", "conditions": [{"type": "Tracked"}]});
        assert_eq!(status_patch(&status, &status), None);
        assert_eq!(status_patch(&Value::Null, &json!({})), None);
    }

    #[test]
    fn only_changes_are_written_and_what_is_gone_becomes_null() {
        let old = json!({"phase": "Pending", "table": "t", "requests": 1});
        let new = json!({"phase": "Active", "requests": 1, "roleArn": "r"});
        assert_eq!(
            status_patch(&old, &new),
            Some(json!({"status": {"phase": "Active", "roleArn": "r", "table": null}}))
        );
    }

    #[test]
    fn cuts_fall_between_characters() {
        assert_eq!(shortened("short", 5), "short");
        assert_eq!(shortened("äöü-long", 7), "äö…");
    }
}
