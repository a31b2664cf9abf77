//! The loop that keeps every session: woken by watches and by the clock, it looks at what changed or is due, reads the rows
//! of all of those in batches, plans each, and applies.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use futures::{Stream, StreamExt as _, stream};
use jiff::Timestamp;
use kube::Client;
use kube::runtime::reflector::Store;
use sentinel_api::{Phase, SentinelSession, SessionStatus};
use sentinel_core::session::SessionId;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::apply::{apply, create, tell};
use super::facts::{Facts, Reading, Ruling};
use super::governance::Governance;
use super::memo::Memo;
use super::plan::{Plan, plan};
use super::pod::{PodFacts, PodState};
use super::subject::{Subject, gather};
use super::tables::SessionTables;
use crate::cluster::Cluster;
use crate::events::Events;
use crate::metrics::Metrics;
use crate::watches::Watches;

/// Events that come together are one pass.
const DEBOUNCE: Duration = Duration::from_millis(30);
/// The longest sleep: whatever else happens, everything is looked over so often.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// The shortest sleep between passes that only the clock asks for.
const BREATH: Duration = Duration::from_millis(100);
/// After a failure of the API server.
const RETRY: Duration = Duration::from_secs(2);
const CONCURRENCY: usize = 8;

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
    /// For people.
    pub events: Events,
    /// For Prometheus.
    pub metrics: Metrics,
}

/// Keeps every session until `shutdown`. `revoked` names sessions that others have revoked; `in_use` is told which tables
/// live sessions may have rows in.
pub(crate) async fn run(
    desk: Desk,
    mut revoked: mpsc::Receiver<SessionId>,
    in_use: watch::Sender<BTreeSet<String>>,
    shutdown: impl Future<Output = ()>,
) {
    let mut tracker = Tracker { desk, memos: HashMap::new(), epoch: 0, in_use };
    let mut wake = std::pin::pin!(tracker.wake());
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let next = tracker.pass().await;
        tokio::select! {
            () = &mut shutdown => return,
            change = wake.next() => tracker.woken(change),
            Some(id) = revoked.recv() => tracker.hurry(&id),
            () = sleep_until(next) => continue,
        }
        sleep(DEBOUNCE).await;
        while let Ok(id) = revoked.try_recv() {
            tracker.hurry(&id);
        }
    }
}

struct Tracker {
    desk: Desk,
    memos: HashMap<SessionId, Memo>,
    /// Counts changes of profiles and policies.
    epoch: u64,
    in_use: watch::Sender<BTreeSet<String>>,
}

/// What woke the tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wake {
    Sessions,
    Law,
}

/// One session that a pass looks at closely.
struct Work {
    id: SessionId,
    session: Arc<SentinelSession>,
    exists: bool,
    pod: PodState,
    ruling: Ruling,
    read: bool,
    readings: BTreeMap<String, Reading>,
}

/// What came of it.
struct Outcome {
    id: SessionId,
    phase: Phase,
    settled: bool,
    complete: bool,
    written: Option<SentinelSession>,
    read: bool,
    rests_until: Option<Instant>,
}

impl Tracker {
    fn wake(&self) -> impl Stream<Item = Wake> + use<> {
        let watches = &self.desk.watches;
        let law = stream::select(watches.profiles.changes(), watches.policies.changes()).map(|()| Wake::Law);
        let sessions = stream::select(watches.pods.changes(), watches.sessions.changes()).map(|()| Wake::Sessions);
        stream::select(law, sessions)
    }

    fn woken(&mut self, by: Option<Wake>) {
        if by != Some(Wake::Law) {
            return;
        }
        self.epoch += 1;
        // A profile may have come for which a pod has been waiting.
        for memo in self.memos.values_mut().filter(|memo| memo.last.is_none()) {
            memo.due = Instant::now();
        }
    }

    /// The rows of a session are to be read at once.
    fn hurry(&mut self, id: &SessionId) {
        if let Some(memo) = self.memos.get_mut(id).filter(|memo| !is_revoked(memo)) {
            memo.due = Instant::now();
        }
    }

    /// Looks at everything that changed or is due; when to look again at the latest.
    async fn pass(&mut self) -> Instant {
        let subjects = self.gather();
        self.make_objects(&subjects).await;
        let mut work = self.choose(&subjects);
        self.read_rows(&mut work).await;
        let outcomes: Vec<Outcome> =
            stream::iter(work.into_iter().map(|work| self.desk.settle(work)).collect::<Vec<_>>())
                .buffer_unordered(CONCURRENCY)
                .collect()
                .await;
        for outcome in outcomes {
            self.remember(outcome);
        }
        self.forget(&subjects);
        self.count(&subjects);
        let soonest = self.memos.values().filter(|memo| !memo.settled).map(|memo| memo.due).min();
        let now = Instant::now();
        soonest.map_or(now + HEARTBEAT, |due| due.clamp(now + BREATH, now + HEARTBEAT))
    }

    fn gather(&self) -> HashMap<SessionId, Subject> {
        let watches = &self.desk.watches;
        let pods = watches.pods.store.state().iter().filter_map(|pod| PodFacts::of(pod)).collect();
        let sessions = watches.sessions.store.state();
        let sessions = sessions.iter().filter_map(|guard| guard.0.as_ref().ok().cloned().map(Arc::new)).collect();
        gather(&self.desk.cluster.id, pods, sessions, &self.memos)
    }

    /// Makes the objects that are missing.
    async fn make_objects(&mut self, subjects: &HashMap<SessionId, Subject>) {
        let now = Instant::now();
        let missing = subjects.iter().filter(|(id, subject)| subject.lacks_object() && self.may_try(id, now));
        let missing: Vec<(SessionId, Subject)> = missing.map(|(id, subject)| (id.clone(), subject.clone())).collect();
        let desk = &self.desk;
        let made = missing.into_iter().map(|(id, subject)| desk.make(id, subject));
        let made: Vec<_> = stream::iter(made.collect::<Vec<_>>()).buffer_unordered(CONCURRENCY).collect().await;
        for (id, result) in made {
            let memo = self.memos.entry(id).or_insert_with(|| Memo::new(now));
            memo.due = Instant::now();
            match result {
                Made::Object(object) => (memo.last, memo.written, memo.settled) = (Some(object), Some(now), false),
                Made::Later => memo.due = Instant::now() + RETRY,
                Made::NotYet => memo.due = Instant::now() + HEARTBEAT,
            }
        }
    }

    /// Not again at once after a failure.
    fn may_try(&self, id: &SessionId, now: Instant) -> bool {
        self.memos.get(id).is_none_or(|memo| memo.last.is_some() || memo.due <= now)
    }

    /// The sessions whose pod, object or law changed, and those whose rows are due.
    fn choose(&mut self, subjects: &HashMap<SessionId, Subject>) -> Vec<Work> {
        let (now, at) = (Instant::now(), Timestamp::now());
        let mut work = Vec::new();
        for (id, subject) in subjects {
            let Some(session) = &subject.session else { continue };
            let memo = self.memos.entry(id.clone()).or_insert_with(|| Memo::new(now));
            memo.last = Some(session.clone());
            let seen = Some(subject.seen(self.epoch));
            let changed = memo.seen != seen;
            let read = !memo.settled && (memo.due <= now || (changed && is_urgent(session, subject.pod())));
            if !(changed || read) || (memo.settled && !subject.exists) {
                continue;
            }
            memo.seen = seen;
            let ruling = self.desk.governance.ruling(&session.spec.profile, &session.spec.user, at);
            let readings = unread(&ruling, session.status.as_ref());
            work.push(Work {
                id: id.clone(),
                session: session.clone(),
                exists: subject.exists,
                pod: subject.pod(),
                ruling,
                read,
                readings,
            });
        }
        work
    }

    /// Reads the rows of all of `work` that wants them, one batch a table.
    async fn read_rows(&self, work: &mut [Work]) {
        let mut wanted: BTreeMap<String, Vec<SessionId>> = BTreeMap::new();
        for one in work.iter().filter(|one| one.read) {
            for table in one.readings.keys() {
                wanted.entry(table.clone()).or_default().push(one.id.clone());
            }
        }
        let tables = &self.desk.tables;
        let reads = wanted.into_iter().map(|(table, ids)| async move {
            let found = tables.read(&table, &ids).await;
            (table, found)
        });
        for (table, mut found) in join_all(reads.collect::<Vec<_>>()).await {
            for one in work.iter_mut().filter(|one| one.read) {
                if let (Some(reading), Some(row)) = (one.readings.get_mut(&table), found.remove(&one.id)) {
                    *reading = row;
                }
            }
        }
    }

    fn remember(&mut self, outcome: Outcome) {
        let now = Instant::now();
        let Some(memo) = self.memos.get_mut(&outcome.id) else { return };
        if let Some(written) = outcome.written {
            (memo.last, memo.written) = (Some(Arc::new(written)), Some(now));
        }
        if outcome.read {
            memo.read(outcome.phase, now);
            memo.settled = outcome.settled && outcome.complete;
        }
        if let Some(until) = outcome.rests_until {
            memo.due = memo.due.min(until);
        }
        if !outcome.complete {
            memo.seen = None;
            memo.due = memo.due.min(outcome.rests_until.unwrap_or(now + RETRY));
        }
    }

    /// What is gone and settled needs no memory.
    fn forget(&mut self, subjects: &HashMap<SessionId, Subject>) {
        self.memos.retain(|id, memo| {
            subjects.get(id).is_some_and(|subject| subject.exists || subject.wanted_by.is_some() || !memo.settled)
        });
    }

    /// Tells the metrics how many there are, and the others in which tables.
    fn count(&self, subjects: &HashMap<SessionId, Subject>) {
        let mut phases: HashMap<&str, i64> = ["Pending", "Active", "Revoked", "Expired"].map(|name| (name, 0)).into();
        let mut tables = BTreeSet::new();
        let at = Timestamp::now();
        for session in subjects.values().filter(|subject| subject.exists).filter_map(|subject| subject.session.as_ref())
        {
            let status = session.status.as_ref();
            *phases.entry(phase_name(status.map_or(Phase::Pending, |status| status.phase))).or_default() += 1;
            tables.extend(status.iter().flat_map(|status| status.tables.iter().cloned()));
            tables.extend(self.desk.governance.ruling(&session.spec.profile, &session.spec.user, at).candidates);
        }
        for (name, count) in phases {
            self.desk.metrics.sessions.with_label_values(&[name]).set(count);
        }
        self.in_use.send_if_modified(|current| std::mem::replace(current, tables.clone()) != tables);
    }
}

/// What came of making an object.
enum Made {
    /// There it is.
    Object(Arc<SentinelSession>),
    /// The API server didn't take it, or has it already and the watch is about to show it.
    Later,
    /// There is no such profile.
    NotYet,
}

impl Desk {
    async fn make(&self, id: SessionId, subject: Subject) -> (SessionId, Made) {
        let Some((pod, profile)) = subject.wanted_by.as_ref().and_then(|pod| Some((pod, pod.profile.as_ref()?))) else {
            return (id, Made::NotYet);
        };
        if !self.governance.knows(profile) {
            return (id, Made::NotYet);
        }
        let made = match create(&self.client, &id, pod, profile, subject.session.as_deref()).await {
            Ok(Some(object)) => Made::Object(Arc::new(object)),
            Ok(None) => Made::Later,
            Err(error) => {
                tracing::warn!(session = %id, namespace = pod.namespace, pod = pod.name, %error, "a session could not be made; trying again");
                Made::Later
            }
        };
        (id, made)
    }

    /// Plans one session and applies the plan.
    async fn settle(&self, work: Work) -> Outcome {
        let plan = self.plan(&work);
        let applied = apply(&self.client, &self.tables, &work.id, &work.session, work.exists, &plan).await;
        if applied.complete || applied.written.is_some() {
            tell(&self.events, &work.session, &plan).await;
        }
        self.metrics.reconciled("SentinelSession", applied.complete);
        let failed = work.readings.iter().filter(|(_, reading)| matches!(reading, Reading::Failed(_)));
        let rests_until = failed.filter_map(|(table, _)| self.tables.rests_until(table)).min();
        Outcome {
            id: work.id,
            phase: plan.status.phase,
            settled: plan.settled,
            complete: applied.complete,
            written: applied.written,
            read: work.read,
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

/// Whether the session is about to end: then its rows can't wait for their turn.
fn is_urgent(session: &SentinelSession, pod: PodState) -> bool {
    let phase = session.status.as_ref().map_or(Phase::Pending, |status| status.phase);
    let revoking = session.spec.revoked && phase != Phase::Revoked;
    let ending = pod == PodState::Ended && matches!(phase, Phase::Pending | Phase::Active);
    revoking || ending
}

fn is_revoked(memo: &Memo) -> bool {
    memo.last.as_ref().and_then(|session| session.status.as_ref()).is_some_and(|status| status.phase == Phase::Revoked)
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Pending => "Pending",
        Phase::Active => "Active",
        Phase::Revoked => "Revoked",
        Phase::Expired => "Expired",
    }
}

/// Whether a store holds the pod with this UID as live.
pub(crate) fn is_live(pods: &Store<k8s_openapi::api::core::v1::Pod>, uid: &str) -> bool {
    let found = pods.find(|pod| pod.metadata.uid.as_deref() == Some(uid));
    found.and_then(|pod| PodFacts::of(&pod)).is_some_and(|pod| pod.state != PodState::Ended)
}
