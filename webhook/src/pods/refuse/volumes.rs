//! Volumes: our names, our audience, and the places of the node where tokens lie.

use sentinel_core::policy::Problem;
use sentinel_core::protocol::BROKER_AUDIENCE;
use serde_json::Value;

use crate::pods::compare::differences;
use crate::pods::pod::text;
use crate::pods::{Pod, volumes};

/// Directories of a node from which a pod's tokens or processes can be reached. Their parents reach them, too.
const GUARDED: [&str; 12] = [
    "/var/lib/kubelet",
    "/var/lib/k0s/kubelet",
    "/var/snap/microk8s/common/var/lib/kubelet",
    "/proc",
    "/run/containerd",
    "/run/crio",
    "/run/docker.sock",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/docker",
    "/var/lib/rancher",
    "/run/k3s/containerd",
];

pub(super) fn refusals(pod: Pod<'_>) -> Vec<Problem> {
    pod.volumes().enumerate().flat_map(|(index, volume)| of_volume(index, volume)).collect()
}

fn of_volume(index: usize, volume: &Value) -> Vec<Problem> {
    let name = text(volume, "name").unwrap_or_default();
    let at = format!("spec.volumes[{index}] (`{name}`)");
    if let Some(ours) = volumes::ours().iter().find(|ours| text(ours, "name") == Some(name)) {
        let differs = !differences(ours, volume).is_empty();
        let problem = || Problem::new(&at, "the name is Sentinel's own: rename the volume");
        return differs.then(problem).into_iter().collect();
    }
    let mut problems = vec![];
    if let Some(guarded) = volume.pointer("/hostPath/path").and_then(Value::as_str).and_then(guarded) {
        let message = format!(
            "hostPath reaches {guarded} of the node, where the tokens of pods can be read: mount a narrower path, or none"
        );
        problems.push(Problem::new(&at, message));
    }
    if asks_for_our_audience(volume) {
        let message = format!("a token for `{BROKER_AUDIENCE}` is for the sidecar alone: remove it");
        problems.push(Problem::new(&at, message));
    }
    problems
}

fn asks_for_our_audience(volume: &Value) -> bool {
    let sources = volume.pointer("/projected/sources").and_then(Value::as_array).into_iter().flatten();
    sources
        .into_iter()
        .any(|source| source.pointer("/serviceAccountToken/audience").and_then(Value::as_str) == Some(BROKER_AUDIENCE))
}

/// The guarded directory that `path` reaches: it is in it, or above it.
fn guarded(path: &str) -> Option<&'static str> {
    let path = segments(path);
    GUARDED.into_iter().find(|guarded| {
        let guarded = segments(guarded);
        path.iter().zip(&guarded).all(|(one, other)| one == other)
    })
}

/// The directories of a path, with /var/run as what it is on every node: a link to /run.
fn segments(path: &str) -> Vec<&str> {
    let mut segments = vec![];
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => _ = segments.pop(),
            segment => segments.push(segment),
        }
        if segments == ["var", "run"] {
            segments = vec!["run"];
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("/", true)]
    #[case("", true)]
    #[case("/var", true)]
    #[case("/var/lib", true)]
    #[case("/var/lib/kubelet", true)]
    #[case("/var/lib/kubelet/pods/x", true)]
    #[case("//var/./lib//kubelet/", true)]
    #[case("/opt/../var/lib/kubelet", true)]
    #[case("/proc/1/root", true)]
    #[case("/var/run", true)]
    #[case("/var/run/containerd/containerd.sock", true)]
    #[case("/run/docker.sock", true)]
    #[case("/var/run/docker.sock", true)]
    #[case("/var/lib/docker/overlay2", true)]
    #[case("/var/lib/rancher/k3s/agent/containerd", true)]
    #[case("/var/lib/kubelet-plugins", false)]
    #[case("/var/log", false)]
    #[case("/etc/ssl", false)]
    #[case("/run/my.sock", false)]
    fn paths_are_judged(#[case] path: &str, #[case] refused: bool) {
        assert_eq!(guarded(path).is_some(), refused, "{path}");
    }
}
