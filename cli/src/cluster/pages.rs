//! Lists of any length, a page at a time, and what changes after them.

use std::time::Duration;

use futures::{Stream, StreamExt as _};
use k8s_openapi::NamespaceResourceScope;
use kube::api::{ApiResource, DynamicObject, ListParams, ObjectList};
use kube::core::PartialObjectMeta;
use kube::runtime::watcher::{self, Event};
use kube::{Api, Resource};
use tokio::time::{sleep, timeout};

use super::{Cluster, words};
use crate::failure::Failure;

/// How many objects come at once: an answer of a megabyte or so.
const PAGE: u32 = 500;
/// So often is a watch begun anew before it is given up.
const TRIES: u32 = 5;
const BREATH: Duration = Duration::from_millis(500);

/// Which objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    /// Of this namespace; of all, if there is none.
    pub(crate) namespace: Option<String>,
    /// As a field selector; empty: all.
    pub(crate) fields: String,
}

impl Scope {
    /// For messages.
    fn what(&self, plural: &str) -> String {
        match &self.namespace {
            Some(namespace) => format!("{plural} -n {namespace}"),
            None => format!("{plural} -A"),
        }
    }
}

impl Cluster {
    /// The object of this name, as it is stored.
    pub(crate) fn stored<K>(&self, namespace: &str, name: &str) -> Result<Option<DynamicObject>, Failure>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        let scope = Scope { namespace: Some(namespace.to_owned()), fields: String::new() };
        let what = format!("{} {name} -n {namespace}", K::kind(&()).to_lowercase());
        self.wait(&what, self.untyped::<K>(&scope).get_opt(name))
    }

    /// The objects, as they are stored.
    pub(crate) fn listed<K>(&self, scope: &Scope) -> Result<Vec<DynamicObject>, Failure>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        self.objects::<K>(scope, ListParams::default())
    }

    /// The objects as the API server has them in memory, for a person to look at: where it can't tell whether that is the newest, thousands
    /// come five times as fast. What is to be changed is [`Self::listed`].
    pub(crate) fn remembered<K>(&self, scope: &Scope) -> Result<Vec<DynamicObject>, Failure>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        self.objects::<K>(scope, ListParams::default().match_any())
    }

    fn objects<K>(&self, scope: &Scope, how: ListParams) -> Result<Vec<DynamicObject>, Failure>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        let api = self.untyped::<K>(scope);
        let how = how.fields(&scope.fields);
        self.paged(&scope.what(&K::plural(&())), how, async |params| api.list(&params).await)
    }

    /// The metadata of the objects.
    pub(crate) fn metadata<K>(&self, scope: &Scope) -> Result<Vec<PartialObjectMeta<DynamicObject>>, Failure>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        let api = self.untyped::<K>(scope);
        let how = ListParams::default().fields(&scope.fields);
        self.paged(&scope.what(&K::plural(&())), how, async |params| api.list_metadata(&params).await)
    }

    fn paged<T: Clone>(
        &self,
        what: &str,
        how: ListParams,
        fetch: impl AsyncFn(ListParams) -> kube::Result<ObjectList<T>>,
    ) -> Result<Vec<T>, Failure> {
        let first = ListParams { limit: Some(PAGE), ..how };
        let (mut all, mut next) = (Vec::new(), first.clone());
        loop {
            let page = match self.call(fetch(next.clone()))? {
                // What the API server has forgotten of a long list: from the beginning.
                Err(kube::Error::Api(status)) if status.code == 410 && next.continue_token.is_some() => {
                    (all, next) = (Vec::new(), first.clone());
                    continue;
                }
                result => result.map_err(|error| words::unread(what, &self.url, &error))?,
            };
            all.extend(page.items);
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                // The token says of which version it is.
                Some(token) => {
                    next = ListParams {
                        continue_token: Some(token),
                        version_match: None,
                        resource_version: None,
                        ..first.clone()
                    };
                }
                None => return Ok(all),
            }
        }
    }

    /// Gives `see` what there is and then every change, until it says that it has seen enough. `false`: `limit` came first.
    pub(crate) fn follow<K>(
        &self,
        scope: &Scope,
        limit: Option<Duration>,
        see: impl FnMut(Event<DynamicObject>) -> bool,
    ) -> Result<bool, Failure>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        let config = watcher::Config::default().fields(&scope.fields).page_size(PAGE);
        let events = watcher::watcher(self.untyped::<K>(scope), config);
        let seen = self.runtime.block_on(async {
            match limit {
                Some(limit) => timeout(limit, feed(events, see)).await.ok(),
                None => Some(feed(events, see).await),
            }
        });
        match seen {
            None => Ok(false),
            Some(Ok(())) => Ok(true),
            Some(Err(error)) => Err(words::unwatched(&scope.what(&K::plural(&())), &self.url, &error)),
        }
    }

    fn untyped<K>(&self, scope: &Scope) -> Api<DynamicObject>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        let resource = ApiResource::erase::<K>(&());
        match &scope.namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &resource),
            None => Api::all_with(self.client.clone(), &resource),
        }
    }
}

/// A watch that breaks is taken up again; one that fails time after time is given up.
async fn feed(
    events: impl Stream<Item = watcher::Result<Event<DynamicObject>>>,
    mut see: impl FnMut(Event<DynamicObject>) -> bool,
) -> watcher::Result<()> {
    let (mut events, mut failures) = (std::pin::pin!(events), 0);
    while let Some(event) = events.next().await {
        match event {
            Ok(event) => {
                failures = 0;
                if !see(event) {
                    return Ok(());
                }
            }
            Err(error) if failures < TRIES && !is_refusal(&error) => {
                failures += 1;
                sleep(BREATH * failures).await;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Trying again doesn't change who asks.
fn is_refusal(error: &watcher::Error) -> bool {
    use watcher::Error::{InitialListFailed, WatchFailed, WatchStartFailed};
    match error {
        InitialListFailed(error) | WatchStartFailed(error) | WatchFailed(error) => {
            matches!(error, kube::Error::Api(status) if matches!(status.code, 401 | 403))
        }
        _ => false,
    }
}
