//! What validates, but is surely a mistake.
//!
//! ```text
//!   policy + Surroundings (what else is known) ─▶ lint() ─▶ [Lint]: admission warnings, a condition, `kubectl sentinel lint`
//! ```
//!
//! A lint never refuses, and says nothing where it isn't sure: what isn't known can't be a mistake.

use std::collections::BTreeMap;
use std::fmt;

use super::words::words;

words! {
    /// What was looked for, by the name that messages give it.
    pub enum Check {
        /// An earlier rule matches whatever this one does.
        UnreachableRule = "unreachable-rule",
        /// A narrower allow stands before a deny: what the deny refuses in general is open to some.
        AllowBeforeDeny = "allow-before-deny",
        /// Two rules of different effect whose windows overlap for the same requests.
        OverlappingTimeWindows = "overlapping-time-windows",
        /// A profile that doesn't exist.
        UnknownProfile = "unknown-profile",
        /// A window in which no moment lies.
        NeverOpen = "never-open",
        /// Times without a zone: they are UTC here.
        NoTimezone = "no-timezone",
        /// Days without hours.
        DaysWithoutHours = "days-without-hours",
        /// A rule that matches any profile.
        AnyProfile = "any-profile",
        /// A rule that matches any user.
        AnyUser = "any-user",
        /// `require_server_session` where no table is known anywhere.
        NoSessionTable = "no-session-table",
        /// A posture of a device is asked for: such a rule matches no pod.
        NeverMatchesPods = "never-matches-pods",
        /// A list of users with a glob, where each should be named.
        GlobOfUsers = "glob-of-users",
        /// Any reason code is good enough.
        AnyReasonCode = "any-reason-code",
        /// A cooldown of less than a minute.
        ShortCooldown = "short-cooldown",
        /// A quota that the cooldown keeps anybody from reaching.
        UnreachableQuota = "unreachable-quota",
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// What was looked for.
    pub check: Check,
    /// Where, from the document's root: `rules[2].conditions.time`.
    pub path: String,
    /// What is wrong and how to mend it; names the rule.
    pub message: String,
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.path, self.message, self.check)
    }
}

/// What is known beside the document. The default knows nothing.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Every profile that exists, by its name; none: nobody can tell.
    pub profiles: Option<BTreeMap<String, KnownProfile>>,
    /// Whether the installation has a session table of its own; none: nobody can tell.
    pub default_table: Option<bool>,
}

/// What is known of a profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KnownProfile {
    /// It names a session table.
    pub has_table: bool,
}

macro_rules! lints {
    ($($policy:ident),+) => {
        $(impl super::$policy {
            /// What is surely a mistake in it, in the order of the document.
            pub fn lint(&self, _around: &Surroundings) -> Vec<Lint> {
                vec![]
            }
        })+
    };
}

lints!(AccessPolicy, ApprovalPolicy, BreakGlassPolicy, RateLimitPolicy);
