//! The session's row: made once, then written less and less often. Each write says all at once: that the session is used, how
//! often, and what credentials may be about until the next write. Never ended here.
//!
//! ```text
//!   memory of this replica ┐
//!   SentinelSession ───────┴─▶ plan (pure) ─▶ Nothing │ Refuse │ Create │ Check │ Write ─▶ DynamoDB
//! ```
//!
//! Before each AssumeRole the row is written or, where it says enough already, read: it must be there and active.

mod bound;
mod cadence;
mod memory;
mod plan;
mod row;
mod settle;
mod table;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sentinel_aws::{AwsError, Created, Touched};
use sentinel_core::session::{RowStatus, SessionRow};
use sentinel_decision::{Cause, Permit, Revoked};

pub use bound::Bound;
pub use table::{CountedTable, SessionTable};

use crate::credentials::{Issue, Template};
use crate::identity::ClusterIdentity;
use crate::moment::Moment;
use cadence::pause;
use memory::{Known, Memories};
use plan::{Step, plan};

/// The session rows.
pub struct Rows {
    table: Arc<dyn SessionTable>,
    memories: Memories,
    cluster: ClusterIdentity,
    slowest: Duration,
}

/// What a row is asked or told for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Credentials that were issued before are given out again.
    Use,
    /// There will be new ones.
    Issue,
}

/// One use of a session with a row.
struct Note<'a> {
    permit: &'a Permit,
    table: &'a str,
    served: u64,
    issue: Issue,
    now: Moment,
}

impl Rows {
    /// Rows of `cluster` in `table`'s tables, written once in `slowest` at the least while they are used.
    pub fn new(table: Arc<dyn SessionTable>, cluster: ClusterIdentity, slowest: Duration) -> Self {
        Self { table, memories: Memories::default(), cluster, slowest }
    }

    /// Notes that `permit` is used: for the application's `served` requests, and for what `template` makes. Says whether
    /// anybody had to be asked; a session without a table has no row.
    pub async fn note(
        &self,
        permit: &Permit,
        served: u64,
        template: &Template,
        purpose: Purpose,
        now: Moment,
    ) -> Result<bool, Cause> {
        let Some(table) = permit.table() else { return Ok(false) };
        let memory = self.memories.of(&permit.session_id, table);
        let issue = (purpose == Purpose::Issue).then(|| template.at(now.wall));
        let step = plan(memory.as_ref(), permit.session.may_start_in(table), issue.as_ref(), now);
        let note = || Note { permit, table, served, issue: issue.unwrap_or_else(|| template.at(now.wall)), now };
        match step {
            Step::Nothing => return Ok(false),
            Step::Refuse(cause) => return Err(cause),
            Step::Create => self.create(&note()).await?,
            Step::Check => self.check(&note()).await?,
            Step::Write => {
                let born = memory.and_then(|memory| memory.known).map_or(now.wall, |known| known.born);
                self.write(&note(), born).await?;
            }
        }
        Ok(true)
    }

    /// Adds requests whose report was acknowledged; they are written with the next touch.
    pub fn acknowledge(&self, permit: &Permit, served: u64, now: Moment) {
        if let Some(table) = permit.table() {
            self.memories.add(&permit.session_id, table, served, now);
        }
    }

    /// Forgets the sessions that `is_live` doesn't know.
    pub fn forget(&self, is_live: impl Fn(&sentinel_core::session::SessionId) -> bool) {
        self.memories.forget(is_live);
    }

    async fn create(&self, note: &Note<'_>) -> Result<(), Cause> {
        let (id, wall) = (&note.permit.session_id, note.now.wall);
        let pause = pause(Duration::ZERO, self.slowest);
        let bound = Bound::of(&note.issue, pause);
        let row = row::first(note.permit, &self.cluster, note.served, &bound, wall);
        match self.table.create(note.table, &row).await.map_err(broken)? {
            Created::New => {
                let known = Known::written(wall, pause, Some(Arc::new(bound)), note.now);
                self.memories.wrote(id, note.table, note.served, known);
                Ok(())
            }
            Created::Existed(found) => {
                self.take_over(note, &found)?;
                self.go_on(note, &found).await
            }
        }
    }

    async fn check(&self, note: &Note<'_>) -> Result<(), Cause> {
        let found = self.table.get(note.table, &note.permit.session_id).await.map_err(broken)?;
        self.go_on(note, &found.ok_or_else(|| self.lost(note))?).await
    }

    /// Somebody was quicker, or this replica is new: the row must still be promised.
    fn take_over(&self, note: &Note<'_>, found: &SessionRow) -> Result<(), Cause> {
        self.accept(note, found)?;
        if found.expires_at <= note.now.wall {
            let problem = format!("ran out at {}: the operator extends it; is it running?", found.expires_at);
            return Err(note.unusable(problem));
        }
        Ok(())
    }

    /// The row must be ours and active.
    fn accept(&self, note: &Note<'_>, found: &SessionRow) -> Result<(), Cause> {
        if found.status != RowStatus::Active {
            return Err(self.ended(note, found));
        }
        if found.user != note.permit.caller.user() || found.profile != note.permit.profile.name {
            let problem = format!("belongs to `{}` on `{}`, which is another session", found.user, found.profile);
            return Err(note.unusable(problem));
        }
        Ok(())
    }

    /// Writes the row that was found unless it says enough.
    async fn go_on(&self, note: &Note<'_>, found: &SessionRow) -> Result<(), Cause> {
        self.accept(note, found)?;
        let known = Known::read(found, self.slowest, note.now);
        let enough = !known.is_due(note.now) && known.bound.as_ref().is_some_and(|bound| bound.covers(&note.issue));
        self.memories.saw(&note.permit.session_id, note.table, known);
        if enough { Ok(()) } else { self.write(note, found.created_at).await }
    }

    async fn write(&self, note: &Note<'_>, born: Timestamp) -> Result<(), Cause> {
        let (id, table, wall) = (&note.permit.session_id, note.table, note.now.wall);
        let pause = pause(note.now.age_of(born), self.slowest);
        let bound = Bound::of(&note.issue, pause);
        let count = self.memories.due(id, table, note.served);
        match self.table.record_issue(table, id, wall, &bound, count).await.map_err(broken)? {
            Touched::Done => {
                let known = Known::written(born, pause, Some(Arc::new(bound)), note.now);
                self.memories.wrote(id, table, count, known);
                Ok(())
            }
            Touched::Missing => Err(self.lost(note)),
            Touched::NotActive(found) => Err(self.ended(note, &found)),
        }
    }

    /// Somebody has deleted it. Of a session that was never seen active the next request makes it anew; of others the operator does.
    fn lost(&self, note: &Note<'_>) -> Cause {
        self.memories.lost(&note.permit.session_id, note.table);
        note.missing()
    }

    fn ended(&self, note: &Note<'_>, found: &SessionRow) -> Cause {
        let pod = note.permit.caller.pod_path();
        let cause = match found.status {
            RowStatus::Revoked => {
                let revoked = Revoked { by: found.revoked_by.clone(), reason: found.revoked_reason.clone() };
                Cause::Revoked { revoked, pod }
            }
            RowStatus::Expired => Cause::SessionEnded { pod },
            RowStatus::Active => return note.unusable("changed while it was written".to_owned()),
        };
        self.memories.ended(&note.permit.session_id, note.table, cause.clone(), note.now);
        cause
    }
}

impl Note<'_> {
    fn missing(&self) -> Cause {
        let (session, namespace, table) = self.names();
        Cause::RowMissing { session, namespace, table }
    }

    fn unusable(&self, problem: String) -> Cause {
        let (session, namespace, table) = self.names();
        Cause::RowUnusable { session, namespace, table, problem }
    }

    fn names(&self) -> (String, String, String) {
        (self.permit.session_id.to_string(), self.permit.caller.namespace.clone(), self.table.to_owned())
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn broken(error: AwsError) -> Cause {
    Cause::Table(error.to_string())
}

#[cfg(test)]
mod tests;
