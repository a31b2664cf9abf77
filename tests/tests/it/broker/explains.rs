//! `kubectl sentinel explain` says what the broker says: the same situations, the same words.

use kube::ResourceExt as _;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use sentinel_api::{AccessLock, AccessPolicy, SentinelProfile, SentinelSession};
use serde_json::{Value, json};

use super::stage::{AUDIENCE, SOON, Stage, with_broker};
use crate::world::{eventually, unique};

/// What the command prints, read.
pub async fn explain(stage: &Stage, args: &[&str]) -> (Value, String) {
    let output = run(stage, &["-o", "json", "--session-table", &stage.table], args).await;
    assert_eq!(output.code, 0, "{}", output.stderr);
    (serde_json::from_str(&output.stdout).unwrap(), output.stderr)
}

async fn run(stage: &Stage, options: &[&str], args: &[&str]) -> sentinel_cli::Output {
    let words = ["kubectl-sentinel", "explain", "-n", &stage.namespace].into_iter().chain(options.iter().copied());
    let words: Vec<String> = words.chain(args.iter().copied()).map(str::to_owned).collect();
    // It brings a runtime of its own.
    tokio::task::spawn_blocking(move || sentinel_cli::run(words, &mut std::io::empty())).await.unwrap()
}

/// Both say this word, code and text; the broker as soon as its watch has heard.
pub async fn both_refuse(stage: &Stage, token: &str, pod: &str, outcome: &str, cause: &str) {
    eventually(&format!("broker and command to say {cause}"), SOON, async || {
        let answer = stage.ask(token).await;
        let (said, _) = explain(stage, &["pod", pod]).await;
        let of_command = (&said["outcome"], &said["cause"], &said["code"], &said["message"]);
        (of_command.0, of_command.1) == (&json!(outcome), &json!(cause))
            && (of_command.2, of_command.3) == (&answer.body["Code"], &answer.body["Message"])
    })
    .await;
}

#[tokio::test]
async fn an_allowed_pod_is_told_what_it_gets() {
    with_broker(async |stage| {
        let token = stage.pod("api-0", "api").await;
        stage.is_granted(&token).await;
        let (said, notes) = explain(stage, &["pod/api-0"]).await;
        assert_eq!((&said["outcome"], &said["cause"]), (&json!("allowed"), &Value::Null), "{said}");
        assert_eq!(
            (&said["decision"]["rule"], &said["decision"]["sessionTable"]),
            (&json!("api"), &json!(stage.table))
        );
        assert_eq!(said["credentials"], json!({"longestLife": "15m0s", "lease": "7s"}));
        let session = stage.session_id(&stage.uid("api-0").await);
        assert_eq!(said["session"], json!(session.to_string()));
        assert!(notes.contains("seen by the broker alone"), "{notes}");
        let text = run(stage, &[], &["pod", "api-0"]).await;
        assert!(
            text.stdout.starts_with("outcome: denied\ncause: PolicyDenied\n"),
            "no table is known: {}",
            text.stdout
        );
        assert!(text.stderr.contains("there is no Deployment sentinel-broker"), "{}", text.stderr);
        assert!(text.stdout.contains("would help: a session table"), "{}", text.stdout);
    })
    .await;
}

#[tokio::test]
async fn policies_and_profiles_that_refuse_are_told_in_the_brokers_words() {
    with_broker(async |stage| {
        let token = stage.pod("api-0", "api").await;
        stage.is_granted(&token).await;
        let other = stage.pod("other-0", "other").await;
        both_refuse(stage, &other, "other-0", "denied", "PolicyDenied").await;
        let (said, _) = explain(stage, &["pod", "other-0"]).await;
        assert!(said["wouldHelp"][0].as_str().unwrap().contains("if its users had"), "{said}");
        stage.policy(&json!([{"name": "r", "effect": "allow", "conditions": {"user": ["alice"]}}])).await;
        both_refuse(stage, &token, "api-0", "denied", "PolicyInvalid").await;
        stage.policy(&json!([{"name": "r", "effect": "require_approval", "conditions": {}}])).await;
        both_refuse(stage, &token, "api-0", "denied", "ApprovalRequired").await;
        let policies: Api<AccessPolicy> = Api::all(stage.client.clone());
        policies.delete(&stage.namespace, &DeleteParams::default()).await.unwrap();
        both_refuse(stage, &token, "api-0", "denied", "PolicyMissing").await;
        stage.profile(&json!({"leese": "1s"})).await;
        both_refuse(stage, &token, "api-0", "denied", "ProfileInvalid").await;
        let profiles: Api<SentinelProfile> = Api::all(stage.client.clone());
        profiles.delete(&stage.namespace, &DeleteParams::default()).await.unwrap();
        both_refuse(stage, &token, "api-0", "denied", "ProfileMissing").await;
    })
    .await;
}

#[tokio::test]
async fn sessions_and_locks_that_refuse_are_told_in_the_brokers_words() {
    with_broker(async |stage| {
        let uid = stage.bare_pod("api-0", "api").await;
        let token = stage.token("api-0", "api", &uid, AUDIENCE).await;
        both_refuse(stage, &token, "api-0", "undecided", "SessionMissing").await;
        stage.session("api-0", "api", &uid).await;
        stage.is_granted(&token).await;
        let answer = stage.ask_for(&json!({"profile": "admin"}), Some(&token)).await;
        let (said, _) = explain(stage, &["pod", "api-0", "--profile", "admin"]).await;
        assert_eq!((&said["cause"], &said["message"]), (&json!("OtherProfile"), &answer.body["Message"]));
        let name = unique("lock");
        let locks: Api<AccessLock> = Api::all(stage.client.clone());
        let spec = json!({"namespaces": [stage.namespace], "reason": "incident"});
        let lock = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessLock", "metadata": {"name": name}, "spec": spec});
        locks.create(&PostParams::default(), &serde_json::from_value(lock).unwrap()).await.unwrap();
        both_refuse(stage, &token, "api-0", "denied", "Locked").await;
        let user = format!("system:serviceaccount:{}:api", stage.namespace);
        let (said, _) = explain(stage, &["--user", &user, "--profile", &stage.namespace]).await;
        assert_eq!(said["cause"], json!("Locked"), "{said}");
        locks.delete(&name, &DeleteParams::default()).await.unwrap();
        stage.is_granted(&token).await;
        let revoke = Patch::Merge(json!({"spec": {"revoked": true, "revokedReason": "key leaked"}}));
        let sessions = stage.api::<SentinelSession>();
        let session = sessions.patch(stage.session_id(&uid).as_str(), &PatchParams::default(), &revoke).await.unwrap();
        assert!(session.spec.revoked, "{}", session.name_any());
        both_refuse(stage, &token, "api-0", "denied", "SessionRevoked").await;
    })
    .await;
}

#[tokio::test]
async fn a_user_is_explained_by_the_live_policy() {
    with_broker(async |stage| {
        stage.profile(&json!({"policies": {"approval": "nobody-made-it"}})).await;
        let user = format!("system:serviceaccount:{}:api", stage.namespace);
        let asked = ["--user", &user, "--profile", &stage.namespace];
        let (said, _) = explain(stage, &asked).await;
        assert_eq!((&said["outcome"], &said["decision"]["rule"]), (&json!("allowed"), &json!("api")), "{said}");
        assert_eq!(
            said["otherPolicies"],
            json!([{"kind": "ApprovalPolicy", "name": "nobody-made-it", "exists": false}])
        );
        let (said, _) = explain(stage, &[&asked[..], &["--mode", "cli"]].concat()).await;
        assert_eq!((&said["outcome"], &said["cause"]), (&json!("denied"), &json!("PolicyDenied")), "{said}");
        let (said, _) = explain(stage, &["--user", "alice", "--profile", "nobody-made-it"]).await;
        assert_eq!(said["cause"], json!("ProfileMissing"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_cluster_that_does_not_say_is_2_in_clear_words() {
    with_broker(async |stage| {
        let gone = run(stage, &[], &["pod", "not-there"]).await;
        assert_eq!((gone.code, gone.stdout.as_str()), (2, ""));
        assert!(gone.stderr.starts_with("error: there is no pod not-there in namespace "), "{}", gone.stderr);
        let folder = tempfile::tempdir().unwrap();
        let real = std::fs::read_to_string(std::env::var("KUBECONFIG").unwrap()).unwrap();
        let kubeconfig = async |change: fn(&mut serde_yaml::Value)| {
            let mut config: serde_yaml::Value = serde_yaml::from_str(&real).unwrap();
            change(&mut config);
            let file = folder.path().join("kubeconfig");
            std::fs::write(&file, serde_yaml::to_string(&config).unwrap()).unwrap();
            run(stage, &["--kubeconfig", file.to_str().unwrap()], &["pod", "api-0"]).await
        };
        let nobody = kubeconfig(|config| config["users"][0]["user"]["as"] = "nobody".into()).await;
        assert_eq!(nobody.code, 2, "{}", nobody.stderr);
        assert!(nobody.stderr.starts_with("error: you may not read pod api-0"), "{}", nobody.stderr);
        let dead = kubeconfig(|config| config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1".into()).await;
        assert_eq!(dead.code, 2, "{}", dead.stderr);
        assert!(dead.stderr.contains("can't be read from https://127.0.0.1:1"), "{}", dead.stderr);
        let none = run(stage, &["--kubeconfig", "/nowhere"], &["pod", "api-0"]).await;
        assert_eq!(none.code, 2);
        assert!(none.stderr.starts_with("error: no cluster can be asked: "), "{}", none.stderr);
    })
    .await;
}

#[tokio::test]
async fn a_file_is_compared_with_the_clusters_policy() {
    with_broker(async |stage| {
        let user = format!("system:serviceaccount:{}:other", stage.namespace);
        let rules = json!([{"name": "other", "effect": "allow", "conditions": {"users": [user]}}]);
        let policy = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessPolicy",
            "metadata": {"name": stage.namespace}, "spec": {"version": "1", "rules": rules}});
        let words = ["kubectl-sentinel", "diff", "-f", "-"];
        let output = tokio::task::spawn_blocking(move || sentinel_cli::run(words, &mut policy.to_string().as_bytes()));
        let output = output.await.unwrap();
        assert_eq!((output.code, output.stderr.as_str()), (1, ""));
        assert!(
            output.stdout.contains(&format!("gains allow: {user} on any profile: allow by rule `other`")),
            "{}",
            output.stdout
        );
        assert!(output.stdout.contains(":api on "), "{}", output.stdout);
    })
    .await;
}
