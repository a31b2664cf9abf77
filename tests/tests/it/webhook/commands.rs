//! `kubectl sentinel` before a webhook: what it refuses is told as it says it, and what must go on without it does.

use kube::ResourceExt as _;
use sentinel_cli::Output;
use serde_json::{Value, json};

use super::people::{Kind, Somebody, govern, guard_stamps};
use super::world::{PERSON_KEY, World, with_webhook};
use crate::command::people::kubeconfig;
use crate::command::sentinel;

async fn run(world: &World, user: &str, extra: Value, words: &[&str]) -> Output {
    let file = kubeconfig(user, &extra);
    let place = ["--kubeconfig", file.path().to_str().unwrap(), "-n", &world.namespace, "--timeout", "0s"];
    sentinel(&[words, &place].concat()).await
}

/// Made by ben; its name.
async fn made(world: &World, kind: Kind, suffix: &str) -> String {
    let name = format!("{}{suffix}", world.namespace);
    let ben = Somebody::new(world, "ben", "", &[]).await;
    ben.make(kind, &name, &kind.spec(world)).await.unwrap();
    name
}

async fn spec(world: &World, kind: Kind, name: &str) -> Value {
    let somebody = Somebody::new(world, "ben", "", &[]).await;
    let object = somebody.api(kind).get(name).await.unwrap();
    assert_eq!(object.name_any(), name);
    object.data["spec"].clone()
}

#[tokio::test]
async fn a_refusal_of_the_webhook_is_told_as_it_says_it() {
    with_webhook(async |world| {
        govern(world).await;
        let name = made(world, Kind::Request, "-1").await;
        let own = run(world, "ben", json!({}), &["approve", &name, "--yes"]).await;
        assert!(own.code == 1 && own.stdout.starts_with("not approved: AccessRequest "), "{own:?}");
        assert!(own.stderr.contains("nobody decides their own, by any of their names"), "{own:?}");
        let other = run(world, "mallory", json!({}), &["deny", &name]).await;
        assert!(other.code == 1 && other.stderr.contains("mallory is no approver of rule `approvals`"), "{other:?}");

        let eve = run(world, "role-a", json!({PERSON_KEY: ["eve"]}), &["approve", &name, "--yes"]).await;
        assert_eq!((eve.code, eve.stderr.as_str()), (0, ""), "{eve:?}");
        let by = &spec(world, Kind::Request, &name).await["decidedBy"];
        assert_eq!((&by["user"], &by["person"]), (&json!("role-a"), &json!("eve")), "the webhook knows more of them");

        let words =
            ["break-glass", "--profile", &world.namespace, "--service-account", "api", "--duration", "30m", "--yes"];
        let another = format!("{name}-2");
        let why = ["--reason-code", "incident", "--justification", "the database is on fire", "--name", &another];
        let glass = run(world, "mallory", json!({}), &[&words[..], &why].concat()).await;
        assert!(glass.code == 1 && glass.stderr.contains("does not name mallory among its users"), "{glass:?}");
    })
    .await;
}

#[tokio::test]
async fn while_the_webhook_is_down_the_command_ends_an_emergency_with_a_name_where_that_is_enough() {
    with_webhook(async |world| {
        govern(world).await;
        guard_stamps(world).await;
        let request = made(world, Kind::Request, "-1").await;
        let (first, second) = (made(world, Kind::Event, "-2").await, made(world, Kind::Event, "-3").await);
        world.go_down().await;
        let nobody = run(world, "eve", json!({}), &["approve", &request, "--yes"]).await;
        assert!(nobody.code == 2 && nobody.stderr.contains("failed calling webhook"), "{nobody:?}");
        assert!(nobody.stderr.contains("See: kubectl -n sentinel-system get pods"), "{nobody:?}");

        let closed = run(world, "ann", json!({}), &["close", &first, "--reason", "it is out"]).await;
        assert_eq!((closed.code, closed.stderr.as_str()), (0, ""), "{closed:?}");
        assert_eq!(spec(world, Kind::Event, &first).await["closedBy"]["user"], "ann");
        // The installation wants an extra value in every stamp, and only the webhook knows which.
        let closed = run(world, "role-a", json!({PERSON_KEY: ["ann"]}), &["close", &second]).await;
        assert_eq!((closed.code, closed.stderr.as_str()), (0, ""), "{closed:?}");
        let spec = spec(world, Kind::Event, &second).await;
        assert_eq!((&spec["closed"], spec.get("closedBy")), (&json!(true), None));
    })
    .await;
}
