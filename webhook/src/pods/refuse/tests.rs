//! One row for each reason.

use rstest::rstest;
use sentinel_core::policy::Problems;
use serde_json::{Value, json};

use crate::pods::{inject, samples, verify};

fn refused(pod: &Value) -> String {
    inject(pod, &samples::injection()).unwrap_err().to_string()
}

#[rstest]
#[case("/spec/hostNetwork", json!(true), "spec.hostNetwork: 127.0.0.1 would be the node's")]
#[case("/spec/hostPID", json!(true), "spec.hostPID")]
#[case("/spec/shareProcessNamespace", json!(true), "--share-processes=false")]
#[case("/spec/os", json!({"name": "windows"}), "spec.os.name: there is no sidecar for Windows")]
#[case("/metadata/annotations/kubernetes.io~1config.mirror", json!("x"), "the pod is static")]
#[case("/spec/securityContext", json!({"runAsUser": 64911}), "spec.securityContext.runAsUser: 64911 is the sidecar's own")]
#[case("/spec/containers/0/securityContext", json!({"runAsUser": 64911}), "spec.containers[0] (`app`).securityContext.runAsUser")]
#[case("/spec/containers/0/securityContext", json!({"privileged": true}), "securityContext.privileged")]
#[case("/spec/containers/0/securityContext", json!({"capabilities": {"add": ["SYS_PTRACE"]}}), "SYS_PTRACE lets a process")]
#[case("/spec/containers/0/securityContext", json!({"capabilities": {"add": ["cap_sys_admin"]}}), "SYS_ADMIN lets a process")]
#[case("/spec/initContainers", json!([{"name": "i", "securityContext": {"privileged": true}}]), "spec.initContainers[0] (`i`).securityContext.privileged")]
#[case("/spec/containers/0/ports", json!([{"containerPort": 9911}]), "9911 is the sidecar's own port")]
#[case("/spec/containers/0/volumeMounts", json!([{"name": "sentinel-broker-token", "mountPath": "/x"}]), "`sentinel-broker-token` holds the sidecar's own token")]
#[case("/spec/containers/0/volumeMounts", json!([{"name": "sentinel-token", "mountPath": "/var/run/sentinel"}]), "can be mounted read-only")]
#[case("/spec/containers/0/volumeMounts", json!([{"name": "w", "mountPath": "/var/run/sentinel"}]), "/var/run/sentinel is Sentinel's own")]
#[case("/spec/containers/0/volumeMounts", json!([{"name": "w", "mountPath": "/run/sentinel/token"}]), "/var/run/sentinel is Sentinel's own")]
#[case("/spec/containers/1", json!({"name": "sentinel-sidecar"}), "the name is Sentinel's own: rename the container")]
#[case("/spec/initContainers", json!([{"name": "sentinel-sidecar", "image": "evil:1"}]), "this is not its image `example.test/sentinel-sidecar:1`")]
#[case("/spec/volumes", json!([{"name": "sentinel-token", "emptyDir": {}}]), "the name is Sentinel's own: rename the volume")]
#[case("/spec/volumes", json!([{"name": "sentinel-broker-token", "hostPath": {"path": "/tmp"}}]), "rename the volume")]
#[case("/spec/volumes", json!([{"name": "v", "hostPath": {"path": "/var/lib/kubelet/pods"}}]), "hostPath reaches /var/lib/kubelet")]
#[case("/spec/volumes", json!([{"name": "v", "hostPath": {"path": "/"}}]), "mount a narrower path")]
#[case("/spec/volumes", json!([{"name": "v", "projected": {"sources": [{"configMap": {}}, {"serviceAccountToken": {"audience": "sentinel.dev/broker", "path": "t"}}]}}]), "for the sidecar alone")]
#[case("/spec/containers/0/env", json!([{"name": "AWS_ACCESS_KEY_ID", "value": "AKIA"}]), "`AWS_ACCESS_KEY_ID` would win over Sentinel's credentials")]
#[case("/spec/initContainers", json!([{"name": "i", "env": [{"name": "AWS_PROFILE", "value": "x"}]}]), "`AWS_PROFILE` would win")]
#[case("/spec/containers/0/env", json!([{"name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": "http://169.254.170.23/v1/credentials"}]), "EKS Pod Identity")]
fn reasons(#[case] pointer: &str, #[case] value: Value, #[case] message: &str) {
    let pod = samples::pod_with(pointer, value.clone());
    assert!(refused(&pod).contains(message), "{}", refused(&pod));
    // The same, should another webhook bring it about after the injection.
    let injected = inject(&samples::pod(), &samples::injection()).unwrap();
    if injected.pointer(pointer).is_none() {
        assert!(verify(&samples::with(injected, pointer, value), &samples::injection()).is_err());
    }
}

#[rstest]
#[case("/spec/hostNetwork", json!(false))]
#[case("/spec/hostIPC", json!(null))]
#[case("/spec/os", json!({"name": "linux"}))]
#[case("/spec/securityContext", json!({"runAsUser": 1000, "fsGroup": 2000}))]
#[case("/spec/containers/0/securityContext", json!({"runAsUser": 0, "privileged": false, "capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]}}))]
#[case("/spec/containers/0/ports", json!([{"containerPort": 8080}]))]
#[case("/spec/containers/0/volumeMounts", json!([{"name": "w", "mountPath": "/var/run/sentinels"}]))]
#[case("/spec/volumes", json!([{"name": "v", "projected": {"sources": [{"serviceAccountToken": {"audience": "vault", "path": "t"}}]}}]))]
fn no_reasons(#[case] pointer: &str, #[case] value: Value) {
    inject(&samples::pod_with(pointer, value), &samples::injection()).unwrap();
}

#[test]
fn all_reasons_come_at_once() {
    let pod = samples::pod_with("/spec/hostNetwork", json!(true));
    let pod = samples::with(pod, "/spec/containers/0/securityContext", json!({"privileged": true}));
    let pod = samples::with(pod, "/spec/containers/0/env", json!([{"name": "AWS_ROLE_ARN"}, {"name": "AWS_PROFILE"}]));
    assert_eq!(inject(&pod, &samples::injection()).as_ref().map_err(Problems::len), Err(4));
}

#[test]
fn a_secret_value_is_never_in_the_reason() {
    let pod =
        samples::pod_with("/spec/containers/0/env", json!([{"name": "AWS_SECRET_ACCESS_KEY", "value": "hunter2"}]));
    assert!(!refused(&pod).contains("hunter2"));
}
