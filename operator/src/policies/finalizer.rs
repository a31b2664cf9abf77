//! Our finalizer and annotation on a policy object.

use kube::api::{Patch, PatchParams};
use kube::core::DynamicObject;
use kube::{Api, ResourceExt as _};
use sentinel_api::names::{ADOPT_ANNOTATION, PARAMETER_FINALIZER};
use serde_json::{Value, json};

use crate::report::{FIELD_MANAGER, is_gone};

/// Adds the finalizer: before the first write to SSM, so that no parameter is left behind.
pub(crate) async fn add(api: &Api<DynamicObject>, object: &DynamicObject) -> kube::Result<()> {
    let mut finalizers = object.finalizers().to_vec();
    finalizers.push(PARAMETER_FINALIZER.to_owned());
    patch(api, object, json!({"finalizers": finalizers})).await
}

/// Removes the finalizer: the object may go.
pub(crate) async fn remove(api: &Api<DynamicObject>, object: &DynamicObject) -> kube::Result<()> {
    let finalizers: Vec<&String> = object.finalizers().iter().filter(|name| *name != PARAMETER_FINALIZER).collect();
    match patch(api, object, json!({"finalizers": finalizers})).await {
        Err(error) if is_gone(&error) => Ok(()),
        result => result,
    }
}

/// Removes the annotation that asks for adoption: once is enough.
pub(crate) async fn forget_adoption(api: &Api<DynamicObject>, object: &DynamicObject) -> kube::Result<()> {
    let annotations = json!({ADOPT_ANNOTATION: null});
    // No version here: the object has changed since (our own status), and the annotation stands alone.
    let patch = json!({"metadata": {"annotations": annotations}});
    api.patch_metadata(&object.name_any(), &by_us(), &Patch::Merge(patch)).await.map(drop)
}

/// Bound to the version that was read: a list of finalizers is replaced as a whole.
async fn patch(api: &Api<DynamicObject>, object: &DynamicObject, mut metadata: Value) -> kube::Result<()> {
    if let Some(fields) = metadata.as_object_mut() {
        fields.insert("resourceVersion".to_owned(), json!(object.resource_version()));
    }
    let patch = Patch::Merge(json!({"metadata": metadata}));
    api.patch_metadata(&object.name_any(), &by_us(), &patch).await.map(drop)
}

/// `managedFields` says that the finalizer is ours, so that no tool that applies the object takes it for its own.
fn by_us() -> PatchParams {
    PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() }
}
