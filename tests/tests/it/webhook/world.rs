//! A webhook in this process, for one namespace.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Command;
use std::time::Duration;

use axum::Router;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, ServiceAccount};
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use kube::{Client, Config, Resource};
use sentinel_api::{AccessPolicy, SentinelProfile};
use sentinel_runtime::serving::{self, CaBundle, ServingCertificate};
use sentinel_runtime::shutdown::CancellationToken;
use sentinel_runtime::telemetry::Metrics;
use sentinel_webhook::admission::{AdmissionMetrics, router};
use sentinel_webhook::judge::Judge;
use sentinel_webhook::pods::SidecarTemplate;
use sentinel_webhook::{Desks, View};
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::world::{eventually, unique, with_namespace};

pub const SOON: Duration = Duration::from_secs(20);
/// The extra value by which people are told apart.
pub const PERSON_KEY: &str = "person";

/// One webhook, and the namespace whose pods it sees.
pub struct World {
    pub client: Client,
    pub namespace: String,
    /// The webhook itself, for who asks it directly.
    pub router: Router,
    tls: serving::TlsConfig,
    bundle: CaBundle,
    stop: CancellationToken,
}

/// Runs `test` with a webhook that is installed.
pub async fn with_webhook(test: impl AsyncFnOnce(&World)) {
    with_namespace(async |client, namespace| {
        let world = World::start(client, namespace).await;
        test(&world).await;
        world.stop.cancel();
        for kind in ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"] {
            let _ = configurations(&world.client, kind).delete(&world.namespace, &DeleteParams::default()).await;
        }
    })
    .await;
}

impl World {
    async fn start(client: Client, namespace: String) -> Self {
        prepare(&client, &namespace).await;
        let stop = CancellationToken::new();
        let names = vec!["localhost".to_owned()];
        let certificate = ServingCertificate::start(
            client.clone(),
            &namespace,
            "sentinel-webhook-tls",
            "sentinel-webhook-ca",
            names,
            serving::Policy::default(),
            stop.clone(),
        );
        let (tls, bundle) = certificate.await.unwrap();
        let bundle = bundle.borrow().clone();
        let mut world = Self { client, namespace, router: Router::new(), tls, bundle, stop };
        world.profile(&json!({"sessionTable": "sentinel-sessions"})).await;
        let view = View::watch(&world.client, &world.namespace, &world.stop);
        view.synced().await;
        let metrics = AdmissionMetrics::new(&Metrics::new("webhook").unwrap()).unwrap();
        let judge = Judge {
            view,
            sidecar: template(),
            default_table: String::new(),
            person_key: PERSON_KEY.to_owned(),
            metrics,
            desks: Desks::default(),
        };
        world.leave_an_invalid_policy().await;
        world.router = router(judge);
        let port = world.serve(world.router.clone());
        world.install(port).await;
        world
    }

    /// The profile of this test has the namespace's name.
    pub async fn profile(&self, extra: &Value) {
        let mut spec = json!({"roleArn": "arn:aws:iam::111122223333:role/prod", "region": "eu-west-1"});
        spec.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let profile: SentinelProfile = serde_json::from_value(
            json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "SentinelProfile", "metadata": {"name": self.namespace}, "spec": spec}),
        )
        .unwrap();
        Api::all(self.client.clone()).create(&PostParams::default(), &profile).await.unwrap();
    }

    /// Let in by an older version, as it were.
    async fn leave_an_invalid_policy(&self) {
        let policy = json!({
            "apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessPolicy",
            "metadata": {"name": format!("{}-old", self.namespace), "finalizers": ["sentinel.dev/parameter"]},
            "spec": {"version": "1", "rules": [{"name": "r", "effect": "allow", "user": "x"}]},
        });
        let policy = serde_json::from_value(policy).unwrap();
        objects::<AccessPolicy>(&self.client).create(&PostParams::default(), &policy).await.unwrap();
    }

    /// Serves over TLS on a port of loopback, until the webhook is stopped.
    pub fn serve(&self, router: Router) -> u16 {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        tokio::spawn(serving::serve_tls(address, router, self.tls.clone(), self.stop.clone()));
        port
    }

    /// The webhook goes down, and its configurations stay.
    pub async fn go_down(&self) {
        self.stop.cancel();
        eventually("the webhook to be down", SOON, async || {
            let error = self.create_pod("down", json!({})).await.err();
            error.is_some_and(|message| message.contains("failed calling webhook"))
        })
        .await;
    }

    pub fn pods(&self) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &self.namespace, &ApiResource::erase::<Pod>(&()))
    }

    /// Makes a pod that asks for the profile, with `changes` merged into it.
    pub async fn create_pod(&self, name: &str, changes: Value) -> Result<Value, String> {
        let mut pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "annotations": {"sentinel.dev/profile": self.namespace}},
            "spec": {"containers": [{"name": "app", "image": "app:1"}], "serviceAccountName": "default"},
        });
        json_patch::merge(&mut pod, &changes);
        let pod: DynamicObject = serde_json::from_value(pod).unwrap();
        let made = self.pods().create(&PostParams::default(), &pod).await;
        made.map(|pod| serde_json::to_value(pod).unwrap()).map_err(|error| error.to_string())
    }

    pub async fn merge_pod(&self, name: &str, changes: &Value) -> Result<(), String> {
        let patched = self.pods().patch(name, &PatchParams::default(), &Patch::Merge(changes)).await;
        patched.map(drop).map_err(|error| error.to_string())
    }

    /// Puts the chart's policy `name` in force for this test's namespace only; `tried` does what it refuses.
    pub async fn guard(&self, name: &str, tried: impl AsyncFn() -> bool) {
        let own = unique(name);
        for mut object in rendered("templates/admission/policies.yaml") {
            if object["metadata"]["name"] != name {
                continue;
            }
            object["metadata"] = json!({"name": own});
            if object["kind"] == "ValidatingAdmissionPolicy" {
                object["spec"]["matchConstraints"]["namespaceSelector"] =
                    json!({"matchLabels": {"kubernetes.io/metadata.name": self.namespace}});
            } else {
                object["spec"]["policyName"] = json!(own);
            }
            create_configuration(&self.client, object).await;
        }
        eventually("the policy to be in force", SOON, async || !tried().await).await;
    }

    /// Another mutating webhook, which runs after ours.
    pub async fn another_mutator(&self, router: Router) {
        let client_config = self.client_config(self.serve(router), "/");
        let name = format!("zz-{}", self.namespace);
        let configuration = json!({
            "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": name},
            "webhooks": [{
                "name": "zz.example.test", "clientConfig": client_config, "sideEffects": "None", "admissionReviewVersions": ["v1"],
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.namespace}},
                "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}],
            }],
        });
        create_configuration(&self.client, configuration).await;
    }

    /// The chart's configurations, aimed at this process and at this test's objects only.
    async fn install(&self, port: u16) {
        for mut configuration in rendered("templates/admission/webhooks.yaml") {
            configuration["metadata"] = json!({"name": self.namespace});
            for webhook in configuration["webhooks"].as_array_mut().unwrap() {
                let path = webhook["clientConfig"]["service"]["path"].as_str().unwrap().to_owned();
                webhook["clientConfig"] = self.client_config(port, &path);
                if path.ends_with("/objects") {
                    let expression = format!(
                        "((object != null ? object : oldObject).metadata.?name.orValue('') + '-').startsWith('{}-')",
                        self.namespace
                    );
                    let mut conditions = webhook["matchConditions"].as_array().cloned().unwrap_or_default();
                    conditions.push(json!({"name": "of-this-test", "expression": expression}));
                    webhook["matchConditions"] = conditions.into();
                } else {
                    webhook["namespaceSelector"] =
                        json!({"matchLabels": {"kubernetes.io/metadata.name": self.namespace}});
                }
            }
            create_configuration(&self.client, configuration).await;
        }
        eventually("the API server to call the webhook", SOON, async || {
            let refused = self.create_pod("probe", json!({"spec": {"hostNetwork": true}})).await;
            let _ = self.pods().delete("probe", &DeleteParams::default()).await;
            refused.is_err_and(|message| message.contains("no AWS credentials for this pod"))
        })
        .await;
        eventually("the API server to call for objects", SOON, async || {
            let policy = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessPolicy", "metadata": {"name": format!("{}-probe", self.namespace)},
                "spec": {"version": "1", "rules": [{"name": "r", "effect": "allow", "user": "x"}]}});
            let made = objects::<AccessPolicy>(&self.client).create(&PostParams { dry_run: true, ..Default::default() }, &serde_json::from_value(policy).unwrap()).await;
            made.is_err()
        })
        .await;
    }

    fn client_config(&self, port: u16, path: &str) -> Value {
        let bundle = k8s_openapi::ByteString(self.bundle.pem().as_bytes().to_vec());
        json!({"url": format!("https://localhost:{port}{path}"), "caBundle": bundle})
    }
}

pub fn template() -> SidecarTemplate {
    SidecarTemplate {
        version: "1.2.3".into(),
        image: "example.test/sentinel-sidecar:1".into(),
        image_pull_policy: "IfNotPresent".into(),
        resources: sentinel_webhook::pods::Resources {
            cpu_request: "5m".into(),
            cpu_limit: "200m".into(),
            memory_request: "16Mi".into(),
            memory_limit: "32Mi".into(),
        },
        broker_url: "https://sentinel-broker.sentinel-system.svc".parse().unwrap(),
    }
}

/// Objects of a cluster-wide kind, untyped.
pub fn objects<K: Resource<DynamicType = ()>>(client: &Client) -> Api<DynamicObject> {
    Api::all_with(client.clone(), &ApiResource::erase::<K>(&()))
}

/// What a broker and a service-account controller would have made.
async fn prepare(client: &Client, namespace: &str) {
    let bundle = json!({"metadata": {"name": "sentinel-broker-ca"}, "data": {"ca.crt": "a bundle"}});
    let account = json!({"metadata": {"name": "default"}});
    let bundle: ConfigMap = serde_json::from_value(bundle).unwrap();
    let account: ServiceAccount = serde_json::from_value(account).unwrap();
    Api::namespaced(client.clone(), namespace).create(&PostParams::default(), &bundle).await.unwrap();
    Api::namespaced(client.clone(), namespace).create(&PostParams::default(), &account).await.unwrap();
}

fn configurations(client: &Client, kind: &str) -> Api<DynamicObject> {
    let gvk = kube::core::GroupVersionKind::gvk("admissionregistration.k8s.io", "v1", kind);
    Api::all_with(client.clone(), &ApiResource::from_gvk(&gvk))
}

async fn create_configuration(client: &Client, mut configuration: Value) {
    configuration["apiVersion"] = json!("admissionregistration.k8s.io/v1");
    let kind = configuration["kind"].as_str().unwrap().to_owned();
    let object = serde_json::from_value(configuration).unwrap();
    configurations(client, &kind).create(&PostParams::default(), &object).await.unwrap();
}

/// The API server as somebody who may do everything that RBAC can say, in these groups and with this extra value (empty: none).
pub async fn as_person(user: &str, person: &str, groups: &[&str]) -> Client {
    let mut config = Config::infer().await.unwrap();
    config.auth_info.impersonate = Some(user.to_owned());
    config.auth_info.impersonate_groups =
        Some(groups.iter().chain(&["system:masters"]).map(|group| (*group).to_owned()).collect());
    if !person.is_empty() {
        let header = format!("impersonate-extra-{PERSON_KEY}").parse().unwrap();
        config.headers.push((header, person.parse().unwrap()));
    }
    Client::try_from(config).unwrap()
}

/// The objects of a template of the chart, of an installation that tells people apart by [`PERSON_KEY`].
pub fn rendered(template: &str) -> Vec<Value> {
    let chart = concat!(env!("CARGO_MANIFEST_DIR"), "/../charts/sentinel");
    let arguments = ["template", "sentinel", chart, "--namespace", "sentinel-system", "--show-only", template];
    let person = ["--set".to_owned(), format!("personExtraKey={PERSON_KEY}")];
    let output =
        Command::new("helm").args(arguments).args(person).output().expect("helm, which `e2e/install helm` installs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    serde_yaml::Deserializer::from_str(&text)
        .map(|document| Value::deserialize(document).unwrap())
        .filter(|value| !value.is_null())
        .collect()
}
