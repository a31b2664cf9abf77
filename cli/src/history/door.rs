//! By whose leave: what the lines about requests, emergencies, revocations and locks explain.

use jiff::Timestamp;
use sentinel_api::audit_log::{BreakGlassLine, LockLine, RequestLine, RevocationLine, Text};
use sentinel_core::lock::AccessLock;
use serde::Serialize;

/// Of a text that somebody wrote, so many bytes are kept.
const KEPT: usize = 2048;

/// An access request.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Approval {
    pub(super) requester: String,
    pub(super) approver: Option<String>,
    pub(super) comment: Option<String>,
    pub(super) auto_approved: bool,
    pub(super) justification: String,
    pub(super) decided_at: Option<Timestamp>,
    pub(super) name: String,
}

/// An emergency.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Emergency {
    pub(super) invoker: String,
    pub(super) reason_code: String,
    pub(super) justification: String,
    pub(super) closed_by: Option<String>,
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
    /// What `line` adds. What one line leaves out another has said.
    pub(super) fn learn(&mut self, line: &RequestLine<'_>) {
        self.requester = kept(&line.requester);
        self.justification = kept(&line.asked.justification);
        self.name = kept(&line.asked.name);
        if line.event == "request.approved" {
            self.approver = line.approver.as_ref().map(kept);
            self.comment = line.approver_comment.as_ref().map(kept);
            (self.auto_approved, self.decided_at) = (line.auto_approved, Some(line.timestamp));
        }
    }
}

impl Emergency {
    /// The same.
    pub(super) fn learn(&mut self, line: &BreakGlassLine<'_>) {
        self.invoker = kept(&line.invoker);
        self.reason_code = kept(&line.reason_code);
        self.justification = kept(&line.asked.justification);
        self.name = kept(&line.asked.name);
        self.closed_by = line.closed_by.as_ref().map(kept).or(self.closed_by.take());
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

/// The beginning of a text.
pub(super) fn kept(text: &Text<'_>) -> String {
    text.get(..text.floor_char_boundary(KEPT)).unwrap_or_default().to_owned()
}
