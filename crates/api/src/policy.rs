//! The four kinds of policy: each a policy document as an object. They differ in the schema of a rule and in what a document
//! means; all else is said once, in [`object`].

mod access;
mod approval;
mod break_glass;
mod object;
mod rate_limit;
mod schema;
mod status;

pub use access::{AccessPolicy, AccessPolicySpec};
pub use approval::{ApprovalPolicy, ApprovalPolicySpec};
pub use break_glass::{BreakGlassPolicy, BreakGlassPolicySpec};
pub use rate_limit::{RateLimitPolicy, RateLimitPolicySpec};
pub use status::{PolicyStatus, PublishedParameter};

use schemars::JsonSchema;
use sentinel_core::policy::{Problem, Problems};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::strict::{Unknown, refuse_unknown};

/// What happens to the parameter when its object is deleted: Delete (the default), or Retain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// It is deleted.
    #[default]
    Delete,
    /// It stays as it was last published.
    Retain,
}

/// A rule as its author wrote it. Core judges it, so that every problem of a document is told at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RawRule(pub Value);

/// What `read` makes of the document of a spec, or every problem of both at once.
fn resolve<P>(
    version: &str,
    rules: &[RawRule],
    unknown: &Unknown,
    read: impl FnOnce(&Value) -> Result<P, Problems>,
) -> Result<P, Problems> {
    let mut problems = refuse_unknown(unknown, "", &["version", "rules", "publish", "deletionPolicy"]);
    let rules: Vec<&Value> = rules.iter().map(|rule| &rule.0).collect();
    match read(&json!({"version": version, "rules": rules})) {
        Ok(policy) => Problems::refuse(problems, policy),
        Err(found) => {
            problems.extend(found);
            Err(refusal(problems))
        }
    }
}

/// The problems as one error; there is at least one.
fn refusal(problems: Vec<Problem>) -> Problems {
    Problems::refuse(problems, ()).err().unwrap_or_else(|| Problem::new("", "the document is refused").into())
}
