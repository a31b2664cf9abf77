//! What is read of a cluster, as the person who asks: single GETs, lists and watches through their kubeconfig.
//! Written are locks, access requests and break-glass events, and of sessions whether they are revoked.

use std::time::Duration;

use k8s_openapi::api::authentication::v1::{SelfSubjectReview, UserInfo};
use k8s_openapi::{ClusterResourceScope, NamespaceResourceScope};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::args::ConnectArgs;
use crate::failure::Failure;

mod installation;
mod objects;
mod pages;
mod words;

pub(crate) use installation::{Table, installation_table};
pub(crate) use objects::{seen, session_of};
pub(crate) use pages::Scope;

/// An API server that takes longer doesn't answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longer than the API server lets a watch be silent.
const LONGEST_WATCH: Duration = Duration::from_mins(5);

/// A connection to an API server.
pub(crate) struct Cluster {
    runtime: Runtime,
    client: Client,
    url: String,
    /// The namespace that was asked for, or the context's.
    pub(crate) namespace: String,
}

/// The objects of a kind.
pub(crate) trait Object: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug {}

impl<K: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug> Object for K {}

impl Cluster {
    /// Reads the kubeconfig; the API server is asked first by the first read.
    pub(crate) fn connect(args: &ConnectArgs) -> Result<Self, Failure> {
        let no_runtime = |error: std::io::Error| Failure::Cluster(format!("can't ask a cluster: {error}"));
        let runtime = Builder::new_current_thread().enable_all().build().map_err(no_runtime)?;
        // The one provider of TLS; a second installation changes nothing.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut config = runtime.block_on(configuration(args))?;
        config.connect_timeout = Some(PATIENCE);
        config.read_timeout = Some(LONGEST_WATCH);
        let (url, default) = (config.cluster_url.to_string(), config.default_namespace.clone());
        // The client starts a task of its own.
        let client = runtime.block_on(async { Client::try_from(config) }).map_err(|error| words::no_cluster(&error))?;
        let namespace = args.namespace.clone().unwrap_or(default);
        Ok(Self { runtime, client, url, namespace })
    }

    /// The object of this name, of a kind that has no namespaces.
    pub(crate) fn find<K: Object + Resource<Scope = ClusterResourceScope>>(
        &self,
        name: &str,
    ) -> Result<Option<K>, Failure> {
        self.get(&Api::all(self.client.clone()), name, None)
    }

    /// The object of this name in a namespace.
    pub(crate) fn find_in<K: Object + Resource<Scope = NamespaceResourceScope>>(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<K>, Failure> {
        self.get(&Api::namespaced(self.client.clone(), namespace), name, Some(namespace))
    }

    /// All objects of a kind that has no namespaces.
    pub(crate) fn all<K: Object + Resource<Scope = ClusterResourceScope>>(&self) -> Result<Vec<K>, Failure> {
        let api: Api<K> = Api::all(self.client.clone());
        let list = self.wait(&K::plural(&()), api.list(&ListParams::default()))?;
        Ok(list.items)
    }

    /// The objects of a namespace.
    pub(crate) fn all_in<K: Object + Resource<Scope = NamespaceResourceScope>>(
        &self,
        namespace: &str,
    ) -> Result<Vec<K>, Failure> {
        let api: Api<K> = Api::namespaced(self.client.clone(), namespace);
        let what = format!("{} in namespace {namespace}", K::plural(&()));
        let list = self.wait(&what, api.list(&ListParams::default()))?;
        Ok(list.items)
    }

    /// The objects of all namespaces.
    pub(crate) fn everywhere<K: Object + Resource<Scope = NamespaceResourceScope>>(&self) -> Result<Vec<K>, Failure> {
        let api: Api<K> = Api::all(self.client.clone());
        let list = self.wait(&format!("{} -A", K::plural(&())), api.list(&ListParams::default()))?;
        Ok(list.items)
    }

    /// Makes an object of a kind that has no namespaces; what came of it. A dry run stores nothing.
    pub(crate) fn create<K>(&self, object: &K, dry_run: bool) -> Result<K, Failure>
    where
        K: Object + Resource<Scope = ClusterResourceScope> + Serialize,
    {
        let api: Api<K> = Api::all(self.client.clone());
        let params = PostParams { dry_run, ..PostParams::default() };
        self.write("create", &K::plural(&()), api.create(&params, object))
    }

    /// Changes an object in a namespace, whatever its version; what came of it.
    pub(crate) fn merge<K: Object + Resource<Scope = NamespaceResourceScope>>(
        &self,
        namespace: &str,
        name: &str,
        change: &Value,
    ) -> Result<K, Failure> {
        let api: Api<K> = Api::namespaced(self.client.clone(), namespace);
        let what = format!("{} {name} -n {namespace}", K::plural(&()));
        self.write("patch", &what, api.patch(name, &PatchParams::default(), &Patch::Merge(change)))
    }

    /// Makes an object in a namespace; what came of it. A dry run stores nothing.
    pub(crate) fn create_in<K>(&self, namespace: &str, object: &K, dry_run: bool) -> Result<K, Failure>
    where
        K: Object + Resource<Scope = NamespaceResourceScope> + Serialize,
    {
        let api: Api<K> = Api::namespaced(self.client.clone(), namespace);
        let params = PostParams { dry_run, ..PostParams::default() };
        self.write("create", &format!("{} -n {namespace}", K::plural(&())), api.create(&params, object))
    }

    /// Who the API server takes the caller for; None where it doesn't say.
    pub(crate) fn me(&self) -> Option<UserInfo> {
        let api: Api<SelfSubjectReview> = Api::all(self.client.clone());
        let asked = self.call(api.create(&PostParams::default(), &SelfSubjectReview::default())).ok()?;
        asked.ok()?.status?.user_info
    }

    /// The caller's user name.
    pub(crate) fn user(&self) -> Option<String> {
        self.me()?.username
    }

    /// Deletes an object of a kind that has no namespaces.
    pub(crate) fn delete<K: Object + Resource<Scope = ClusterResourceScope>>(&self, name: &str) -> Result<(), Failure> {
        let api: Api<K> = Api::all(self.client.clone());
        self.write("delete", &K::plural(&()), api.delete(name, &DeleteParams::default())).map(drop)
    }

    fn get<K: Object>(&self, api: &Api<K>, name: &str, namespace: Option<&str>) -> Result<Option<K>, Failure> {
        let place = namespace.map(|namespace| format!(" -n {namespace}")).unwrap_or_default();
        self.wait(&format!("{} {name}{place}", K::kind(&()).to_lowercase()), api.get_opt(name))
    }

    fn wait<T>(&self, what: &str, call: impl Future<Output = kube::Result<T>>) -> Result<T, Failure> {
        self.call(call)?.map_err(|error| words::unread(what, &self.url, &error))
    }

    fn write<T>(&self, verb: &str, what: &str, call: impl Future<Output = kube::Result<T>>) -> Result<T, Failure> {
        self.call(call)?.map_err(|error| words::unwritten(verb, what, &self.url, &error))
    }

    fn call<T>(&self, call: impl Future<Output = kube::Result<T>>) -> Result<kube::Result<T>, Failure> {
        let answer = self.runtime.block_on(async { timeout(PATIENCE, call).await });
        answer.map_err(|_| words::silent(&self.url, PATIENCE))
    }
}

async fn configuration(args: &ConnectArgs) -> Result<Config, Failure> {
    let options = KubeConfigOptions { context: args.context.clone(), ..KubeConfigOptions::default() };
    let told = match &args.kubeconfig {
        Some(file) => {
            let file = Kubeconfig::read_from(file).map_err(|error| words::no_cluster(&error))?;
            Config::from_custom_kubeconfig(file, &options).await
        }
        None if args.context.is_some() => Config::from_kubeconfig(&options).await,
        // KUBECONFIG, ~/.kube/config, or the service account of the pod that this runs in.
        None => return Config::infer().await.map_err(|error| words::no_cluster(&error)),
    };
    told.map_err(|error| words::no_cluster(&error))
}
