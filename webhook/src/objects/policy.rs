//! The four kinds of policy. What is surely a mistake is said, and stops nothing.

use sentinel_api::{AccessPolicy, ApprovalPolicy, BreakGlassPolicy, RateLimitPolicy};

use super::{Around, Judged, No};
use crate::warnings;

macro_rules! judged {
    ($($policy:ty),+) => {
        $(impl Judged for $policy {
            fn judge(&self, _: Option<&Self>, _: Around<'_>) -> Result<(), No> {
                Ok(self.spec.resolve().map(drop)?)
            }

            fn warnings(&self, around: Around<'_>) -> Vec<String> {
                let lints = self.spec.resolve().map(|policy| policy.lint(&around.surroundings()));
                lints.map_or_else(|_| vec![], |lints| warnings::of_lints(&lints))
            }
        })+
    };
}

judged!(AccessPolicy, ApprovalPolicy, BreakGlassPolicy, RateLimitPolicy);
