//! The glass is broken, closed, reviewed and listed.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::people::{BEN, EVE, Scene, scene};

const KIND: &str = "BreakGlassEvent";

/// The words that break the glass of the scene's profile.
fn breaking<'a>(scene: &'a Scene, name: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let fixed = ["break-glass", "--profile", &scene.name, "--service-account", "api", "--duration", "1h"];
    let why = ["--reason-code", "incident", "--justification", "the database is on fire", "--name", name];
    fixed.into_iter().chain(why).chain(more.iter().copied()).collect()
}

fn now() -> Timestamp {
    Timestamp::now()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emergency_from_its_beginning_to_its_review() {
    scene(async |scene| {
        let unasked = scene.run(EVE, &breaking(scene, "e", &[])).await;
        assert_eq!(unasked.code, 2, "{unasked:?}");
        for part in ["the glass is whole", "--yes breaks it", "gets profile", "incident: the database is on fire", "recorded"] {
            assert!(unasked.stderr.contains(part), "{part} is not in {}", unasked.stderr);
        }
        assert_eq!(scene.object(KIND, "e").await, None);

        let emergency = scene.begin(EVE, &breaking(scene, "e", &["--yes"]));
        assert_eq!(scene.spec(KIND, "e", "invoker").await["invoker"]["user"], EVE, "who is known without a webhook");
        let end = (now() + SignedDuration::from_hours(1)).to_string();
        scene.operator_says(KIND, "e", &json!({"phase": "Active", "activatedAt": now().to_string(), "expiresAt": end})).await;
        let emergency = emergency.ends().await;
        assert_eq!((emergency.code, emergency.stderr.as_str()), (0, ""), "{emergency:?}");
        let close = format!("to end it: kubectl sentinel close e -n {}\n", scene.name);
        assert!(emergency.stdout.starts_with("active until ") && emergency.stdout.contains(&close), "{}", emergency.stdout);

        let soon = scene.run(BEN, &["review", "e", "--note", "drained the queue"]).await;
        assert!(soon.code == 2 && soon.stderr.contains("is still active, and a review comes afterwards"), "{soon:?}");
        let closing = scene.begin(BEN, &["close", "e", "--reason", "the fire is out"]);
        let spec = scene.spec(KIND, "e", "closedReason").await;
        assert_eq!((&spec["closed"], &spec["closedBy"]["user"]), (&json!(true), &json!(BEN)));
        scene.operator_says(KIND, "e", &json!({"phase": "Closed", "closedAt": now().to_string()})).await;
        let closing = closing.ends().await;
        assert!(closing.code == 0 && closing.stdout.starts_with("closed: BreakGlassEvent e"), "{closing:?}");
        assert!(closing.stdout.contains(&format!("kubectl sentinel review e -n {}", scene.name)), "{}", closing.stdout);
        let again = scene.run(BEN, &["close", "e"]).await;
        assert!(again.code == 0 && again.stdout.starts_with("is over: "), "{again:?}");
        assert_eq!(listed(scene, &["--unreviewed"]).await, ["e"]);

        let review = scene.begin(BEN, &["review", "e", "--note", "drained the queue\nby hand"]);
        let spec = scene.spec(KIND, "e", "review").await;
        assert_eq!((&spec["review"], &spec["reviewedBy"]["user"]), (&json!("drained the queue\nby hand"), &json!(BEN)));
        let condition = json!({"type": "Reviewed", "status": "True", "reason": "Reviewed", "message": "", "lastTransitionTime": "2026-03-02T12:00:00Z"});
        scene.operator_says(KIND, "e", &json!({"phase": "Closed", "conditions": [condition]})).await;
        let review = review.ends().await;
        assert!(review.code == 0 && review.stdout.starts_with("reviewed: BreakGlassEvent e"), "{review:?}");
        let another = scene.run(EVE, &["review", "e", "--note", "it was nothing"]).await;
        assert!(another.code == 1 && another.stderr.contains(&format!("{BEN} has written a review already")), "{another:?}");
        assert_eq!(listed(scene, &["--unreviewed"]).await, Vec::<String>::new());
    })
    .await;
}

async fn listed(scene: &Scene, words: &[&str]) -> Vec<String> {
    let words: Vec<&str> = ["events", "-o", "json"].into_iter().chain(words.iter().copied()).collect();
    let list: Value = serde_json::from_str(&scene.run(EVE, &words).await.stdout).unwrap();
    list["items"].as_array().unwrap().iter().map(|one| one["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_says_what_refused_it() {
    scene(async |scene| {
        let emergency = scene.begin(BEN, &breaking(scene, "e", &["--yes", "-o", "json"]));
        scene.spec(KIND, "e", "invoker").await;
        let message = format!("rule `ops` of BreakGlassPolicy `{}` does not name {BEN} among its users", scene.name);
        let refusal = json!({"limit": "users", "message": message});
        scene.operator_says(KIND, "e", &json!({"phase": "Refused", "refusal": refusal})).await;
        let emergency = emergency.ends().await;
        let object: Value = serde_json::from_str(&emergency.stdout).unwrap();
        assert_eq!((&object["status"]["refusal"]["limit"], emergency.code), (&json!("users"), 1));
        let over = scene.run(EVE, &["close", "e"]).await;
        assert!(over.code == 0 && over.stdout.contains("refused by users: rule"), "{over:?}");
        assert_eq!(listed(scene, &["--status", "refused", "--profile", &scene.name]).await, ["e"]);
        assert_eq!(listed(scene, &["--status", "active,pending"]).await, Vec::<String>::new());
        assert_eq!(listed(scene, &["--mine"]).await, Vec::<String>::new());

        let dry = scene.run(EVE, &breaking(scene, "dry", &["--dry-run"])).await;
        assert!(dry.code == 0 && dry.stdout.starts_with("would break the glass: BreakGlassEvent dry"), "{dry:?}");
        let bad = scene.run(EVE, &breaking(scene, "bad", &["--yes", "--reason-code", "fire"])).await;
        assert!(bad.code == 2, "{bad:?}");
    })
    .await;
}
