//! The four kinds of policy.

use sentinel_api::{
    AccessPolicy as AccessObject, ApprovalPolicy as ApprovalObject, BreakGlassPolicy as BreakGlassObject,
    RateLimitPolicy as RateLimitObject,
};
use sentinel_core::policy::import::is_second_spelling;
use sentinel_core::policy::lint::{Lint, Surroundings};
use sentinel_core::policy::{
    AccessPolicy, ApprovalPolicy, BreakGlassPolicy, Problem, Problems, RateLimitPolicy, Spelling, tree,
};
use serde_json::Value;

use crate::parts::objects::{of_spec, typed};

const NOTHING: &str =
    "must be a mapping, and there is nothing: a policy begins with `version: \"1\"`, and then come its `rules:`";

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

/// A valid policy of any kind.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Policy {
    Access(AccessPolicy),
    Approval(ApprovalPolicy),
    BreakGlass(BreakGlassPolicy),
    RateLimit(RateLimitPolicy),
}

impl Kind {
    const ALL: [Self; 4] = [Self::Access, Self::Approval, Self::BreakGlass, Self::RateLimit];

    /// The kind of objects that hold such documents.
    pub(crate) const fn object(self) -> &'static str {
        match self {
            Self::Access => "AccessPolicy",
            Self::Approval => "ApprovalPolicy",
            Self::BreakGlass => "BreakGlassPolicy",
            Self::RateLimit => "RateLimitPolicy",
        }
    }

    /// What such objects hold.
    pub(crate) fn of_object(kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.object() == kind)
    }

    /// The policy of a document, or everything that is wrong with it.
    pub(crate) fn read(self, text: &str) -> Result<Policy, Problems> {
        let value = tree(text)?;
        let document = Spelling::Document;
        match self {
            _ if value.is_null() => Err(Problem::new("", NOTHING).into()),
            Self::Access if is_second_spelling(&value) => Err(second_spelling()),
            Self::Access => AccessPolicy::from_value(&value, document).map(Policy::Access),
            Self::Approval => ApprovalPolicy::from_value(&value, document).map(Policy::Approval),
            Self::BreakGlass => BreakGlassPolicy::from_value(&value, document).map(Policy::BreakGlass),
            Self::RateLimit => RateLimitPolicy::from_value(&value, document).map(Policy::RateLimit),
        }
    }

    /// What else a document is, if it is no valid one of this kind, and a valid one of another.
    pub(crate) fn rather(self, text: &str) -> Option<Self> {
        Self::ALL.into_iter().filter(|kind| *kind != self).find(|kind| kind.read(text).is_ok())
    }

    /// The policy of an object.
    pub(crate) fn resolve(self, object: &Value) -> Result<Policy, Problems> {
        match self {
            Self::Access => typed::<AccessObject>(object)?.spec.resolve().map_err(of_spec).map(Policy::Access),
            Self::Approval => typed::<ApprovalObject>(object)?.spec.resolve().map_err(of_spec).map(Policy::Approval),
            Self::BreakGlass => {
                typed::<BreakGlassObject>(object)?.spec.resolve().map_err(of_spec).map(Policy::BreakGlass)
            }
            Self::RateLimit => typed::<RateLimitObject>(object)?.spec.resolve().map_err(of_spec).map(Policy::RateLimit),
        }
    }
}

fn second_spelling() -> Problems {
    let message =
        "`policies:` is another spelling, which is never stored: `kubectl sentinel convert` makes a document of it";
    Problem::new("", message).at_key("policies").into()
}

/// The same for a policy of whichever kind.
macro_rules! of_any {
    ($any:expr, $policy:ident => $answer:expr) => {
        match $any {
            Policy::Access($policy) => $answer,
            Policy::Approval($policy) => $answer,
            Policy::BreakGlass($policy) => $answer,
            Policy::RateLimit($policy) => $answer,
        }
    };
}

impl Policy {
    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Access(_) => Kind::Access,
            Self::Approval(_) => Kind::Approval,
            Self::BreakGlass(_) => Kind::BreakGlass,
            Self::RateLimit(_) => Kind::RateLimit,
        }
    }

    /// The canonical text.
    pub(crate) fn to_yaml(&self, spelling: Spelling) -> String {
        of_any!(self, policy => policy.to_yaml_as(spelling))
    }

    /// The same as a value.
    pub(crate) fn to_value(&self, spelling: Spelling) -> Value {
        of_any!(self, policy => policy.to_value(spelling))
    }

    /// What is surely a mistake in it.
    pub(crate) fn lint(&self, around: &Surroundings) -> Vec<Lint> {
        of_any!(self, policy => policy.lint(around))
    }
}
