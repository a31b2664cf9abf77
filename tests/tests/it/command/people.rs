//! People who ask and decide, the law that names them, and what an operator says to them.
//!
//! No operator need run: its statuses are written here, where it hasn't written them first. The law is such that it would say
//! the same.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use k8s_openapi::api::core::v1::ServiceAccount;
use kube::Client;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, ObjectMeta, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::{sentinel, sentinel_to};
use crate::world::{eventually, with_namespace};

/// Nobody here waits for long, but the machine may be busy.
const SOON: Duration = Duration::from_mins(1);

/// Asks, and breaks the glass.
pub const EVE: &str = "eve@x.test";
/// Approves.
pub const BEN: &str = "ben@x.test";

/// A namespace and a profile of its own, under the same name, with service account `api`.
pub struct Scene {
    pub client: Client,
    pub name: String,
    eve: NamedTempFile,
    ben: NamedTempFile,
}

pub async fn scene(play: impl AsyncFnOnce(&Scene)) {
    with_namespace(async |client, name| {
        let scene = Scene { client, name, eve: kubeconfig(EVE), ben: kubeconfig(BEN) };
        scene.law().await;
        play(&scene).await;
        scene.no_law().await;
    })
    .await;
}

/// That of the tests, as somebody else.
fn kubeconfig(user: &str) -> NamedTempFile {
    let text = std::fs::read_to_string(std::env::var_os("KUBECONFIG").unwrap()).unwrap();
    let mut config: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    config["users"][0]["user"]["as"] = user.into();
    config["users"][0]["user"]["as-groups"] = serde_yaml::Value::Sequence(vec!["system:masters".into()]);
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(serde_yaml::to_string(&config).unwrap().as_bytes()).unwrap();
    file
}

impl Scene {
    fn cluster_wide(&self, kind: &str) -> Api<DynamicObject> {
        Api::all_with(self.client.clone(), &resource(kind))
    }

    async fn law(&self) {
        let name = self.name.as_str();
        let rule = |key: &str, value: Value| json!({"name": "ops", "profiles": [name], key: value});
        let policy = |rule: Value| json!({"version": "1", "publish": false, "rules": [rule]});
        let profile = json!({"roleArn": "arn:aws:iam::111122223333:role/prod", "region": "eu-west-1", "policies": {"approval": name, "breakGlass": name}});
        for (kind, spec) in [
            ("ApprovalPolicy", policy(rule("approvers", json!([BEN])))),
            ("BreakGlassPolicy", policy(rule("users", json!([EVE])))),
            ("SentinelProfile", profile),
        ] {
            let object =
                json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec});
            self.cluster_wide(kind)
                .create(&PostParams::default(), &serde_json::from_value(object).unwrap())
                .await
                .unwrap();
        }
        let account = ServiceAccount {
            metadata: ObjectMeta { name: Some("api".to_owned()), ..ObjectMeta::default() },
            ..ServiceAccount::default()
        };
        let accounts: Api<ServiceAccount> = Api::namespaced(self.client.clone(), name);
        accounts.create(&PostParams::default(), &account).await.unwrap();
    }

    async fn no_law(&self) {
        for kind in ["SentinelProfile", "BreakGlassPolicy", "ApprovalPolicy"] {
            self.cluster_wide(kind).delete(&self.name, &DeleteParams::default()).await.unwrap();
        }
    }

    /// The objects of a kind, here.
    pub fn objects(&self, kind: &str) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), &self.name, &resource(kind))
    }

    pub async fn object(&self, kind: &str, name: &str) -> Option<Value> {
        let object = self.objects(kind).get_opt(name).await.unwrap();
        object.map(|object| serde_json::to_value(object).unwrap())
    }

    /// Waits until the object's spec has this key.
    pub async fn spec(&self, kind: &str, name: &str, key: &str) -> Value {
        let found = Mutex::new(Value::Null);
        eventually(&format!("{kind} {name} to have spec.{key}"), SOON, async || {
            let object = self.object(kind, name).await.unwrap_or_default();
            *found.lock().unwrap() = object["spec"].clone();
            !object["spec"][key].is_null()
        })
        .await;
        found.into_inner().unwrap()
    }

    /// Writes this, unless an operator was there first.
    pub async fn operator_says(&self, kind: &str, name: &str, status: &Value) {
        let _ = self
            .objects(kind)
            .patch_status(name, &PatchParams::default(), &Patch::Merge(json!({"status": status})))
            .await;
        eventually(&format!("{kind} {name} to be {}", status["phase"]), SOON, async || {
            let object = self.object(kind, name).await.unwrap_or_default();
            object["status"]["phase"] == status["phase"]
        })
        .await;
    }

    /// The words of a command, as somebody, in this namespace.
    fn words(&self, who: &str, words: &[&str]) -> Vec<String> {
        let file = if who == EVE { &self.eve } else { &self.ben };
        let place = ["--kubeconfig", file.path().to_str().unwrap(), "-n", &self.name];
        words.iter().copied().chain(place).map(str::to_owned).collect()
    }

    /// Runs a command as somebody.
    pub async fn run(&self, who: &str, words: &[&str]) -> sentinel_cli::Output {
        let words = self.words(who, words);
        sentinel(&words.iter().map(String::as_str).collect::<Vec<_>>()).await
    }

    /// Begins a command as somebody, which goes on until it is done.
    pub fn begin(&self, who: &str, words: &[&str]) -> Running {
        let (words, told) = (self.words(who, words), Told::default());
        let out = told.clone();
        let done =
            tokio::spawn(async move { sentinel_to(&words.iter().map(String::as_str).collect::<Vec<_>>(), out).await });
        Running { told, done }
    }
}

fn resource(kind: &str) -> ApiResource {
    let plural = match kind {
        kind if kind.ends_with("Policy") => kind.to_lowercase().replace("policy", "policies"),
        kind => format!("{}s", kind.to_lowercase()),
    };
    let (group, version) = ("sentinel.dev".to_owned(), "v1alpha1".to_owned());
    ApiResource { api_version: format!("{group}/{version}"), group, version, kind: kind.to_owned(), plural }
}

/// A command that waits.
pub struct Running {
    told: Told,
    done: tokio::task::JoinHandle<sentinel_cli::Output>,
}

impl Running {
    /// Waits until it has told this.
    pub async fn tells(&self, text: &str) -> String {
        eventually(&format!("{text:?} to be told"), SOON, async || self.told.text().contains(text)).await;
        self.told.text()
    }

    pub async fn ends(self) -> sentinel_cli::Output {
        tokio::time::timeout(SOON, self.done).await.expect("the command ends").unwrap()
    }
}

/// What a command has told so far.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<u8>>>);

impl Told {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Told {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
