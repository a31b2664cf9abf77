//! SentinelSession.

use sentinel_api::{SentinelSession, SentinelSessionSpec};
use sentinel_core::policy::{Problem, Problems};

use super::{Around, Judged, No};

impl Judged for SentinelSession {
    fn judge(&self, old: Option<&Self>, around: Around<'_>) -> Result<(), No> {
        let mut problems = self.spec.unknown_keys();
        if old.is_some_and(|old| old.spec.revoked) && !self.spec.revoked {
            problems
                .push(Problem::new("spec.revoked", "a revocation is for good: start a new pod to get a new session"));
        }
        problems.extend(old.and_then(|old| stamp_problem(&self.spec, &old.spec, &around.by.user)));
        Ok(Problems::refuse(problems, ())?)
    }
}

/// Nobody writes another's name. No name at all passes: the stamp may have been missed, and a session must be revocable on
/// the worst day. One that the operator makes again says who it was.
fn stamp_problem(new: &SentinelSessionSpec, old: &SentinelSessionSpec, by: &str) -> Option<Problem> {
    let written = new.revoked_by.as_deref().filter(|written| Some(*written) != old.revoked_by.as_deref())?;
    let message = "it is stamped by Sentinel with who revokes the session, and never changes: leave it out";
    (written != by || old.revoked).then(|| Problem::new("spec.revokedBy", message))
}
