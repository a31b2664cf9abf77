//! Emergencies behind a real API server: who breaks the glass, closes and reviews is stamped, and closing waits for nobody.

use kube::api::PostParams;
use serde_json::{Value, json};

use super::people::{Kind, Somebody, govern, guard_stamps, refused, with};
use super::world::{World, with_webhook};

const EVENT: Kind = Kind::Event;

async fn broken(world: &World, by: &Somebody, suffix: &str) -> String {
    let name = format!("{}{suffix}", world.namespace);
    by.make(EVENT, &name, &EVENT.spec(world)).await.unwrap();
    name
}

fn closed(by: &Value) -> Value {
    json!({"closed": true, "closedReason": "it is out", "closedBy": by})
}

fn reviewed(by: &Value) -> Value {
    json!({"review": "the disk was full", "reviewedBy": by})
}

#[tokio::test]
async fn who_breaks_the_glass_closes_and_reviews_is_stamped_whatever_is_written() {
    with_webhook(async |world| {
        govern(world).await;
        let olga = Somebody::new(world, "olga", "o@x.test", &["ops"]).await;
        let name = format!("{}-1", world.namespace);
        let forged = with(EVENT.spec(world), &json!({"invoker": {"user": "mallory"}}));
        let dry_run = PostParams { dry_run: true, ..PostParams::default() };
        let told = olga.make_with(EVENT, &name, &forged, &dry_run).await.unwrap();
        let invoker = olga.apply(EVENT, &name, &forged, false).await.unwrap()["invoker"].clone();
        assert_eq!(
            (&invoker["user"], &invoker["person"], &told["invoker"]),
            (&json!("olga"), &json!("o@x.test"), &invoker)
        );
        assert_eq!(
            olga.apply(EVENT, &name, &EVENT.spec(world), false).await.unwrap()["invoker"],
            invoker,
            "left out, it stays"
        );
        refused(olga.change(EVENT, &name, &json!({"invoker": {"user": "mallory"}})).await, "never changes");
        refused(olga.change(EVENT, &name, &json!({"duration": "1h"})).await, "never change");

        let ann = Somebody::new(world, "ann", "", &[]).await;
        refused(ann.change(EVENT, &name, &reviewed(&Value::Null)).await, "close it first");
        let ended = ann.change(EVENT, &name, &closed(&json!({"user": "mallory"}))).await.unwrap();
        assert_eq!(ended["closedBy"]["user"], "ann", "whoever may update it may end it");
        refused(olga.change(EVENT, &name, &json!({"closed": false})).await, "what is closed stays closed");
        refused(olga.change(EVENT, &name, &json!({"closedBy": {"user": "olga"}})).await, "never change");

        for (user, person) in [("olga", ""), ("role-b", "o@x.test")] {
            let same = Somebody::new(world, user, person, &[]).await;
            refused(same.change(EVENT, &name, &reviewed(&Value::Null)).await, "nobody reviews their own emergency");
        }
        let done = ann.change(EVENT, &name, &reviewed(&json!({"user": "olga"}))).await.unwrap();
        assert_eq!(
            (&done["reviewedBy"]["user"], &done["closedBy"], &done["invoker"]),
            (&json!("ann"), &ended["closedBy"], &invoker)
        );
        refused(ann.change(EVENT, &name, &json!({"review": "all was well"})).await, "never change");
    })
    .await;
}

#[tokio::test]
async fn who_may_not_break_the_glass_hears_it_at_once() {
    with_webhook(async |world| {
        govern(world).await;
        let name = format!("{}-1", world.namespace);
        let ann = Somebody::new(world, "ann", "", &[]).await;
        refused(ann.make(EVENT, &name, &EVENT.spec(world)).await, "does not name ann among its users");
        let bot = Somebody::new(world, "system:serviceaccount:a:bot", "", &["ops"]).await;
        refused(bot.make(EVENT, &name, &EVENT.spec(world)).await, "service accounts never break the glass");
        let eve = Somebody::new(world, "role-a", "eve", &[]).await;
        let long = with(EVENT.spec(world), &json!({"duration": "2h"}));
        refused(eve.make(EVENT, &name, &long).await, "allows 1h0m0s at most, and 2h0m0s was asked");
        let ended = with(EVENT.spec(world), &json!({"closed": true}));
        refused(eve.make(EVENT, &name, &ended).await, "an event that is closed never begins");
        eve.make(EVENT, &name, &EVENT.spec(world)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn while_the_webhook_is_down_an_emergency_can_be_ended_and_nobody_forges_a_name() {
    with_webhook(async |world| {
        govern(world).await;
        guard_stamps(world).await;
        let ben = Somebody::new(world, "ben", "", &[]).await;
        let (first, second) = (broken(world, &ben, "-1").await, broken(world, &ben, "-2").await);
        world.go_down().await;
        refused(ben.make(EVENT, &format!("{first}-3"), &EVENT.spec(world)).await, "failed calling webhook");
        let forged = with(EVENT.spec(world), &json!({"invoker": {"user": "olga"}}));
        refused(ben.make(EVENT, "past", &forged).await, "spec.invoker is who does it");

        let ann = Somebody::new(world, "ann", "", &[]).await;
        refused(ann.change(EVENT, &first, &closed(&json!({"user": "ben"}))).await, "spec.closedBy is who does it");
        let both = with(closed(&json!({"user": "ann"})), &reviewed(&json!({"user": "ann"})));
        refused(ann.change(EVENT, &first, &both).await, "failed calling webhook");
        let ended = ann.change(EVENT, &first, &closed(&Value::Null)).await.unwrap();
        assert_eq!((&ended["closed"], ended.get("closedBy")), (&json!(true), None), "nobody knows who, but it is over");
        refused(ann.change(EVENT, &first, &json!({"closedBy": {"user": "ann"}})).await, "");
        let own = ann.change(EVENT, &second, &closed(&json!({"user": "ann"}))).await.unwrap();
        assert_eq!(own["closedBy"]["user"], "ann", "one's own name may be written");
    })
    .await;
}
