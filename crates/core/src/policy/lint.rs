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
use report::Report;

mod access;
mod approval;
mod break_glass;
mod index;
mod order;
mod profiles;
mod quota;
mod rate_limit;
mod report;
mod rule_set;
mod taken;
mod unreachable;
mod when;
mod window;

words! {
    /// What was looked for, by the name that messages give it.
    pub enum Check {
        /// Earlier rules match whatever this one does, one of them or several together: it never decides. Where rules are
        /// found by the profile alone (approval, break-glass, rate limit), the profiles alone count.
        ///
        /// A union is seen per entry, mode and day, where the windows share a zone. A glob is expanded over the profiles
        /// that exist, too, unless its rule only refuses or limits, or it is a bare `*`: these wait for profiles to come.
        UnreachableRule = "unreachable-rule",
        /// A deny that a grant before it takes the point from. The usual idiom, a narrow grant and then the deny for the
        /// others, is none: what says so is either that a profile or user of the deny's list is wholly granted already, so
        /// that naming it does nothing, or that the deny names a user whom a grant for a crowd (any user, or a glob) lets in.
        ///
        /// | before | the deny | |
        /// |---|---|---|
        /// | allow alice on prod | everything | fine: a catch-all |
        /// | allow alice on prod | prod | fine: the others on prod |
        /// | allow alice on prod | alice | fine: alice elsewhere |
        /// | allow `payments:api` on prod | `payments:*` on prod | fine: an exception |
        /// | allow anybody on dev | mallory | mallory gets into dev |
        /// | allow alice on prod | alice and bob on prod | alice is granted already |
        AllowBeforeDeny = "allow-before-deny",
        /// Two rules for the same requests whose windows cross, the laxer one first: it decides where both are open. A
        /// window inside the other is an exception, and a stricter rule that comes first a precaution: neither is told.
        OverlappingTimeWindows = "overlapping-time-windows",
        /// A profile that doesn't exist, or a glob that matches none of those that do.
        UnknownProfile = "unknown-profile",
        /// A window in which no moment lies: `start` isn't before `end`, and no window runs overnight.
        NeverOpen = "never-open",
        /// Times without a zone: they are UTC here.
        NoTimezone = "no-timezone",
        /// Days without hours, where access is given: the nights are open, too.
        DaysWithoutHours = "days-without-hours",
        /// A grant, an approval or a break-glass rule for any profile; of an access policy only where it is for any user,
        /// too. A limit for any profile is none, unless rules come after it.
        AnyProfile = "any-profile",
        /// A grant or an automatic approval for anybody. A rule that denies or asks for approval is none.
        AnyUser = "any-user",
        /// `require_server_session` where no table is known anywhere.
        NoSessionTable = "no-session-table",
        /// A posture of a device is asked for, or a user that no pod is, though meant for pods: `*`, which never crosses a `:`,
        /// or what begins as a service account and hasn't its four parts.
        NeverMatchesPods = "never-matches-pods",
        /// A list of break-glass users with a glob, where each should be named.
        GlobOfUsers = "glob-of-users",
        /// Any reason code is good enough.
        AnyReasonCode = "any-reason-code",
        /// A cooldown of less than a minute.
        ShortCooldown = "short-cooldown",
        /// A quota per user that the cooldowns keep anybody from reaching. It counts a user's events on all profiles and a
        /// cooldown holds per profile, so this is told only where the profiles that exist are known, and
        /// the policy limits each and gives it a cooldown. A quota per profile counts everybody: no cooldown bounds it.
        UnreachableQuota = "unreachable-quota",
        /// More was found than is listed, or the document is too large for everything in it to be compared.
        More = "more",
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// What was looked for.
    pub check: Check,
    /// Where, from the document's root: `rules[2].conditions.time`. It ends before a key that documents and manifests spell
    /// differently, so it is right in both; empty for the document as a whole.
    pub path: String,
    /// What is wrong and how to mend it; names the rule.
    pub message: String,
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{} ({})", self.message, self.check)
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

/// Declares `lint` of a kind of policy.
macro_rules! lints {
    ($($policy:ident by $module:ident),+) => {
        $(impl super::$policy {
            /// What is surely a mistake in it, in the order of the document: at most 50 findings, and one that counts the rest.
            pub fn lint(&self, around: &Surroundings) -> Vec<Lint> {
                let mut report = Report::new(around);
                $module::lint(self.rules(), &mut report);
                report.finish()
            }
        })+
    };
}

lints!(
    AccessPolicy by access,
    ApprovalPolicy by approval,
    BreakGlassPolicy by break_glass,
    RateLimitPolicy by rate_limit
);
