//! What requests and emergencies stand on: a namespace with a service account, and a profile with policies of its own.

use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, ObjectMeta, Patch, PatchParams, PostParams};
use kube::core::NamespaceResourceScope;
use kube::{Client, Resource};
use sentinel_api::{ApprovalPolicy, BreakGlassPolicy, Condition, ConditionStatus, RateLimitPolicy, SentinelProfile};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::world::operator;
use crate::world::{unique, with_namespace};

pub const ROLE: &str = "arn:aws:iam::111122223333:role/prod";

/// The ground of one story.
#[derive(Clone)]
pub struct Ground {
    pub client: Client,
    pub namespace: String,
    /// The profile and all of its policies.
    pub name: String,
}

impl Ground {
    /// A story on ground of its own. `approval`, `glass` and `limits`: rules of the policies.
    pub async fn with<F: Future<Output = ()>>(rules: Value, story: impl FnOnce(Self) -> F) {
        with_namespace(async |client, namespace| {
            operator();
            let ground = Self { client, namespace, name: unique("ground") };
            ground.account().await;
            ground.lay(&rules).await;
            ground.profile(&rules).await;
            story(ground).await;
        })
        .await;
    }

    async fn lay(&self, rules: &Value) {
        for (key, resource) in [
            ("approval", ApiResource::erase::<ApprovalPolicy>(&())),
            ("breakGlass", ApiResource::erase::<BreakGlassPolicy>(&())),
            ("rateLimit", ApiResource::erase::<RateLimitPolicy>(&())),
        ] {
            if !rules[key].is_null() {
                self.make(&resource, &json!({"version": "1", "publish": false, "rules": rules[key]})).await;
            }
        }
    }

    async fn profile(&self, rules: &Value) {
        let names = rules.as_object().unwrap().keys().map(|key| (key.clone(), json!(self.name)));
        let policies = Value::Object(names.collect());
        let spec = json!({"roleArn": ROLE, "region": "eu-west-1", "policies": policies});
        self.make(&ApiResource::erase::<SentinelProfile>(&()), &spec).await;
    }

    async fn make(&self, resource: &ApiResource, spec: &Value) {
        let object = json!({"apiVersion": resource.api_version, "kind": resource.kind, "metadata": {"name": self.name}, "spec": spec});
        let api: Api<DynamicObject> = Api::all_with(self.client.clone(), resource);
        api.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap();
    }

    /// Points the profile at another role.
    pub async fn retarget(&self, role: &str) {
        let profiles: Api<SentinelProfile> = Api::all(self.client.clone());
        let patch = json!({"spec": {"roleArn": role}});
        profiles.patch(&self.name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    }

    /// Makes the service account `api`; its UID.
    pub async fn account(&self) -> String {
        let metadata = ObjectMeta { name: Some("api".to_owned()), ..ObjectMeta::default() };
        let account = ServiceAccount { metadata, ..ServiceAccount::default() };
        self.accounts().create(&PostParams::default(), &account).await.unwrap().metadata.uid.unwrap()
    }

    /// Its UID now.
    pub async fn account_uid(&self) -> String {
        self.accounts().get("api").await.unwrap().metadata.uid.unwrap()
    }

    /// Deletes the service account and makes it again.
    pub async fn account_again(&self) {
        self.accounts().delete("api", &DeleteParams::default()).await.unwrap();
        self.account().await;
    }

    fn accounts(&self) -> Api<ServiceAccount> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Objects of one kind in the namespace.
    pub fn all<K>(&self) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }
}

/// An object of `kind` with this spec.
pub fn object<K: DeserializeOwned>(kind: &str, name: &str, spec: &Value) -> K {
    let object = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec});
    serde_json::from_value(object).unwrap()
}

/// `<status> <reason>` of a condition; empty where it isn't there.
pub fn says(conditions: &[Condition], type_: &str) -> String {
    let found = conditions.iter().find(|one| one.type_ == type_);
    found.map_or_else(String::new, |one| format!("{} {}", one.status == ConditionStatus::True, one.reason))
}
