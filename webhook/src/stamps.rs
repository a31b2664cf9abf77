//! Stamps: who did it, written by us from the request and never read from the author. The mutating webhook makes them; the
//! validating one compares what came of it, and nobody changes them later.

use kube::Resource as _;
use sentinel_api::{AccessLock, AccessRequest, BreakGlassEvent, PersonStamp, SentinelSession};
use serde_json::Value;

use crate::admission::{AdmissionRequest, Answer, Operation};

#[cfg(test)]
mod tests;

/// A key of a spec that holds who did something.
#[derive(Clone, Copy)]
struct Stamp {
    key: &'static str,
    did: Deed,
}

/// What is signed by a stamp.
#[derive(Clone, Copy)]
enum Deed {
    /// The object was made.
    Made,
    /// This key of the spec was given a value.
    Said(&'static str),
    /// This key of the spec became true.
    Switched(&'static str),
}

const LOCK: [Stamp; 1] = [Stamp { key: "createdBy", did: Deed::Made }];
const SESSION: [Stamp; 1] = [Stamp { key: "revokedBy", did: Deed::Switched("revoked") }];
const REQUEST: [Stamp; 2] =
    [Stamp { key: "requester", did: Deed::Made }, Stamp { key: "decidedBy", did: Deed::Said("decision") }];
const EVENT: [Stamp; 3] = [
    Stamp { key: "invoker", did: Deed::Made },
    Stamp { key: "closedBy", did: Deed::Switched("closed") },
    Stamp { key: "reviewedBy", did: Deed::Said("review") },
];

/// The object of `request` with its stamps. `person_key` is the extra value that tells people apart; empty: none.
pub fn stamp(request: &AdmissionRequest, person_key: &str) -> Answer {
    let user = || Value::from(request.user_info.username.as_str());
    let (stamps, by) = match request.resource.resource.as_str() {
        locks if locks == AccessLock::plural(&()) => (&LOCK[..], user()),
        sessions if sessions == SentinelSession::plural(&()) => (&SESSION[..], user()),
        requests if requests == AccessRequest::plural(&()) => (&REQUEST[..], person(request, person_key)),
        events if events == BreakGlassEvent::plural(&()) => (&EVENT[..], person(request, person_key)),
        _ => return Answer::allowed(),
    };
    let mut stamped = request.object.clone();
    for stamp in stamps {
        stamp.put(request, &mut stamped, &by);
    }
    Answer::patched(&request.object, &stamped)
}

fn person(request: &AdmissionRequest, person_key: &str) -> Value {
    serde_json::to_value(PersonStamp::of(&request.user_info.person(person_key))).unwrap_or_default()
}

impl Stamp {
    /// A deed of this request is signed by `by`; one that was done before keeps its stamp.
    fn put(self, request: &AdmissionRequest, stamped: &mut Value, by: &Value) {
        let (is_new, is_done) = (request.operation == Operation::Create, self.did.is_done(&request.object));
        match self.did {
            _ if !is_new && self.did.is_done(&request.old_object) => keep(stamped, &request.old_object, self.key),
            // A session that is made revoked is one that the operator makes again, with who it was.
            Deed::Switched(_) if is_new => {}
            _ if is_done => set(stamped, self.key, by.clone()),
            _ => {}
        }
    }
}

impl Deed {
    fn is_done(self, object: &Value) -> bool {
        let said = |key: &str| object.get("spec").and_then(|spec| spec.get(key)).filter(|value| !value.is_null());
        match self {
            Self::Made => true,
            Self::Said(key) => said(key).is_some(),
            Self::Switched(key) => said(key) == Some(&Value::Bool(true)),
        }
    }
}

/// A spec of another shape stays as it is: the schema refuses it.
fn set(object: &mut Value, key: &str, value: Value) {
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
        spec.insert(key.to_owned(), value);
    }
}

/// Whoever replaces an object by one without its stamp doesn't mean to change it; one that is another is refused later.
fn keep(object: &mut Value, old: &Value, key: &str) {
    let missing = object.pointer(&format!("/spec/{key}")).is_none_or(Value::is_null);
    if let Some(value) = old.pointer(&format!("/spec/{key}")).filter(|_| missing) {
        set(object, key, value.clone());
    }
}
