//! Why the glass stays whole.

use jiff::Timestamp;

use crate::governing::Ungoverned;
use crate::ledger;
use crate::policy::{Condition, ReasonCode};
use crate::time::GoDuration;

/// Why an event does not become active.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A program.
    #[error("{0} is a service account, and service accounts never break the glass")]
    ServiceAccount(String),
    /// No rule says who may.
    #[error("{0}: nobody can break the glass")]
    Ungoverned(#[from] Ungoverned),
    /// The rule says no.
    #[error("rule `{rule}` of BreakGlassPolicy `{policy}` {}", why(*.condition, .asked))]
    Rule {
        /// The policy.
        policy: String,
        /// Its rule.
        rule: String,
        /// What it says no to.
        condition: Condition,
        /// What it was asked.
        asked: Box<Asked>,
    },
    /// Too often.
    #[error("{0}")]
    Limited(#[from] ledger::Refused),
    /// What would limit it can't be read.
    #[error("{0}, so how often the glass may be broken is unknown")]
    LimitsUnknown(Ungoverned),
    /// It was made long ago, and nobody judged it.
    #[error("nobody could judge it within {patience} of its making: make another if the emergency lasts")]
    Late {
        /// How long it waited.
        patience: GoDuration,
    },
}

/// What a rule was asked, for the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Who.
    pub who: String,
    /// Why.
    pub code: ReasonCode,
    /// For how long.
    pub duration: GoDuration,
    /// The rule's own cap, or what is allowed to any.
    pub longest: GoDuration,
    /// The codes that the rule takes.
    pub codes: Vec<ReasonCode>,
    /// When the rule's window opens next; none where it is open, or where no opening is near.
    pub opens: Option<Timestamp>,
}

impl Refusal {
    /// One word for programs: the limit or the condition, as the policy's object spells it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::ServiceAccount(_) => "serviceAccount",
            Self::Ungoverned(_) => "policy",
            Self::Rule { condition, .. } => match condition {
                Condition::Users => "users",
                Condition::AllowedReasonCodes => "allowedReasonCodes",
                Condition::Time => "time",
                Condition::MaxDuration => "maxDuration",
            },
            Self::Limited(refused) => refused.limit().as_str(),
            Self::LimitsUnknown(_) => "rateLimitPolicy",
            Self::Late { .. } => "late",
        }
    }

    /// When it would be admitted, where only time is in its way.
    pub fn come_back(&self) -> Option<Timestamp> {
        match self {
            Self::Limited(refused) => Some(refused.come_back()),
            // Whoever asks for too long is refused at that time, too.
            Self::Rule { condition: Condition::Time, asked, .. } => asked.opens.filter(|_| !asked.is_too_long()),
            _ => None,
        }
    }
}

impl Asked {
    fn is_too_long(&self) -> bool {
        self.duration > self.longest
    }
}

fn why(condition: Condition, asked: &Asked) -> String {
    let Asked { who, code, codes, .. } = asked;
    match condition {
        Condition::Users => format!("does not name {who} among its users"),
        Condition::AllowedReasonCodes => {
            let codes = codes.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(", ");
            format!("does not take the reason code `{code}`: {codes} is expected")
        }
        Condition::Time if asked.is_too_long() => format!("{}, and {}", other_times(asked.opens), too_long(asked)),
        Condition::Time => other_times(asked.opens),
        Condition::MaxDuration => too_long(asked),
    }
}

fn other_times(opens: Option<Timestamp>) -> String {
    match opens {
        Some(opens) => format!("is for other times: its time window opens next at {opens}"),
        None => "is for other times: its time window does not open for weeks, if ever".to_owned(),
    }
}

fn too_long(Asked { duration, longest, .. }: &Asked) -> String {
    format!("allows {longest} at most, and {duration} was asked")
}
