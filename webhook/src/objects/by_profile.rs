//! The policies whose rules are found by the profile alone: ApprovalPolicy, BreakGlassPolicy and RateLimitPolicy.

use sentinel_api::{ApprovalPolicy, BreakGlassPolicy, RateLimitPolicy};
use sentinel_core::policy::Problems;

use super::Judged;
use crate::view::View;

macro_rules! judged {
    ($($policy:ty),+) => {
        $(impl Judged for $policy {
            fn problems(&self, _: Option<&Self>) -> Result<(), Problems> {
                self.spec.resolve().map(drop)
            }

            fn warnings(&self, _: &View) -> Vec<String> {
                vec![]
            }
        })+
    };
}

judged!(ApprovalPolicy, BreakGlassPolicy, RateLimitPolicy);
