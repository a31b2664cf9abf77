//! What can't be injected, or could take the credentials past Sentinel: every reason at once, each with the way out.

mod container;
mod host;
mod volumes;

pub use container::hardening;

use sentinel_api::names::SIDECAR_CONTAINER;
use sentinel_core::policy::Problem;

use super::pod::{Container, Group};
use super::{Pod, environment};

/// Every reason why `pod` can't be injected with the sidecar `image`.
pub fn refusals(pod: Pod<'_>, image: &str) -> Vec<Problem> {
    let mut problems = host::refusals(pod);
    problems.extend(volumes::refusals(pod));
    for container in pod.containers() {
        problems.extend(if is_ours(&container) {
            container::foreign_image(&container, image)
        } else {
            of_container(&container)
        });
    }
    problems
}

/// What the author should know, though it is no reason to refuse.
pub fn warnings(pod: Pod<'_>) -> Vec<String> {
    pod.containers()
        .filter(|container| !is_ours(container))
        .flat_map(|container| environment::warnings(&container))
        .collect()
}

fn of_container(container: &Container<'_>) -> Vec<Problem> {
    let mut problems = container::hardening(container);
    problems.extend(container::clashes(container));
    problems.extend(environment::refusals(container));
    problems
}

/// Whether it stands where ours stands, under our name. What it holds is judged elsewhere.
fn is_ours(container: &Container<'_>) -> bool {
    container.group == Group::Init && container.name() == SIDECAR_CONTAINER
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
