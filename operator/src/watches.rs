//! Watches that several rooms share: one store each, and a signal that something in it changed.

use std::fmt::Debug;
use std::hash::Hash;

use futures::{Stream, StreamExt as _, stream};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::ObjectMeta;
use kube::core::{DeserializeGuard, PartialObjectMeta};
use kube::runtime::reflector::{self, Store};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client, Resource};
use sentinel_api::names::INJECTED_LABEL;
use sentinel_api::{AccessPolicy, ApprovalPolicy, BreakGlassPolicy, RateLimitPolicy, SentinelProfile};
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use crate::sessions::{PodObject, SharedSession};

/// Objects to a page of a list: what bounds the memory of reading one.
const PAGE: u32 = 100;

/// What a watch knows, and when it changes.
pub(crate) struct Watched<K: Resource + Clone + 'static>
where
    K::DynamicType: Hash + Eq + Clone,
{
    /// Every object.
    pub store: Store<K>,
    changes: watch::Receiver<u64>,
}

impl<K: Resource + Clone + 'static> Clone for Watched<K>
where
    K::DynamicType: Hash + Eq + Clone,
{
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), changes: self.changes.clone() }
    }
}

impl<K: Resource + Clone + 'static> Watched<K>
where
    K::DynamicType: Hash + Eq + Clone,
{
    /// One item for each change from now on; changes that come together may be one.
    pub fn changes(&self) -> impl Stream<Item = ()> + Send + use<K> {
        changes_of(self.changes.clone())
    }
}

/// One item for each change from now on.
pub(crate) fn changes_of<T: Send + Sync + 'static>(
    mut receiver: watch::Receiver<T>,
) -> impl Stream<Item = ()> + Send + use<T> {
    receiver.mark_unchanged();
    stream::unfold(receiver, |mut receiver| async move {
        receiver.changed().await.ok()?;
        Some(((), receiver))
    })
}

/// The watches that several rooms share. An object that can't be read stays in its store as such.
#[derive(Clone)]
pub(crate) struct Watches {
    /// Injected pods.
    pub pods: Watched<PodObject>,
    /// Sessions.
    pub sessions: Watched<DeserializeGuard<SharedSession>>,
    /// Profiles.
    pub profiles: Watched<DeserializeGuard<SentinelProfile>>,
    /// Access policies.
    pub policies: Watched<DeserializeGuard<AccessPolicy>>,
    /// Approval policies.
    pub approval_policies: Watched<DeserializeGuard<ApprovalPolicy>>,
    /// Break-glass policies.
    pub break_glass_policies: Watched<DeserializeGuard<BreakGlassPolicy>>,
    /// Rate limit policies.
    pub rate_limit_policies: Watched<DeserializeGuard<RateLimitPolicy>>,
    /// Service accounts: names and UIDs.
    pub service_accounts: Watched<PartialObjectMeta<ServiceAccount>>,
}

impl Watches {
    /// Starts them.
    pub fn spawn(client: &Client) -> Self {
        let injected = watcher::Config::default().labels(&format!("{INJECTED_LABEL}=true"));
        Self {
            pods: spawn(Api::all(client.clone()), injected, |_| ()),
            sessions: spawn(Api::all(client.clone()), watcher::Config::default(), |_| ()),
            profiles: spawn(Api::all(client.clone()), watcher::Config::default(), forget_managers),
            policies: spawn(Api::all(client.clone()), watcher::Config::default(), forget_managers),
            approval_policies: spawn(Api::all(client.clone()), watcher::Config::default(), forget_managers),
            break_glass_policies: spawn(Api::all(client.clone()), watcher::Config::default(), forget_managers),
            rate_limit_policies: spawn(Api::all(client.clone()), watcher::Config::default(), forget_managers),
            service_accounts: spawn(Api::all(client.clone()), watcher::Config::default(), keep_identity),
        }
    }

    /// One item for each change of a profile or of a policy of any kind.
    pub fn law_changes(&self) -> impl Stream<Item = ()> + Send + use<> {
        stream::select_all([
            self.profiles.changes().boxed(),
            self.policies.changes().boxed(),
            self.approval_policies.changes().boxed(),
            self.break_glass_policies.changes().boxed(),
            self.rate_limit_policies.changes().boxed(),
        ])
    }

    /// One item for each change of what requests and emergencies stand on: the law, and service accounts.
    pub fn ground_changes(&self) -> impl Stream<Item = ()> + Send + use<> {
        stream::select(self.law_changes(), self.service_accounts.changes())
    }

    /// Waits until each has seen everything once. `false`: a watch has ended, so the process is about to.
    pub async fn ready(&self) -> bool {
        self.pods.store.wait_until_ready().await.is_ok()
            && self.sessions.store.wait_until_ready().await.is_ok()
            && self.profiles.store.wait_until_ready().await.is_ok()
            && self.policies.store.wait_until_ready().await.is_ok()
            && self.approval_policies.store.wait_until_ready().await.is_ok()
            && self.break_glass_policies.store.wait_until_ready().await.is_ok()
            && self.rate_limit_policies.store.wait_until_ready().await.is_ok()
            && self.service_accounts.store.wait_until_ready().await.is_ok()
    }
}

/// Keeps `api` in a store, as `prune` leaves it. Failures are waited out; the task ends with the process.
pub(crate) fn spawn<K>(api: Api<K>, config: watcher::Config, prune: fn(&mut K)) -> Watched<K>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
{
    let (store, writer) = reflector::store();
    let (sender, changes) = watch::channel(0);
    let events = watcher(api, config.page_size(PAGE))
        .backoff(sentinel_runtime::watching::backoff())
        .modify(prune)
        .reflect(writer);
    tokio::spawn(async move {
        let mut events = std::pin::pin!(events);
        while let Some(event) = events.next().await {
            match event {
                Ok(_) => sender.send_modify(|count| *count += 1),
                Err(error) => tracing::warn!(kind = %K::kind(&()), %error, "watch interrupted; trying again"),
            }
        }
    });
    Watched { store, changes }
}

/// Nobody here reads who manages which field.
pub(crate) fn forget_managers<K: Resource>(object: &mut K) {
    object.meta_mut().managed_fields = None;
}

/// Who it is, and nothing else.
fn keep_identity<K: Resource>(object: &mut K) {
    let meta = object.meta_mut();
    *meta = ObjectMeta {
        name: meta.name.take(),
        namespace: meta.namespace.take(),
        uid: meta.uid.take(),
        resource_version: meta.resource_version.take(),
        ..ObjectMeta::default()
    };
}
