//! The four kinds of policy documents.

use sentinel_core::policy::{AccessPolicy, ApprovalPolicy, BreakGlassPolicy, Problems, RateLimitPolicy, Spelling};
use serde_json::Value;

/// What a document is; nothing in it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// Who may have which profile
    Access,
    /// Who may approve
    Approval,
    /// Who may break the glass
    BreakGlass,
    /// How often the glass may be broken
    RateLimit,
}

/// A valid document in its canonical form.
pub(crate) struct Canonical {
    pub(crate) text: String,
    pub(crate) value: Value,
}

impl Kind {
    /// The canonical form, or everything that is wrong.
    pub(crate) fn read(self, text: &str) -> Result<Canonical, Problems> {
        macro_rules! canonical {
            ($policy:ty) => {
                <$policy>::from_yaml(text)
                    .map(|policy| Canonical { text: policy.to_yaml(), value: policy.to_value(Spelling::Document) })
            };
        }
        match self {
            Self::Access => canonical!(AccessPolicy),
            Self::Approval => canonical!(ApprovalPolicy),
            Self::BreakGlass => canonical!(BreakGlassPolicy),
            Self::RateLimit => canonical!(RateLimitPolicy),
        }
    }
}
