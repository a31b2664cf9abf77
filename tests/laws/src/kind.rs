//! The four kinds of documents, as one.

use std::fmt::Debug;

use sentinel_core::policy::lint::{Lint, Surroundings};
use sentinel_core::policy::publish::{portable, portable_approval, portable_break_glass, portable_rate_limit};
use sentinel_core::policy::{AccessPolicy, ApprovalPolicy, BreakGlassPolicy, Problems, RateLimitPolicy, Spelling};
use serde_json::Value;

/// Profiles that are known to whoever publishes.
pub(crate) const PROFILES: [&str; 3] = ["prod", "prod-eu", "dev"];

/// What a kind can do.
pub(crate) trait Kind: Debug + PartialEq + Sized {
    fn read(text: &str) -> Result<Self, Problems>;
    fn read_value(value: &Value, spelling: Spelling) -> Result<Self, Problems>;
    fn print(&self, spelling: Spelling) -> String;
    fn value(&self, spelling: Spelling) -> Value;
    fn lints(&self, around: &Surroundings) -> Vec<Lint>;
    fn publish(&self) -> Result<String, Problems>;
}

macro_rules! kind {
    ($policy:ident, $publish:expr) => {
        impl Kind for $policy {
            fn read(text: &str) -> Result<Self, Problems> {
                Self::from_yaml(text)
            }
            fn read_value(value: &Value, spelling: Spelling) -> Result<Self, Problems> {
                Self::from_value(value, spelling)
            }
            fn print(&self, spelling: Spelling) -> String {
                self.to_yaml_as(spelling)
            }
            fn value(&self, spelling: Spelling) -> Value {
                self.to_value(spelling)
            }
            fn lints(&self, around: &Surroundings) -> Vec<Lint> {
                self.lint(around)
            }
            fn publish(&self) -> Result<String, Problems> {
                $publish(self)
            }
        }
    };
}

kind!(AccessPolicy, |policy| portable(policy, &PROFILES));
kind!(ApprovalPolicy, portable_approval);
kind!(BreakGlassPolicy, portable_break_glass);
kind!(RateLimitPolicy, portable_rate_limit);
