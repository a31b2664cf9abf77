//! Whole pods, as they come out. `INSTA_UPDATE=always cargo test -p sentinel-webhook golden` writes them anew.

use serde_json::{Value, json};

use super::{inject, samples, verify};

fn golden(name: &str, pod: &Value) {
    let injected = inject(pod, &samples::injection()).unwrap();
    verify(&injected, &samples::injection()).unwrap();
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!(name, serde_json::to_string_pretty(&injected).unwrap());
    });
}

#[test]
fn golden_plain_pod() {
    golden("plain", &samples::pod());
}

#[test]
fn golden_pod_of_a_job_with_init_containers_and_a_sidecar() {
    let pod = json!({
        "metadata": {
            "generateName": "migrate-",
            "annotations": {"sentinel.dev/profile": "prod"},
            "labels": {"batch.kubernetes.io/job-name": "migrate"},
            "finalizers": ["batch.kubernetes.io/job-tracking"],
        },
        "spec": {
            "restartPolicy": "Never",
            "initContainers": [
                {"name": "logs", "image": "logs:1", "restartPolicy": "Always"},
                {"name": "prepare", "image": "app:1", "volumeMounts": [{"name": "work", "mountPath": "/work"}]},
            ],
            "containers": [
                {"name": "app", "image": "app:1", "env": [{"name": "AWS_REGION", "value": "us-east-1"}], "envFrom": [{"configMapRef": {"name": "c"}}]},
                {"name": "other", "image": "other:1", "securityContext": {"runAsUser": 0, "capabilities": {"add": ["NET_ADMIN"]}}},
            ],
            "volumes": [{"name": "work", "emptyDir": {}}, {"name": "logs", "hostPath": {"path": "/var/log"}}],
        },
    });
    golden("job", &pod);
}

#[test]
fn golden_pod_in_a_mesh() {
    let annotations = json!({
        "sentinel.dev/profile": "prod",
        "traffic.sidecar.istio.io/excludeOutboundPorts": "3306,5432",
        "config.linkerd.io/skip-outbound-ports": "8000-9000",
    });
    golden("mesh", &samples::pod_with("/metadata/annotations", annotations));
}

#[test]
fn golden_pod_of_the_future() {
    let pod = json!({
        "apiVersion": "v9",
        "metadata": {"name": "x", "annotations": {"sentinel.dev/profile": "prod"}, "fieldOf2030": {"a": [1, 2.5, null]}},
        "spec": {
            "containers": [{"name": "app", "image": "app:1", "fieldOf2031": 18_446_744_073_709_551_615_u64, "env": null}],
            "initContainers": [{"name": "first", "image": "i:1", "restartPolicy": "Sometimes", "fieldOf2032": {"deep": {"er": true}}}],
            "listOf2033": [{"name": "a"}],
        },
        "status": {"phase": "Pending"},
    });
    golden("future", &pod);
}
