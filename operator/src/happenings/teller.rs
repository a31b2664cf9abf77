//! Tells whoever listens.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use k8s_openapi::api::core::v1::ObjectReference;

use super::happening::Happening;
use super::line::line;
use super::note::note;
use crate::audit_log::AuditLog;
use crate::events::{Events, Note};

/// So many happenings.
const REMEMBERED: usize = 10_000;

/// Everybody who listens.
#[derive(Clone)]
pub(crate) struct Teller {
    log: AuditLog,
    events: Events,
    told: Told,
}

/// What this process has told: where the status can't say so at once, since somebody else has written it, nothing is repeated.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<HashSet<String>>>);

impl Told {
    fn knows(&self, happening: &Happening) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&happening.key())
    }

    /// Remembers it for as long as it may matter: the status says it a moment later.
    fn add(&self, happening: &Happening) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(happening.key());
    }
}

impl Teller {
    /// Tells the audit log, which counts, and in Events.
    pub fn new(log: AuditLog, events: Events) -> Self {
        Self { log, events, told: Told::default() }
    }

    /// Tells `happening` of `object`. `false`: somebody could not take it, so it is to be told again.
    pub async fn tell(&self, happening: &Happening, object: &ObjectReference) -> bool {
        if self.told.knows(happening) {
            return true;
        }
        let written = self.log.write(happening.name(), &line(happening, &self.log.cluster));
        if written {
            self.told.add(happening);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::happenings::reference::closed;

    #[test]
    fn what_was_told_is_known_and_memory_is_bounded() {
        let (told, happening) = (Told::default(), closed());
        assert!(!told.knows(&happening));
        told.add(&happening);
        assert!(told.clone().knows(&happening), "by every clone");
        for _ in 0..2 {
            told.0.lock().unwrap().extend((0..REMEMBERED).map(|n| n.to_string()));
            told.add(&happening);
            assert!(told.knows(&happening) && told.0.lock().unwrap().len() == 1);
        }
    }
}
