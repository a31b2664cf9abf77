//! Laws of injection, over many pods.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{inject, meshes, samples, verify};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~]{0,8}".prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z/.~]{1,6}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

/// Any JSON with the keys of a pod in it.
fn any_shape() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "metadata",
        "annotations",
        "labels",
        "sentinel.dev/profile",
        "spec",
        "containers",
        "initContainers",
        "volumes",
        "name",
        "env",
        "volumeMounts",
        "securityContext",
        "hostPath",
        "projected",
        "sources",
        "image",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        Just(json!("sentinel-sidecar")),
        Just(json!("sentinel-token")),
        Just(json!([])),
    ];
    leaf.prop_recursive(6, 64, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..5).prop_map(|map| json!(map)),
        ]
    })
}

fn env() -> impl Strategy<Value = Value> {
    let region = prop::sample::select(vec!["AWS_REGION", "AWS_DEFAULT_REGION", "HOME", "AWS_EC2_METADATA_DISABLED"]);
    prop_oneof![
        Just(Value::Null),
        prop::collection::vec((region, any_json()), 0..3).prop_map(|entries| {
            entries.into_iter().map(|(name, extra)| json!({"name": name, "value": if name.ends_with("DISABLED") { "true" } else { "v" }, "future": extra})).collect()
        })
    ]
}

prop_compose! {
    fn container(prefix: &'static str)(name in "[a-z]{1,5}", env in env(), future in any_json(), mounts in prop::collection::vec("/[a-z]{1,5}", 0..3)) -> Value {
        let mounts: Vec<_> = mounts.iter().map(|path| json!({"name": "work", "mountPath": path})).collect();
        json!({"name": format!("{prefix}{name}"), "image": "app:1", "env": env, "volumeMounts": mounts, "future": future})
    }
}

prop_compose! {
    fn pod()(
        init in prop::option::of(prop::collection::vec(container("i-"), 0..3)),
        apps in prop::collection::vec(container("a-"), 1..4),
        volumes in prop::option::of(prop::collection::vec("[a-z]{1,6}", 0..3)),
        ports in prop::option::of(prop::sample::select(vec!["", "1,2", "8443", "8000-9000"])),
        labels in prop::option::of(prop::collection::btree_map("[a-z]{1,6}", "[a-z]{0,6}", 0..3)),
        future in any_json(),
    ) -> Value {
        let volumes = volumes.map(|names| names.iter().map(|name| json!({"name": name, "emptyDir": {}})).collect::<Vec<_>>());
        let mut annotations = json!({"sentinel.dev/profile": "prod"});
        if let Some(ports) = ports {
            annotations[meshes::ANNOTATIONS[0]] = json!(ports);
        }
        json!({
            "metadata": {"name": "x", "annotations": annotations, "labels": labels, "future": future.clone()},
            "spec": {"initContainers": init, "containers": apps, "volumes": volumes, "future": future.clone()},
            "future": future,
        })
    }
}

/// Whether all of `before` is still in `after`: fields, items in their order, and values, but for lists of ports and null.
fn is_kept(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Null, _) => true,
        (Value::Object(before), Value::Object(after)) => before.iter().all(|(key, value)| match after.get(key) {
            Some(other) if meshes::ANNOTATIONS.contains(&key.as_str()) => {
                other.as_str().unwrap().starts_with(value.as_str().unwrap())
            }
            Some(other) => is_kept(value, other),
            None => false,
        }),
        (Value::Array(before), Value::Array(after)) => {
            let mut rest = after.iter();
            before.iter().all(|item| rest.any(|other| is_kept(item, other)))
        }
        (before, after) => before == after,
    }
}

/// The pointer of every value within `value`.
fn pointers(at: &str, value: &Value, found: &mut Vec<String>) {
    let mut inner = |key: &str, value: &Value| {
        let pointer = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        pointers(&pointer, value, found);
        found.push(pointer);
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| inner(key, value)),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, value)| inner(&index.to_string(), value)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn twice_is_once(pod in pod()) {
        let once = inject(&pod, &samples::injection()).unwrap();
        let twice = inject(&once, &samples::injection()).unwrap();
        prop_assert_eq!(&once, &twice);
        prop_assert!(verify(&once, &samples::injection()).is_ok());
    }

    #[test]
    fn the_patch_makes_of_the_pod_what_injecting_makes(pod in pod()) {
        let injected = inject(&pod, &samples::injection()).unwrap();
        let mut patched = pod.clone();
        json_patch::patch(&mut patched, &json_patch::diff(&pod, &injected).0).unwrap();
        prop_assert_eq!(patched, injected);
    }

    #[test]
    fn nothing_of_the_author_is_lost(pod in pod()) {
        let injected = inject(&pod, &samples::injection()).unwrap();
        prop_assert!(is_kept(&pod, &injected), "{} of {}", injected, pod);
    }

    #[test]
    fn a_pod_without_the_sidecar_is_never_verified(pod in pod()) {
        prop_assert!(verify(&pod, &samples::injection()).is_err());
    }

    #[test]
    fn any_json_is_answered(object in prop_oneof![any_json(), any_shape()]) {
        if let Ok(injected) = inject(&object, &samples::injection()) {
            prop_assert!(inject(&injected, &samples::injection()).is_ok());
        }
    }
}

#[test]
fn no_part_of_the_sidecar_can_be_taken_away_or_changed() {
    let injected = inject(&samples::pod(), &samples::injection()).unwrap();
    let mut places = vec![];
    pointers("/spec/initContainers/0", &injected["spec"]["initContainers"][0], &mut places);
    pointers("/spec/volumes", &injected["spec"]["volumes"], &mut places);
    let left_to_others = |place: &String| super::compare::LEFT_TO_OTHERS.iter().any(|key| place.contains(key));
    for place in places.iter().filter(|place| !left_to_others(place)) {
        for change in [Value::Null, json!("changed"), json!([{"name": "x"}])] {
            let mut changed = injected.clone();
            *changed.pointer_mut(place).unwrap() = change;
            assert!(verify(&changed, &samples::injection()).is_err(), "{place}");
        }
    }
}
