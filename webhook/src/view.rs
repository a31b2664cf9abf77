//! What the webhook knows of the cluster: profiles, the names of policies, and the broker's CA bundle; by watches.

use std::sync::Arc;

use futures::{FutureExt as _, StreamExt as _};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::core::{DeserializeGuard, PartialObjectMeta};
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client, Resource as _};
use sentinel_api::names::{BROKER_CA_CONFIG_MAP, CA_KEY};
use sentinel_api::{AccessPolicy, Profile, SentinelProfile};
use sentinel_runtime::shutdown::CancellationToken;

use crate::freshness::Freshness;

/// A profile of any shape: a broken one doesn't stop the watch of the others.
pub type AnyProfile = DeserializeGuard<SentinelProfile>;
/// A policy, of which only the name counts here.
pub type PolicyName = PartialObjectMeta<AccessPolicy>;

/// Well under the API server's patience with a webhook.
const DIRECT_LIMIT: std::time::Duration = std::time::Duration::from_secs(2);

/// A view of the cluster. Cloning gives another handle to the same.
#[derive(Clone)]
pub struct View {
    namespace: String,
    profiles: Store<AnyProfile>,
    policies: Store<PolicyName>,
    config_maps: Store<ConfigMap>,
    freshness: Arc<Freshness>,
    /// Asked about a profile that the watch has not shown (yet).
    direct: Option<Api<AnyProfile>>,
}

/// Why nothing can be said now. Trying again helps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// The first listing is not done.
    #[error("Sentinel's webhook has not read the SentinelProfiles yet: try again in a moment")]
    Syncing,
    /// The API server doesn't answer the webhook.
    #[error("Sentinel's webhook can't read the SentinelProfiles from the API server: try again in a moment")]
    Stale,
    /// The broker has not published its bundle.
    #[error(
        "the broker has not published its CA bundle (ConfigMap {BROKER_CA_CONFIG_MAP} in {0}) yet: try again in a moment, or look at `kubectl -n {0} get pods`"
    )]
    NoBundle(String),
}

/// Why a pod can't have the profile that it asks for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoProfile {
    /// There is none.
    #[error("there is no SentinelProfile `{0}`: `kubectl get sentinelprofiles` lists those that there are")]
    Unknown(String),
    /// It is going away.
    #[error("SentinelProfile `{0}` is being deleted: choose another, or make it anew first")]
    Deleted(String),
    /// It can't be used.
    #[error("SentinelProfile `{0}` can't be used, whoever keeps it must mend it: {1}")]
    Broken(String, String),
}

impl View {
    /// Watches until `shutdown`.
    pub fn watch(client: &Client, namespace: &str, shutdown: &CancellationToken) -> Self {
        let (profiles, profile_writer) = reflector::store();
        let (policies, policy_writer) = reflector::store();
        let (config_maps, config_map_writer) = reflector::store();
        let freshness = Arc::new(Freshness::default());
        let any = watcher::Config::default;
        let bundle = any().fields(&format!("metadata.name={BROKER_CA_CONFIG_MAP}"));
        let watches = [
            watcher(Api::<AnyProfile>::all(client.clone()), any())
                .backoff(sentinel_runtime::watching::backoff())
                .reflect(profile_writer)
                .map(|event| event.map(drop))
                .boxed(),
            watcher(Api::<PolicyName>::all(client.clone()), any())
                .backoff(sentinel_runtime::watching::backoff())
                .reflect(policy_writer)
                .map(|event| event.map(drop))
                .boxed(),
            watcher(Api::<ConfigMap>::namespaced(client.clone(), namespace), bundle)
                .backoff(sentinel_runtime::watching::backoff())
                .reflect(config_map_writer)
                .map(|event| event.map(drop))
                .boxed(),
        ];
        for (what, watch) in ["SentinelProfiles", "AccessPolicies", "ConfigMaps"].into_iter().zip(watches) {
            let noted = Arc::clone(&freshness);
            let noting = watch.for_each(move |event| {
                noted.note(what, event);
                std::future::ready(())
            });
            tokio::spawn(shutdown.clone().run_until_cancelled_owned(noting));
        }
        let stores = Self::new(namespace, profiles, policies, config_maps, freshness);
        Self { direct: Some(Api::all(client.clone())), ..stores }
    }

    /// A view of these stores alone.
    pub fn new(
        namespace: &str,
        profiles: Store<AnyProfile>,
        policies: Store<PolicyName>,
        config_maps: Store<ConfigMap>,
        freshness: Arc<Freshness>,
    ) -> Self {
        Self { namespace: namespace.to_owned(), profiles, policies, config_maps, freshness, direct: None }
    }

    /// Resolves when everything has been listed once.
    pub async fn synced(&self) {
        let writers = tokio::join!(
            self.profiles.wait_until_ready(),
            self.policies.wait_until_ready(),
            self.config_maps.wait_until_ready()
        );
        if writers.0.is_err() || writers.1.is_err() || writers.2.is_err() {
            // Without a watch there is nothing to wait for: never ready.
            std::future::pending::<()>().await;
        }
    }

    /// The CA bundle for a new sidecar.
    pub fn broker_ca(&self) -> Result<String, NotReady> {
        self.check()?;
        let map = self.config_maps.get(&ObjectRef::new(BROKER_CA_CONFIG_MAP).within(&self.namespace));
        let bundle = map.and_then(|map| map.data.as_ref()?.get(CA_KEY).cloned());
        bundle.filter(|pem| !pem.trim().is_empty()).ok_or_else(|| NotReady::NoBundle(self.namespace.clone()))
    }

    /// The judged profile `name`. One that the watch doesn't know is asked for: it may be a moment old.
    pub async fn profile(&self, name: &str) -> Result<Result<Profile, NoProfile>, NotReady> {
        self.check()?;
        if let Some(found) = self.profiles.get(&ObjectRef::new(name)) {
            return Ok(judged(name, &found));
        }
        let asked = self.ask(name).await?;
        Ok(asked.map_or_else(|| Err(NoProfile::Unknown(name.to_owned())), |found| judged(name, &found)))
    }

    async fn ask(&self, name: &str) -> Result<Option<AnyProfile>, NotReady> {
        let Some(api) = &self.direct else { return Ok(None) };
        let answer = tokio::time::timeout(DIRECT_LIMIT, api.get_opt(name)).await.map_err(|_| NotReady::Stale)?;
        answer.map_err(|error| {
            tracing::warn!(profile = name, %error, "the API server was asked about a profile in vain");
            NotReady::Stale
        })
    }

    /// Whether there is a profile `name`; None: nobody can tell.
    pub fn has_profile(&self, name: &str) -> Option<bool> {
        self.check().ok()?;
        Some(self.profiles.get(&ObjectRef::new(name)).is_some())
    }

    /// Whether there is an access policy `name`; None: nobody can tell.
    pub fn has_policy(&self, name: &str) -> Option<bool> {
        self.check().ok()?;
        Some(self.policies.get(&ObjectRef::new(name)).is_some())
    }

    fn check(&self) -> Result<(), NotReady> {
        let listed = self.synced().now_or_never().is_some();
        match (listed, self.freshness.is_stale()) {
            (false, _) => Err(NotReady::Syncing),
            (true, true) => Err(NotReady::Stale),
            (true, false) => Ok(()),
        }
    }
}

fn judged(name: &str, found: &AnyProfile) -> Result<Profile, NoProfile> {
    if found.meta().deletion_timestamp.is_some() {
        return Err(NoProfile::Deleted(name.to_owned()));
    }
    let broken = |why: String| NoProfile::Broken(name.to_owned(), why);
    let profile = found.0.as_ref().map_err(|error| broken(error.to_string()))?;
    profile.resolve().map_err(|problems| broken(problems.to_string()))
}
