//! Tells whoever listens.

use k8s_openapi::api::core::v1::ObjectReference;

use super::happening::Happening;
use super::line::line;
use super::note::note;
use crate::announcer::Announcer;
use crate::events::{Events, Note};
use crate::notifications;

/// Everybody who listens.
#[derive(Clone)]
pub(crate) struct Teller {
    announcer: Announcer,
    events: Events,
}

impl Teller {
    /// Announces, and tells in Events.
    pub fn new(announcer: Announcer, events: Events) -> Self {
        Self { announcer, events }
    }

    /// Tells `happening` of `object`. `false`: somebody could not take it, so it is to be told again.
    pub async fn tell(&self, happening: &Happening, object: &ObjectReference) -> bool {
        let (key, cluster) = (happening.key(), self.announcer.cluster());
        let letter = || notifications::about(happening, cluster);
        let announced = self.announcer.announce(&key, happening.name(), &line(happening, cluster), letter).await;
        if announced.is_new {
            self.events.tell(object, &note(happening)).await;
        }
        announced.is_taken
    }

    /// Tells `note` of `object` in an Event alone.
    pub async fn note(&self, note: &Note, object: &ObjectReference) {
        self.events.tell(object, note).await;
    }
}
