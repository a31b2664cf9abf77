//! What a reconciler works with.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kube::api::ApiResource;
use kube::core::{DeserializeGuard, DynamicObject};
use kube::runtime::reflector::Store;
use kube::{Api, Client, Resource as _, ResourceExt as _};
use sentinel_api::SentinelProfile;
use sentinel_core::policy::lint::Surroundings;
use tokio::time::Instant;

use super::kind::PolicyKind;
use super::ssm::Ssm;
use super::surroundings::surroundings;
use crate::events::Events;
use crate::metrics::Metrics;
use crate::pace::{Retries, jittered};

/// What the installation says.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Under which path parameters lie.
    pub root: String,
    /// How many bytes one may have.
    pub limit: usize,
    /// How often each is compared with its object.
    pub resync: Duration,
    /// Whether profiles and rules that name no session table have the installation's.
    pub default_table: bool,
}

/// What the reconciler of kind `K` works with.
pub(crate) struct Context<K> {
    /// The API server.
    pub client: Client,
    /// SSM.
    pub ssm: Arc<Ssm>,
    /// The installation.
    pub settings: Settings,
    /// Every profile.
    pub profiles: Store<DeserializeGuard<SentinelProfile>>,
    /// For people.
    pub events: Events,
    /// For Prometheus.
    pub metrics: Metrics,
    /// Who failed how often.
    pub retries: Retries,
    verified: Mutex<HashMap<String, Verified>>,
    kind: PhantomData<K>,
}

/// What was found in SSM, and until when that is believed.
#[derive(Clone, Debug)]
struct Verified {
    state: String,
    until: Instant,
}

impl<K: PolicyKind> Context<K> {
    /// A context.
    pub fn new(
        client: Client,
        ssm: Arc<Ssm>,
        settings: Settings,
        profiles: Store<DeserializeGuard<SentinelProfile>>,
        events: Events,
        metrics: Metrics,
    ) -> Self {
        let (retries, verified) = (Retries::default(), Mutex::default());
        Self { client, ssm, settings, profiles, events, metrics, retries, verified, kind: PhantomData }
    }

    /// The objects of this kind.
    pub fn api(&self) -> Api<DynamicObject> {
        Api::all_with(self.client.clone(), &ApiResource::erase::<K::Object>(&()))
    }

    /// The names of all profiles that can be used, sorted.
    pub fn known_profiles(&self) -> Vec<String> {
        let all = self.profiles.state();
        let mut names: Vec<String> = all
            .iter()
            .filter(|guard| guard.meta().deletion_timestamp.is_none())
            .filter(|guard| guard.0.as_ref().is_ok_and(|profile| profile.resolve().is_ok()))
            .map(|guard| guard.name_any())
            .collect();
        names.sort();
        names
    }

    /// What lints may know.
    pub fn surroundings(&self) -> Surroundings {
        surroundings(self.profiles.state().iter().map(AsRef::as_ref), self.settings.default_table)
    }

    /// How much longer SSM is believed to hold what `state` says of the object `key`; `None`: not at all.
    pub fn believed(&self, key: &str, state: &str) -> Option<Duration> {
        let verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        let left =
            verified.get(key).filter(|found| found.state == state)?.until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// Notes that SSM was found to hold what `state` says, and says when to look again.
    pub fn verify(&self, key: &str, state: String) -> Duration {
        let again = jittered(self.settings.resync);
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        verified.insert(key.to_owned(), Verified { state, until: Instant::now() + again });
        again
    }

    /// Forgets what was found for the object `key`.
    pub fn doubt(&self, key: &str) {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}
