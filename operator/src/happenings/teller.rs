//! Tells whoever listens.

use k8s_openapi::api::core::v1::ObjectReference;

use super::happening::Happening;
use super::line::{break_glass, request};
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
        let (name, cluster) = (happening.name(), &self.log.cluster);
        let written = match happening {
            Happening::Request(_, about) => self.log.write(name, &request(happening, about, cluster)),
            Happening::Emergency(_, about) => self.log.write(name, &break_glass(happening, about, cluster)),
        };
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
