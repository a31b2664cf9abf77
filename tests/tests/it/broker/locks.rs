//! A lock stops who is named, and nobody else, until it ends.

use jiff::Timestamp;
use kube::api::{Api, DeleteParams, DynamicObject, PostParams};
use kube::core::ApiResource;
use sentinel_api::AccessLock;
use serde_json::{Value, json};

use super::stage::{AT_ONCE, SOON, Stage, with_broker};
use crate::world::eventually;

fn locks(stage: &Stage) -> Api<DynamicObject> {
    Api::all_with(stage.client.clone(), &ApiResource::erase::<AccessLock>(&()))
}

/// The API server lets in what the webhook would refuse.
async fn lock(stage: &Stage, suffix: &str, spec: Value) -> String {
    let name = format!("{}-{suffix}", stage.namespace);
    let object =
        json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessLock", "metadata": {"name": name}, "spec": spec});
    let object = serde_json::from_value(object).unwrap();
    locks(stage).create(&PostParams::default(), &object).await.unwrap();
    name
}

async fn unlock(stage: &Stage, name: &str) {
    locks(stage).delete(name, &DeleteParams::default()).await.unwrap();
}

#[tokio::test]
async fn a_locked_namespace_gets_nothing_its_pods_say_why_and_unlocking_goes_on() {
    with_broker(async |stage| {
        let token = stage.pod("api-0", "api").await;
        stage.is_granted(&token).await;
        let first = stage.ask(&token).await.key().to_owned();
        let name =
            lock(stage, "leak", json!({"namespaces": [stage.namespace], "reason": "key leaked", "createdBy": "dana"}))
                .await;
        let answer = stage.is_refused(&token, 403, "AccessLocked").await;
        let message = answer.is(403, "AccessLocked");
        for part in [" of dana: key leaked", &format!("kubectl get accesslock {name}")] {
            assert!(message.contains(part), "`{part}` is not in {message}");
        }
        assert_eq!(answer.body["leaseMs"], 7000);
        let newcomer = stage.pod("api-1", "api").await;
        stage.is_refused(&newcomer, 403, "AccessLocked").await;
        for pod in ["api-0", "api-1"] {
            eventually("an Event on the pod", SOON, async || {
                let events = stage.events(pod).await;
                events.iter().any(|(reason, note)| reason == "CredentialsRefused" && note.contains(&name))
            })
            .await;
        }
        unlock(stage, &name).await;
        for token in [&token, &newcomer] {
            eventually("credentials again", AT_ONCE, async || stage.ask(token).await.status == 200).await;
        }
        assert_ne!(stage.ask(&token).await.key(), first, "what was issued before the lock is not given out again");
    })
    .await;
}

#[tokio::test]
async fn a_lock_stops_nobody_else() {
    with_broker(async |stage| {
        let token = stage.pod("api-0", "api").await;
        stage.is_granted(&token).await;
        let elsewhere = format!("{}-x", stage.namespace);
        let user = format!("system:serviceaccount:{}:api", stage.namespace);
        lock(stage, "another-namespace", json!({"namespaces": [elsewhere], "reason": "r"})).await;
        lock(
            stage,
            "another-profile",
            json!({"namespaces": [stage.namespace], "profiles": [elsewhere], "reason": "r"}),
        )
        .await;
        lock(stage, "another-user", json!({"users": [format!("{user}-x")], "reason": "r"})).await;
        // Watches tell in order, so that the others have been heard of when this one has.
        let mine = lock(stage, "mine", json!({"users": [user], "profiles": [stage.namespace], "reason": "r"})).await;
        let answer = stage.is_refused(&token, 403, "AccessLocked").await;
        assert!(answer.is(403, "AccessLocked").contains(&mine), "{answer:?}");
        unlock(stage, &mine).await;
        eventually("credentials again", AT_ONCE, async || stage.ask(&token).await.status == 200).await;
    })
    .await;
}

#[tokio::test]
async fn a_lock_ends_by_itself_and_so_does_the_lease_of_its_refusals() {
    with_broker(async |stage| {
        let token = stage.pod("api-0", "api").await;
        stage.is_granted(&token).await;
        let end = Timestamp::now() + std::time::Duration::from_secs(4);
        lock(stage, "short", json!({"namespaces": [stage.namespace], "reason": "r", "expiresAt": end.to_string()}))
            .await;
        let answer = stage.is_refused(&token, 403, "AccessLocked").await;
        assert!(answer.body["leaseMs"].as_u64().unwrap() <= 4000, "{answer:?}");
        eventually("credentials again", SOON, async || stage.ask(&token).await.status == 200).await;
        assert!(Timestamp::now() >= end, "not before the end");
    })
    .await;
}

#[tokio::test]
async fn a_lock_that_can_not_be_read_locks_everything_that_it_might_mean() {
    with_broker(async |stage| {
        let token = stage.pod("api-0", "api").await;
        stage.is_granted(&token).await;
        // By the profile alone, since nobody knows what `namespace` means: other tests have other profiles.
        let spec = json!({"namespace": ["elsewhere"], "profiles": [stage.namespace], "reason": "typo"});
        let name = lock(stage, "typo", spec).await;
        let answer = stage.is_refused(&token, 403, "AccessLocked").await;
        let message = answer.is(403, "AccessLocked");
        assert!(message.contains("can't be read") && message.contains("did you mean `namespaces`?"), "{message}");
        unlock(stage, &name).await;
        eventually("credentials again", AT_ONCE, async || stage.ask(&token).await.status == 200).await;
    })
    .await;
}

/// Runs the command: what it printed, and how it ended.
async fn command(args: &[&str]) -> sentinel_cli::Output {
    let words: Vec<String> = ["kubectl-sentinel"].iter().chain(args).map(|&word| word.to_owned()).collect();
    // It brings a runtime of its own.
    tokio::task::spawn_blocking(move || sentinel_cli::run(words, &mut std::io::empty())).await.unwrap()
}

#[tokio::test]
async fn the_command_locks_lists_and_unlocks() {
    with_broker(async |stage| {
        let (first, second) = (stage.pod("api-0", "api").await, stage.pod("api-1", "api").await);
        for token in [&first, &second] {
            stage.is_granted(token).await;
        }
        let (place, name) = (stage.namespace.as_str(), format!("{}-cli", stage.namespace));
        let lock = ["lock", "-n", place, "--reason", "key leaked", "--for", "2h", "--name", &name];
        let hits = format!("2 live sessions\n  {place}/api on {place}: 2\n");

        let preview = command(&[lock.as_slice(), &["--dry-run"]].concat()).await;
        assert_eq!(preview.code, 0, "{preview:?}");
        assert!(preview.stdout.starts_with(&format!("would be locked by AccessLock {name} until ")), "{preview:?}");
        assert!(preview.stdout.ends_with(&format!("namespaces {place}: {hits}")), "{preview:?}");
        let unasked = command(&lock).await;
        assert!(unasked.code == 2 && unasked.stderr.contains("no terminal to ask at. --yes locks"), "{unasked:?}");
        stage.ask(&first).await.key();

        let locked = command(&[lock.as_slice(), &["--yes", "-o", "json"]].concat()).await;
        let said: Value = serde_json::from_str(&locked.stdout).unwrap();
        assert_eq!((&said["name"], &said["sessions"], &said["dryRun"]), (&json!(name), &json!(2), &json!(false)));
        for token in [&first, &second] {
            let answer = stage.is_refused(token, 403, "AccessLocked").await;
            assert!(answer.is(403, "AccessLocked").contains(&name), "{answer:?}");
        }
        let listed = command(&["locks"]).await;
        let line = format!("{name}: Holds, 2 live sessions\n  namespaces {place}\n  by unknown, until ");
        assert!(listed.stdout.contains(&line), "{listed:?}");
        let again = command(&[lock.as_slice(), &["--yes"]].concat()).await;
        assert!(again.code == 2 && again.stderr.contains("already exists"), "{again:?}");

        let unlocked = command(&["unlock", &name]).await;
        assert_eq!(unlocked.stdout, format!("unlocked: AccessLock {name}: key leaked\n"));
        eventually("credentials again", AT_ONCE, async || stage.ask(&first).await.status == 200).await;
        let gone = command(&["unlock", &name]).await;
        assert!(gone.code == 2 && gone.stderr.contains(&format!("there is no AccessLock {name}")), "{gone:?}");
    })
    .await;
}

#[tokio::test]
async fn the_command_says_every_problem_and_locks_nothing() {
    let bad = command(&["lock", "--user", "*", "--profile", "a:b", "--reason", " ", "--yes"]).await;
    assert_eq!(bad.code, 2);
    for part in ["`*` names no pod", "`a:b` can't be a name", "a reason is required"] {
        assert!(bad.stderr.contains(part), "`{part}` is not in {bad:?}");
    }
    let nobody = command(&["lock", "--reason", "r", "--yes"]).await;
    assert!(nobody.code == 2 && nobody.stderr.contains("--user"), "{nobody:?}");
}
