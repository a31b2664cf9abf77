//! The simulated cluster: nodes for kwok, one profile, a policy, and pods that go through the real webhook.

use std::time::Duration;

use anyhow::Context as _;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Node, Pod, ServiceAccount};
use kube::api::{ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use sentinel_api::names::{BROKER_CA_CONFIG_MAP, CA_KEY, INJECTED_LABEL, PROFILE_ANNOTATION};
use sentinel_api::{AccessLock, AccessPolicy, Phase, SentinelProfile, SentinelSession};
use sentinel_core::protocol::BROKER_AUDIENCE;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// Everything here has this name, or begins with it.
pub const NAME: &str = "scale";
const PODS_OF_A_NODE: usize = 100;
const PODS_OF_A_NAMESPACE: usize = 500;
const AT_A_TIME: usize = 32;
const TRIES: usize = 5;
const NAMESPACE: &str = "sentinel-system";

/// The cluster.
pub struct Place {
    client: Client,
    pods: usize,
}

impl Place {
    /// The cluster of the environment's kubeconfig, for so many pods.
    pub async fn new(pods: usize) -> anyhow::Result<Self> {
        Ok(Self { client: Client::try_default().await.context("the API server")?, pods })
    }

    /// Makes everything but the pods.
    pub async fn prepare(&self) -> anyhow::Result<()> {
        let taint = json!([{"key": "kwok.x-k8s.io/node", "value": "fake", "effect": "NoSchedule"}]);
        let size = json!({"cpu": "64", "memory": "256Gi", "pods": "110"});
        for number in 0..self.pods.div_ceil(PODS_OF_A_NODE) {
            let node = json!({"metadata": {"name": node(number), "annotations": {"kwok.x-k8s.io/node": "fake"}},
                "spec": {"taints": taint}, "status": {"allocatable": size, "capacity": size}});
            self.create::<Node>(Api::all(self.client.clone()), node).await?;
        }
        for number in 0..self.pods.div_ceil(PODS_OF_A_NAMESPACE) {
            let namespace = namespace(number);
            self.create::<Namespace>(Api::all(self.client.clone()), json!({"metadata": {"name": namespace}})).await?;
            let accounts = Api::<ServiceAccount>::namespaced(self.client.clone(), &namespace);
            self.create(accounts, json!({"metadata": {"name": "api"}})).await?;
        }
        let profile = json!({"roleArn": "arn:aws:iam::123456789012:role/scale", "region": "eu-west-1"});
        self.create::<SentinelProfile>(Api::all(self.client.clone()), of_kind("SentinelProfile", NAME, &profile))
            .await?;
        let rule = json!({"name": "all", "effect": "require_server_session", "conditions": {"profiles": [NAME]}});
        let policy = json!({"version": "1", "rules": [rule]});
        self.create::<AccessPolicy>(Api::all(self.client.clone()), of_kind("AccessPolicy", NAME, &policy)).await
    }

    /// Makes the pods; how long that took.
    pub async fn make_pods(&self) -> anyhow::Result<Duration> {
        let start = Instant::now();
        let made = (0..self.pods).map(|number| self.make_pod(number)).collect::<Vec<_>>();
        stream::iter(made).buffer_unordered(AT_A_TIME).try_collect::<()>().await?;
        Ok(start.elapsed())
    }

    async fn make_pod(&self, number: usize) -> anyhow::Result<()> {
        let name = pod(number);
        let object = json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "labels": {"app": "api"}, "annotations": {PROFILE_ANNOTATION: NAME}},
            "spec": {"serviceAccountName": "api", "nodeName": node(number / PODS_OF_A_NODE),
                "tolerations": [{"operator": "Exists"}], "containers": [{"name": "app", "image": "app:1"}]}});
        let namespace = namespace(number / PODS_OF_A_NAMESPACE);
        let pods: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &namespace, &ApiResource::erase::<Pod>(&()));
        let object = serde_json::from_value(object)?;
        let mut made = pods.create(&PostParams::default(), &object).await;
        // As a ReplicaSet does it.
        for _ in 0..TRIES {
            if made.is_ok() {
                break;
            }
            sleep(Duration::from_millis(200)).await;
            made = pods.create(&PostParams::default(), &object).await;
        }
        let labels = made.with_context(|| format!("pod {name}"))?.metadata.labels.unwrap_or_default();
        anyhow::ensure!(labels.contains_key(INJECTED_LABEL), "pod {name} was not injected");
        Ok(())
    }

    /// Waits until kwok has every pod running.
    pub async fn await_running(&self, limit: Duration) -> anyhow::Result<()> {
        let (start, pods) = (Instant::now(), Api::<Pod>::all(self.client.clone()));
        let running = ListParams::default().fields("status.phase=Running").match_any();
        loop {
            let found = pods.list_metadata(&running).await?.items.len();
            if found >= self.pods {
                return Ok(());
            }
            anyhow::ensure!(start.elapsed() < limit, "{found} of {} pods are running after {limit:?}", self.pods);
            sleep(Duration::from_secs(1)).await;
        }
    }

    /// A token for each pod, as the kubelet asks for it.
    pub async fn tokens(&self) -> anyhow::Result<Vec<String>> {
        let tokens = (0..self.pods).map(|number| self.token(number)).collect::<Vec<_>>();
        stream::iter(tokens).buffered(AT_A_TIME).try_collect().await
    }

    async fn token(&self, number: usize) -> anyhow::Result<String> {
        let (name, namespace) = (pod(number), namespace(number / PODS_OF_A_NAMESPACE));
        let pod = Api::<Pod>::namespaced(self.client.clone(), &namespace).get_metadata(&name).await?;
        let bound = json!({"apiVersion": "v1", "kind": "Pod", "name": name, "uid": pod.metadata.uid});
        let request = json!({"metadata": {}, "spec": {"audiences": [BROKER_AUDIENCE], "boundObjectRef": bound}});
        let request: TokenRequest = serde_json::from_value(request)?;
        let accounts = Api::<ServiceAccount>::namespaced(self.client.clone(), &namespace);
        let answer = accounts.create_token_request("api", &PostParams::default(), &request).await?;
        answer.status.map(|status| status.token).context("no token")
    }

    /// The broker's CA bundle, as the webhook gives it to sidecars.
    pub async fn bundle(&self) -> anyhow::Result<String> {
        let maps: Api<ConfigMap> = Api::namespaced(self.client.clone(), NAMESPACE);
        let map = maps.get(BROKER_CA_CONFIG_MAP).await?;
        map.data.and_then(|mut data| data.remove(CA_KEY)).context("the broker's CA bundle is not published")
    }

    /// Waits until so many sessions are in `phase`; how long that took.
    pub async fn await_sessions(&self, count: usize, phase: Phase, limit: Duration) -> anyhow::Result<Duration> {
        let start = Instant::now();
        loop {
            let sessions = self.sessions().await?;
            let of_phase =
                |one: &&SentinelSession| one.status.as_ref().map_or(Phase::Pending, |status| status.phase) == phase;
            let found = sessions.iter().filter(of_phase).count();
            if found >= count {
                return Ok(start.elapsed());
            }
            anyhow::ensure!(start.elapsed() < limit, "{found} of {count} sessions are {phase:?} after {limit:?}");
            sleep(Duration::from_secs(1)).await;
        }
    }

    /// Locks every namespace.
    pub async fn lock(&self) -> anyhow::Result<()> {
        let spec = json!({"namespaces": ["*"], "reason": "the scale run locks everything"});
        self.create::<AccessLock>(Api::all(self.client.clone()), of_kind("AccessLock", NAME, &spec)).await
    }

    /// Opens the lock.
    pub async fn unlock(&self) -> anyhow::Result<()> {
        let locks: Api<AccessLock> = Api::all(self.client.clone());
        locks.delete(NAME, &DeleteParams::default()).await?;
        Ok(())
    }

    /// Revokes so many sessions, as fast as the API server takes it.
    pub async fn revoke(&self, count: usize) -> anyhow::Result<()> {
        let sessions = self.sessions().await?;
        let revoked =
            sessions.into_iter().take(count).map(|session| self.revoke_one(session.metadata)).collect::<Vec<_>>();
        stream::iter(revoked).buffer_unordered(AT_A_TIME).try_collect().await
    }

    async fn revoke_one(&self, meta: kube::api::ObjectMeta) -> anyhow::Result<()> {
        let (namespace, name) = (meta.namespace.unwrap_or_default(), meta.name.unwrap_or_default());
        let patch = json!({"spec": {"revoked": true, "revokedReason": "the scale run revokes many"}});
        let sessions: Api<SentinelSession> = Api::namespaced(self.client.clone(), &namespace);
        sessions.patch(&name, &PatchParams::default(), &Patch::Merge(patch)).await.map(drop).context(name)
    }

    async fn sessions(&self) -> anyhow::Result<Vec<SentinelSession>> {
        // From the API server's cache, as a watch would begin.
        let params = ListParams::default().match_any();
        Ok(Api::<SentinelSession>::all(self.client.clone()).list(&params).await?.items)
    }

    async fn create<K>(&self, api: Api<K>, object: Value) -> anyhow::Result<()>
    where
        K: kube::Resource<DynamicType = ()> + serde::Serialize + serde::de::DeserializeOwned + Clone + std::fmt::Debug,
    {
        let object: K = serde_json::from_value(object)?;
        api.create(&PostParams::default(), &object).await.map(drop).with_context(|| K::kind(&()).into_owned())
    }
}

fn of_kind(kind: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

fn node(number: usize) -> String {
    format!("{NAME}-{number}")
}

fn namespace(number: usize) -> String {
    format!("{NAME}-{number}")
}

fn pod(number: usize) -> String {
    format!("api-6c9f7d8b5-{number:05}")
}
