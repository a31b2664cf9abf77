//! What is kept of a log, and how it comes together.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sentinel_api::audit_log::{DecisionLine, Line};
use sentinel_core::identity::service_account_user;
use sentinel_core::lock::Target;
use serde::Serialize;

use super::door::{Approval, Emergency, Lock, LockTold, Revocation, kept};
use super::filter::Filter;
use super::spans::{Span, add};
use crate::failure::Failure;

/// So many accesses are kept, and so many requests, emergencies, revocations and locks together: about a kilobyte each.
pub(super) const MOST: usize = 100_000;

/// A thing of a cluster: its cluster, and its id there.
type Id = (String, String);

/// What is kept.
pub(super) struct Book {
    filter: Filter,
    sessions: BTreeMap<Id, (Who, Vec<Span>)>,
    approvals: BTreeMap<Id, Approval>,
    emergencies: BTreeMap<Id, Emergency>,
    revocations: BTreeMap<Id, Revocation>,
    locks: BTreeMap<Id, Lock>,
    spans: usize,
}

/// Whose session it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Who {
    pub(super) user: String,
    pub(super) namespace: String,
    pub(super) service_account: String,
    pub(super) pod: String,
    pub(super) pod_uid: String,
    pub(super) profile: String,
    pub(super) session_id: String,
    pub(super) cluster: String,
    pub(super) cluster_name: String,
}

/// Who had what, from when until when, by whose leave, and who stopped it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Access {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    #[serde(flatten)]
    pub(super) who: Who,
    pub(super) issues: u64,
    pub(super) role_arn: Option<String>,
    pub(super) source_identity: Option<String>,
    pub(super) policy_path: String,
    pub(super) policy_effect: Option<String>,
    pub(super) rule: String,
    pub(super) approved_request_id: Option<String>,
    pub(super) approval: Option<Approval>,
    pub(super) break_glass_event_id: Option<String>,
    pub(super) emergency: Option<Emergency>,
    pub(super) revoked: Option<Revocation>,
    pub(super) locked: Vec<LockTold>,
}

impl Book {
    pub(super) fn new(filter: Filter) -> Self {
        Self {
            filter,
            sessions: BTreeMap::new(),
            approvals: BTreeMap::new(),
            emergencies: BTreeMap::new(),
            revocations: BTreeMap::new(),
            locks: BTreeMap::new(),
            spans: 0,
        }
    }

    /// Keeps what `line` says, if it is about what is asked for.
    pub(super) fn take(&mut self, line: Line) -> Result<(), Failure> {
        match line {
            Line::Decision(line) => self.decision(&line),
            Line::Request(line)
                if self.names(&line.asked.namespace, &line.asked.service_account, &line.asked.profile) =>
            {
                let id = (kept(&line.asked.cluster), kept(&line.request_id));
                self.approvals.entry(id).or_default().learn(&line);
            }
            Line::BreakGlass(line)
                if self.names(&line.asked.namespace, &line.asked.service_account, &line.asked.profile) =>
            {
                let id = (kept(&line.asked.cluster), kept(&line.event_id));
                self.emergencies.entry(id).or_default().learn(&line);
            }
            Line::Revocation(line) if self.filter.names(&line.user, &line.namespace, &line.profile) => {
                self.revocations.insert((kept(&line.cluster), kept(&line.session_id)), Revocation::of(&line));
            }
            Line::Lock(line) => {
                let id = (kept(&line.cluster), kept(&line.uid));
                self.locks.entry(id).or_insert_with(|| Lock::of(&line)).learn(&line);
            }
            Line::Request(_) | Line::BreakGlass(_) | Line::Revocation(_) => {}
        }
        let rest = self.approvals.len() + self.emergencies.len() + self.revocations.len() + self.locks.len();
        let full = [("accesses", self.spans), ("requests, emergencies, revocations and locks", rest)];
        match full.into_iter().find(|(_, count)| *count > MOST) {
            None => Ok(()),
            Some((what, _)) => Err(Failure::Usage(format!(
                "the log tells of more than {MOST} {what}: ask for less, with --since, --until, --profile, --user or --namespace"
            ))),
        }
    }

    fn decision(&mut self, line: &DecisionLine<'_>) {
        let span = Span::of(line);
        let meant = self.filter.names(&line.user, &line.namespace, &line.profile);
        if line.effect != "allow" || !meant || !self.filter.meets(span.from, span.until) {
            return;
        }
        let id = (kept(&line.cluster), kept(&line.session_id));
        let (_, spans) = self.sessions.entry(id).or_insert_with(|| (Who::of(line), vec![]));
        let before = spans.len();
        add(spans, span);
        self.spans = self.spans - before + spans.len();
    }

    fn names(&self, namespace: &str, service_account: &str, profile: &str) -> bool {
        self.filter.names(&service_account_user(namespace, service_account), namespace, profile)
    }

    /// All accesses, in the order in which they began.
    pub(super) fn accesses(mut self) -> Vec<Access> {
        let sessions = std::mem::take(&mut self.sessions);
        let mut all = vec![];
        for (_, (who, spans)) in sessions {
            all.extend(spans.into_iter().map(|span| self.access(&who, span)));
        }
        all.sort_by(|one, other| (one.from, &one.who.session_id).cmp(&(other.from, &other.who.session_id)));
        all
    }

    fn access(&self, who: &Who, span: Span) -> Access {
        let of = |id: &Option<String>| id.clone().map(|id| (who.cluster.clone(), id));
        let approval = of(&span.leave.request_id).and_then(|id| self.approvals.get(&id));
        let emergency = of(&span.leave.event_id).and_then(|id| self.emergencies.get(&id));
        let session = (who.cluster.clone(), who.session_id.clone());
        let locks = self.locks.iter().filter(|((cluster, _), lock)| *cluster == who.cluster && hits(lock, who));
        let locked = locks.map(|(_, lock)| lock.told()).filter(|lock| meets(lock, &span)).collect();
        Access {
            from: span.from,
            until: span.until,
            approval: approval.cloned(),
            emergency: emergency.cloned(),
            revoked: self.revocations.get(&session).cloned(),
            locked,
            who: who.clone(),
            issues: span.issues,
            role_arn: span.role_arn,
            source_identity: span.source_identity,
            policy_path: span.leave.policy_path,
            policy_effect: span.leave.policy_effect,
            rule: span.leave.rule,
            approved_request_id: span.leave.request_id,
            break_glass_event_id: span.leave.event_id,
        }
    }
}

/// Whether it names these.
fn hits(lock: &Lock, who: &Who) -> bool {
    lock.scope.hits(Target { user: &who.user, namespace: &who.namespace, profile: &who.profile })
}

/// Whether it held at any moment of the access.
fn meets(lock: &LockTold, span: &Span) -> bool {
    lock.from.is_none_or(|from| from <= span.until) && lock.until.is_none_or(|until| until >= span.from)
}

impl Who {
    fn of(line: &DecisionLine<'_>) -> Self {
        Self {
            user: kept(&line.user),
            namespace: kept(&line.namespace),
            service_account: kept(&line.service_account),
            pod: kept(&line.pod),
            pod_uid: kept(&line.pod_uid),
            profile: kept(&line.profile),
            session_id: kept(&line.session_id),
            cluster: kept(&line.cluster),
            cluster_name: kept(&line.cluster_name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentinel_api::audit_log::LockLine;
    use serde_json::json;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).unwrap()
    }

    fn held(lines: &[(&str, i64)]) -> (Option<Timestamp>, Option<Timestamp>) {
        let line = |(event, minute): &(&str, i64)| -> LockLine<'static> {
            serde_json::from_value(
                json!({"timestamp": at(*minute), "event": event, "actor": "dana", "reason": "r", "name": "l",
                "uid": "u", "cluster": "c", "cluster_name": "c"}),
            )
            .unwrap()
        };
        let mut lock = Lock::of(&line(&lines[0]));
        for one in lines {
            lock.learn(&line(one));
        }
        (lock.told().from, lock.told().until)
    }

    #[test]
    fn a_lock_held_from_its_first_beginning_to_its_last_end() {
        let (made, ended, again) = (("lock.created", 1), ("lock.ended", 5), ("lock.created", 9));
        assert_eq!(held(&[made]), (Some(at(1)), None));
        for lines in [[made, ended], [ended, made]] {
            assert_eq!(held(&lines), (Some(at(1)), Some(at(5))));
        }
        for lines in [[made, ended, again], [again, ended, made]] {
            assert_eq!(held(&lines), (Some(at(1)), None), "its end was put off");
        }
        assert_eq!(held(&[ended]), (None, Some(at(5))));
    }
}
