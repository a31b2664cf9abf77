//! The only room that speaks to AWS.
//!
//! ```text
//!   broker ───┬─▶ Sessions   ─▶ DynamoDB   rows of the session table, each write on a condition
//!   operator ─┤─▶ Parameters ─▶ SSM        published policy documents
//!             ├─▶ Roles      ─▶ IAM        inline policies of roles
//!             ├─▶ Topics     ─▶ SNS        notices
//!             └─▶ Issuer     ─▶ STS        AssumeRole
//!                    └── every failure ──▶ AwsError { service, operation, subject, kind, message }
//! ```
//!
//! What goes in and comes out are words of `sentinel-core`; no type of an AWS SDK leaves this crate. Nothing here
//! decides: no policy, no ownership of parameters, no choice of what to revoke. There is no state but connections, no clock
//! (`at` is an argument), and no back-off longer than the timeouts given to [`Aws::load_with`]: callers wait, not we.

mod aws;
mod error;
mod identity;
mod issuer;
mod parameters;
mod roles;
mod sessions;
mod topics;

pub use aws::{Aws, Settings, Timeouts};
pub use error::{AwsError, ErrorKind};
pub use issuer::{AssumeRole, Issuer};
pub use parameters::{Parameter, ParameterCreated, Parameters, Tier};
pub use roles::Roles;
pub use sessions::{Created, Ended, IndexFacts, Meter, Sessions, TableFacts, TableProblem, Touched};
pub use topics::{Notice, Topics};
