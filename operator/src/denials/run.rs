//! The loop: woken by sessions, rows, profiles and the clock, it visits the roles in which something is to change.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use kube::ResourceExt as _;
use kube::runtime::reflector::ObjectRef;
use sentinel_api::{Phase, Profile, SentinelSession};
use sentinel_core::session::SessionId;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::iam::Iam;
use super::profile::{RoleState, RoleStates};
use super::role::Role;
use super::verdict::{Verdict, Verdicts};
use super::wanted::{Everybody, RevokedRow};
use crate::metrics::Metrics;
use crate::watches::{Watches, changes_of};

/// Revocations that come together are one write.
const DEBOUNCE: Duration = Duration::from_millis(300);
const HEARTBEAT: Duration = Duration::from_mins(1);
const CONCURRENCY: usize = 4;

/// What the room works with.
pub(crate) struct Denials {
    /// IAM; None: this installation doesn't write to it.
    pub iam: Option<Iam>,
    /// What is watched anyway.
    pub watches: Watches,
    /// Revoked rows, by table.
    pub rows: watch::Receiver<BTreeMap<String, Vec<RevokedRow>>>,
    /// For the sessions.
    pub verdicts: watch::Sender<Verdicts>,
    /// For the profiles.
    pub states: watch::Sender<RoleStates>,
    /// For Prometheus.
    pub metrics: Metrics,
}

/// Keeps the denials until `shutdown`.
pub(crate) async fn run(denials: Denials, shutdown: impl Future<Output = ()>) {
    let mut keeper = Keeper { denials, roles: HashMap::new() };
    let watches = &keeper.denials.watches;
    let objects = stream::select(watches.sessions.changes(), watches.profiles.changes());
    let mut changes = std::pin::pin!(stream::select(objects, changes_of(keeper.denials.rows.clone())));
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let next = tokio::select! {
            () = &mut shutdown => return,
            next = keeper.pass() => next,
        };
        tokio::select! {
            () = &mut shutdown => return,
            _ = changes.next() => sleep(DEBOUNCE).await,
            () = sleep_until(next) => {}
        }
    }
}

struct Keeper {
    denials: Denials,
    roles: HashMap<String, Role>,
}

impl Keeper {
    /// Visits every role in which something is to change; when to come again at the latest.
    async fn pass(&mut self) -> Instant {
        let everybody = self.everybody(Timestamp::now());
        self.visit(&everybody).await;
        self.tell(&everybody);
        let now = Instant::now();
        let soonest = self.roles.values().map(|role| role.due).min();
        soonest.map_or(now + HEARTBEAT, |due| due.clamp(now + DEBOUNCE, now + HEARTBEAT))
    }

    fn everybody(&self, now: Timestamp) -> Everybody {
        let mut everybody = Everybody::default();
        let sessions = self.denials.watches.sessions.store.state();
        let sessions: Vec<&SentinelSession> =
            sessions.iter().filter_map(|guard| guard.0.as_ref().ok()).map(|session| &**session).collect();
        // Of thousands few are revoked, and to judge a profile costs something.
        let phase = |session: &SentinelSession| session.status.as_ref().map(|status| status.phase);
        for session in sessions.iter().filter(|session| phase(session) == Some(Phase::Revoked)) {
            if let Some(profile) = self.profile(&session.spec.profile) {
                everybody.add_session(session, &profile, now);
            }
        }
        let rows = self.denials.rows.borrow().clone();
        if rows.values().any(|rows| !rows.is_empty()) {
            let known: HashSet<String> = sessions.iter().map(|session| session.name_any()).collect();
            for row in rows.values().flatten().filter(|row| !known.contains(row.id.as_str())) {
                if let Some(profile) = self.profile(&row.profile) {
                    everybody.add_row(row, &profile, now);
                }
            }
        }
        everybody
    }

    fn profile(&self, name: &str) -> Option<Profile> {
        let guard = self.denials.watches.profiles.store.get(&ObjectRef::new(name))?;
        guard.0.as_ref().ok()?.resolve().ok()
    }

    async fn visit(&mut self, everybody: &Everybody) {
        let Some(iam) = &self.denials.iam else { return };
        self.roles = known_roles(std::mem::take(&mut self.roles), everybody, self.named_roles());
        let now = Instant::now();
        let wanted = |role: &Role| everybody.roles.get(&role.arn).cloned().unwrap_or_default();
        let (due, rest): (Vec<Role>, Vec<Role>) = std::mem::take(&mut self.roles)
            .into_values()
            .partition(|role| role.due <= now || role.is_news(&wanted(role)));
        let visits = due.into_iter().map(|role| {
            let wanted = wanted(&role);
            role.visit(iam, wanted)
        });
        let visited: Vec<Role> = stream::iter(visits.collect::<Vec<_>>()).buffer_unordered(CONCURRENCY).collect().await;
        self.roles = rest.into_iter().chain(visited).map(|role| (role.arn.clone(), role)).collect();
    }

    /// The roles of profiles that ask for hard revocation: a policy of ours may have been left there.
    fn named_roles(&self) -> Vec<String> {
        let profiles = self.denials.watches.profiles.store.state();
        let profiles = profiles.iter().filter_map(|guard| guard.0.as_ref().ok()?.resolve().ok());
        profiles.filter(|profile| profile.hard_revocation.is_some()).map(|profile| profile.role_arn).collect()
    }

    fn tell(&self, everybody: &Everybody) {
        let verdicts = Arc::new(self.verdicts(everybody));
        self.count(&verdicts);
        self.denials.verdicts.send_if_modified(|old| {
            let is_new = **old != *verdicts;
            *old = verdicts;
            is_new
        });
        if self.denials.iam.is_some() {
            let states =
                self.roles.values().filter_map(|role| Some((role.arn.clone(), RoleState::of(role)?))).collect();
            let states = RoleStates::Visited(states);
            self.denials.states.send_if_modified(|old| std::mem::replace(old, states.clone()) != states);
        }
    }

    fn verdicts(&self, everybody: &Everybody) -> HashMap<SessionId, Verdict> {
        let mut verdicts = everybody.settled.clone();
        if self.denials.iam.is_none() {
            let wanted = everybody.roles.values().flat_map(BTreeMap::keys);
            verdicts.extend(wanted.map(|id| (id.clone(), Verdict::NotInstalled)));
        }
        for (id, verdict) in self.roles.values().flat_map(Role::verdicts) {
            let both = match verdicts.remove(id) {
                Some(other) => other.and(verdict),
                None => verdict,
            };
            verdicts.insert(id.clone(), both);
        }
        verdicts
    }

    fn count(&self, verdicts: &HashMap<SessionId, Verdict>) {
        let denied = verdicts.values().filter(|verdict| verdict.since().is_some()).count();
        let missing = verdicts.values().filter(|verdict| !verdict.says().0).count();
        for (state, count) in [("denied", denied), ("missing", missing)] {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            self.denials.metrics.hard_revocations.with_label_values(&[state]).set(count);
        }
    }
}

/// `roles` with those that are new, and without those in which nothing is of interest any more.
fn known_roles(mut roles: HashMap<String, Role>, everybody: &Everybody, named: Vec<String>) -> HashMap<String, Role> {
    let arns: HashSet<String> = everybody.roles.keys().cloned().chain(named).collect();
    roles.retain(|arn, role| arns.contains(arn) || !role.is_empty());
    for arn in arns {
        roles.entry(arn.clone()).or_insert_with(|| Role::new(&arn));
    }
    roles
}
