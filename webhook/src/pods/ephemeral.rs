//! Ephemeral containers of an injected pod: none may get at the sidecar.

use sentinel_api::names::SIDECAR_CONTAINER;
use sentinel_core::policy::{Problem, Problems};

use super::Pod;
use super::pod::{Container, Group};
use super::refuse::hardening;

/// Judges the ephemeral containers that `new` has and `old` has not: the others can't be changed any more.
pub fn judge_ephemeral(old: Pod<'_>, new: Pod<'_>) -> Result<(), Problems> {
    let added = new.group(Group::Ephemeral).filter(|container| !has(old, container.name()));
    Problems::refuse(added.flat_map(|container| of_container(&container)).collect(), ())
}

fn has(pod: Pod<'_>, name: &str) -> bool {
    pod.group(Group::Ephemeral).any(|container| container.name() == name)
}

fn of_container(container: &Container<'_>) -> Vec<Problem> {
    let mut problems = hardening(container);
    if container.text("/targetContainerName") == Some(SIDECAR_CONTAINER) {
        let message = "it would share the processes of the sidecar, and with them its token: aim at another container";
        problems.push(Problem::new(format!("{}.targetContainerName", container.described()), message));
    }
    problems
}
