//! One watch for each kind, each with its own signs of life.

use std::sync::Arc;

use futures::{Stream, StreamExt as _};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::core::{DeserializeGuard, PartialObjectMeta};
use kube::runtime::reflector::{self, Store};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client, Resource};
use sentinel_api::names::BROKER_CA_CONFIG_MAP;
use sentinel_api::{ApprovalPolicy, BreakGlassPolicy, RateLimitPolicy};
use sentinel_runtime::shutdown::CancellationToken;
use sentinel_runtime::watching::backoff;
use serde::de::DeserializeOwned;

use super::{AnyPolicy, AnyProfile, AnySession, Known, Listing, judged_policy, read_policy};
use crate::freshness::Freshness;

/// What is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// SentinelProfiles.
    Profiles,
    /// The ConfigMap with the broker's CA.
    ConfigMaps,
    /// AccessPolicies.
    AccessPolicies,
    /// ApprovalPolicies.
    ApprovalPolicies,
    /// BreakGlassPolicies.
    BreakGlassPolicies,
    /// RateLimitPolicies.
    RateLimitPolicies,
    /// SentinelSessions.
    Sessions,
}

impl What {
    /// As logs name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Profiles => "SentinelProfiles",
            Self::ConfigMaps => "ConfigMaps",
            Self::AccessPolicies => "AccessPolicies",
            Self::ApprovalPolicies => "ApprovalPolicies",
            Self::BreakGlassPolicies => "BreakGlassPolicies",
            Self::RateLimitPolicies => "RateLimitPolicies",
            Self::Sessions => "SentinelSessions",
        }
    }
}

/// Begins all watches; what they know is there as soon as it is listed.
pub fn spawn(client: &Client, namespace: &str, freshness: &Arc<Freshness>, shutdown: &CancellationToken) -> Known {
    let watches = Watches { client, freshness, shutdown };
    let bundle = watcher::Config::default().fields(&format!("metadata.name={BROKER_CA_CONFIG_MAP}"));
    Known {
        profiles: watches.store(What::Profiles, Api::<AnyProfile>::all(client.clone()), watcher::Config::default()),
        config_maps: watches.store(What::ConfigMaps, Api::<ConfigMap>::namespaced(client.clone(), namespace), bundle),
        access_policies: watches.list(What::AccessPolicies, |found: &AnyPolicy| Some(judged_policy(found))),
        approval_policies: watches
            .list(What::ApprovalPolicies, |found: &DeserializeGuard<ApprovalPolicy>| Some(read_policy(found))),
        break_glass_policies: watches
            .list(What::BreakGlassPolicies, |found: &DeserializeGuard<BreakGlassPolicy>| Some(read_policy(found))),
        rate_limit_policies: watches.names::<RateLimitPolicy>(What::RateLimitPolicies),
        sessions: watches.list(What::Sessions, AnySession::holder),
    }
}

struct Watches<'a> {
    client: &'a Client,
    freshness: &'a Arc<Freshness>,
    shutdown: &'a CancellationToken,
}

impl Watches<'_> {
    /// Objects as they are, without what others noted on them.
    fn store<K>(&self, what: What, api: Api<K>, which: watcher::Config) -> Store<K>
    where
        K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned + Send + Sync + 'static,
    {
        let (store, writer) = reflector::store();
        let forget = |object: &mut K| object.meta_mut().managed_fields = None;
        self.spawn(what, watcher(api, which).backoff(backoff()).modify(forget).reflect(writer), drop);
        store
    }

    /// What `keep` keeps of objects.
    fn list<K, V>(&self, what: What, keep: fn(&K) -> Option<V>) -> Listing<V>
    where
        K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned + Send + 'static,
        V: Send + Sync + 'static,
    {
        let listing = Listing::default();
        let filled = listing.clone();
        let events = watcher(Api::<K>::all(self.client.clone()), watcher::Config::default()).backoff(backoff());
        self.spawn(what, events, move |event| filled.apply(&event, keep));
        listing
    }

    /// Names alone.
    fn names<K>(&self, what: What) -> Listing<()>
    where
        K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned + Send + 'static,
    {
        let listing = Listing::default();
        let filled = listing.clone();
        let api = Api::<PartialObjectMeta<K>>::all(self.client.clone());
        let events = watcher(api, watcher::Config::default()).backoff(backoff());
        self.spawn(what, events, move |event| filled.apply(&event, |_| Some(())));
        listing
    }

    fn spawn<E: Send + 'static>(
        &self,
        what: What,
        events: impl Stream<Item = watcher::Result<E>> + Send + 'static,
        mut take: impl FnMut(E) + Send + 'static,
    ) {
        let freshness = Arc::clone(self.freshness);
        let noting = events.for_each(move |event| {
            freshness.note(what.name(), event.map(&mut take));
            std::future::ready(())
        });
        tokio::spawn(self.shutdown.clone().run_until_cancelled_owned(noting));
    }
}
