//! Access is asked for, decided and listed.

use jiff::{SignedDuration, Timestamp};
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::people::{BEN, EVE, Scene, scene};

const KIND: &str = "AccessRequest";

fn in_an_hour() -> String {
    (Timestamp::now() + SignedDuration::from_hours(1)).to_string()
}

/// The words that ask for the scene's profile.
fn asking<'a>(scene: &'a Scene, more: &[&'a str]) -> Vec<&'a str> {
    let fixed = ["request", "--profile", &scene.name, "--service-account", "api", "--duration", "1h"];
    let why = ["--justification", "deploy the hot fix"];
    fixed.into_iter().chain(why).chain(more.iter().copied()).collect()
}

/// As an operator would say it.
async fn pending(scene: &Scene, name: &str) {
    let message = format!("waits for {BEN}, by rule `ops` of ApprovalPolicy `{}`", scene.name);
    let condition = json!({"type": "Granted", "status": "False", "reason": "Pending", "message": message, "lastTransitionTime": "2026-03-02T12:00:00Z"});
    let status = json!({"phase": "Pending", "expiresAt": in_an_hour(), "approvers": [BEN], "conditions": [condition]});
    scene.operator_says(KIND, name, &status).await;
}

async fn decided(scene: &Scene, name: &str, phase: &str) {
    let granted = if phase == "Approved" { "True" } else { "False" };
    let condition = json!({"type": "Granted", "status": granted, "reason": phase, "message": phase, "lastTransitionTime": "2026-03-02T12:00:00Z"});
    let status = json!({"phase": phase, "expiresAt": in_an_hour(), "conditions": [condition]});
    scene.operator_says(KIND, name, &status).await;
}

/// A request that nobody waits for.
async fn stands(scene: &Scene, name: &str) {
    let made = scene.run(EVE, &asking(scene, &["--name", name, "--timeout", "0s"])).await;
    assert_eq!((made.code, made.stderr.as_str()), (0, ""), "{made:?}");
    pending(scene, name).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_is_told_who_may_approve_and_then_that_somebody_did() {
    scene(async |scene| {
        let request = scene.begin(EVE, &asking(scene, &["--name", "r"]));
        request.tells(&format!("requested: AccessRequest r -n {}: service account api", scene.name)).await;
        pending(scene, "r").await;
        let told = request.tells("Ctrl-C leaves it standing").await;
        let approve = format!("to approve: kubectl sentinel approve r -n {}\n", scene.name);
        assert!(told.contains(&format!("waits for {BEN}, by rule")) && told.contains(&approve), "{told}");
        assert_eq!(
            scene.spec(KIND, "r", "requester").await["requester"]["user"],
            EVE,
            "who is known without a webhook"
        );

        let unasked = scene.run(BEN, &["approve", "r"]).await;
        assert_eq!(unasked.code, 2, "{unasked:?}");
        for part in
            ["nothing was approved", "--yes approves", &format!("asked by {EVE}"), "because: deploy the hot fix"]
        {
            assert!(unasked.stderr.contains(part), "{part} is not in {}", unasked.stderr);
        }
        let approval = scene.begin(BEN, &["approve", "r", "--yes", "--comment", "go ahead"]);
        let spec = scene.spec(KIND, "r", "decision").await;
        assert_eq!(
            (&spec["decision"], &spec["decidedBy"]["user"], &spec["comment"]),
            (&json!("Approved"), &json!(BEN), &json!("go ahead"))
        );
        decided(scene, "r", "Approved").await;

        let approval = approval.ends().await;
        assert_eq!((approval.code, approval.stderr.as_str()), (0, ""), "{approval:?}");
        let begin = format!(
            "approved: AccessRequest r -n {}: service account api on profile {} for 1h\n",
            scene.name, scene.name
        );
        assert!(approval.stdout.starts_with(&begin), "{}", approval.stdout);
        let said = format!("approved by {BEN}, until ");
        assert!(approval.stdout.contains(&said) && approval.stdout.contains(": go ahead"), "{}", approval.stdout);
        let request = request.ends().await;
        assert!(request.code == 0 && request.stdout.starts_with(&said), "{request:?}");

        let again = scene.run(BEN, &["approve", "r"]).await;
        assert!(again.code == 0 && again.stdout.starts_with("was approved before: "), "{again:?}");
        let late = scene.run(BEN, &["deny", "r"]).await;
        assert!(late.code == 1 && late.stdout.starts_with("not denied: "), "{late:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_are_denied_at_once_and_each_is_taken_back_by_its_maker() {
    scene(async |scene| {
        for name in ["a", "b", "c"] {
            stands(scene, name).await;
        }
        let missing = scene.run(BEN, &["deny", "a", "nobody"]).await;
        assert!(missing.code == 2 && missing.stderr.contains("there is no AccessRequest nobody"), "{missing:?}");
        assert_eq!(scene.object(KIND, "a").await.unwrap()["spec"]["decision"], Value::Null, "all of them, or none");

        let denial = scene.begin(BEN, &["deny", "a", "b", "-o", "json", "--comment", "not on a Friday"]);
        for name in ["a", "b"] {
            scene.spec(KIND, name, "decision").await;
            decided(scene, name, "Denied").await;
        }
        let denial = denial.ends().await;
        let told: Value = serde_json::from_str(&denial.stdout).unwrap();
        let outcomes: Vec<_> =
            told.as_array().unwrap().iter().map(|one| (&one["name"], &one["outcome"], &one["status"])).collect();
        let denied = (&json!("Heard"), &json!("Denied"));
        assert_eq!(outcomes, [(&json!("a"), denied.0, denied.1), (&json!("b"), denied.0, denied.1)]);
        assert_eq!(denial.code, 0);

        let cancel = scene.begin(EVE, &["cancel", "c"]);
        assert_eq!(scene.spec(KIND, "c", "decision").await["decidedBy"]["user"], EVE);
        decided(scene, "c", "Cancelled").await;
        let cancel = cancel.ends().await;
        assert!(cancel.code == 0 && cancel.stdout.contains(&format!("cancelled by {EVE}")), "{cancel:?}");

        for (who, words, expected) in [
            (BEN, vec![], vec!["a", "b", "c"]),
            (BEN, vec!["--mine"], vec![]),
            (EVE, vec!["--mine", "--status", "denied"], vec!["a", "b"]),
            (BEN, vec!["--status", "Cancelled,pending"], vec!["c"]),
            (BEN, vec!["--profile", "another*"], vec![]),
        ] {
            let words: Vec<&str> = ["requests", "-o", "json"].into_iter().chain(words).collect();
            let list: Value = serde_json::from_str(&scene.run(who, &words).await.stdout).unwrap();
            let names: Vec<_> =
                list["items"].as_array().unwrap().iter().map(|one| one["metadata"]["name"].clone()).collect();
            assert_eq!(
                (names, &list["kind"]),
                (expected.iter().map(|name| json!(name)).collect(), &json!("AccessRequestList")),
                "{words:?}"
            );
        }
        let wide = scene.run(EVE, &["requests", "-o", "wide"]).await.stdout;
        assert!(wide.contains("REQUESTER") && wide.contains("not on a Friday") && wide.contains("Denied"), "{wide}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_answered_is_told_so() {
    scene(async |scene| {
        let bad = [
            "request",
            "--profile",
            "prod*",
            "--service-account",
            "api",
            "--duration",
            "9h",
            "--justification",
            "because",
        ];
        let bad = scene.run(EVE, &bad).await;
        assert_eq!(bad.code, 2);
        for part in ["spec.profile: ", "spec.duration: `9h` exceeds", "spec.justification: 7 characters"] {
            assert!(bad.stderr.contains(part), "{part} is not in {}", bad.stderr);
        }
        let dry = scene.run(EVE, &asking(scene, &["--name", "r", "--dry-run"])).await;
        assert!(dry.code == 0 && dry.stdout.starts_with("would be requested: AccessRequest r"), "{dry:?}");
        assert_eq!(scene.object(KIND, "r").await, None);

        let made = scene.run(EVE, &asking(scene, &["--timeout", "0s", "-o", "json"])).await;
        let object: Value = serde_json::from_str(&made.stdout).unwrap();
        let name = object["metadata"]["name"].as_str().unwrap();
        assert!(name.starts_with(&format!("api-{}-", scene.name)), "{name}");
        let taken = scene.run(EVE, &asking(scene, &["--name", name])).await;
        assert!(taken.code == 1 && taken.stderr.contains("already exists"), "{taken:?}");
        let late = scene.run(EVE, &asking(scene, &["--name", "late", "--timeout", "1s"])).await;
        assert!(late.code == 1 && late.stderr.starts_with("note: "), "{late:?}");
        assert!(scene.object(KIND, "late").await.is_some(), "it stands");

        let gone = scene.begin(EVE, &asking(scene, &["--name", "gone"]));
        gone.tells("requested: AccessRequest gone").await;
        scene.objects(KIND).delete("gone", &kube::api::DeleteParams::default()).await.unwrap();
        let gone = gone.ends().await;
        assert!(gone.code == 1 && gone.stderr.contains("somebody has deleted it"), "{gone:?}");
    })
    .await;
}

/// What was shown is what is approved: `approve` sends the UID of what it showed, and the API server refuses another.
#[tokio::test]
async fn an_approval_is_for_the_very_object() {
    scene(async |scene| {
        stands(scene, "r").await;
        let change = json!({"metadata": {"uid": "another"}, "spec": {"decision": "Approved"}});
        let error = scene.objects(KIND).patch("r", &PatchParams::default(), &Patch::Merge(change)).await.unwrap_err();
        assert!(error.to_string().contains("Precondition failed: UID"), "{error}");
    })
    .await;
}
