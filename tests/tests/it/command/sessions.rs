//! Who has credentials, listed and followed.

use std::io::{self, Write};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use kube::Client;
use kube::api::{Api, Patch, PatchParams, PostParams};
use sentinel_api::SentinelSession;
use serde_json::{Value, json};

use super::{sentinel, sentinel_to};
use crate::world::with_namespace;

fn api(client: &Client, namespace: &str) -> Api<SentinelSession> {
    Api::namespaced(client.clone(), namespace)
}

async fn session(client: &Client, namespace: &str, name: &str, account: &str, profile: &str, phase: &str) {
    let user = format!("system:serviceaccount:{namespace}:{account}");
    let object = json!({"metadata": {"name": name}, "spec": {"profile": profile, "user": user, "pod": format!("{name}-pod"), "podUID": "u"}});
    let sessions = api(client, namespace);
    sessions.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap();
    is_now(client, namespace, name, phase).await;
}

async fn is_now(client: &Client, namespace: &str, name: &str, phase: &str) {
    let status = json!({"status": {"phase": phase, "requests": 3}});
    api(client, namespace).patch_status(name, &PatchParams::default(), &Patch::Merge(status)).await.unwrap();
}

/// Names, in the order of the list.
fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|one| one["metadata"]["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn sessions_are_listed_by_user_profile_and_status() {
    with_namespace(async |client, namespace| {
        session(&client, &namespace, "a", "api", "prod", "Active").await;
        session(&client, &namespace, "b", "api", "dev", "Revoked").await;
        session(&client, &namespace, "c", "web", "prod", "Pending").await;
        let exact = format!("{namespace}/api");
        for (words, expected) in [
            (vec![], vec!["a", "b", "c"]),
            (vec!["--user", &exact], vec!["a", "b"]),
            (vec!["--user", "*/w*"], vec!["c"]),
            (vec!["--user", "*"], vec![]),
            (vec!["--user", "system:serviceaccount:*:w*"], vec!["c"]),
            (vec!["--profile", "prod", "--user", &exact], vec!["a"]),
            (vec!["--profile", "p*", "--status", "pending,revoked"], vec!["c"]),
            (vec!["--status", "Revoked"], vec!["b"]),
        ] {
            let fixed = ["sessions", "-n", &namespace, "-o", "json"];
            let words: Vec<&str> = fixed.into_iter().chain(words).collect();
            let output = sentinel(&words).await;
            let list: Value = serde_json::from_str(&output.stdout).unwrap();
            assert_eq!((names(&list), output.code), (expected, 0), "{words:?}");
        }
        let wide = sentinel(&["sessions", "-A", "-o", "wide", "--user", &exact]).await.stdout;
        let lines: Vec<Vec<&str>> = wide.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!((lines[0][0], lines[0][9], lines[0].len()), ("NAMESPACE", "AGE", 14));
        assert_eq!(
            (lines[1][0], lines[1][1], lines[1][5], lines[1][6]),
            (namespace.as_str(), "a", "Active", "3"),
            "{wide}"
        );
        let none = sentinel(&["sessions", "-n", &namespace, "--profile", "none"]).await;
        assert_eq!((none.code, none.stdout.as_str()), (0, ""));
        assert!(none.stderr.contains("no sessions found in namespace"), "{}", none.stderr);
    })
    .await;
}

/// More than a page of 500, in three.
#[tokio::test]
async fn a_long_list_comes_whole() {
    with_namespace(async |client, namespace| {
        let (client, namespace) = (&client, namespace.as_str());
        let sessions = api(client, namespace);
        let made = stream::iter(0..1100).map(|n| {
            let spec = json!({"profile": "prod", "user": "u", "pod": "p", "podUID": "u"});
            let object = json!({"metadata": {"name": format!("s-{n:04}")}, "spec": spec});
            let sessions = sessions.clone();
            async move { sessions.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await }
        });
        made.buffer_unordered(32).for_each(|made| async move { drop(made.unwrap()) }).await;
        let output = sentinel(&["sessions", "-n", namespace, "-o", "json"]).await;
        let list: Value = serde_json::from_str(&output.stdout).unwrap();
        let expected: Vec<String> = (0..1100).map(|n| format!("s-{n:04}")).collect();
        assert_eq!(names(&list), expected);
    })
    .await;
}

/// Wants no more after the line that says Revoked.
struct Reader(Sender<String>);

impl Write for Reader {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let said = String::from_utf8_lossy(text).into_owned();
        let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
        let enough = said.contains("Revoked");
        self.0.send(said).map_err(|_| gone())?;
        if enough { Err(gone()) } else { Ok(text.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_told_as_they_come_until_the_reader_goes() {
    with_namespace(async |client, namespace| {
        session(&client, &namespace, "a", "api", "prod", "Active").await;
        session(&client, &namespace, "b", "api", "dev", "Active").await;
        let (sender, told) = channel();
        let words = ["sessions", "-n", namespace.as_str(), "--profile", "prod", "--watch"].map(str::to_owned);
        let watching = tokio::spawn(async move {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            sentinel_to(&words, Reader(sender)).await
        });
        let receive = || told.recv_timeout(Duration::from_secs(20)).expect("something is told");
        let first = tokio::task::block_in_place(receive);
        assert!(first.starts_with("NAMESPACE") && first.lines().count() == 2 && first.contains("Active"), "{first}");
        is_now(&client, &namespace, "b", "Revoked").await;
        is_now(&client, &namespace, "a", "Revoked").await;
        let change = tokio::task::block_in_place(receive);
        assert!(change.lines().count() == 1 && change.contains("a-pod") && change.contains("Revoked"), "{change}");
        assert_eq!(watching.await.unwrap().code, 0);
    })
    .await;
}
