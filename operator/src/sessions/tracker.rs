//! The loop that keeps every session: woken by watches and by the clock, it looks at what changed or is due, reads the rows
//! of all of those in batches, plans each, and applies.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::time::Duration;

use futures::future::join_all;
use futures::{FutureExt as _, Stream, StreamExt as _, stream};
use jiff::Timestamp;
use sentinel_api::{Phase, SentinelSession};
use sentinel_core::session::SessionId;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::desk::{Desk, Made, Outcome, Work};
use super::facts::Ruling;
use super::memo::Memo;
use super::pod::{PodFacts, PodState};
use super::subject::{Subject, gather};
use super::tables::Read;
use crate::watches::changes_of;

/// Events that come together are one pass.
const DEBOUNCE: Duration = Duration::from_millis(30);
/// The longest sleep: whatever else happens, everything is looked over so often.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// The shortest sleep between passes that only the clock asks for.
const BREATH: Duration = Duration::from_millis(100);
/// After a failure of the API server.
const RETRY: Duration = Duration::from_secs(2);
const CONCURRENCY: usize = 8;
/// So many sessions are looked at closely at a time: with their rows each takes kilobytes. DynamoDB reads a hundred in a call.
const BATCH: usize = 200;

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

impl Tracker {
    fn wake(&self) -> impl Stream<Item = Wake> + use<> {
        let watches = &self.desk.watches;
        let law = stream::select(watches.profiles.changes(), watches.policies.changes()).map(|()| Wake::Law);
        let sessions = stream::select(watches.pods.changes(), watches.sessions.changes());
        let sessions = stream::select(sessions, changes_of(self.desk.denied.clone())).map(|()| Wake::Sessions);
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
            memo.hurry(Instant::now());
        }
    }

    /// Looks at everything that changed or is due; when to look again at the latest.
    async fn pass(&mut self) -> Instant {
        let subjects = self.gather();
        self.make_objects(&subjects).await;
        let mut chosen = self.choose(&subjects);
        // What somebody waits for goes before what is routine.
        chosen.sort_by_key(|(_, read)| *read != Some(Read::Exact));
        for batch in chosen.chunks(BATCH) {
            self.settle(batch, &subjects).await;
        }
        self.forget(&subjects);
        self.count(&subjects);
        // What is routine comes along with the next pass: a batch, not a call for each.
        let waits = self.memos.values().filter(|memo| !memo.settled && memo.how == Read::Exact);
        let soonest = waits.map(|memo| memo.due).min();
        let now = Instant::now();
        soonest.map_or(now + HEARTBEAT, |due| due.clamp(now + BREATH, now + HEARTBEAT))
    }

    fn gather(&self) -> HashMap<SessionId, Subject> {
        let watches = &self.desk.watches;
        let pods = watches.pods.store.state().iter().filter_map(|pod| PodFacts::of(pod)).collect();
        let sessions = watches.sessions.store.state();
        let sessions =
            sessions.iter().filter_map(|guard| guard.0.as_ref().ok()).map(|session| session.0.clone()).collect();
        let mut subjects = gather(&self.desk.cluster.id, pods, sessions, &self.memos);
        for (id, verdict) in self.desk.denied.borrow().iter() {
            if let Some(subject) = subjects.get_mut(id) {
                subject.denial = Some(verdict.clone());
            }
        }
        subjects
    }

    /// Makes the objects that are missing.
    async fn make_objects(&mut self, subjects: &HashMap<SessionId, Subject>) {
        let now = Instant::now();
        let missing = subjects.iter().filter(|(id, subject)| subject.lacks_object() && self.may_try(id, now));
        let missing: Vec<(SessionId, Subject)> = missing.map(|(id, subject)| (id.clone(), subject.clone())).collect();
        let desk = &self.desk;
        let made = stream::iter(missing).map(|(id, subject)| desk.make(id, subject).boxed());
        let made: Vec<_> = made.buffer_unordered(CONCURRENCY).collect().await;
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

    async fn settle(&mut self, batch: &[(SessionId, Option<Read>)], subjects: &HashMap<SessionId, Subject>) {
        let mut work: Vec<Work> = batch.iter().filter_map(|(id, read)| self.work(id, *read, subjects)).collect();
        self.read_rows(&mut work).await;
        // Each made when it is its turn: what waits to write an object takes kilobytes.
        let settled = stream::iter(work).map(|work| self.desk.settle(work).boxed()).buffer_unordered(CONCURRENCY);
        let outcomes: Vec<Outcome> = settled.collect().await;
        for outcome in outcomes {
            self.remember(outcome);
        }
    }

    fn work(&self, id: &SessionId, read: Option<Read>, subjects: &HashMap<SessionId, Subject>) -> Option<Work> {
        let subject = subjects.get(id)?;
        let session = subject.session.as_ref()?;
        let ruling = self.desk.governance.ruling(&session.spec.profile, &session.spec.user, Timestamp::now());
        let told = self.memos.get(id).is_some_and(|memo| memo.told);
        Some(Work::new(id, session, subject, ruling, read, told))
    }

    /// The sessions whose pod, object or law changed, and those whose rows are due; and how those are to be read.
    fn choose(&mut self, subjects: &HashMap<SessionId, Subject>) -> Vec<(SessionId, Option<Read>)> {
        let (now, at) = (Instant::now(), Timestamp::now());
        let mut chosen = Vec::new();
        for (id, subject) in subjects {
            let Some(session) = &subject.session else { continue };
            let memo = self.memos.entry(id.clone()).or_insert_with(|| Memo::new(now));
            memo.last = Some(session.clone());
            let seen = Some(subject.seen(self.epoch));
            let changed = memo.seen != seen;
            if memo.knew_other_law(self.epoch) {
                let ruling = self.desk.governance.ruling(&session.spec.profile, &session.spec.user, at);
                if moves(session, &ruling) {
                    memo.start_over(now);
                }
            }
            let urgent = changed && is_urgent(session, subject.pod());
            let read =
                (!memo.settled && (memo.due <= now || urgent)).then_some(if urgent { Read::Exact } else { memo.how });
            if !(changed || read.is_some()) || (memo.settled && !subject.exists) {
                continue;
            }
            memo.seen = seen;
            chosen.push((id.clone(), read));
        }
        chosen
    }

    /// Reads the rows of all of `work` that wants them, one batch a table.
    async fn read_rows(&self, work: &mut [Work]) {
        let mut wanted: BTreeMap<(String, Read), Vec<SessionId>> = BTreeMap::new();
        for one in work.iter() {
            for (table, how) in one.readings.keys().zip(one.read.into_iter().cycle()) {
                wanted.entry((table.clone(), how)).or_default().push(one.id.clone());
            }
        }
        let tables = &self.desk.tables;
        let reads = wanted.into_iter().map(|((table, how), ids)| async move {
            let found = tables.read(&table, &ids, how).await;
            (table, found)
        });
        for (table, mut found) in join_all(reads.collect::<Vec<_>>()).await {
            for one in work.iter_mut() {
                if let (Some(reading), Some(row)) = (one.readings.get_mut(&table), found.remove(&one.id)) {
                    *reading = row;
                }
            }
        }
    }

    fn remember(&mut self, outcome: Outcome) {
        let now = Instant::now();
        let Some(memo) = self.memos.get_mut(&outcome.id) else { return };
        memo.told |= outcome.told;
        if let Some(written) = outcome.written {
            (memo.last, memo.written) = (Some(written), Some(now));
        }
        if outcome.read {
            memo.read(outcome.phase, now);
            memo.settled = outcome.settled && outcome.complete;
        }
        if let Some(until) = outcome.rests_until {
            (memo.due, memo.how) = (memo.due.min(until), Read::Exact);
        }
        if !outcome.complete {
            memo.seen = None;
            (memo.due, memo.how) = (memo.due.min(outcome.rests_until.unwrap_or(now + RETRY)), Read::Exact);
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

/// Whether the session is about to end: then its rows can't wait for their turn.
fn is_urgent(session: &SentinelSession, pod: PodState) -> bool {
    let phase = session.status.as_ref().map_or(Phase::Pending, |status| status.phase);
    let revoking = session.spec.revoked && phase != Phase::Revoked;
    let ending = pod == PodState::Ended && matches!(phase, Phase::Pending | Phase::Active);
    revoking || ending
}

/// Whether the table that counts by now is one in which it has no row yet: the broker makes one with the next request, or we do,
/// and nobody waits for minutes until it shows, or for credentials.
fn moves(session: &SentinelSession, ruling: &Ruling) -> bool {
    let status = session.status.as_ref().filter(|status| status.phase == Phase::Active);
    let table = ruling.table.as_ref();
    status.zip(table).is_some_and(|(status, table)| !status.tables.contains(table))
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
