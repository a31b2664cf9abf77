//! Kubernetes Events.

use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};

use crate::report::shortened;

/// The API server refuses longer notes.
const NOTE_LIMIT: usize = 1024;

/// Tells people what happened to their objects.
#[derive(Clone)]
pub(crate) struct Events {
    recorder: Recorder,
}

/// What to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// Whether somebody should look.
    pub warning: bool,
    /// One word: what happened.
    pub reason: &'static str,
    /// One word: what the operator did.
    pub action: &'static str,
    /// A sentence.
    pub text: String,
}

impl Note {
    /// Somebody should look.
    pub fn warning(reason: &'static str, action: &'static str, text: String) -> Self {
        Self { warning: true, reason, action, text }
    }
}

impl Events {
    /// Events of the replica `instance`.
    pub fn new(client: Client, instance: &str) -> Self {
        let instance = Some(instance.to_owned()).filter(|name| !name.is_empty());
        Self { recorder: Recorder::new(client, Reporter { controller: "sentinel-operator".to_owned(), instance }) }
    }

    /// Tells `note` of `object`. An Event is an extra: a failure is logged, and nothing waits for it.
    pub async fn tell(&self, object: &ObjectReference, note: &Note) {
        let event = Event {
            type_: if note.warning { EventType::Warning } else { EventType::Normal },
            reason: note.reason.to_owned(),
            note: Some(shortened(&note.text, NOTE_LIMIT)),
            action: note.action.to_owned(),
            secondary: None,
        };
        if let Err(error) = self.recorder.publish(&event, object).await {
            tracing::warn!(%error, reason = note.reason, object = object.name, "an Event could not be written");
        }
    }
}
