//! Which rule speaks for a profile, or why none does.

use crate::policy::{ApprovalPolicy, ApprovalRule, BreakGlassPolicy, BreakGlassRule, RateLimitPolicy, RateLimitRule};

/// The rule that governs a profile.
#[derive(Debug, PartialEq)]
pub struct Governing<'a, R> {
    /// Name of its policy.
    pub policy: &'a str,
    /// The rule.
    pub rule: &'a R,
}

// Not derived: it can be copied whether or not its rule can.
impl<R> Clone for Governing<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Governing<'_, R> {}

/// Why no rule does. The texts say who can mend it, and how.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Ungoverned {
    /// The profile can't be used itself.
    #[error("SentinelProfile `{profile}` can't be used: {problem}")]
    Profile {
        /// Its name.
        profile: String,
        /// Missing, being deleted, or what is wrong with it.
        problem: String,
    },
    /// The profile names no policy of this kind.
    #[error("SentinelProfile `{profile}` names no {kind}")]
    Unnamed {
        /// The profile.
        profile: String,
        /// ApprovalPolicy, BreakGlassPolicy.
        kind: &'static str,
    },
    /// The policy that it names can't be used.
    #[error("{kind} `{policy}`, which governs profile `{profile}`, can't be used: {problem}")]
    Unusable {
        /// The profile.
        profile: String,
        /// ApprovalPolicy, BreakGlassPolicy, RateLimitPolicy.
        kind: &'static str,
        /// Its name.
        policy: String,
        /// Missing, being deleted, or what is wrong with it.
        problem: String,
    },
    /// No rule of the policy is for the profile.
    #[error("no rule of {kind} `{policy}` is for profile `{profile}`")]
    Uncovered {
        /// The profile.
        profile: String,
        /// ApprovalPolicy, BreakGlassPolicy.
        kind: &'static str,
        /// Its name.
        policy: String,
    },
}

/// A policy whose rules are found by the profile alone.
pub trait ByProfile {
    /// Its rules.
    type Rule;
    /// Its kind, as people know it.
    const KIND: &'static str;

    /// The first rule for the profile.
    fn first_for(&self, profile: &str) -> Option<&Self::Rule>;
}

macro_rules! by_profile {
    ($($policy:ident of $rule:ident),+) => {$(
        impl ByProfile for $policy {
            type Rule = $rule;
            const KIND: &'static str = stringify!($policy);

            fn first_for(&self, profile: &str) -> Option<&$rule> {
                self.rule_for(profile).map(|(_, rule)| rule)
            }
        }
    )+};
}
by_profile!(ApprovalPolicy of ApprovalRule, BreakGlassPolicy of BreakGlassRule, RateLimitPolicy of RateLimitRule);

/// The rule that governs `profile`. `named` is what the profile names: a policy by its name, or what is wrong with that.
pub fn govern<'a, P: ByProfile>(
    profile: &str,
    named: Option<(&'a str, Result<&'a P, String>)>,
) -> Result<Governing<'a, P::Rule>, Ungoverned> {
    let (kind, profile) = (P::KIND, profile.to_owned());
    let Some((name, policy)) = named else { return Err(Ungoverned::Unnamed { profile, kind }) };
    match policy.map(|policy| policy.first_for(&profile)) {
        Ok(Some(rule)) => Ok(Governing { policy: name, rule }),
        Ok(None) => Err(Ungoverned::Uncovered { profile, kind, policy: name.to_owned() }),
        Err(problem) => Err(Ungoverned::Unusable { profile, kind, policy: name.to_owned(), problem }),
    }
}

/// The rule that limits `profile`; none where nothing limits it. A policy that is named and can't be used is no leave.
pub fn limits<'a>(
    profile: &str,
    named: Option<(&'a str, Result<&'a RateLimitPolicy, String>)>,
) -> Result<Option<Governing<'a, RateLimitRule>>, Ungoverned> {
    match govern(profile, named) {
        Ok(governing) => Ok(Some(governing)),
        Err(Ungoverned::Unnamed { .. } | Ungoverned::Uncovered { .. }) => Ok(None),
        Err(unusable) => Err(unusable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_for_the_profile_governs() {
        let text = "version: \"1\"\nrules:\n- {name: a, profiles: [dev], approvers: [ann]}\n- {name: b, profiles: ['prod*'], approvers: [ben]}\n- {name: c, approvers: [cid]}\n";
        let policy = ApprovalPolicy::from_yaml(text).unwrap();
        for (profile, rule) in [("dev", "a"), ("prod-eu", "b"), ("other", "c")] {
            let found = govern(profile, Some(("p", Ok(&policy)))).unwrap();
            assert_eq!((found.policy, found.rule.name.as_str()), ("p", rule));
        }
    }

    #[test]
    fn without_a_rule_it_says_why() {
        let text = "version: \"1\"\nrules:\n- {name: a, profiles: [dev], cooldown: 1h}\n";
        let policy = RateLimitPolicy::from_yaml(text).unwrap();
        let said = |named| govern::<RateLimitPolicy>("prod", named).unwrap_err().to_string();
        assert_eq!(said(None), "SentinelProfile `prod` names no RateLimitPolicy");
        assert_eq!(said(Some(("p", Ok(&policy)))), "no rule of RateLimitPolicy `p` is for profile `prod`");
        let missing = "it does not exist".to_owned();
        let unusable = "RateLimitPolicy `p`, which governs profile `prod`, can't be used: it does not exist";
        assert_eq!(said(Some(("p", Err(missing)))), unusable);
    }

    #[test]
    fn no_limit_is_not_the_same_as_a_limit_that_can_not_be_read() {
        assert_eq!(limits("prod", None), Ok(None));
        assert!(limits("prod", Some(("p", Err("gone".to_owned())))).is_err());
    }
}
