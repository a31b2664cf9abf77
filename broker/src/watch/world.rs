//! All watches together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{PodEntry, PolicyEntry, ProfileEntry, SessionEntry, Stale, Store};
use crate::moment::Moment;

/// A bound token is dead by then, so nobody can ask for a pod that is gone for longer.
const REMEMBERED: Duration = Duration::from_hours(1);

/// What the broker knows of the cluster. Cloning gives another handle.
#[derive(Clone, Default)]
pub struct World {
    /// Injected pods.
    pub pods: Store<PodEntry>,
    /// Profiles.
    pub profiles: Store<ProfileEntry>,
    /// Access policies.
    pub policies: Store<PolicyEntry>,
    /// Sessions of all namespaces.
    pub sessions: Store<SessionEntry>,
    /// UIDs of pods that left the watch, so that nobody has to ask for them.
    gone: Arc<Mutex<HashMap<String, Instant>>>,
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

    /// Forgets the pods that went long ago.
    pub fn forget(&self, now: Moment) {
        self.gone().retain(|_, then| now.since(*then) < REMEMBERED);
    }

    /// Whether every watch has had its first list.
    pub fn is_synced(&self) -> bool {
        self.pods.is_synced() && self.profiles.is_synced() && self.policies.is_synced() && self.sessions.is_synced()
    }

    /// The watches that can't be believed.
    pub fn stale(&self, now: Moment) -> Vec<Stale> {
        [self.pods.stale(now), self.profiles.stale(now), self.policies.stale(now), self.sessions.stale(now)]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Every watch and how long ago it heard something.
    pub fn ages(&self, now: Moment) -> [(&'static str, Duration); 4] {
        [
            ("pods", self.pods.heard.age(now)),
            ("sentinelprofiles", self.profiles.heard.age(now)),
            ("accesspolicies", self.policies.heard.age(now)),
            ("sentinelsessions", self.sessions.heard.age(now)),
        ]
    }

    fn gone(&self) -> std::sync::MutexGuard<'_, HashMap<String, Instant>> {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
