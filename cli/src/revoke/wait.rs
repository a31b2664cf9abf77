//! Waiting until the operator has said so in the status, which is after the row; and, where the profile asks for hard revocation,
//! until IAM has it or has refused it.

use std::time::Duration;

use kube::runtime::watcher::Event;
use sentinel_api::{HARD_REVOKED, Phase, SentinelSession};

use crate::cluster::{Cluster, Scope};
use crate::failure::Failure;
use crate::sessions::Seen;

/// Those of `wanted` that have become Revoked within `patience`, as they were seen last.
pub(super) fn until_revoked(cluster: &Cluster, wanted: Vec<String>, patience: Duration) -> Result<Vec<Seen>, Failure> {
    let fields = match wanted.as_slice() {
        [name] => format!("metadata.name={name}"),
        _ => String::new(),
    };
    let scope = Scope { namespace: Some(cluster.namespace.clone()), fields };
    let mut waiting = Waiting { wanted, revoked: vec![] };
    cluster.follow::<SentinelSession>(&scope, Some(patience), |event| waiting.goes_on(event))?;
    Ok(waiting.revoked)
}

struct Waiting {
    wanted: Vec<String>,
    revoked: Vec<Seen>,
}

impl Waiting {
    fn goes_on<K: std::borrow::Borrow<kube::api::DynamicObject>>(&mut self, event: Event<K>) -> bool {
        match event {
            Event::Apply(object) | Event::InitApply(object) => {
                let seen = Seen::of(object.borrow());
                if seen.status.phase == Phase::Revoked && self.wanted.contains(&seen.name) {
                    self.revoked.retain(|before| before.name != seen.name);
                    if !is_being_denied(&seen) {
                        self.forget(&seen.name);
                    }
                    self.revoked.push(seen);
                }
            }
            // Its pod is gone, and it with it: nothing more will be said.
            Event::Delete(object) => {
                self.forget(&Seen::of(object.borrow()).name);
            }
            Event::Init | Event::InitDone => {}
        }
        !self.wanted.is_empty()
    }

    fn forget(&mut self, name: &str) {
        self.wanted.retain(|wanted| wanted != name);
    }
}

fn is_being_denied(seen: &Seen) -> bool {
    let denial = seen.status.conditions.iter().find(|condition| condition.type_ == HARD_REVOKED);
    denial.is_some_and(|denial| denial.reason == "Pending")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::api::DynamicObject;
    use serde_json::json;

    fn session(name: &str, phase: &str) -> DynamicObject {
        serde_json::from_value(json!({"metadata": {"name": name}, "status": {"phase": phase}})).unwrap()
    }

    #[test]
    fn it_waits_for_iam_where_that_is_to_be_asked() {
        let denied = |reason: &str| -> DynamicObject {
            let condition = json!({"type": "HardRevoked", "status": "False", "reason": reason, "message": "", "lastTransitionTime": "2026-03-02T12:00:00Z"});
            serde_json::from_value(
                json!({"metadata": {"name": "a"}, "status": {"phase": "Revoked", "conditions": [condition]}}),
            )
            .unwrap()
        };
        let mut waiting = Waiting { wanted: vec!["a".into()], revoked: vec![] };
        assert!(waiting.goes_on(Event::Apply(denied("Pending"))));
        assert_eq!(waiting.revoked.len(), 1, "who loses patience knows that it is revoked");
        assert!(!waiting.goes_on(Event::Apply(denied("RoleFull"))));
        assert_eq!(waiting.revoked.len(), 1);
    }

    #[test]
    fn it_ends_when_each_is_revoked_or_gone() {
        let mut waiting = Waiting { wanted: vec!["a".into(), "b".into()], revoked: vec![] };
        assert!(waiting.goes_on(Event::InitApply(session("a", "Active"))));
        assert!(waiting.goes_on(Event::Apply(session("other", "Revoked"))));
        assert!(waiting.goes_on(Event::Apply(session("a", "Revoked"))));
        assert!(waiting.goes_on(Event::Apply(session("a", "Revoked"))), "again is not more");
        assert!(!waiting.goes_on(Event::Delete(session("b", "Active"))));
        assert_eq!(waiting.revoked.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["a"]);
    }
}
