//! What came of the denial of one session. Pure.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use sentinel_aws::ErrorKind;
use sentinel_core::session::SessionId;

/// The verdicts on all sessions that are to be denied.
pub(crate) type Verdicts = Arc<HashMap<SessionId, Verdict>>;

/// Where the denial of a session stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// IAM has it.
    Denied {
        /// The roles.
        roles: Vec<String>,
        /// Since when it is known to have it.
        since: Timestamp,
        /// Until when.
        until: Timestamp,
    },
    /// IAM denies all that its role issued before a moment.
    WithItsRole {
        /// The roles.
        roles: Vec<String>,
        /// Since when IAM is known to do so.
        since: Timestamp,
        /// The moment.
        than: Timestamp,
    },
    /// Its credentials have expired.
    Over,
    /// It never had any.
    NothingIssued,
    /// It is being written.
    Pending,
    /// The role has no room for it.
    Full {
        /// The role.
        role: String,
    },
    /// IAM doesn't take it.
    Failed {
        /// What kind of failure.
        kind: ErrorKind,
        /// IAM's words.
        message: String,
    },
    /// This installation doesn't write to IAM.
    NotInstalled,
}

impl Verdict {
    /// Whether the credentials are of no use any more, its word, and a sentence.
    pub fn says(&self) -> (bool, &'static str, String) {
        match self {
            Self::Denied { roles, until, .. } => (
                true,
                "Denied",
                format!("IAM denies every credential of this session in {} until {until}; AWS says that this may take a few minutes to be so everywhere", listed(roles)),
            ),
            Self::WithItsRole { roles, than, .. } => (
                true,
                "DeniedWithRole",
                format!("the policy of {} had no room for this session: IAM denies all that was issued through Sentinel before {than}", listed(roles)),
            ),
            Self::Over => (true, "CredentialsExpired", "every credential of this session has expired".to_owned()),
            Self::NothingIssued => (true, "NothingIssued", "this session never had credentials".to_owned()),
            Self::Pending => (false, "Pending", "the denial is being written to IAM".to_owned()),
            Self::Full { role } => (false, "RoleFull", format!("the inline policies of {role} have no room for another session: what it holds lives until it expires. Remove other inline policies of the role, or set hardRevocation: SessionOrRole")),
            Self::Failed { kind, message } => (false, reason(*kind), format!("{message}; trying again")),
            Self::NotInstalled => (false, "NotInstalled", "the profile asks for hard revocation, and this installation does not write to IAM: set hardRevocation.enabled in the chart's values, and give the operator the rights".to_owned()),
        }
    }

    /// Since when IAM has it.
    pub fn since(&self) -> Option<Timestamp> {
        match self {
            Self::Denied { since, .. } | Self::WithItsRole { since, .. } => Some(*since),
            _ => None,
        }
    }

    /// Of the verdicts of two roles on one session, what holds for both: what is missing counts, then what came last.
    pub fn and(self, other: Self) -> Self {
        use Verdict::{Denied, Over, WithItsRole};
        match (self, other) {
            (Over, Over) => Over,
            (Over, one) | (one, Over) => one,
            (Denied { mut roles, since, until }, Denied { roles: more, since: and_since, until: and_until }) => {
                roles.extend(more);
                Denied { roles, since: since.max(and_since), until: until.max(and_until) }
            }
            (
                WithItsRole { mut roles, since, than },
                WithItsRole { roles: more, since: and_since, .. } | Denied { roles: more, since: and_since, .. },
            )
            | (Denied { roles: more, since: and_since, .. }, WithItsRole { mut roles, since, than }) => {
                roles.extend(more);
                WithItsRole { roles, since: since.max(and_since), than }
            }
            (Denied { .. } | WithItsRole { .. }, missing) | (missing, _) => missing,
        }
    }
}

fn listed(roles: &[String]) -> String {
    roles.join(" and ")
}

/// The word of a failure.
pub(crate) fn reason(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Throttled => "Throttled",
        ErrorKind::NotFound => "RoleNotFound",
        ErrorKind::Denied => "AccessDenied",
        ErrorKind::Full => "RoleFull",
        ErrorKind::Invalid => "Refused",
        ErrorKind::Unavailable | ErrorKind::Conflict => "Unavailable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied(role: &str, second: i64) -> Verdict {
        let at = |second| Timestamp::from_second(second).unwrap();
        Verdict::Denied { roles: vec![role.to_owned()], since: at(second), until: at(second + 900) }
    }

    #[test]
    fn of_two_roles_what_is_missing_counts() {
        let full = Verdict::Full { role: "b".into() };
        for (one, other) in
            [(denied("a", 1), full.clone()), (full.clone(), denied("a", 1)), (full.clone(), Verdict::Over)]
        {
            assert_eq!(one.and(other), full);
        }
        let both = denied("a", 1).and(denied("b", 5));
        assert_eq!((both.since().unwrap().as_second(), both.says().0), (5, true));
        assert!(both.says().2.contains("in a and b until"), "{both:?}");
        assert_eq!(denied("a", 1).and(Verdict::Over), denied("a", 1));
    }
}
