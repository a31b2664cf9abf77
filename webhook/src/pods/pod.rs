//! A pod as raw JSON, read without assumptions: whatever has another shape than expected is absent.

use sentinel_api::names::SIDECAR_CONTAINER;
use serde_json::Value;

/// A view of a pod.
#[derive(Clone, Copy, Debug)]
pub struct Pod<'a>(&'a Value);

/// The list that a container stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// spec.initContainers
    Init,
    /// spec.containers
    App,
    /// spec.ephemeralContainers
    Ephemeral,
}

/// A view of a container.
#[derive(Clone, Debug)]
pub struct Container<'a> {
    /// Which list.
    pub group: Group,
    /// `spec.containers[0]`
    pub place: String,
    value: &'a Value,
}

impl Group {
    /// Its key in the spec.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Init => "initContainers",
            Self::App => "containers",
            Self::Ephemeral => "ephemeralContainers",
        }
    }
}

impl<'a> Pod<'a> {
    /// Looks at `pod`.
    pub fn new(pod: &'a Value) -> Self {
        Self(pod)
    }

    /// An annotation.
    pub fn annotation(self, key: &str) -> Option<&'a str> {
        self.0.get("metadata")?.get("annotations")?.get(key)?.as_str()
    }

    /// A label.
    pub fn label(self, key: &str) -> Option<&'a str> {
        self.0.get("metadata")?.get("labels")?.get(key)?.as_str()
    }

    /// A value of the spec by JSON pointer; null is absent.
    pub fn spec(self, pointer: &str) -> Option<&'a Value> {
        self.0.get("spec")?.pointer(pointer).filter(|value| !value.is_null())
    }

    /// Whether a switch of the spec is on.
    pub fn is_on(self, pointer: &str) -> bool {
        self.spec(pointer).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Its volumes.
    pub fn volumes(self) -> impl Iterator<Item = &'a Value> {
        items(self.spec("/volumes"))
    }

    /// Every container, of every list.
    pub fn containers(self) -> impl Iterator<Item = Container<'a>> {
        [Group::Init, Group::App, Group::Ephemeral].into_iter().flat_map(move |group| self.group(group))
    }

    /// The containers of one list.
    pub fn group(self, group: Group) -> impl Iterator<Item = Container<'a>> {
        let key = group.key();
        let list = self.0.get("spec").and_then(|spec| spec.get(key));
        items(list).enumerate().map(move |(index, value)| Container {
            group,
            place: format!("spec.{key}[{index}]"),
            value,
        })
    }

    /// Our container, where it belongs; whether it is as it should be is another question.
    pub fn sidecar(self) -> Option<Container<'a>> {
        self.group(Group::Init).find(|container| container.name() == SIDECAR_CONTAINER)
    }

    /// `namespace/name`, for logs; a pod that is being made may have a prefix of a name only.
    pub fn display_name(self) -> &'a str {
        let text = |key: &str| self.0.get("metadata")?.get(key)?.as_str().filter(|text| !text.is_empty());
        text("name").or_else(|| text("generateName")).unwrap_or_default()
    }
}

impl<'a> Container<'a> {
    /// As it stands in the pod.
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// Its name.
    pub fn name(&self) -> &'a str {
        self.text("/name").unwrap_or_default()
    }

    /// A text by JSON pointer.
    pub fn text(&self, pointer: &str) -> Option<&'a str> {
        self.value.pointer(pointer)?.as_str()
    }

    /// A value by JSON pointer; null is absent.
    pub fn get(&self, pointer: &str) -> Option<&'a Value> {
        self.value.pointer(pointer).filter(|value| !value.is_null())
    }

    /// The items of a list.
    pub fn list(&self, key: &str) -> impl Iterator<Item = &'a Value> {
        items(self.value.get(key))
    }

    /// Its mounts of the volume `volume`.
    pub fn mounts_of(&self, volume: &str) -> impl Iterator<Item = &'a Value> {
        self.list("volumeMounts").filter(move |mount| text(mount, "name") == Some(volume))
    }

    /// ``spec.containers[0] (`app`)``
    pub fn described(&self) -> String {
        format!("{} (`{}`)", self.place, self.name())
    }
}

/// The text of a key.
pub fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

fn items(list: Option<&Value>) -> impl Iterator<Item = &Value> {
    list.and_then(Value::as_array).into_iter().flatten()
}
