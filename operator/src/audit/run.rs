//! One audit after the other.

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use futures::StreamExt as _;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client};
use sentinel_api::audit::{AuditReport, FindingKind, PodEvidence, audit};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::compliance::Compliance;
use super::gather::{bare_pods, evidence};
use crate::metrics::Metrics;
use crate::watches::Watches;

const EVERY: Duration = Duration::from_mins(5);
const RETRY: Duration = Duration::from_mins(1);
/// After a start everything is on the move.
const FIRST: Duration = Duration::from_secs(10);
/// Changes of profiles and policies that come together are one audit, with the bare pods of the last one.
const SETTLE: Duration = Duration::from_secs(5);
/// A session whose pod went a moment ago is about to end.
const SECOND_LOOK: Duration = Duration::from_secs(15);

/// What audits work with.
pub(crate) struct Audit {
    /// The API server.
    pub client: Client,
    /// What is watched anyway.
    pub watches: Watches,
    /// The installation's session table.
    pub default_table: Option<String>,
    /// For Prometheus.
    pub metrics: Metrics,
    /// For the profiles.
    pub told: watch::Sender<Compliance>,
}

/// Audits until `shutdown`.
pub(crate) async fn run(audit: Audit, shutdown: impl Future<Output = ()>) {
    tokio::select! {
        () = shutdown => {}
        () = audit.work() => {}
    }
}

impl Audit {
    async fn work(&self) {
        sleep(FIRST).await;
        let mut law = std::pin::pin!(self.watches.law_changes());
        loop {
            let Some(bare) = self.bare_pods().await else {
                sleep(RETRY).await;
                continue;
            };
            let next = Instant::now() + EVERY;
            loop {
                self.tell(&self.audited(&bare).await);
                tokio::select! {
                    () = sleep_until(next) => break,
                    Some(()) = law.next() => sleep(SETTLE).await,
                }
            }
        }
    }

    async fn bare_pods(&self) -> Option<Vec<PodEvidence>> {
        let found = bare_pods(&Api::<Pod>::all(self.client.clone())).await;
        found.inspect_err(|error| tracing::warn!(%error, "pods can't be audited; trying again")).ok()
    }

    async fn audited(&self, bare: &[PodEvidence]) -> AuditReport {
        let report = self.look(bare);
        if !report.findings.iter().any(|finding| finding.kind == FindingKind::SessionWithoutPod) {
            return report;
        }
        sleep(SECOND_LOOK).await;
        self.look(bare)
    }

    fn look(&self, bare: &[PodEvidence]) -> AuditReport {
        audit(&evidence(&self.watches, self.default_table.as_deref(), bare), Timestamp::now())
    }

    fn tell(&self, report: &AuditReport) {
        let mut counts: HashMap<FindingKind, i64> = HashMap::new();
        for finding in &report.findings {
            *counts.entry(finding.kind).or_default() += 1;
        }
        for kind in FindingKind::ALL {
            let count = counts.get(&kind).copied().unwrap_or_default();
            self.metrics.audit_findings.with_label_values(&[kind.to_string().as_str()]).set(count);
        }
        let new = Compliance::of(report);
        self.told.send_if_modified(|old| std::mem::replace(old, new.clone()) != new);
    }
}
