//! People who ask and decide, on ground where an operator answers. The webhook is not here: who it is, the command says itself.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use kube::Resource;
use kube::api::{Api, DynamicObject};
use kube::core::NamespaceResourceScope;
use sentinel_cli::Output;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::{sentinel, sentinel_to};
use crate::operator::emergencies::ledgers;
use crate::operator::ground::Ground;
use crate::operator::world::SOON;
use crate::world::eventually;

/// Asks, and breaks the glass.
pub const EVE: &str = "eve@x.test";
/// Approves, and reviews.
pub const BEN: &str = "ben@x.test";

/// A namespace with service account `api`, and a profile whose policies name the two.
pub struct Scene {
    pub ground: Ground,
    eve: NamedTempFile,
    ben: NamedTempFile,
}

pub async fn scene(play: impl AsyncFnOnce(&Scene)) {
    ledgers().await;
    let rules = json!({
        "approval": [{"name": "ops", "approvers": [BEN]}],
        "breakGlass": [{"name": "oncall", "users": [EVE]}],
        "rateLimit": [{"name": "calm", "cooldown": "1h"}],
    });
    Ground::with(rules, async |ground| {
        let scene = Scene { ground, eve: kubeconfig(EVE, &json!({})), ben: kubeconfig(BEN, &json!({})) };
        play(&scene).await;
    })
    .await;
}

/// That of the tests, as somebody else; `extra`: what the API server knows of them beside.
pub fn kubeconfig(user: &str, extra: &Value) -> NamedTempFile {
    let text = std::fs::read_to_string(std::env::var_os("KUBECONFIG").unwrap()).unwrap();
    let mut config: Value = serde_yaml::from_str(&text).unwrap();
    let somebody = json!({"as": user, "as-groups": ["system:masters"], "as-user-extra": extra});
    config["users"][0]["user"].as_object_mut().unwrap().extend(somebody.as_object().unwrap().clone());
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(config.to_string().as_bytes()).unwrap();
    file
}

impl Scene {
    /// The objects of a kind, here.
    pub fn all<K: Resource<DynamicType = (), Scope = NamespaceResourceScope>>(&self) -> Api<K> {
        self.ground.all()
    }

    /// The words of a command, as somebody, in this namespace.
    fn words(&self, who: &str, words: &[&str]) -> Vec<String> {
        let file = if who == EVE { &self.eve } else { &self.ben };
        let place = ["--kubeconfig", file.path().to_str().unwrap(), "-n", &self.ground.namespace];
        words.iter().copied().chain(place).map(str::to_owned).collect()
    }

    /// Runs a command as somebody.
    pub async fn run(&self, who: &str, words: &[&str]) -> Output {
        let words = self.words(who, words);
        sentinel(&words.iter().map(String::as_str).collect::<Vec<_>>()).await
    }

    /// Begins a command as somebody, and goes on while it waits.
    pub fn begin(&self, who: &str, words: &[&str]) -> Running {
        let (words, told) = (self.words(who, words), Told::default());
        let out = told.clone();
        let done =
            tokio::spawn(async move { sentinel_to(&words.iter().map(String::as_str).collect::<Vec<_>>(), out).await });
        Running { told, done }
    }

    /// Names of what a listing has, in its order.
    pub async fn listed(&self, who: &str, words: &[&str]) -> Vec<String> {
        let words: Vec<&str> = words.iter().copied().chain(["-o", "json"]).collect();
        let output = self.run(who, &words).await;
        let list: Value = serde_json::from_str(&output.stdout).unwrap();
        let items: Vec<DynamicObject> = serde_json::from_value(list["items"].clone()).unwrap();
        items.iter().map(kube::ResourceExt::name_any).collect()
    }
}

/// A command that waits.
pub struct Running {
    told: Told,
    done: tokio::task::JoinHandle<Output>,
}

impl Running {
    /// Waits until it has told this; all that it has told by then.
    pub async fn tells(&self, text: &str) -> String {
        eventually(&format!("{text:?} to be told"), SOON, async || self.told.text().contains(text)).await;
        self.told.text()
    }

    pub async fn ends(self) -> Output {
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
