//! Who is to hear of it hears of it: through the chart's values, Secrets and projected volumes.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::approvals::{decide, governed, request};
use crate::cluster::{Place, apply, script, until};
use crate::people::Person;

/// Emulators and receivers come and go in other stories: what waits is tried again within a minute.
const SOON: Duration = Duration::from_secs(90);

fn heard(all: &mut Vec<Value>) {
    let text = script("stories/notified", &["heard"]);
    all.extend(text.lines().map(|line| serde_json::from_str(line).unwrap()));
}

#[test]
fn a_topic_hears_of_a_request_and_of_its_denial() {
    let place = Place::shared();
    script("stories/notified", &["topic"]);
    let (asks, approves) = (Person::who_is("sentinel-requester", &place), Person::who_is("sentinel-approver", &place));
    governed(&place, &approves.user);
    request(&place, &asks, "ticket-20", "1h", &json!({})).unwrap();
    decide(&place, &approves, "ticket-20", "Denied").unwrap();
    let mut all = Vec::new();
    until("both events in the queue", SOON, || {
        heard(&mut all);
        let messages = all.iter().map(|one| serde_json::from_str::<Value>(one["Message"].as_str().unwrap()).unwrap());
        let mut ours: Vec<Value> = messages.filter(|one| one["Request"]["namespace"] == json!(place.name)).collect();
        ours.sort_by_key(|one| one["Type"].to_string());
        let types: Vec<&str> = ours.iter().map(|one| one["Type"].as_str().unwrap()).collect();
        if types != ["request.created", "request.denied"] {
            return Err(format!("{types:?} of {}", all.len()));
        }
        assert_eq!((&ours[0]["Actor"], &ours[1]["Actor"]), (&json!(asks.user), &json!(approves.user)));
        assert_eq!(ours[1]["Request"]["approver"], json!(approves.user));
        Ok(())
    });
    let of_type = |one: &&Value| one["MessageAttributes"]["event_type"]["Value"] == "request.denied";
    assert!(all.iter().any(|one| of_type(&one)), "subscriptions filter by it");
}

/// The webhook that the chart's values name, while it is served.
struct Hook(Child);

impl Drop for Hook {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

#[test]
fn a_webhook_hears_of_a_lock_that_was_made_before_it_was_up() {
    let place = Place::shared();
    let lock = json!({"apiVersion": "sentinel.dev/v1alpha1", "kind": "AccessLock", "metadata": {"name": place.name},
        "spec": {"namespaces": [place.name], "reason": "key in a paste"}});
    apply(&lock).unwrap();
    let file = format!("{}/notified", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(file);
    let mut child = command.args(["listen", "120"]).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let _hook = Hook(child);
    let got = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap()).find(|one| {
        one["body"].as_str().is_some_and(|body| body.contains("lock.created") && body.contains(&place.name))
    });
    let got = got.expect("within two minutes");
    assert_eq!(got["headers"]["x-sentinel-event"], "lock.created");
    assert_eq!(got["headers"]["content-type"], "application/json");
    assert!(got["headers"]["webhook-signature"].as_str().unwrap().starts_with("v1,"), "{got}");
    let body: Value = serde_json::from_str(got["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["Lock"]["reason"], "key in a paste");
}
