//! Injection: the author's pod with the sidecar, and everything else as it was.

use sentinel_api::Profile;
use sentinel_api::names::{
    INJECTED_LABEL, MODE_ANNOTATION, PROFILE_ANNOTATION, SESSION_TABLE_ANNOTATION, SIDECAR_CONTAINER,
    VERSION_ANNOTATION,
};
use sentinel_core::policy::{Problem, Problems};
use serde_json::Value;

use super::pod::{Group, text};
use super::{Pod, edit, environment, meshes, refuse, sidecar, volumes};
use crate::pods::SidecarTemplate;

/// What one pod gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injection {
    /// The profile that it asked for.
    pub profile: String,
    /// The profile's region.
    pub region: String,
    /// The session table that the profile leads to, as the annotation tells it; empty: none.
    pub session_table: String,
    /// The CA bundle that the sidecar trusts, PEM.
    pub broker_ca: String,
    /// What is the same for every pod.
    pub sidecar: SidecarTemplate,
}

impl Injection {
    /// For a pod that asked for `profile`.
    pub fn new(profile: &Profile, default_table: &str, broker_ca: String, sidecar: SidecarTemplate) -> Self {
        let session_table = profile.session_table.clone().unwrap_or_else(|| default_table.to_owned());
        Self { profile: profile.name.clone(), region: profile.region.clone(), session_table, broker_ca, sidecar }
    }
}

/// The injected pod, or every reason why it can't be. Injecting an injected pod changes nothing.
pub fn inject(pod: &Value, injection: &Injection) -> Result<Value, Problems> {
    Problems::refuse(refuse::refusals(Pod::new(pod), &injection.sidecar.image), ())?;
    let mut injected = pod.clone();
    let metadata = edit::object(&mut injected, "metadata")?;
    stamp(metadata, injection)?;
    let spec = edit::object(&mut injected, "spec")?;
    volumes::add(spec)?;
    sidecar::place(edit::list(spec, Group::Init.key())?, sidecar::container(injection));
    for group in [Group::Init, Group::App] {
        for container in edit::list(spec, group.key())? {
            connect(container, injection)?;
        }
    }
    Ok(injected)
}

fn stamp(metadata: &mut Value, injection: &Injection) -> Result<(), Problem> {
    edit::set(edit::object(metadata, "labels")?, INJECTED_LABEL, "true")?;
    let annotations = edit::object(metadata, "annotations")?;
    edit::set(annotations, PROFILE_ANNOTATION, injection.profile.clone())?;
    edit::set(annotations, MODE_ANNOTATION, "server")?;
    edit::set(annotations, SESSION_TABLE_ANNOTATION, injection.session_table.clone())?;
    edit::set(annotations, VERSION_ANNOTATION, injection.sidecar.version.clone())?;
    meshes::exclude(annotations, injection.sidecar.broker_url.port())
}

/// Leads the SDKs in a container of the author to the sidecar.
fn connect(container: &mut Value, injection: &Injection) -> Result<(), Problem> {
    if text(container, "name") == Some(SIDECAR_CONTAINER) {
        return Ok(());
    }
    volumes::mount(container)?;
    environment::complete(container, &injection.region)
}
