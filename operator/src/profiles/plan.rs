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

/// The status of a profile that was judged as `profile`, after `old`.
pub(crate) fn plan(
    profile: &Result<Profile, String>,
    found: impl Fn(&str) -> Found,
    old: &ProfileStatus,
    generation: Option<i64>,
    now: Timestamp,
) -> ProfileStatus {
    let mut status = ProfileStatus { observed_generation: generation, ..old.clone() };
    status.access_policy = profile.as_ref().ok().map(|profile| profile.access_policy.clone());
    for (type_, (holds, reason, message)) in
        [("Accepted", accepted(profile)), ("PolicyFound", policy_found(profile, found))]
    {
        set_condition(&mut status.conditions, condition(type_, holds, reason, message, generation, now));
    }
    status
}

fn accepted(profile: &Result<Profile, String>) -> (bool, &'static str, String) {
    match profile {
        Ok(_) => (true, "Valid", "the profile can be used".to_owned()),
        Err(problems) => (false, "Invalid", format!("nothing is issued on this profile: {problems}")),
    }
}

fn policy_found(profile: &Result<Profile, String>, found: impl Fn(&str) -> Found) -> (bool, &'static str, String) {
    let Ok(profile) = profile else {
        return (false, "ProfileInvalid", "which policy governs this profile is not known".to_owned());
    };
    let name = &profile.access_policy;
    let denied = "everything on this profile is denied";
    match found(name) {
        Found::Accepted => (true, "Found", format!("AccessPolicy {name} governs this profile")),
        Found::Refused => (
            false,
            "PolicyInvalid",
            format!("AccessPolicy {name} is not accepted: {denied}; kubectl describe accesspolicy {name} says why"),
        ),
        Found::Leaving => (false, "PolicyDeleting", format!("AccessPolicy {name} is being deleted: {denied}")),
        Found::Missing => (
            false,
            "PolicyMissing",
            format!("there is no AccessPolicy {name}: {denied}; make it, or name another in spec.policies.access"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use sentinel_api::{ConditionStatus, SentinelProfile, SentinelProfileSpec};

    fn profile(arn: &str) -> Result<Profile, String> {
        let spec =
            SentinelProfileSpec { role_arn: arn.into(), region: "eu-west-1".into(), ..SentinelProfileSpec::default() };
        SentinelProfile::new("prod", spec).resolve().map_err(|problems| problems.to_string())
    }

    #[rstest]
    #[case("arn:aws:iam::111122223333:role/prod", Found::Accepted, "Valid", "Found")]
    #[case("arn:aws:iam::111122223333:role/prod", Found::Refused, "Valid", "PolicyInvalid")]
    #[case("arn:aws:iam::111122223333:role/prod", Found::Leaving, "Valid", "PolicyDeleting")]
    #[case("arn:aws:iam::111122223333:role/prod", Found::Missing, "Valid", "PolicyMissing")]
    #[case("prod", Found::Accepted, "Invalid", "ProfileInvalid")]
    fn table(#[case] arn: &str, #[case] found: Found, #[case] accepted: &str, #[case] policy: &str) {
        let status = plan(&profile(arn), |_| found, &ProfileStatus::default(), Some(3), Timestamp::UNIX_EPOCH);
        let reasons: Vec<&str> = status.conditions.iter().map(|condition| condition.reason.as_str()).collect();
        assert_eq!(reasons, [accepted, policy]);
        assert_eq!(status.conditions[0].status, ConditionStatus::from(accepted == "Valid"));
        assert_eq!(status.conditions[1].status, ConditionStatus::from(policy == "Found"));
        assert_eq!(status.access_policy.is_some(), accepted == "Valid");
        assert_eq!(status.observed_generation, Some(3));
    }
}
