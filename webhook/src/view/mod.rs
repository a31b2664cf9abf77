//! What the webhook knows of the cluster, by watches: profiles, policies, live sessions, and the broker's CA bundle.
//!
//! Pods need the profiles and the bundle, requests and emergencies the policies that govern them, and nothing else here may keep
//! either waiting: what is known for warnings alone is asked for by functions that answer None where nobody can tell.

mod errors;
mod judged;
mod listing;
mod sessions;
mod watches;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::core::DeserializeGuard;
use kube::runtime::reflector::{ObjectRef, Store};
use kube::{Api, Client};
use sentinel_api::names::{BROKER_CA_CONFIG_MAP, CA_KEY};
use sentinel_api::{AccessPolicy, Profile, SentinelProfile};
use sentinel_core::policy;
use sentinel_core::policy::lint::Surroundings;
use sentinel_runtime::shutdown::CancellationToken;

use crate::freshness::Freshness;
use crate::preview::{Held, Holder};

pub use errors::{NoProfile, NotReady};
pub use judged::{judged_policy, read_policy};
pub use listing::Listing;
pub use sessions::AnySession;
pub use watches::What;

/// A profile of any shape: a broken one doesn't stop the watch of the others.
pub type AnyProfile = DeserializeGuard<SentinelProfile>;
/// A policy of any shape.
pub type AnyPolicy = DeserializeGuard<AccessPolicy>;
/// A policy that is in force; None: it can't be used.
pub type LivePolicy = Option<Arc<policy::AccessPolicy>>;
/// A policy that is in force, or why it isn't.
pub type ReadPolicy<P> = Result<Arc<P>, Arc<str>>;
/// A profile that was asked for: nobody can tell, or what there is.
pub type ProfileLookup = Result<Result<Profile, NoProfile>, NotReady>;

/// Well under the API server's patience with a webhook.
const DIRECT_LIMIT: Duration = Duration::from_secs(2);
/// Sessions can't be written to the view while they are counted.
const COUNT_LIMIT: Duration = Duration::from_millis(500);

/// A view of the cluster. Cloning gives another handle to the same.
#[derive(Clone)]
pub struct View {
    namespace: String,
    known: Known,
    freshness: Arc<Freshness>,
    /// Asked about a profile that the watch has not shown (yet).
    direct: Option<Api<AnyProfile>>,
}

/// What the watches fill.
#[derive(Clone)]
pub struct Known {
    /// The profiles, as they are.
    pub profiles: Store<AnyProfile>,
    /// The broker's CA bundle.
    pub config_maps: Store<ConfigMap>,
    /// The access policies.
    pub access_policies: Listing<LivePolicy>,
    /// The approval policies.
    pub approval_policies: Listing<ReadPolicy<policy::ApprovalPolicy>>,
    /// The break-glass policies.
    pub break_glass_policies: Listing<ReadPolicy<policy::BreakGlassPolicy>>,
    /// Names of the rate limit policies.
    pub rate_limit_policies: Listing<()>,
    /// The sessions that live.
    pub sessions: Listing<Holder>,
}

impl View {
    /// Watches until `shutdown`.
    pub fn watch(client: &Client, namespace: &str, shutdown: &CancellationToken) -> Self {
        let freshness = Arc::new(Freshness::default());
        let known = watches::spawn(client, namespace, &freshness, shutdown);
        Self { direct: Some(Api::all(client.clone())), ..Self::new(namespace, known, freshness) }
    }

    /// A view of what is known, and no more.
    pub fn new(namespace: &str, known: Known, freshness: Arc<Freshness>) -> Self {
        Self { namespace: namespace.to_owned(), known, freshness, direct: None }
    }

    /// Resolves when everything that pods need has been listed once.
    pub async fn synced(&self) {
        let writers = tokio::join!(self.known.profiles.wait_until_ready(), self.known.config_maps.wait_until_ready());
        if writers.0.is_err() || writers.1.is_err() {
            // Without a watch there is nothing to wait for: never ready.
            std::future::pending::<()>().await;
        }
    }

    /// The CA bundle for a new sidecar.
    pub fn broker_ca(&self) -> Result<String, NotReady> {
        self.check()?;
        let map = self.known.config_maps.get(&ObjectRef::new(BROKER_CA_CONFIG_MAP).within(&self.namespace));
        let bundle = map.and_then(|map| map.data.as_ref()?.get(CA_KEY).cloned());
        bundle.filter(|pem| !pem.trim().is_empty()).ok_or_else(|| NotReady::NoBundle(self.namespace.clone()))
    }

    /// The judged profile `name`. One that the watch doesn't know is asked for: it may be a moment old.
    pub async fn profile(&self, name: &str) -> ProfileLookup {
        self.check()?;
        if let Some(found) = self.known.profiles.get(&ObjectRef::new(name)) {
            return Ok(judged::judged(name, &found));
        }
        let asked = self.ask(name).await?;
        Ok(asked.map_or_else(|| Err(NoProfile::Unknown(name.to_owned())), |found| judged::judged(name, &found)))
    }

    async fn ask(&self, name: &str) -> Result<Option<AnyProfile>, NotReady> {
        let Some(api) = &self.direct else { return Ok(None) };
        let answer = tokio::time::timeout(DIRECT_LIMIT, api.get_opt(name)).await.map_err(|_| stale(What::Profiles))?;
        answer.map_err(|error| {
            tracing::warn!(profile = name, %error, "the API server was asked about a profile in vain");
            stale(What::Profiles)
        })
    }

    /// The approval policy `name`, or why it can't be used.
    pub fn approval_policy(&self, name: &str) -> Result<ReadPolicy<policy::ApprovalPolicy>, NotReady> {
        self.policy(What::ApprovalPolicies, &self.known.approval_policies, name)
    }

    /// The break-glass policy `name`, or why it can't be used.
    pub fn break_glass_policy(&self, name: &str) -> Result<ReadPolicy<policy::BreakGlassPolicy>, NotReady> {
        self.policy(What::BreakGlassPolicies, &self.known.break_glass_policies, name)
    }

    fn policy<P>(&self, what: What, all: &Listing<ReadPolicy<P>>, name: &str) -> Result<ReadPolicy<P>, NotReady> {
        self.fresh(what).ok_or_else(|| stale(what))?;
        let found = all.read(|all| all.get(name).cloned()).ok_or(NotReady::Syncing(what.name()))?;
        Ok(found.unwrap_or_else(|| Err("it does not exist".into())))
    }

    fn check(&self) -> Result<(), NotReady> {
        let listed = self.synced().now_or_never().is_some();
        let is_stale = self.freshness.is_stale(&[What::Profiles.name(), What::ConfigMaps.name()]);
        match (listed, is_stale) {
            (false, _) => Err(NotReady::Syncing(What::Profiles.name())),
            (true, true) => Err(stale(What::Profiles)),
            (true, false) => Ok(()),
        }
    }
}

/// For warnings. None: nobody can tell.
impl View {
    /// Whether there is a policy `name` of the kind.
    pub fn has_policy(&self, kind: What, name: &str) -> Option<bool> {
        self.fresh(kind)?;
        let known = &self.known;
        match kind {
            What::AccessPolicies => known.access_policies.has(name),
            What::ApprovalPolicies => known.approval_policies.has(name),
            What::BreakGlassPolicies => known.break_glass_policies.has(name),
            What::RateLimitPolicies => known.rate_limit_policies.has(name),
            What::Profiles | What::ConfigMaps | What::Sessions => None,
        }
    }

    /// What lints may know; `default_table` is the installation's, empty: none.
    pub fn surroundings(&self, default_table: &str) -> Surroundings {
        let profiles = self.profiles();
        Surroundings {
            profiles: profiles.map(|all| all.iter().map(|profile| judged::known(profile)).collect()),
            default_table: Some(!default_table.is_empty()),
        }
    }

    /// The profiles that the access policy `policy` governs.
    pub fn governed_by(&self, policy: &str) -> Option<Vec<Profile>> {
        let usable = self.profiles()?.into_iter().filter_map(|found| judged::usable(&found));
        Some(usable.filter(|profile| profile.access_policy == policy).collect())
    }

    /// The access policy `name` as far as it is in force.
    pub fn access_policy(&self, name: &str) -> Option<LivePolicy> {
        self.fresh(What::AccessPolicies)?;
        self.known.access_policies.read(|all| all.get(name).cloned().flatten())
    }

    /// Who holds live sessions on the `profiles`.
    pub fn live_sessions(&self, profiles: &[&str]) -> Option<Vec<Held>> {
        self.fresh(What::Sessions)?;
        self.known.sessions.read(|all| sessions::held(all, profiles))
    }

    /// How many of the sessions that `named` picks each service account holds. None, too, where that can't be told within a
    /// moment: a lock of very many names asks each session for each.
    pub fn count_sessions(&self, named: impl Fn(&Holder) -> bool) -> Option<BTreeMap<String, usize>> {
        self.fresh(What::Sessions)?;
        let until = Instant::now() + COUNT_LIMIT;
        self.known.sessions.read(|all| sessions::count(all, named, until))?
    }

    fn profiles(&self) -> Option<Vec<Arc<AnyProfile>>> {
        self.fresh(What::Profiles)?;
        self.known.profiles.wait_until_ready().now_or_never()?.ok()?;
        Some(self.known.profiles.state())
    }

    fn fresh(&self, what: What) -> Option<()> {
        (!self.freshness.is_stale(&[what.name()])).then_some(())
    }
}

fn stale(what: What) -> NotReady {
    NotReady::Stale(what.name())
}
