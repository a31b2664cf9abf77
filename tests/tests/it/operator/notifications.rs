//! Who is to hear of it hears of it: through failures, restarts and refusals, and once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use sentinel_api::names::{NOTIFICATIONS_CONFIG_MAP, NOTIFICATIONS_KEY};
use sentinel_api::{AccessLock, AccessRequest};
use serde_json::{Value, json};
use sha2::Sha256;

use super::ground::{Ground, object};
use super::receiver::{Got, KEY, Receiver, receiver, said};
use super::world::{HOME, SOON, fail_over, operator, while_alive};
use crate::world::{client, eventually, unique};

fn rules() -> Value {
    json!({"approval": [{"name": "leads", "approvers": ["ann"]}]})
}

/// A request whose justification nobody else's has.
async fn asked(ground: &Ground) -> (Api<AccessRequest>, String) {
    let (requests, name) = (ground.all(), unique("told"));
    let spec = json!({"profile": ground.name, "serviceAccount": "api", "duration": "1h",
        "justification": format!("deploy for {name}!"), "requester": {"user": "eve", "person": "e"}});
    requests.create(&PostParams::default(), &object("AccessRequest", &name, &spec)).await.unwrap();
    (requests, name)
}

/// What tells that request from others, in a body and in the body that SNS wraps.
fn mark(name: &str) -> String {
    format!("deploy for {name}!")
}

async fn hears(to: &str, mark: &str, events: &[&str]) -> &'static Receiver {
    let receiver = receiver();
    let what = format!("{to} to hear {events:?} of {mark}");
    eventually(&what, SOON, async || {
        let mut heard = receiver.events(to, mark);
        heard.sort();
        heard == events
    })
    .await;
    receiver
}

/// Who still waits for each letter with `mark`, as it is kept.
async fn waiting(mark: &str) -> Vec<Vec<String>> {
    let shelves: Api<ConfigMap> = Api::namespaced(client().await, HOME);
    let data = shelves.get(NOTIFICATIONS_CONFIG_MAP).await.unwrap().data.unwrap_or_default();
    let letters: Value = serde_json::from_str(&data[NOTIFICATIONS_KEY]).unwrap();
    let all = letters["letters"].as_array().unwrap().iter();
    let ours = all.filter(|one| one["letter"]["body"].as_str().unwrap().contains(mark));
    ours.map(|one| serde_json::from_value(one["to"].clone()).unwrap()).collect()
}

fn header<'a>(got: &'a Got, name: &str) -> &'a str {
    got.headers.get(name).unwrap().to_str().unwrap()
}

fn signature(got: &Got) -> String {
    let signed = format!("{}.{}.{}", header(got, "webhook-id"), header(got, "webhook-timestamp"), got.body);
    let mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).unwrap().chain_update(signed);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn a_request_and_its_approval_reach_webhook_and_topic() {
    Ground::with(rules(), async |ground| {
        let (requests, name) = asked(&ground).await;
        hears("chat", &mark(&name), &["request.created"]).await;
        let patch = json!({"spec": {"decision": "Approved", "comment": "go", "decidedBy": {"user": "ann"}}});
        requests.patch(&name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
        let both = ["request.approved", "request.created"];
        let receiver = hears("chat", &mark(&name), &both).await;
        hears("topic", &mark(&name), &both).await;

        let got = receiver.got("chat", &mark(&name)).pop().unwrap();
        assert_eq!(header(&got, "webhook-signature"), signature(&got));
        assert_eq!(header(&got, "x-sentinel-event"), "request.approved");
        assert_eq!(header(&got, "content-type"), "application/json");
        let sent: i64 = header(&got, "webhook-timestamp").parse().unwrap();
        assert!((Timestamp::now().as_second() - sent).abs() < 120);
        let body = said(&got.body);
        assert_eq!((&body["Type"], &body["Actor"]), (&json!("request.approved"), &json!("ann")));
        let request = &body["Request"];
        for (field, value) in [
            ("requester", json!("eve")),
            ("profile", json!(ground.name)),
            ("justification", json!(mark(&name))),
            ("duration", json!(3_600_000_000_000_i64)),
            ("status", json!("approved")),
            ("approver", json!("ann")),
            ("approver_comment", json!("go")),
            ("namespace", json!(ground.namespace)),
            ("name", json!(name)),
        ] {
            assert_eq!(request[field], value, "{body}");
        }
        let status = requests.get(&name).await.unwrap().status.unwrap();
        assert_eq!(request["id"], json!(status.request_id));
        assert_eq!(request["updated_at"], json!(status.decided_at));
        assert_eq!(request["expires_at"], json!(status.expires_at));

        hears("topic-requests", &mark(&name), &both).await;
        assert!(receiver.got("topic-locks", &mark(&name)).is_empty(), "attribute event_type filters");
        eventually("nobody to wait", SOON, async || waiting(&mark(&name)).await.is_empty()).await;
    })
    .await;
}

#[tokio::test]
async fn who_deletes_a_grant_ends_it_and_that_is_told() {
    Ground::with(rules(), async |ground| {
        while_alive(async || {
            let (requests, name) = asked(&ground).await;
            let patch = json!({"spec": {"decision": "Approved", "decidedBy": {"user": "ann"}}});
            requests.patch(&name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
            hears("chat", &mark(&name), &["request.approved", "request.created"]).await;
            requests.delete(&name, &DeleteParams::default()).await.unwrap();
            let all = ["request.approved", "request.cancelled", "request.created"];
            let got = hears("chat", &mark(&name), &all).await.got("chat", &mark(&name)).pop().unwrap();
            assert_eq!(said(&got.body)["Actor"], json!("unknown (kubernetes)"));
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_target_that_is_down_hears_of_it_later_though_the_operator_dies_meanwhile() {
    Ground::with(rules(), async |ground| {
        let (requests, name) = asked(&ground).await;
        hears("chat", &mark(&name), &["request.created"]).await;
        let mark = mark(&name);
        receiver().down(&mark);
        let patch = json!({"spec": {"decision": "Cancelled", "decidedBy": {"user": "eve"}}});
        requests.patch(&name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
        let refused = || receiver().got("chat", &mark).into_iter().filter(|got| got.status == 503).count();
        eventually("it to be tried twice", SOON, async || refused() >= 2).await;
        assert!(waiting(&mark).await.iter().any(|to| to.contains(&"chat".to_owned())), "what is not delivered is kept");
        let status = requests.get(&name).await.unwrap().status.unwrap();
        assert_eq!(status.told, Some(status.phase), "who decides waits for no target");
        fail_over().await;
        receiver().up(&mark);
        hears("chat", &mark, &["request.cancelled", "request.created"]).await;
        let tries: Vec<Got> =
            receiver().got("chat", &mark).into_iter().filter(|got| got.body.contains("request.cancelled")).collect();
        assert!(tries.len() >= 3);
        for got in &tries {
            assert_eq!(
                header(got, "webhook-id"),
                header(&tries[0], "webhook-id"),
                "by this the receiver knows it again"
            );
            assert_eq!(got.body, tries[0].body);
            assert_eq!(header(got, "webhook-signature"), signature(got), "each is signed anew");
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_target_refuses_is_not_sent_again() {
    Ground::with(rules(), async |ground| {
        let name = unique("unwanted");
        let mark = mark(&name);
        receiver().refuse(&mark);
        let spec = json!({"profile": ground.name, "serviceAccount": "api", "duration": "1h", "justification": mark, "requester": {"user": "eve"}});
        let requests: Api<AccessRequest> = ground.all();
        requests.create(&PostParams::default(), &object("AccessRequest", &name, &spec)).await.unwrap();
        eventually("it to be refused", SOON, async || receiver().got("chat", &mark).len() == 1).await;
        eventually("it to be struck off", SOON, async || waiting(&mark).await.is_empty()).await;
        fail_over().await;
        hears("chat", &asked_again(&ground).await, &["request.created"]).await;
        assert_eq!(receiver().got("chat", &mark).len(), 1);
    })
    .await;
}

/// Another request: who hears of it has heard of all that came before.
async fn asked_again(ground: &Ground) -> String {
    mark(&asked(ground).await.1)
}

#[tokio::test]
async fn who_asks_for_locks_hears_of_locks_alone() {
    let (client, name) = (client().await, unique("told-lock"));
    operator();
    let locks: Api<DynamicObject> = Api::all_with(client, &ApiResource::erase::<AccessLock>(&()));
    let spec = json!({"namespaces": [name], "reason": format!("key of {name}!"), "createdBy": "dana"});
    let lock =
        json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessLock", "metadata": {"name": name}, "spec": spec});
    let mark = format!("key of {name}!");
    while_alive(async || {
        locks.create(&PostParams::default(), &serde_json::from_value(lock).unwrap()).await.unwrap();
        hears("locks", &mark, &["lock.created"]).await;
        locks.delete(&name, &DeleteParams::default()).await.unwrap();
        hears("locks", &mark, &["lock.created", "lock.ended"]).await;
    })
    .await;
    let receiver = receiver();
    hears("chat", &mark, &["lock.created", "lock.ended"]).await;
    hears("topic-locks", &mark, &["lock.created", "lock.ended"]).await;
    // A certificate that isn't verified gets nothing, and nobody else waits for it.
    eventually("the stranger alone to wait", SOON, async || waiting(&mark).await == [["stranger"]]).await;
    assert!(receiver.got("stranger", "").is_empty());
    let bodies: Vec<Value> = receiver.got("locks", &mark).iter().map(|got| said(&got.body)).collect();
    let lock = |index: usize| bodies[index]["Lock"].clone();
    assert_eq!(lock(0), json!({"name": name, "reason": mark, "namespaces": [name]}));
    assert_eq!((&bodies[0]["Actor"], &lock(1)["ended"]), (&json!("dana"), &json!("deleted")));
    assert!(receiver.got("locks", "").iter().all(|got| header(got, "x-sentinel-event").starts_with("lock.")));
}
