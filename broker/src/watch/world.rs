//! All watches together.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use sentinel_decision::{
    EventEntry, LockEntry, PodEntry, PolicyEntry, ProfileEntry, RequestEntry, Revoked, SessionEntry, Stale,
};

use super::Store;
use crate::moment::Moment;

/// A bound token is dead by then, so nobody can ask for a pod that is gone for longer.
const REMEMBERED: Duration = Duration::from_hours(1);

/// By pod UID and profile; since when, and by whom.
type RevokedSessions = HashMap<(String, String), (Instant, Revoked)>;

/// What the broker knows of the cluster. Cloning gives another handle.
#[derive(Clone, Default)]
pub struct World {
    /// Injected pods.
    pub pods: Store<PodEntry>,
    /// Profiles.
    pub profiles: Store<ProfileEntry>,
    /// Access policies.
    pub policies: Store<PolicyEntry>,
    /// Access locks.
    pub locks: Store<LockEntry>,
    /// Access requests of all namespaces.
    pub requests: Store<RequestEntry>,
    /// Break-glass events of all namespaces.
    pub emergencies: Store<EventEntry>,
    /// Sessions of all namespaces.
    pub sessions: Store<SessionEntry>,
    /// UIDs of pods that left the watch, so that nobody has to ask for them.
    gone: Arc<Mutex<HashMap<String, Instant>>>,
    /// Revoked sessions whose objects left the watch.
    revoked: Arc<Mutex<RevokedSessions>>,
}

impl World {
    /// Remembers that a pod has left the watch: deleted, or its label removed.
    pub fn pod_is_gone(&self, uid: &str, now: Moment) {
        self.gone().insert(uid.to_owned(), now.steady);
    }

    /// Whether a pod has left the watch.
    pub fn is_gone(&self, uid: &str) -> bool {
        self.gone().contains_key(uid)
    }

    /// Remembers a session that has left the watch, if it was revoked: the object of a pod that lives can be deleted by
    /// the garbage collector, and until the operator has made it again nothing else would say no.
    pub fn session_is_gone(&self, session: &SessionEntry, now: Moment) {
        if let Some(revoked) = &session.revoked {
            let key = (session.pod_uid.clone(), session.profile.clone());
            self.revoked().insert(key, (now.steady, revoked.clone()));
        }
    }

    /// Whether the session of a pod on a profile was revoked when it was last seen.
    pub fn revoked_before(&self, pod_uid: &str, profile: &str) -> Option<Revoked> {
        let revoked = self.revoked();
        if revoked.is_empty() {
            return None;
        }
        revoked.get(&(pod_uid.to_owned(), profile.to_owned())).map(|(_, revoked)| revoked.clone())
    }

    /// Forgets the pods and sessions that went long ago. A pod that still is there keeps its revocation.
    pub fn forget(&self, now: Moment) {
        self.gone().retain(|_, then| now.since(*then) < REMEMBERED);
        let old = self.revoked().values().any(|(then, _)| now.since(*then) >= REMEMBERED);
        if old {
            let alive: HashSet<String> = self.pods.all().iter().map(|pod| pod.uid.clone()).collect();
            self.revoked().retain(|(uid, _), (then, _)| now.since(*then) < REMEMBERED || alive.contains(uid));
        }
    }

    /// Whether every watch has had its first list.
    pub fn is_synced(&self) -> bool {
        self.pods.is_synced()
            && self.profiles.is_synced()
            && self.policies.is_synced()
            && self.locks.is_synced()
            && self.requests.is_synced()
            && self.emergencies.is_synced()
            && self.sessions.is_synced()
    }

    /// The watches that can't be believed.
    pub fn stale(&self, now: Moment) -> Vec<Stale> {
        let (pods, profiles, policies) = (self.pods.stale(now), self.profiles.stale(now), self.policies.stale(now));
        let (locks, sessions) = (self.locks.stale(now), self.sessions.stale(now));
        let (requests, emergencies) = (self.requests.stale(now), self.emergencies.stale(now));
        [pods, profiles, policies, locks, sessions, requests, emergencies].into_iter().flatten().collect()
    }

    /// Every watch and how long ago it heard something.
    pub fn ages(&self, now: Moment) -> [(&'static str, Duration); 7] {
        [
            ("pods", self.pods.heard.age(now)),
            ("sentinelprofiles", self.profiles.heard.age(now)),
            ("accesspolicies", self.policies.heard.age(now)),
            ("accesslocks", self.locks.heard.age(now)),
            ("sentinelsessions", self.sessions.heard.age(now)),
            ("accessrequests", self.requests.heard.age(now)),
            ("breakglassevents", self.emergencies.heard.age(now)),
        ]
    }

    fn gone(&self) -> std::sync::MutexGuard<'_, HashMap<String, Instant>> {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn revoked(&self) -> std::sync::MutexGuard<'_, RevokedSessions> {
        self.revoked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
