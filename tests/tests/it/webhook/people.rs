//! People who ask, approve and break the glass, before a real API server.

use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams, PostParams};
use sentinel_api::{AccessRequest, ApprovalPolicy, BreakGlassEvent, BreakGlassPolicy, SentinelProfile};
use serde_json::{Value, json};

use super::world::{SOON, World, as_person, objects};
use crate::world::eventually;

/// Somebody at the API server.
pub struct Somebody {
    pub client: Client,
    namespace: String,
}

/// Two kinds whose objects people write.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Request,
    Event,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Request => "AccessRequest",
            Self::Event => "BreakGlassEvent",
        }
    }

    /// What somebody writes who writes the least.
    pub fn spec(self, world: &World) -> Value {
        let mut spec = json!({"profile": world.namespace, "serviceAccount": "api", "duration": "30m", "justification": "the database is on fire"});
        if self == Self::Event {
            spec["reasonCode"] = json!("incident");
        }
        spec
    }
}

impl Somebody {
    /// In these groups, with this extra value; empty: none.
    pub async fn new(world: &World, user: &str, person: &str, groups: &[&str]) -> Self {
        Self { client: as_person(user, person, groups).await, namespace: world.namespace.clone() }
    }

    pub fn api(&self, kind: Kind) -> Api<DynamicObject> {
        let resource = match kind {
            Kind::Request => ApiResource::erase::<AccessRequest>(&()),
            Kind::Event => ApiResource::erase::<BreakGlassEvent>(&()),
        };
        Api::namespaced_with(self.client.clone(), &self.namespace, &resource)
    }

    /// Makes one of `kind`: its spec as it is stored.
    pub async fn make(&self, kind: Kind, name: &str, spec: &Value) -> Result<Value, String> {
        self.make_with(kind, name, spec, &PostParams::default()).await
    }

    pub async fn make_with(
        &self,
        kind: Kind,
        name: &str,
        spec: &Value,
        parameters: &PostParams,
    ) -> Result<Value, String> {
        stored(self.api(kind).create(parameters, &object(kind, name, spec)).await)
    }

    /// Merges `spec` into it.
    pub async fn change(&self, kind: Kind, name: &str, spec: &Value) -> Result<Value, String> {
        let patch = Patch::Merge(json!({"spec": spec}));
        stored(self.api(kind).patch(name, &PatchParams::default(), &patch).await)
    }

    /// By server-side apply.
    pub async fn apply(&self, kind: Kind, name: &str, spec: &Value, dry_run: bool) -> Result<Value, String> {
        let parameters = PatchParams { dry_run, ..PatchParams::apply("gitops").force() };
        stored(self.api(kind).patch(name, &parameters, &Patch::Apply(object(kind, name, spec))).await)
    }
}

pub fn object(kind: Kind, name: &str, spec: &Value) -> DynamicObject {
    let object =
        json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": kind.name(), "metadata": {"name": name}, "spec": spec});
    serde_json::from_value(object).unwrap()
}

fn stored(answer: kube::Result<DynamicObject>) -> Result<Value, String> {
    answer.map(|object| object.data["spec"].clone()).map_err(|error| error.to_string())
}

/// The profile of this test is governed: `ben`, the group `ops`, the person `eve` and a service account approve, and break the glass.
pub async fn govern(world: &World) {
    let name = &world.namespace;
    let people = json!(["ben", "ops", "eve", "system:serviceaccount:a:bot"]);
    let rules = [
        ("ApprovalPolicy", json!({"name": "approvals", "profiles": [name], "approvers": people})),
        ("BreakGlassPolicy", json!({"name": "fire", "profiles": [name], "users": people, "maxDuration": "1h"})),
    ];
    for (kind, rule) in rules {
        let object = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": {"version": "1", "publish": false, "rules": [rule]}});
        let api = if kind == "ApprovalPolicy" {
            objects::<ApprovalPolicy>(&world.client)
        } else {
            objects::<BreakGlassPolicy>(&world.client)
        };
        api.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap();
    }
    let policies = Patch::Merge(json!({"spec": {"policies": {"approval": name, "breakGlass": name}}}));
    objects::<SentinelProfile>(&world.client).patch(name, &PatchParams::default(), &policies).await.unwrap();
    let ben = Somebody::new(world, "ben", "", &[]).await;
    let dry_run = PostParams { dry_run: true, ..PostParams::default() };
    let probe = format!("{name}-probe");
    for kind in [Kind::Request, Kind::Event] {
        eventually("the webhook to know the policies", SOON, async || {
            ben.make_with(kind, &probe, &kind.spec(world), &dry_run).await.is_ok_and(|spec| spec != kind.spec(world))
        })
        .await;
    }
}

/// Puts the policy in force that guards stamps inside the API server. Objects whose names don't begin as this test's never reach
/// the webhook: so they are what an API server without it would take.
pub async fn guard_stamps(world: &World) {
    let ben = Somebody::new(world, "ben", "", &[]).await;
    let dry_run = PostParams { dry_run: true, ..PostParams::default() };
    let tried =
        async || ben.make_with(Kind::Request, "past-the-webhook", &Kind::Request.spec(world), &dry_run).await.is_ok();
    world.guard("sentinel-stamps", tried).await;
}

/// `spec` with more.
pub fn with(mut spec: Value, more: &Value) -> Value {
    json_patch::merge(&mut spec, more);
    spec
}

/// `answer` is a refusal that says `part`.
pub fn refused(answer: Result<Value, String>, part: &str) {
    let error = answer.expect_err(part);
    assert!(error.contains(part), "`{part}` is not in {error}");
}
