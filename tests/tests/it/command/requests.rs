//! Access is asked for, decided and listed.

use kube::api::{DeleteParams, Patch, PatchParams};
use sentinel_api::AccessRequest;
use sentinel_core::access_request::Ruling;
use serde_json::{Value, json};

use super::people::{BEN, EVE, Scene, scene};

/// Operators are killed meanwhile, by other stories.
const PATIENT: [&str; 2] = ["--timeout", "2m"];

/// The words that ask for the scene's profile.
fn asking<'a>(scene: &'a Scene, more: &[&'a str]) -> Vec<&'a str> {
    let fixed = ["request", "--profile", &scene.ground.name, "--service-account", "api", "--duration", "1h"];
    let why = ["--justification", "deploy the hot fix"];
    fixed.into_iter().chain(why).chain(more.iter().copied()).collect()
}

/// A decision on these, with patience.
fn saying<'a>(words: &[&'a str]) -> Vec<&'a str> {
    words.iter().copied().chain(PATIENT).collect()
}

async fn stored(scene: &Scene, name: &str) -> Option<AccessRequest> {
    scene.all::<AccessRequest>().get_opt(name).await.unwrap()
}

/// A request that nobody waits for.
async fn stands(scene: &Scene, name: &str) {
    let made = scene.run(EVE, &asking(scene, &["--name", name, "--timeout", "0s"])).await;
    assert_eq!((made.code, made.stderr.as_str()), (0, ""), "{made:?}");
    let see = format!("where it stands: kubectl sentinel requests -n {} --mine", scene.ground.namespace);
    assert!(made.stdout.contains(&see), "{}", made.stdout);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_is_told_who_may_approve_and_then_that_somebody_did() {
    scene(async |scene| {
        let (place, profile) = (format!("r -n {}", scene.ground.namespace), &scene.ground.name);
        let request = scene.begin(EVE, &asking(scene, &["--name", "r"]));
        let told = request.tells("Ctrl-C leaves it standing").await;
        let head = format!("AccessRequest {place}: service account api on profile {profile} for 1h\n");
        assert!(told.starts_with(&format!("requested: {head}waits for {BEN}, by rule `ops`")), "{told}");
        assert!(told.contains(&format!("  to approve: kubectl sentinel approve {place}\n")), "{told}");

        let unasked = scene.run(BEN, &["approve", "r"]).await;
        assert_eq!(unasked.code, 2, "{unasked:?}");
        for part in
            ["nothing was approved", "--yes approves", &format!("asked by {EVE}"), "because: deploy the hot fix"]
        {
            assert!(unasked.stderr.contains(part), "{part} is not in {}", unasked.stderr);
        }
        let approval = scene.run(BEN, &saying(&["approve", "r", "--yes", "--comment", "go ahead"])).await;
        assert_eq!((approval.code, approval.stderr.as_str()), (0, ""), "{approval:?}");
        let said = format!("approved by {BEN}, until ");
        assert!(approval.stdout.starts_with(&format!("approved: {head}  {said}")), "{}", approval.stdout);
        assert!(approval.stdout.contains("(in 59m): go ahead\n    its pods go on"), "{}", approval.stdout);
        let request = request.ends().await;
        assert!(request.code == 0 && request.stdout.starts_with(&said), "{request:?}");

        let again = scene.run(BEN, &["approve", "r"]).await;
        assert!(again.code == 0 && again.stdout.starts_with("was approved before: "), "{again:?}");
        let late = scene.run(BEN, &["deny", "r"]).await;
        assert!(late.code == 1 && late.stdout.starts_with("not denied: "), "{late:?}");
    })
    .await;
}

/// The webhook would refuse that at once; without it the operator doesn't count it, and says why.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_approves_their_own() {
    scene(async |scene| {
        stands(scene, "r").await;
        let own = scene.run(EVE, &saying(&["approve", "r", "--yes"])).await;
        assert!(own.code == 1 && own.stdout.starts_with("not approved: "), "{own:?}");
        assert!(own.stdout.contains("nobody decides their own"), "{own:?}");
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
        assert_eq!(stored(scene, "a").await.unwrap().spec.decision, None, "all of them, or none");

        let denial = scene.run(BEN, &saying(&["deny", "a", "b", "-o", "json", "--comment", "not on a Friday"])).await;
        let told: Vec<Value> = serde_json::from_str(&denial.stdout).unwrap();
        let outcomes: Vec<String> =
            told.iter().map(|one| format!("{} {} {}", one["name"], one["outcome"], one["status"])).collect();
        assert_eq!(outcomes, [r#""a" "Heard" "Denied""#, r#""b" "Heard" "Denied""#], "{denial:?}");
        assert_eq!(denial.code, 0);
        let denied = stored(scene, "a").await.unwrap().spec;
        assert_eq!((denied.decision, denied.decided_by.unwrap().user.as_str()), (Some(Ruling::Denied), BEN));
        let cancel = scene.run(EVE, &saying(&["cancel", "c"])).await;
        assert!(cancel.code == 0 && cancel.stdout.contains(&format!("cancelled by {EVE}")), "{cancel:?}");

        for (who, words, expected) in [
            (BEN, vec![], vec!["a", "b", "c"]),
            (BEN, vec!["--mine"], vec![]),
            (EVE, vec!["--mine", "--status", "denied"], vec!["a", "b"]),
            (BEN, vec!["--status", "Cancelled,pending"], vec!["c"]),
            (BEN, vec!["--profile", "another*"], vec![]),
        ] {
            let words: Vec<&str> = ["requests"].into_iter().chain(words).collect();
            assert_eq!(scene.listed(who, &words).await, expected, "{words:?}");
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
        for part in ["spec.profile: ", "exceeds maximum of 8h0m0s", "spec.justification: 7 characters"] {
            assert!(bad.stderr.contains(part), "{part} is not in {}", bad.stderr);
        }
        let dry = scene.run(EVE, &asking(scene, &["--name", "r", "--dry-run"])).await;
        assert!(dry.code == 0 && dry.stdout.starts_with("would be requested: AccessRequest r"), "{dry:?}");
        assert_eq!(stored(scene, "r").await, None);

        let made = scene.run(EVE, &asking(scene, &["--timeout", "0s", "-o", "json"])).await;
        let object: Value = serde_json::from_str(&made.stdout).unwrap();
        let name = object["metadata"]["name"].as_str().unwrap();
        assert!(name.starts_with(&format!("api-{}-", scene.ground.name)), "{name}");
        let taken = scene.run(EVE, &asking(scene, &["--name", name])).await;
        assert!(taken.code == 1 && taken.stderr.contains("already exists"), "{taken:?}");
        let late = scene.run(EVE, &asking(scene, &["--name", "late", "--timeout", "1s"])).await;
        assert!(late.code == 1 && late.stderr.starts_with("note: "), "{late:?}");
        assert!(stored(scene, "late").await.is_some(), "it stands");

        let gone = scene.begin(EVE, &asking(scene, &["--name", "gone"]));
        gone.tells("requested: AccessRequest gone").await;
        scene.all::<AccessRequest>().delete("gone", &DeleteParams::default()).await.unwrap();
        let gone = gone.ends().await;
        assert!(gone.code == 1 && gone.stderr.contains("somebody has deleted it: gone"), "{gone:?}");
    })
    .await;
}

/// What was shown is what is approved: the command sends the UID of what it showed, and the API server refuses another.
#[tokio::test]
async fn an_approval_is_for_the_very_object() {
    scene(async |scene| {
        stands(scene, "r").await;
        let change = json!({"metadata": {"uid": "another"}, "spec": {"decision": "Approved"}});
        let patched = scene.all::<AccessRequest>().patch("r", &PatchParams::default(), &Patch::Merge(change)).await;
        let error = patched.unwrap_err().to_string();
        assert!(error.contains("metadata.uid: Invalid value"), "{error}");
    })
    .await;
}
