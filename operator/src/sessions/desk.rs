//! What the tracker does for one session at a time: make its object, plan it, apply the plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use kube::Client;
use sentinel_api::{Phase, SentinelSession, SessionStatus};
use sentinel_core::session::SessionId;
use tokio::sync::watch;
use tokio::time::Instant;

use super::apply::{apply, create, note_told, tell};
use super::facts::{Facts, Reading, Ruling};
use super::governance::Governance;
use super::plan::{Plan, plan};
use super::pod::PodState;
use super::shared::remembered;
use super::subject::Subject;
use super::tables::{Read, SessionTables};
use super::told::untold;
use crate::audit_log::AuditLog;
use crate::cluster::Cluster;
use crate::denials::{Verdict, Verdicts};
use crate::events::Events;
use crate::metrics::Metrics;
use crate::watches::Watches;

/// What the tracker works with.
pub(crate) struct Desk {
    /// The API server.
    pub client: Client,
    /// This cluster.
    pub cluster: Cluster,
    /// What is known of objects.
    pub watches: Watches,
    /// What policy says.
    pub governance: Governance,
    /// The session tables.
    pub tables: Arc<SessionTables>,
    /// What IAM denies.
    pub denied: watch::Receiver<Verdicts>,
    /// For people.
    pub events: Events,
    /// For auditors.
    pub log: AuditLog,
    /// For Prometheus.
    pub metrics: Metrics,
}

/// One session that a pass looks at closely.
pub(crate) struct Work {
    pub id: SessionId,
    pub session: Arc<SentinelSession>,
    pub exists: bool,
    pub pod: PodState,
    pub ruling: Ruling,
    pub denial: Option<Verdict>,
    pub read: Option<Read>,
    pub readings: BTreeMap<String, Reading>,
    pub told: bool,
}

impl Work {
    /// Work on `subject`, whose object is, or was, `session`.
    pub fn new(
        id: &SessionId,
        session: &Arc<SentinelSession>,
        subject: &Subject,
        ruling: Ruling,
        read: Option<Read>,
        told: bool,
    ) -> Self {
        let readings = unread(&ruling, session.status.as_ref());
        let (exists, pod, denial) = (subject.exists, subject.pod(), subject.denial.clone());
        Self { id: id.clone(), session: session.clone(), exists, pod, ruling, denial, read, readings, told }
    }
}

/// What came of it.
#[expect(clippy::struct_excessive_bools, reason = "four facts that have nothing to do with each other")]
pub(crate) struct Outcome {
    pub id: SessionId,
    pub phase: Phase,
    pub settled: bool,
    pub complete: bool,
    pub told: bool,
    pub written: Option<Arc<SentinelSession>>,
    pub read: bool,
    pub rests_until: Option<Instant>,
}

/// What came of making an object.
pub(crate) enum Made {
    /// There it is.
    Object(Arc<SentinelSession>),
    /// The API server didn't take it, or has it already and the watch is about to show it.
    Later,
    /// There is no such profile.
    NotYet,
}

impl Desk {
    /// Makes the object that `subject` lacks.
    pub async fn make(&self, id: SessionId, subject: Subject) -> (SessionId, Made) {
        let Some((pod, profile)) = subject.wanted_by.as_ref().and_then(|pod| Some((pod, pod.profile.as_ref()?))) else {
            return (id, Made::NotYet);
        };
        if !self.governance.knows(profile) {
            return (id, Made::NotYet);
        }
        let made = match create(&self.client, &id, pod, profile, subject.session.as_deref()).await {
            Ok(Some(object)) => Made::Object(remembered(object)),
            Ok(None) => Made::Later,
            Err(error) => {
                tracing::warn!(session = %id, namespace = pod.namespace, pod = pod.name, %error, "a session could not be made; trying again");
                Made::Later
            }
        };
        (id, made)
    }

    /// Plans one session and applies the plan.
    pub async fn settle(&self, work: Work) -> Outcome {
        let plan = self.plan(&work);
        let applied = apply(&self.client, &self.tables, &work.id, &work.session, work.exists, &plan).await;
        if applied.complete || applied.written.is_some() {
            tell(&self.events, &work.session, &plan).await;
        }
        let session = applied.written.as_ref().unwrap_or(&work.session);
        let line = untold(session, &self.cluster).filter(|_| work.exists && !work.told);
        let told = line.is_some_and(|line| self.log.write(&line.event, &line));
        let noted = if told { note_told(&self.client, session).await } else { None };
        self.metrics.reconciled("SentinelSession", applied.complete);
        let failed = work.readings.iter().filter(|(_, reading)| matches!(reading, Reading::Failed(_)));
        let rests_until = failed.filter_map(|(table, _)| self.tables.rests_until(table)).min();
        Outcome {
            id: work.id,
            phase: plan.status.phase,
            settled: plan.settled,
            complete: applied.complete,
            told,
            // Not as it came: thousands may wait for the end of a pass.
            written: noted.or(applied.written).map(remembered),
            read: work.read.is_some(),
            rests_until,
        }
    }

    fn plan(&self, work: &Work) -> Plan {
        let unknown = SessionStatus::default();
        plan(&Facts {
            id: &work.id,
            cluster: &self.cluster.id,
            namespace: work.session.metadata.namespace.as_deref().unwrap_or_default(),
            spec: &work.session.spec,
            generation: work.session.metadata.generation,
            status: work.session.status.as_ref().unwrap_or(&unknown),
            pod: work.pod,
            ruling: &work.ruling,
            denial: work.denial.as_ref(),
            readings: &work.readings,
            now: Timestamp::now(),
        })
    }
}

/// Every table that may hold a row: by what policy says, and by what is known to have been used.
fn unread(ruling: &Ruling, status: Option<&SessionStatus>) -> BTreeMap<String, Reading> {
    let used = status.iter().flat_map(|status| status.tables.iter());
    ruling.candidates.iter().chain(used).map(|table| (table.clone(), Reading::Unread)).collect()
}
