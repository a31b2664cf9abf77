//! One policy and its parameter, of whatever kind.

use std::time::Duration;

use kube::Client;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::GroupVersionKind;
use sentinel_api::{ConditionStatus, PolicyStatus};
use sentinel_aws::{Parameter, Parameters};
use serde::Deserialize as _;
use serde_json::{Value, json};

use super::world::{SOON, operator};
use crate::aws_wire::emulators;
use crate::definitions::cases::{ACCESS, Kind};
use crate::world::{client, eventually, unique};

/// One policy and its parameter.
pub struct Story {
    pub client: Client,
    pub policies: Api<DynamicObject>,
    pub ssm: Parameters,
    pub kind: Kind,
    pub name: String,
}

impl Story {
    /// Of an access policy.
    pub async fn begin(name: &str) -> Self {
        Self::of(ACCESS, name).await
    }

    pub async fn of(kind: Kind, name: &str) -> Self {
        let client = client().await;
        operator();
        let gvk = GroupVersionKind::gvk("sentinel.dev", "v1alpha1", kind.name);
        let resource = ApiResource::from_gvk_with_plural(&gvk, kind.plural);
        let policies = Api::all_with(client.clone(), &resource);
        Self { client, policies, ssm: emulators().await.parameters(), kind, name: unique(name) }
    }

    pub fn parameter(&self) -> String {
        format!("/sentinel/{}/{}", self.kind.folder, self.name)
    }

    pub async fn value(&self) -> Option<String> {
        self.parameter_now().await.map(|parameter| parameter.value)
    }

    pub async fn version(&self) -> Option<i64> {
        self.parameter_now().await.map(|parameter| parameter.version)
    }

    /// moto may trip over another thread's write and answer 500, with a page in HTML: what waiting mends is asked again.
    async fn parameter_now(&self) -> Option<Parameter> {
        loop {
            match self.ssm.get(&self.parameter()).await {
                Err(error) if error.kind.is_transient() => tokio::time::sleep(Duration::from_millis(100)).await,
                answer => return answer.unwrap(),
            }
        }
    }

    pub fn manifest(&self, spec: &Value) -> Value {
        json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": self.kind.name, "metadata": {"name": self.name}, "spec": spec})
    }

    pub async fn apply(&self, spec: Value) {
        let policy: DynamicObject = serde_json::from_value(self.manifest(&spec)).unwrap();
        self.policies.create(&PostParams::default(), &policy).await.unwrap();
    }

    pub async fn merge(&self, patch: Value) {
        self.policies.patch(&self.name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    }

    pub async fn delete(&self) {
        self.policies.delete(&self.name, &DeleteParams::default()).await.unwrap();
        eventually("the policy to go", SOON, async || self.policies.get_opt(&self.name).await.unwrap().is_none()).await;
    }

    pub async fn status(&self) -> Option<PolicyStatus> {
        let policy = self.policies.get(&self.name).await.unwrap();
        policy.data.get("status").map(|status| PolicyStatus::deserialize(status).unwrap())
    }

    /// Status, reason and message of a condition of the current generation.
    pub async fn condition(&self, type_: &str) -> Option<(ConditionStatus, String, String)> {
        let policy = self.policies.get(&self.name).await.unwrap();
        let status = PolicyStatus::deserialize(policy.data.get("status")?).unwrap();
        let found = status.conditions.into_iter().find(|one| one.type_ == type_)?;
        let current = found.observed_generation == policy.metadata.generation;
        current.then_some((found.status, found.reason, found.message))
    }

    pub async fn says(&self, type_: &str, status: ConditionStatus, reason: &str) {
        let what = format!("{} to say {type_} {status:?} {reason}", self.name);
        eventually(&what, SOON, async || {
            self.condition(type_).await.is_some_and(|found| (found.0, found.1.as_str()) == (status, reason))
        })
        .await;
    }

    pub async fn holds(&self, value: &str) {
        eventually(&format!("{} to hold what it should", self.parameter()), SOON, async || {
            self.value().await.as_deref() == Some(value)
        })
        .await;
    }

    pub async fn is_absent(&self) {
        eventually(&format!("{} to be absent", self.parameter()), SOON, async || self.value().await.is_none()).await;
    }
}
