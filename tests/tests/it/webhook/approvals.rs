//! Requests behind a real API server: who asks and who decides is stamped, and nobody decides their own.

use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::people::{Kind, Somebody, govern, guard_stamps, refused, with};
use super::world::{World, with_webhook};

const REQUEST: Kind = Kind::Request;

async fn asked(world: &World, by: &Somebody, suffix: &str) -> String {
    let name = format!("{}{suffix}", world.namespace);
    by.make(REQUEST, &name, &REQUEST.spec(world)).await.unwrap();
    name
}

fn approved(by: &Value) -> Value {
    json!({"decision": "Approved", "comment": "go", "decidedBy": by})
}

#[tokio::test]
async fn who_asks_and_who_decides_is_stamped_whatever_is_written() {
    with_webhook(async |world| {
        govern(world).await;
        let ann = Somebody::new(world, "ann", "a@x.test", &["dev"]).await;
        let name = format!("{}-1", world.namespace);
        let forged = with(REQUEST.spec(world), &json!({"requester": {"user": "mallory", "groups": ["ops"]}}));
        let dry_run = PostParams { dry_run: true, ..PostParams::default() };
        let told = ann.make_with(REQUEST, &name, &forged, &dry_run).await.unwrap();
        let made = ann.make(REQUEST, &name, &forged).await.unwrap();
        let requester = made["requester"].clone();
        assert_eq!(
            (&requester["user"], &requester["person"], &told["requester"]),
            (&json!("ann"), &json!("a@x.test"), &requester)
        );
        let groups = requester["groups"].as_array().unwrap();
        assert!(groups.contains(&json!("dev")) && !groups.contains(&json!("ops")), "{requester}");

        refused(ann.change(REQUEST, &name, &json!({"requester": {"user": "mallory"}})).await, "never changes");
        let kept = ann.change(REQUEST, &name, &json!({"requester": null})).await.unwrap();
        assert_eq!(kept["requester"], requester, "left out, it stays");

        let ben = Somebody::new(world, "ben", "", &[]).await;
        let decided = ben.change(REQUEST, &name, &approved(&json!({"user": "olga"}))).await.unwrap();
        assert_eq!((&decided["decidedBy"]["user"], &decided["requester"]), (&json!("ben"), &requester));
        for change in [
            json!({"decision": "Denied"}),
            json!({"decision": null, "comment": null, "decidedBy": null}),
            json!({"comment": "no"}),
            json!({"decidedBy": {"user": "olga"}}),
        ] {
            refused(ben.change(REQUEST, &name, &change).await, "never change");
        }
        refused(ann.change(REQUEST, &name, &json!({"duration": "8h"})).await, "never change");
    })
    .await;
}

/// Server-side apply takes away what its manager owned and doesn't say any more.
#[tokio::test]
async fn stamps_of_requests_outlive_server_side_apply() {
    with_webhook(async |world| {
        govern(world).await;
        let ann = Somebody::new(world, "ann", "", &[]).await;
        let name = format!("{}-ssa", world.namespace);
        let forged = with(REQUEST.spec(world), &json!({"requester": {"user": "mallory"}}));
        assert_eq!(ann.apply(REQUEST, &name, &forged, true).await.unwrap()["requester"]["user"], "ann");
        assert_eq!(ann.apply(REQUEST, &name, &forged, false).await.unwrap()["requester"]["user"], "ann");
        assert_eq!(ann.apply(REQUEST, &name, &REQUEST.spec(world), false).await.unwrap()["requester"]["user"], "ann");
        refused(ann.apply(REQUEST, &name, &forged, false).await, "never changes");
        let ben = Somebody::new(world, "ben", "", &[]).await;
        let decision = with(REQUEST.spec(world), &json!({"decision": "Denied", "decidedBy": {"user": "olga"}}));
        assert_eq!(ben.apply(REQUEST, &name, &decision, true).await.unwrap()["decidedBy"]["user"], "ben");
        let decided = ben.apply(REQUEST, &name, &decision, false).await.unwrap();
        assert_eq!((&decided["requester"]["user"], &decided["decidedBy"]["user"]), (&json!("ann"), &json!("ben")));
    })
    .await;
}

#[tokio::test]
async fn nobody_decides_their_own_request_by_any_of_their_names() {
    with_webhook(async |world| {
        govern(world).await;
        let eve = Somebody::new(world, "role-a", "eve", &["ops"]).await;
        let name = asked(world, &eve, "-1").await;
        for (user, person, groups) in [
            ("role-a", "eve", &["ops"][..]),
            ("role-b", "eve", &["ops"]),
            ("eve", "", &[]),
            ("role-a", "other", &["ops"]),
        ] {
            let same = Somebody::new(world, user, person, groups).await;
            refused(same.change(REQUEST, &name, &approved(&Value::Null)).await, "nobody decides their own");
        }
        let own = with(REQUEST.spec(world), &approved(&Value::Null));
        refused(
            eve.make(REQUEST, &format!("{name}-own"), &own).await,
            "spec.decision: it is set later, by an approver",
        );

        let bot = Somebody::new(world, "system:serviceaccount:a:bot", "", &[]).await;
        refused(bot.change(REQUEST, &name, &approved(&Value::Null)).await, "service accounts never approve or deny");
        let dev = Somebody::new(world, "dan", "", &["dev"]).await;
        refused(dev.change(REQUEST, &name, &approved(&Value::Null)).await, "dan is no approver of rule `approvals`");
        refused(dev.change(REQUEST, &name, &json!({"decision": "Cancelled"})).await, "only they can cancel it");
        refused(
            bot.make(REQUEST, &format!("{name}-bot"), &REQUEST.spec(world)).await,
            "autoApprove does not approve it",
        );

        let olga = Somebody::new(world, "olga", "", &["ops"]).await;
        let decided = olga.change(REQUEST, &name, &approved(&Value::Null)).await.unwrap();
        assert_eq!(decided["decidedBy"]["user"], "olga", "a group approves");
        let second = asked(world, &eve, "-2").await;
        let other_name = Somebody::new(world, "role-b", "eve", &[]).await;
        let cancelled = other_name.change(REQUEST, &second, &json!({"decision": "Cancelled"})).await.unwrap();
        assert_eq!(cancelled["decidedBy"]["person"], "eve", "by any of their names");
    })
    .await;
}

#[tokio::test]
async fn what_is_over_is_not_decided_and_what_can_not_be_is_not_made() {
    with_webhook(async |world| {
        govern(world).await;
        let (ann, ben) = (Somebody::new(world, "ann", "", &[]).await, Somebody::new(world, "ben", "", &[]).await);
        let name = asked(world, &ann, "-1").await;
        let expired = Patch::Merge(json!({"status": {"phase": "Expired"}}));
        ann.api(REQUEST).patch_status(&name, &PatchParams::default(), &expired).await.unwrap();
        refused(ben.change(REQUEST, &name, &approved(&Value::Null)).await, "decided or has expired: make another");
        let bad = with(REQUEST.spec(world), &json!({"profile": format!("{}-none", world.namespace), "reqester": {}}));
        let error = ann.make(REQUEST, &format!("{name}-bad"), &bad).await.unwrap_err();
        for part in ["there is no SentinelProfile", "did you mean `requester`?"] {
            assert!(error.contains(part), "`{part}` is not in {error}");
        }
    })
    .await;
}

#[tokio::test]
async fn past_the_webhook_nobody_asks_or_decides_by_another_name() {
    with_webhook(async |world| {
        govern(world).await;
        guard_stamps(world).await;
        let ann = Somebody::new(world, "ann", "a@x.test", &["dev"]).await;
        let made_by = |stamp: Value| with(REQUEST.spec(world), &json!({"requester": stamp}));
        refused(ann.make(REQUEST, "past", &REQUEST.spec(world)).await, "spec.requester is missing");
        for forged in [
            json!({"user": "mallory", "person": "a@x.test"}),
            json!({"user": "ann", "person": "mallory"}),
            json!({"user": "ann"}),
            json!({"user": "ann", "person": "a@x.test", "groups": ["dev", "ops"]}),
        ] {
            refused(ann.make(REQUEST, "past", &made_by(forged)).await, "spec.requester is who does it");
        }
        let own = json!({"user": "ann", "person": "a@x.test", "groups": ["dev"]});
        assert_eq!(ann.make(REQUEST, "past", &made_by(own.clone())).await.unwrap()["requester"], own);

        let ben = Somebody::new(world, "ben", "", &[]).await;
        refused(
            ben.change(REQUEST, "past", &json!({"decision": "Approved"})).await,
            "spec.decidedBy or spec.reviewedBy is missing",
        );
        refused(ann.change(REQUEST, "past", &approved(&json!({"user": "ben"}))).await, "spec.decidedBy is who does it");
        let decided = ben.change(REQUEST, "past", &approved(&json!({"user": "ben"}))).await.unwrap();
        assert_eq!(decided["decidedBy"]["user"], "ben", "one's own name may be written");

        let waiting = asked(world, &ann, "-1").await;
        world.go_down().await;
        refused(ann.make(REQUEST, &format!("{waiting}-2"), &made_by(own)).await, "failed calling webhook");
        refused(ben.change(REQUEST, &waiting, &approved(&json!({"user": "ben"}))).await, "failed calling webhook");
        ann.api(REQUEST).delete(&waiting, &kube::api::DeleteParams::default()).await.unwrap();
    })
    .await;
}
