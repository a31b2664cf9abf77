//! Tells whoever listens.

use k8s_openapi::api::core::v1::ObjectReference;
use sentinel_runtime::lines::Lines;

use super::happening::Happening;
use super::line::line;
use super::note::note;
use crate::cluster::Cluster;
use crate::events::{Events, Note};
use crate::metrics::Metrics;

/// Everybody who listens.
#[derive(Clone)]
pub(crate) struct Teller {
    cluster: Cluster,
    lines: Lines,
    events: Events,
    metrics: Metrics,
}

impl Teller {
    /// Tells of `cluster`: to standard output, in Events and in metrics.
    pub fn new(cluster: Cluster, lines: Lines, events: Events, metrics: Metrics) -> Self {
        Self { cluster, lines, events, metrics }
    }

    /// Tells `happening` of `object`. `false`: somebody could not take it, so it is to be told again.
    pub async fn tell(&self, happening: &Happening, object: &ObjectReference) -> bool {
        let written = match line(happening, &self.cluster) {
            Ok(line) => self.lines.write(line),
            Err(error) => {
                tracing::error!(%error, key = happening.key(), "a line of the audit log could not be made");
                true
            }
        };
        if written {
            self.metrics.happenings.with_label_values(&[happening.name()]).inc();
            self.events.tell(object, &note(happening)).await;
        }
        written
    }

    /// Tells `note` of `object` in an Event alone.
    pub async fn note(&self, note: &Note, object: &ObjectReference) {
        self.events.tell(object, note).await;
    }
}
