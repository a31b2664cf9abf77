//! Waiting until the operator has said so in the status, which is after the row; and, where the profile asks for hard revocation,
//! until IAM has it or has refused it.

use std::time::Duration;

use sentinel_api::{HARD_REVOKED, Phase, SentinelSession};

use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::sessions::Seen;
use crate::until::until;

/// Those of `wanted` that have become Revoked within `patience`, as they were seen last.
pub(super) fn until_revoked(cluster: &Cluster, wanted: Vec<String>, patience: Duration) -> Result<Vec<Seen>, Failure> {
    let last = until::<SentinelSession>(cluster, wanted, patience, |object| is_done(&Seen::of(object)))?;
    let seen = last.iter().map(|last| Seen::of(&last.object));
    Ok(seen.filter(|seen| seen.status.phase == Phase::Revoked).collect())
}

fn is_done(seen: &Seen) -> bool {
    seen.status.phase == Phase::Revoked && !is_being_denied(seen)
}

fn is_being_denied(seen: &Seen) -> bool {
    let denial = seen.status.conditions.iter().find(|condition| condition.type_ == HARD_REVOKED);
    denial.is_some_and(|denial| denial.reason == "Pending")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::not_yet("Active", None, false)]
    #[case::revoked("Revoked", None, true)]
    #[case::iam_is_asked("Revoked", Some("Pending"), false)]
    #[case::iam_refused("Revoked", Some("RoleFull"), true)]
    fn it_waits_for_iam_where_that_is_to_be_asked(
        #[case] phase: &str,
        #[case] denial: Option<&str>,
        #[case] done: bool,
    ) {
        let condition = |reason| json!({"type": "HardRevoked", "status": "False", "reason": reason, "message": "", "lastTransitionTime": "2026-03-02T12:00:00Z"});
        let conditions: Vec<_> = denial.into_iter().map(condition).collect();
        let object = json!({"metadata": {"name": "a"}, "status": {"phase": phase, "conditions": conditions}});
        assert_eq!(is_done(&Seen::of(&serde_json::from_value(object).unwrap())), done);
    }
}
