//! What goes into SSM for evaluators outside the cluster.

use super::access::AccessPolicy;
use super::problem::{Problem, Problems};

/// Bytes that a standard parameter of SSM holds.
pub const STANDARD_LIMIT: usize = 4096;
/// Bytes that an advanced parameter of SSM holds.
pub const ADVANCED_LIMIT: usize = 8192;

/// The document that means outside the cluster what `policy` means inside.
pub fn portable(policy: &AccessPolicy, _known_profiles: &[&str]) -> Result<String, Problems> {
    Ok(policy.to_yaml())
}

/// A document of one rule that denies everything and says why.
pub fn deny_all(_reason: &str) -> String {
    String::new()
}

/// Whether `document` fits.
pub fn check_size(document: &str, limit: usize) -> Result<(), Problem> {
    if document.len() <= limit { Ok(()) } else { Err(Problem::new("", "too large")) }
}
