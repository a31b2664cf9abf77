//! The session's row: made once, touched once soon and then at most once a minute, told before each AssumeRole. Never ended here.
//!
//! ```text
//!   memory of this replica ┐
//!   SentinelSession ───────┴─▶ plan (pure) ─▶ Nothing │ Refuse │ Create │ RecordIssue │ Touch ─▶ DynamoDB
//! ```

mod memory;
mod plan;
mod row;
mod table;

use std::sync::Arc;

use sentinel_aws::{Created, Touched};
use sentinel_core::session::{RowStatus, SessionRow};

pub use table::{CountedTable, SessionTable};

use crate::credentials::Issue;
use crate::identity::ClusterIdentity;
use crate::moment::Moment;
use memory::Memories;
use plan::{Step, plan};
use sentinel_decision::{Cause, Permit, Revoked};

/// The session rows.
pub struct Rows {
    table: Arc<dyn SessionTable>,
    memories: Memories,
    cluster: ClusterIdentity,
}

impl Rows {
    /// Rows of `cluster` in `table`'s tables.
    pub fn new(table: Arc<dyn SessionTable>, cluster: ClusterIdentity) -> Self {
        Self { table, memories: Memories::default(), cluster }
    }

    /// Notes that `permit` is used: for the application's `served` requests, and for `issue` if there is to be one. Says
    /// whether anybody had to be asked; a session without a table has no row.
    pub async fn note(&self, permit: &Permit, served: u64, issue: Option<&Issue>, now: Moment) -> Result<bool, Cause> {
        let Some(table) = permit.table() else { return Ok(false) };
        let memory = self.memories.of(&permit.session_id, table);
        match plan(memory.as_ref(), permit.session.may_start_in(table), issue.is_some(), now) {
            Step::Nothing => Ok(false),
            Step::Refuse(cause) => Err(cause),
            Step::Create => self.create(permit, table, served, issue, now).await.map(|()| true),
            Step::RecordIssue | Step::Touch => self.touch(permit, table, served, issue, now).await.map(|()| true),
        }
    }

    /// Adds requests whose report was acknowledged; they are written with the next touch.
    pub fn acknowledge(&self, permit: &Permit, served: u64) {
        if let Some(table) = permit.table() {
            self.memories.add(&permit.session_id, table, served);
        }
    }

    /// Forgets the sessions that `is_live` doesn't know.
    pub fn forget(&self, is_live: impl Fn(&sentinel_core::session::SessionId) -> bool) {
        self.memories.forget(is_live);
    }

    async fn create(
        &self,
        permit: &Permit,
        table: &str,
        served: u64,
        issue: Option<&Issue>,
        now: Moment,
    ) -> Result<(), Cause> {
        let row = row::first(permit, &self.cluster, served, issue, now.wall);
        match self.table.create(table, &row).await.map_err(|error| Cause::Table(error.to_string()))? {
            Created::New => {
                self.memories.created(&permit.session_id, table, served, now);
                Ok(())
            }
            Created::Existed(found) => {
                self.accept(permit, table, &row, &found, now)?;
                self.touch(permit, table, served, issue, now).await
            }
        }
    }

    /// Somebody was quicker, or this replica is new: the row must be ours and active.
    fn accept(
        &self,
        permit: &Permit,
        table: &str,
        ours: &SessionRow,
        found: &SessionRow,
        now: Moment,
    ) -> Result<(), Cause> {
        if found.status != RowStatus::Active {
            return Err(self.ended(permit, table, found, now));
        }
        if found.user != ours.user || found.profile != ours.profile {
            let problem = format!("belongs to `{}` on `{}`, which is another session", found.user, found.profile);
            return Err(unusable(permit, table, problem));
        }
        if found.expires_at <= now.wall {
            let problem = format!("ran out at {}: the operator extends it; is it running?", found.expires_at);
            return Err(unusable(permit, table, problem));
        }
        Ok(())
    }

    async fn touch(
        &self,
        permit: &Permit,
        table: &str,
        served: u64,
        issue: Option<&Issue>,
        now: Moment,
    ) -> Result<(), Cause> {
        let id = &permit.session_id;
        let count = self.memories.due(id, table, served);
        let touched = match issue {
            Some(issue) => self.table.record_issue(table, id, issue, count).await,
            None => self.table.touch(table, id, now.wall, count).await,
        };
        match touched.map_err(|error| Cause::Table(error.to_string()))? {
            Touched::Done => {
                self.memories.written(id, table, count, now);
                Ok(())
            }
            Touched::Missing => Err(missing(permit, table)),
            Touched::NotActive(found) => Err(self.ended(permit, table, &found, now)),
        }
    }

    fn ended(&self, permit: &Permit, table: &str, found: &SessionRow, now: Moment) -> Cause {
        let pod = permit.caller.pod_path();
        let cause = match found.status {
            RowStatus::Revoked => {
                let revoked = Revoked { by: found.revoked_by.clone(), reason: found.revoked_reason.clone() };
                Cause::Revoked { revoked, pod }
            }
            RowStatus::Expired => Cause::SessionEnded { pod },
            RowStatus::Active => return unusable(permit, table, "changed while it was written".to_owned()),
        };
        self.memories.ended(&permit.session_id, table, cause.clone(), now);
        cause
    }
}

fn missing(permit: &Permit, table: &str) -> Cause {
    let (session, namespace) = (permit.session_id.to_string(), permit.caller.namespace.clone());
    Cause::RowMissing { session, namespace, table: table.to_owned() }
}

fn unusable(permit: &Permit, table: &str, problem: String) -> Cause {
    let (session, namespace) = (permit.session_id.to_string(), permit.caller.namespace.clone());
    Cause::RowUnusable { session, namespace, table: table.to_owned(), problem }
}
