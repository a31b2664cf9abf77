//! Tells whoever listens.

use k8s_openapi::api::core::v1::ObjectReference;

use super::happening::Happening;
use super::line::line;
use super::note::note;
use crate::audit_log::AuditLog;
use crate::events::{Events, Note};

/// Everybody who listens.
#[derive(Clone)]
pub(crate) struct Teller {
    log: AuditLog,
    events: Events,
}

impl Teller {
    /// Tells the audit log, which counts, and in Events.
    pub fn new(log: AuditLog, events: Events) -> Self {
        Self { log, events }
    }

    /// Tells `happening` of `object`. `false`: somebody could not take it, so it is to be told again.
    pub async fn tell(&self, happening: &Happening, object: &ObjectReference) -> bool {
        let written = self.log.write(happening.name(), &line(happening, &self.log.cluster));
        if written {
            self.events.tell(object, &note(happening)).await;
        } else {
            tracing::warn!(key = happening.key(), "standard output can't keep up; telling it again");
        }
        written
    }

    /// Tells `note` of `object` in an Event alone.
    pub async fn note(&self, note: &Note, object: &ObjectReference) {
        self.events.tell(object, note).await;
    }
}
