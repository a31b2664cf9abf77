//! Where the audit log's lines go: standard output, and a metric that counts them.

use sentinel_runtime::lines::Lines;
use serde::Serialize;

use crate::cluster::Cluster;
use crate::metrics::Metrics;

/// The audit log of a cluster.
#[derive(Clone)]
pub(crate) struct AuditLog {
    /// What every line says.
    pub cluster: Cluster,
    lines: Lines,
    metrics: Metrics,
}

impl AuditLog {
    /// The log of `cluster` in `lines`.
    pub fn new(cluster: Cluster, lines: Lines, metrics: Metrics) -> Self {
        Self { cluster, lines, metrics }
    }

    /// Writes `line` about `event`. `false`: too many wait already, so it is to be written again.
    pub fn write(&self, event: &str, line: &impl Serialize) -> bool {
        let written = match serde_json::to_string(line) {
            Ok(line) => self.lines.write(line),
            Err(error) => {
                tracing::error!(%error, event, "a line of the audit log could not be made");
                true
            }
        };
        if written {
            self.metrics.happenings.with_label_values(&[event]).inc();
        }
        written
    }
}
