//! The glass is broken, closed, reviewed and listed.

use sentinel_api::BreakGlassEvent;
use serde_json::Value;

use super::people::{BEN, EVE, Scene, scene};

/// The words that break the glass of the scene's profile.
fn breaking<'a>(scene: &'a Scene, name: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let fixed = ["break-glass", "--profile", &scene.ground.name, "--service-account", "api", "--duration", "1h"];
    let why = ["--reason-code", "incident", "--justification", "the database is on fire", "--name", name];
    // Operators are killed meanwhile, by other stories.
    fixed.into_iter().chain(why).chain(["--timeout", "2m"]).chain(more.iter().copied()).collect()
}

async fn stored(scene: &Scene, name: &str) -> Option<BreakGlassEvent> {
    scene.all::<BreakGlassEvent>().get_opt(name).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_emergency_from_its_beginning_to_its_review() {
    scene(async |scene| {
        let place = format!("e -n {}", scene.ground.namespace);
        let unasked = scene.run(EVE, &breaking(scene, "e", &[])).await;
        assert_eq!(unasked.code, 2, "{unasked:?}");
        for part in ["the glass is whole", "--yes breaks it", "gets profile", "incident: the database is on fire", "recorded"] {
            assert!(unasked.stderr.contains(part), "{part} is not in {}", unasked.stderr);
        }
        assert_eq!(stored(scene, "e").await, None);

        let emergency = scene.run(EVE, &breaking(scene, "e", &["--yes"])).await;
        assert_eq!((emergency.code, emergency.stderr.as_str()), (0, ""), "{emergency:?}");
        let close = format!("  its pods get credentials within one lease of the profile (5s by default), without a restart\n  to end it: kubectl sentinel close {place}\n");
        assert!(emergency.stdout.starts_with("active until ") && emergency.stdout.contains(&close), "{}", emergency.stdout);
        let second = scene.run(EVE, &breaking(scene, "second", &["--yes"])).await;
        assert!(second.code == 1 && second.stdout.starts_with("refused by oneActive: "), "{second:?}");
        assert!(second.stdout.contains("\n  come back 20") && second.stdout.contains("Z (in "), "{}", second.stdout);

        let soon = scene.run(BEN, &["review", "e", "--note", "drained the queue"]).await;
        assert!(soon.code == 2 && soon.stderr.contains("is still active, and a review comes afterwards"), "{soon:?}");
        let closing = scene.run(BEN, &["close", "e", "--reason", "the fire is out", "--timeout", "2m"]).await;
        assert!(closing.code == 0 && closing.stdout.starts_with(&format!("closed: BreakGlassEvent {place}")), "{closing:?}");
        assert!(closing.stdout.contains(&format!("closed by {BEN} at 20")), "{}", closing.stdout);
        assert!(closing.stdout.contains(": the fire is out\n    credentials that"), "{}", closing.stdout);
        assert!(closing.stdout.contains(&format!("kubectl sentinel review {place} --note")), "{}", closing.stdout);
        let again = scene.run(BEN, &["close", "e"]).await;
        assert!(again.code == 0 && again.stdout.starts_with("is over: "), "{again:?}");
        assert_eq!(scene.listed(EVE, &["events", "--unreviewed"]).await, ["e"]);

        let note = "drained the queue\nby hand";
        let review = scene.run(BEN, &["review", "e", "--note", note, "--timeout", "2m"]).await;
        assert!(review.code == 0 && review.stdout.starts_with("reviewed: BreakGlassEvent e"), "{review:?}");
        let spec = stored(scene, "e").await.unwrap().spec;
        assert_eq!((spec.review.as_deref(), spec.reviewed_by.unwrap().user.as_str()), (Some(note), BEN));
        let another = scene.run(EVE, &["review", "e", "--note", "it was nothing"]).await;
        assert!(another.code == 1 && another.stderr.contains(&format!("{BEN} has written a review already")), "{another:?}");
        assert_eq!(scene.listed(EVE, &["events", "--unreviewed"]).await, Vec::<String>::new());
        assert_eq!(scene.listed(EVE, &["events", "--mine"]).await, ["e", "second"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_says_what_refused_it() {
    scene(async |scene| {
        let emergency = scene.run(BEN, &breaking(scene, "e", &["--yes", "-o", "json"])).await;
        let object: Value = serde_json::from_str(&emergency.stdout).unwrap();
        assert_eq!(
            (object["status"]["refusal"]["limit"].as_str(), emergency.code),
            (Some("users"), 1),
            "{emergency:?}"
        );
        let over = scene.run(EVE, &["close", "e"]).await;
        assert!(over.code == 0 && over.stdout.contains("refused by users: rule `oncall`"), "{over:?}");
        assert!(over.stdout.contains("waiting doesn't help"), "{over:?}");
        let listed = async |words: &[&str]| scene.listed(EVE, &[&["events"], words].concat()).await;
        assert_eq!(listed(&["--status", "refused", "--profile", &scene.ground.name]).await, ["e"]);
        assert_eq!(listed(&["--status", "active,pending"]).await, Vec::<String>::new());
        assert_eq!(listed(&["--mine"]).await, Vec::<String>::new());

        let dry = scene.run(EVE, &breaking(scene, "dry", &["--dry-run"])).await;
        assert!(dry.code == 0 && dry.stdout.starts_with("would break the glass: BreakGlassEvent dry"), "{dry:?}");
        assert_eq!(stored(scene, "dry").await, None);
        let bad = scene.run(EVE, &breaking(scene, "bad", &["--yes", "--reason-code", "fire"])).await;
        assert!(bad.code == 2, "{bad:?}");
    })
    .await;
}
