//! Why a decision is what it is: made once, carried unchanged to the log, the answer, the Event and the condition.

use std::fmt;

/// Why. Its text is made in `Display` and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A rule matched; this is its own reason, empty if it has none.
    Rule(String),
    /// No rule matched: implicit deny.
    NoMatchingRule,
    /// The matched rule is `require_server`, and the request isn't in server mode.
    RequiresServerMode {
        /// The rule's own reason.
        rule_reason: String,
    },
    /// The matched rule is `require_server_session`, and the request isn't in server mode.
    RequiresServerModeWithSessionTracking {
        /// The rule's own reason.
        rule_reason: String,
    },
    /// The matched rule is `require_server_session`, and no session table is known.
    RequiresSessionTracking {
        /// The rule's own reason.
        rule_reason: String,
    },
}

impl Reason {
    /// What the matched rule says for itself; empty where it says nothing or no rule matched.
    pub fn rule_reason(&self) -> &str {
        match self {
            Self::Rule(rule_reason)
            | Self::RequiresServerMode { rule_reason }
            | Self::RequiresServerModeWithSessionTracking { rule_reason }
            | Self::RequiresSessionTracking { rule_reason } => rule_reason,
            Self::NoMatchingRule => "",
        }
    }

    /// The rule wants server mode, and the request isn't in it.
    pub fn requires_server_mode(&self) -> bool {
        matches!(self, Self::RequiresServerMode { .. } | Self::RequiresServerModeWithSessionTracking { .. })
    }

    /// The rule wants session tracking, and the request doesn't have it, or isn't in the mode that could.
    pub fn requires_session_tracking(&self) -> bool {
        matches!(self, Self::RequiresSessionTracking { .. } | Self::RequiresServerModeWithSessionTracking { .. })
    }

    /// What the engine says, in the reference's words; empty where the rule's own reason says it all.
    fn finding(&self) -> &'static str {
        match self {
            Self::Rule(_) => "",
            Self::NoMatchingRule => "no matching rule",
            Self::RequiresServerMode { .. } => "policy requires server mode",
            Self::RequiresServerModeWithSessionTracking { .. } => "Policy requires server mode with session tracking",
            Self::RequiresSessionTracking { .. } => "Policy requires session tracking",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.finding())?;
        let own = self.rule_reason();
        if !own.is_empty() && !self.finding().is_empty() {
            f.write_str(": ")?;
        }
        f.write_str(own)
    }
}
