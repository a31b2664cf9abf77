//! The status of a profile. Pure.

use jiff::Timestamp;
use sentinel_api::{Profile, ProfileStatus, condition, set_condition};

/// What there is by the name of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It is accepted.
    Accepted,
    /// It is not: everything under it is denied.
    Refused,
    /// It is being deleted.
    Leaving,
    /// There is none.
    Missing,
}

/// What a policy is to a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Says who gets credentials.
    Access,
    /// Says who approves.
    Approval,
    /// Says who may break the glass.
    BreakGlass,
    /// Says how often.
    RateLimit,
}

impl Role {
    const ALL: [Self; 4] = [Self::Access, Self::Approval, Self::BreakGlass, Self::RateLimit];

    /// The condition that says whether it is there.
    const fn condition(self) -> &'static str {
        match self {
            Self::Access => "PolicyFound",
            Self::Approval => "ApprovalPolicyFound",
            Self::BreakGlass => "BreakGlassPolicyFound",
            Self::RateLimit => "RateLimitPolicyFound",
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Access => "AccessPolicy",
            Self::Approval => "ApprovalPolicy",
            Self::BreakGlass => "BreakGlassPolicy",
            Self::RateLimit => "RateLimitPolicy",
        }
    }

    /// The key of the profile that names it.
    const fn key(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Approval => "approval",
            Self::BreakGlass => "breakGlass",
            Self::RateLimit => "rateLimit",
        }
    }

    /// What it means that there is none.
    const fn denied(self) -> &'static str {
        match self {
            Self::Access => "everything on this profile is denied",
            Self::Approval => "nobody can approve anything on this profile",
            Self::BreakGlass | Self::RateLimit => "nobody can break the glass on this profile",
        }
    }

    /// Its name, if `profile` has one in this role.
    fn name(self, profile: &Profile) -> Option<&str> {
        match self {
            Self::Access => Some(&profile.access_policy),
            Self::Approval => profile.approval_policy.as_deref(),
            Self::BreakGlass => profile.break_glass_policy.as_deref(),
            Self::RateLimit => profile.rate_limit_policy.as_deref(),
        }
    }
}

/// A condition's status, reason and message.
type Says = (bool, &'static str, String);

/// The status of a profile that was judged as `profile`, after `old`.
pub(crate) fn plan(
    profile: &Result<Profile, String>,
    found: impl Fn(Role, &str) -> Found,
    old: &ProfileStatus,
    generation: Option<i64>,
    now: Timestamp,
) -> ProfileStatus {
    let mut status = ProfileStatus { observed_generation: generation, ..old.clone() };
    status.access_policy = profile.as_ref().ok().map(|profile| profile.access_policy.clone());
    let roles = Role::ALL.map(|role| (role.condition(), policy_found(profile, role, &found)));
    for (type_, says) in [("Accepted", Some(accepted(profile)))].into_iter().chain(roles) {
        match says {
            Some((holds, reason, message)) => {
                set_condition(&mut status.conditions, condition(type_, holds, reason, message, generation, now));
            }
            None => status.conditions.retain(|old| old.type_ != type_),
        }
    }
    status
}

fn accepted(profile: &Result<Profile, String>) -> Says {
    match profile {
        Ok(_) => (true, "Valid", "the profile can be used".to_owned()),
        Err(problems) => (false, "Invalid", format!("nothing is issued on this profile: {problems}")),
    }
}

/// Nothing is said of a policy that the profile doesn't name.
fn policy_found(profile: &Result<Profile, String>, role: Role, found: impl Fn(Role, &str) -> Found) -> Option<Says> {
    let Ok(profile) = profile else {
        let unknown = (false, "ProfileInvalid", "which policy governs this profile is not known".to_owned());
        return Some(unknown).filter(|_| role == Role::Access);
    };
    let name = role.name(profile)?;
    Some(says(role, name, found(role, name)))
}

fn says(role: Role, name: &str, found: Found) -> Says {
    let (kind, key, denied) = (role.kind(), role.key(), role.denied());
    let resource = kind.to_lowercase();
    match found {
        Found::Accepted => (true, "Found", format!("{kind} {name} governs this profile")),
        Found::Refused => (
            false,
            "PolicyInvalid",
            format!("{kind} {name} is not accepted: {denied}; kubectl describe {resource} {name} says why"),
        ),
        Found::Leaving => (false, "PolicyDeleting", format!("{kind} {name} is being deleted: {denied}")),
        Found::Missing => (
            false,
            "PolicyMissing",
            format!("there is no {kind} {name}: {denied}; make it, or name another in spec.policies.{key}"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use sentinel_api::{ConditionStatus, ProfilePolicies, SentinelProfile, SentinelProfileSpec};

    const ROLE: &str = "arn:aws:iam::111122223333:role/prod";

    fn profile(arn: &str, policies: Option<ProfilePolicies>) -> Result<Profile, String> {
        let spec = SentinelProfileSpec {
            role_arn: arn.into(),
            region: "eu-west-1".into(),
            policies,
            ..SentinelProfileSpec::default()
        };
        SentinelProfile::new("prod", spec).resolve().map_err(|problems| problems.to_string())
    }

    fn planned(profile: &Result<Profile, String>, found: Found, old: &ProfileStatus) -> ProfileStatus {
        plan(profile, |_, _| found, old, Some(3), Timestamp::UNIX_EPOCH)
    }

    #[rstest]
    #[case(ROLE, Found::Accepted, "Valid", "Found")]
    #[case(ROLE, Found::Refused, "Valid", "PolicyInvalid")]
    #[case(ROLE, Found::Leaving, "Valid", "PolicyDeleting")]
    #[case(ROLE, Found::Missing, "Valid", "PolicyMissing")]
    #[case("prod", Found::Accepted, "Invalid", "ProfileInvalid")]
    fn table(#[case] arn: &str, #[case] found: Found, #[case] accepted: &str, #[case] policy: &str) {
        let status = planned(&profile(arn, None), found, &ProfileStatus::default());
        let reasons: Vec<&str> = status.conditions.iter().map(|condition| condition.reason.as_str()).collect();
        assert_eq!(reasons, [accepted, policy]);
        assert_eq!(status.conditions[0].status, ConditionStatus::from(accepted == "Valid"));
        assert_eq!(status.conditions[1].status, ConditionStatus::from(policy == "Found"));
        assert_eq!(status.access_policy.is_some(), accepted == "Valid");
        assert_eq!(status.observed_generation, Some(3));
    }

    #[test]
    fn each_policy_that_is_named_has_its_condition_and_no_other() {
        let named = ProfilePolicies {
            approval: Some("a".into()),
            break_glass: Some("b".into()),
            rate_limit: Some("c".into()),
            ..ProfilePolicies::default()
        };
        let status = planned(&profile(ROLE, Some(named)), Found::Missing, &ProfileStatus::default());
        let told: Vec<String> = status.conditions.iter().map(|one| format!("{}: {}", one.type_, one.message)).collect();
        assert_eq!(
            told[2..],
            [
                "ApprovalPolicyFound: there is no ApprovalPolicy a: nobody can approve anything on this profile; make it, or name another in spec.policies.approval",
                "BreakGlassPolicyFound: there is no BreakGlassPolicy b: nobody can break the glass on this profile; make it, or name another in spec.policies.breakGlass",
                "RateLimitPolicyFound: there is no RateLimitPolicy c: nobody can break the glass on this profile; make it, or name another in spec.policies.rateLimit",
            ]
        );
        let after = planned(&profile(ROLE, None), Found::Accepted, &status);
        assert_eq!(after.conditions.len(), 2, "{:?}", after.conditions);
    }
}
