//! The session table: every write says on what condition, and what it found otherwise.
//!
//! ```text
//!   create ─▶ active ──touch, record_issue, extend──▶ active ──revoke──▶ revoked
//!                                                       └─────expire───▶ expired        nothing leads back
//! ```
//!
//! A touch also promises the row to live on, and tells a bound of credentials, so that one write does for all.
//!
//! A call may be repeated once when its answer is lost. Then `create` still says `New`; `revoke` and `expire` may say
//! `Already` of what they did themselves; and `served` may be counted twice.

mod facts;
mod fitness;
mod meter;
mod read;
mod row;
mod table;
mod update;
mod write;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use sentinel_core::session::{RowStatus, SessionRow};

use crate::error::{AwsError, Call, ErrorKind};
pub use facts::{IndexFacts, TableFacts};
pub use fitness::TableProblem;
pub use meter::Meter;
use meter::Metered;

/// The outcome of [`Sessions::create`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// Written.
    New,
    /// There is one already, as it stands; nothing was written.
    Existed(Box<SessionRow>),
}

/// The outcome of a write to an active row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touched {
    /// Written.
    Done,
    /// There is no such row; nothing was written.
    Missing,
    /// The row has ended, as it stands; nothing was written.
    NotActive(Box<SessionRow>),
}

/// The outcome of ending a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Written.
    Done,
    /// It had ended before, like this; nothing was written.
    Already(RowStatus),
    /// There is no such row; nothing was written.
    Missing,
}

/// The session tables of one AWS account and region.
#[derive(Clone, Debug)]
pub struct Sessions {
    client: Client,
    metered: Metered,
}

impl Sessions {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, metered: Metered::default() }
    }

    /// The same tables, whose answers tell `meter` what they consumed.
    #[must_use]
    pub fn metered(self, meter: Arc<dyn Meter>) -> Self {
        Self { metered: Metered::by(meter), ..self }
    }
}

fn call(operation: &'static str, table: &str) -> Call {
    Call { service: "DynamoDB", operation, subject: format!("table `{table}`") }
}

fn unreadable(operation: &'static str, table: &str, row: &row::Unreadable) -> AwsError {
    call(operation, table).fails(ErrorKind::Invalid, format!("{row}; mend or delete the row"))
}
