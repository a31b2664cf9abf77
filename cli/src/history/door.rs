//! By whose leave: what the lines about requests, emergencies, revocations and locks explain.

use jiff::Timestamp;
use sentinel_api::audit_log::{BreakGlassLine, LockLine, OpeningFields, RequestLine, RevocationLine, Text};
use sentinel_core::lock::AccessLock;
use sentinel_core::person::Identity;
use serde::Serialize;

/// Of a text that somebody wrote, so many bytes are kept.
const KEPT: usize = 2048;

/// An access request.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Approval {
    pub(super) requester: String,
    pub(super) requester_person: Option<String>,
    pub(super) approver: Option<String>,
    pub(super) approver_person: Option<String>,
    pub(super) comment: Option<String>,
    pub(super) auto_approved: bool,
    pub(super) justification: String,
    pub(super) decided_at: Option<Timestamp>,
    /// When and by whom the grant was ended before its time: its object was deleted.
    pub(super) ended_at: Option<Timestamp>,
    pub(super) ended_by: Option<String>,
    pub(super) name: String,
}

/// An emergency.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Emergency {
    pub(super) invoker: String,
    pub(super) invoker_person: Option<String>,
    pub(super) reason_code: String,
    pub(super) justification: String,
    pub(super) closed_by: Option<String>,
    pub(super) closed_by_person: Option<String>,
    pub(super) closed_reason: Option<String>,
    pub(super) name: String,
}

/// A revocation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Revocation {
    pub(super) at: Timestamp,
    pub(super) by: String,
    pub(super) reason: String,
}

/// A lock, and when it held.
#[derive(Clone, Debug)]
pub(super) struct Lock {
    told: LockTold,
    pub(super) scope: AccessLock,
    /// When it was made, or its end put off, last.
    made: Option<Timestamp>,
}

/// The same, without whom it hits.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct LockTold {
    pub(super) name: String,
    /// None: its making isn't in the log.
    pub(super) from: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    pub(super) by: Option<String>,
    pub(super) reason: String,
}

impl Approval {
    /// Who asked, as people call them.
    pub(super) fn asker(&self) -> String {
        shown(&self.requester, self.requester_person.as_ref())
    }

    /// Who approved, where a person did.
    pub(super) fn decider(&self) -> Option<String> {
        self.approver.as_ref().map(|approver| shown(approver, self.approver_person.as_ref()))
    }

    /// What `line` adds. What one line leaves out another has said.
    pub(super) fn learn(&mut self, line: &RequestLine<'_>) {
        self.requester = kept(&line.requester);
        self.requester_person = line.requester_person.as_ref().map(kept);
        self.justification = kept(&line.asked.justification);
        self.name = kept(&line.asked.name);
        if line.event == "request.approved" {
            self.approver = line.approver.as_ref().map(kept);
            self.approver_person = actors_person(line.approver.as_ref(), &line.asked);
            self.comment = line.approver_comment.as_ref().map(kept);
            (self.auto_approved, self.decided_at) = (line.auto_approved, Some(line.timestamp));
        }
        if line.event == "request.cancelled" {
            (self.ended_at, self.ended_by) = (Some(line.timestamp), Some(kept(&line.asked.actor)));
        }
    }
}

impl Emergency {
    /// Who broke the glass, as people call them.
    pub(super) fn breaker(&self) -> String {
        shown(&self.invoker, self.invoker_person.as_ref())
    }

    /// Who closed it, likewise.
    pub(super) fn closer(&self) -> Option<String> {
        self.closed_by.as_ref().map(|closer| shown(closer, self.closed_by_person.as_ref()))
    }

    /// The same.
    pub(super) fn learn(&mut self, line: &BreakGlassLine<'_>) {
        self.invoker = kept(&line.invoker);
        self.invoker_person = line.invoker_person.as_ref().map(kept);
        self.reason_code = kept(&line.reason_code);
        self.justification = kept(&line.asked.justification);
        self.name = kept(&line.asked.name);
        let closer = actors_person(line.closed_by.as_ref(), &line.asked);
        self.closed_by = line.closed_by.as_ref().map(kept).or(self.closed_by.take());
        self.closed_by_person = closer.or(self.closed_by_person.take());
        self.closed_reason = line.closed_reason.as_ref().map(kept).or(self.closed_reason.take());
    }
}

impl Revocation {
    pub(super) fn of(line: &RevocationLine<'_>) -> Self {
        Self { at: line.timestamp, by: kept(&line.actor), reason: kept(&line.reason) }
    }
}

impl Lock {
    pub(super) fn of(line: &LockLine<'_>) -> Self {
        let told = LockTold { name: kept(&line.name), from: None, until: None, by: None, reason: kept(&line.reason) };
        Self { told, scope: line.lock(), made: None }
    }

    /// When `line` says that it was made or ended; lines come in any order, and a lock whose end is put off holds again.
    pub(super) fn learn(&mut self, line: &LockLine<'_>) {
        let LockTold { from, until, by, .. } = &mut self.told;
        if line.event == "lock.created" {
            *from = Some(from.map_or(line.timestamp, |from| from.min(line.timestamp)));
            *by = Some(kept(&line.actor));
            self.made = self.made.max(Some(line.timestamp));
        } else {
            *until = (*until).max(Some(line.timestamp));
        }
    }

    /// When it held; without an end where it holds still.
    pub(super) fn told(&self) -> LockTold {
        let told = self.told.clone();
        LockTold { until: told.until.filter(|until| self.made.is_none_or(|made| made <= *until)), ..told }
    }
}

/// The person of `who`, where a line says it: of the one who did what it tells.
fn actors_person(who: Option<&Text<'_>>, line: &OpeningFields<'_>) -> Option<String> {
    who.filter(|who| **who == line.actor)?;
    line.actor_person.as_ref().map(kept)
}

/// A user name that several share says little: the person is told beside it, as every other command does.
fn shown(user: &str, person: Option<&String>) -> String {
    Identity::new(user, person.cloned()).shown()
}

/// The beginning of a text.
pub(super) fn kept(text: &Text<'_>) -> String {
    text.get(..text.floor_char_boundary(KEPT)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn opening(change: &Value) -> Value {
        let mut line = json!({"timestamp": "2026-03-02T01:00:00Z", "request_id": "125526d5", "event_id": "73653838", "requester": "role-dev",
            "invoker": "role-oncall", "reason_code": "incident", "profile": "prod", "status": "s", "actor": "role-admins", "justification": "j",
            "duration_seconds": 60, "message": "", "namespace": "n", "service_account": "a", "name": "o", "uid": "u", "cluster": "c", "cluster_name": "c"});
        line.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        line
    }

    fn approval(changes: &[Value]) -> Approval {
        let mut approval = Approval::default();
        for change in changes {
            approval.learn(&serde_json::from_value::<RequestLine<'static>>(opening(change)).unwrap());
        }
        approval
    }

    fn emergency(changes: &[Value]) -> Emergency {
        let mut emergency = Emergency::default();
        for change in changes {
            emergency.learn(&serde_json::from_value::<BreakGlassLine<'static>>(opening(change)).unwrap());
        }
        emergency
    }

    #[rstest]
    #[case::both(json!("alice"), json!("bob"), "alice (role-admins)", "bob (role-dev)")]
    #[case::none(Value::Null, Value::Null, "role-admins", "role-dev")]
    #[case::the_same_as_the_user_name(json!("role-admins"), json!("role-dev"), "role-admins", "role-dev")]
    fn an_approval_names_persons(
        #[case] actor: Value,
        #[case] requester: Value,
        #[case] by: &str,
        #[case] asked: &str,
    ) {
        let made = json!({"event": "request.created", "actor": "role-dev", "actor_person": requester, "requester_person": requester});
        let decided = json!({"event": "request.approved", "approver": "role-admins", "actor_person": actor, "requester_person": requester});
        for lines in [[made.clone(), decided.clone()], [decided, made]] {
            let approval = approval(&lines);
            assert_eq!((approval.decider().as_deref(), approval.asker().as_str()), (Some(by), asked));
        }
    }

    #[test]
    fn what_sentinel_approved_no_person_did() {
        let approval = approval(&[json!({"event": "request.approved", "auto_approved": true, "actor": "sentinel"})]);
        assert_eq!((approval.decider(), approval.approver_person), (None, None));
    }

    #[test]
    fn an_emergency_names_who_began_and_who_ended_it() {
        let begun = json!({"event": "breakglass.invoked", "actor": "role-oncall", "actor_person": "carol", "invoker_person": "carol"});
        let ended = json!({"event": "breakglass.closed", "closed_by": "role-admins", "actor_person": "alice", "invoker_person": "carol"});
        for lines in [[begun.clone(), ended.clone()], [ended, begun]] {
            let emergency = emergency(&lines);
            assert_eq!(emergency.breaker(), "carol (role-oncall)");
            let closer = (emergency.closed_by.as_deref(), emergency.closed_by_person.as_deref());
            assert_eq!(closer, (Some("role-admins"), Some("alice")));
        }
    }
}
