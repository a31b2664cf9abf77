//! What others may do to an injected pod, and what not.

use rstest::rstest;
use serde_json::{Value, json};

use super::{Injection, Pod, inject, judge_ephemeral, judge_update, samples, verify};

fn injected() -> Value {
    inject(&samples::pod(), &samples::injection()).unwrap()
}

const SIDECAR: &str = "/spec/initContainers/0";

#[rstest]
#[case("/env/8", json!({"name": "EXTRA", "value": "1"}))]
#[case("/volumeMounts/2", json!({"name": "kube-api-access-x", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": true}))]
#[case("/command", json!(["sh"]))]
#[case("/lifecycle", json!({"preStop": {"exec": {"command": ["sh"]}}}))]
#[case("/ports", json!([{"containerPort": 1}]))]
#[case("/securityContext/runAsUser", json!(0))]
#[case("/env/2/value", json!("another CA"))]
fn what_another_webhook_does_to_the_sidecar_is_repaired(#[case] pointer: &str, #[case] value: Value) {
    let changed = samples::with(injected(), &format!("{SIDECAR}{pointer}"), value);
    assert!(verify(&changed, &samples::injection()).unwrap_err().to_string().contains("not as Sentinel injects it"));
    assert_eq!(inject(&changed, &samples::injection()).unwrap(), injected());
}

#[rstest]
#[case("/resources", json!({"limits": {"cpu": "1"}, "requests": {"ephemeral-storage": "1Gi"}}))]
#[case("/resizePolicy", json!([{"resourceName": "cpu", "restartPolicy": "NotRequired"}]))]
#[case("/imagePullPolicy", json!("Always"))]
#[case("/fieldOf2030", json!("defaulted by a later API server"))]
fn what_is_left_to_others_stays(#[case] pointer: &str, #[case] value: Value) {
    let changed = samples::with(injected(), &format!("{SIDECAR}{pointer}"), value.clone());
    verify(&changed, &samples::injection()).unwrap();
    assert_eq!(inject(&changed, &samples::injection()).unwrap(), changed);
    // Also when the rest must be made anew.
    if pointer != "/fieldOf2030" {
        let both = samples::with(changed.clone(), &format!("{SIDECAR}/command"), json!(["sh"]));
        assert_eq!(inject(&both, &samples::injection()).unwrap(), changed);
    }
}

#[test]
fn a_container_that_came_later_is_connected_and_ours_is_first_again() {
    let mut pod = injected();
    pod["spec"]["initContainers"].as_array_mut().unwrap().insert(0, json!({"name": "mesh-init", "image": "m:1"}));
    pod["spec"]["containers"].as_array_mut().unwrap().push(json!({"name": "mesh", "image": "m:1"}));
    assert!(verify(&pod, &samples::injection()).is_err());
    let again = inject(&pod, &samples::injection()).unwrap();
    assert_eq!(again["spec"]["initContainers"][0]["name"], "sentinel-sidecar");
    assert_eq!(again["spec"]["containers"][1]["volumeMounts"][0]["name"], "sentinel-token");
    verify(&again, &samples::injection()).unwrap();
}

#[test]
fn a_sidecar_of_another_profile_is_no_sidecar_of_this() {
    let other = Injection { profile: "dev".into(), ..samples::injection() };
    assert!(verify(&injected(), &other).is_err());
}

#[rstest]
#[case("/metadata/annotations/sentinel.dev~1profile", json!("dev"), "metadata.annotations[sentinel.dev/profile]")]
#[case("/metadata/annotations/sentinel.dev~1profile", Value::Null, "metadata.annotations[sentinel.dev/profile]")]
#[case("/metadata/annotations/sentinel.dev~1mode", json!("cli"), "metadata.annotations[sentinel.dev/mode]")]
#[case("/metadata/annotations/sentinel.dev~1version", json!("9"), "metadata.annotations[sentinel.dev/version]")]
#[case("/metadata/annotations/sentinel.dev~1session-table", json!("t"), "metadata.annotations[sentinel.dev/session-table]")]
#[case("/metadata/labels/sentinel.dev~1injected", Value::Null, "metadata.labels[sentinel.dev/injected]")]
#[case("/metadata/labels", Value::Null, "metadata.labels[sentinel.dev/injected]")]
#[case("/spec/initContainers/0/image", json!("evil:1"), "the sidecar's image never changes")]
fn what_never_changes(#[case] pointer: &str, #[case] value: Value, #[case] message: &str) {
    let (old, new) = (injected(), samples::with(injected(), pointer, value));
    let error = judge_update(Pod::new(&old), Pod::new(&new)).unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
}

#[rstest]
#[case("/metadata/labels/app", json!("x"))]
#[case("/metadata/finalizers", json!([]))]
#[case("/spec/containers/0/image", json!("app:2"))]
#[case("/spec/activeDeadlineSeconds", json!(1))]
fn what_may_change(#[case] pointer: &str, #[case] value: Value) {
    let (old, new) = (injected(), samples::with(injected(), pointer, value));
    judge_update(Pod::new(&old), Pod::new(&new)).unwrap();
}

#[test]
fn a_running_pod_can_not_ask_any_more() {
    let (old, new) = (samples::pod_with("/metadata/annotations", Value::Null), samples::pod());
    assert!(judge_update(Pod::new(&old), Pod::new(&new)).unwrap_err().to_string().contains("make a new pod"));
}

#[rstest]
#[case(json!({"name": "d", "targetContainerName": "sentinel-sidecar"}), "would share the processes of the sidecar")]
#[case(json!({"name": "d", "volumeMounts": [{"name": "sentinel-broker-token", "mountPath": "/t"}]}), "the sidecar's own token")]
#[case(json!({"name": "d", "volumeMounts": [{"name": "sentinel-token", "mountPath": "/t"}]}), "read-only")]
#[case(json!({"name": "d", "securityContext": {"runAsUser": 64911}}), "64911")]
#[case(json!({"name": "d", "securityContext": {"privileged": true}}), "privileged")]
#[case(json!({"name": "d", "securityContext": {"capabilities": {"add": ["SYS_PTRACE"]}}}), "SYS_PTRACE")]
fn ephemeral_containers_that_get_at_the_sidecar(#[case] container: Value, #[case] message: &str) {
    let (old, new) = (injected(), samples::with(injected(), "/spec/ephemeralContainers/0", container));
    let error = judge_ephemeral(Pod::new(&old), Pod::new(&new)).unwrap_err().to_string();
    assert!(error.contains(message) && error.contains("spec.ephemeralContainers[0] (`d`)"), "{error}");
    judge_ephemeral(Pod::new(&new), Pod::new(&new)).unwrap();
}

#[rstest]
#[case(json!({"name": "d", "targetContainerName": "app"}))]
#[case(json!({"name": "d", "volumeMounts": [{"name": "sentinel-token", "mountPath": "/var/run/sentinel", "readOnly": true}]}))]
fn ephemeral_containers_that_do_not(#[case] container: Value) {
    let (old, new) = (injected(), samples::with(injected(), "/spec/ephemeralContainers/0", container));
    judge_ephemeral(Pod::new(&old), Pod::new(&new)).unwrap();
}
