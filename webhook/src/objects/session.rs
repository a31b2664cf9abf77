//! SentinelSession.

use sentinel_api::SentinelSession;
use sentinel_core::policy::{Problem, Problems};

use super::{Around, Judged};

impl Judged for SentinelSession {
    fn problems(&self, old: Option<&Self>, _: Around<'_>) -> Result<(), Problems> {
        let mut problems = self.spec.unknown_keys();
        if old.is_some_and(|old| old.spec.revoked) && !self.spec.revoked {
            problems
                .push(Problem::new("spec.revoked", "a revocation is for good: start a new pod to get a new session"));
        }
        Problems::refuse(problems, ())
    }

    fn warnings(&self, _: Around<'_>) -> Vec<String> {
        vec![]
    }
}
