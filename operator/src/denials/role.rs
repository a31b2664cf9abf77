//! One role: what is known of its policy, and a visit to it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::Timestamp;
use sentinel_aws::{AwsError, ErrorKind};
use sentinel_core::session::SessionId;
use tokio::time::Instant;

use super::document::{Document, length};
use super::iam::Iam;
use super::plan::{Facts, Plan, Wanted, covers, plan};
use super::verdict::Verdict;
use crate::pace::{backoff, jittered};

/// Somebody may have changed our policy, or made room.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// Nothing of ours is there, and nothing is wanted.
const REST: Duration = Duration::from_hours(1);
/// IAM shows what was written a moment later.
const READ_AGAIN: Duration = Duration::from_secs(1);
/// How often less is tried where IAM says that there is no room although there should be.
const TRIES: u32 = 12;

/// A role with the sessions to deny in it.
pub(crate) struct Role {
    /// Its ARN.
    pub arn: String,
    /// What came of the last visit.
    pub last: Last,
    /// When it is visited next.
    pub due: Instant,
    /// What was written last.
    written: Document,
    wanted: BTreeMap<SessionId, Wanted>,
    since: HashMap<SessionId, Timestamp>,
    older_since: Option<Timestamp>,
    verified: bool,
    failures: u32,
}

/// What came of a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    /// There was none.
    Unknown,
    /// IAM has it.
    Written(Plan),
    /// It is written, and doesn't show yet.
    Unconfirmed,
    /// IAM didn't take it.
    Failed(AwsError),
}

impl Role {
    /// A role that nobody has visited.
    pub fn new(arn: &str) -> Self {
        Self {
            arn: arn.to_owned(),
            last: Last::Unknown,
            due: Instant::now(),
            written: Document::default(),
            wanted: BTreeMap::new(),
            since: HashMap::new(),
            older_since: None,
            verified: false,
            failures: 0,
        }
    }

    /// Whether somebody else is to be denied than at the last visit.
    pub fn is_news(&self, wanted: &BTreeMap<SessionId, Wanted>) -> bool {
        self.wanted != *wanted
    }

    /// Makes its policy deny `wanted`.
    pub async fn visit(mut self, iam: &Iam, wanted: BTreeMap<SessionId, Wanted>) -> Self {
        self.wanted = wanted;
        self.last = match self.reconcile(iam).await {
            Ok(last) => last,
            Err(error) => Last::Failed(error),
        };
        self.note(Timestamp::now());
        self.due = Instant::now() + self.rest(Timestamp::now());
        self
    }

    /// Whether our policy denies anybody, as far as is known.
    pub fn is_empty(&self) -> bool {
        match &self.last {
            Last::Written(plan) => plan.document.is_empty() && self.wanted.is_empty(),
            Last::Unknown | Last::Unconfirmed | Last::Failed(_) => false,
        }
    }

    async fn reconcile(&mut self, iam: &Iam) -> Result<Last, AwsError> {
        if !self.verified {
            iam.verify(&self.arn).await?;
            self.verified = true;
        }
        let read = iam.read(&self.arn).await?;
        // IAM may still show what was there before the last write, and nobody else remembers who was denied.
        let before = read.clone().and(&self.written);
        let now = Timestamp::now();
        let mut facts = Facts { before: &before, wanted: &self.wanted, room: usize::MAX, now };
        if length(&plan(&facts).document.text()) > length(&read.text()) {
            facts.room = iam.room(&self.arn).await?;
        }
        let planned = plan(&facts);
        if planned.document == read {
            return Ok(Last::Written(planned));
        }
        let plan = write(iam, &self.arn, facts, planned).await?;
        self.written = plan.document.clone();
        let is_there = iam.read(&self.arn).await? == plan.document;
        Ok(if is_there { Last::Written(plan) } else { Last::Unconfirmed })
    }

    /// Since when who is denied.
    fn note(&mut self, now: Timestamp) {
        self.failures = if matches!(self.last, Last::Failed(_)) { self.failures.saturating_add(1) } else { 0 };
        match &self.last {
            Last::Failed(error) => {
                tracing::warn!(role = self.arn, %error, "the denials of revoked sessions could not be written; trying again");
            }
            Last::Written(plan) => {
                self.since.retain(|id, _| plan.document.sessions.contains_key(id));
                for id in plan.document.sessions.keys() {
                    self.since.entry(id.clone()).or_insert(now);
                }
                self.older_since = plan.document.older.map(|_| self.older_since.unwrap_or(now));
                let (denied, left_out) = (plan.document.sessions.len(), plan.left_out.len());
                tracing::debug!(role = self.arn, denied, left_out, "the role denies revoked sessions");
            }
            Last::Unknown | Last::Unconfirmed => {}
        }
    }

    fn rest(&self, now: Timestamp) -> Duration {
        match &self.last {
            Last::Failed(_) => jittered(backoff(self.failures)),
            Last::Unknown | Last::Unconfirmed => READ_AGAIN,
            Last::Written(plan) => {
                let ends =
                    plan.document.sessions.values().chain(plan.document.older.as_ref().map(|older| &older.until));
                let next = ends.min().and_then(|end| Duration::try_from(end.duration_since(now)).ok());
                if self.is_empty() { REST } else { next.map_or(LOOK_AGAIN, |next| next.min(LOOK_AGAIN)) }
            }
        }
    }

    /// What came of the denial of each.
    pub fn verdicts(&self) -> impl Iterator<Item = (&SessionId, Verdict)> {
        self.wanted.iter().map(|(id, wanted)| (id, self.verdict(id, wanted)))
    }

    fn verdict(&self, id: &SessionId, wanted: &Wanted) -> Verdict {
        let plan = match &self.last {
            Last::Unknown | Last::Unconfirmed => return Verdict::Pending,
            Last::Failed(error) => return Verdict::Failed { kind: error.kind, message: error.to_string() },
            Last::Written(plan) => plan,
        };
        let roles = vec![self.arn.clone()];
        if let (Some(until), Some(since)) = (plan.document.sessions.get(id), self.since.get(id)) {
            return Verdict::Denied { roles, since: *since, until: *until };
        }
        match (plan.document.older, self.older_since) {
            (Some(older), Some(since)) if covers(&older, wanted) => {
                Verdict::WithItsRole { roles, since, than: older.than }
            }
            _ if plan.left_out.contains(id) => Verdict::Full { role: self.arn.clone() },
            _ => Verdict::Over,
        }
    }
}

/// Writes what was planned, or as much of it as IAM takes, which has the last word on the room.
async fn write(iam: &Iam, arn: &str, mut facts: Facts<'_>, mut planned: Plan) -> Result<Plan, AwsError> {
    for _ in 0..TRIES {
        match iam.write(arn, &planned.document).await {
            Err(error) if error.kind == ErrorKind::Full => {
                facts.room = length(&planned.document.text()).saturating_mul(3) / 4;
                planned = plan(&facts);
            }
            result => return result.map(|()| planned),
        }
    }
    iam.write(arn, &planned.document).await.map(|()| planned)
}
