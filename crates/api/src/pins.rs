//! What a decision was about: a name can come to mean something else.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::profile::Profile;

/// What a grant was given for. It is void as soon as one of these is another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pins {
    /// UID of the service account.
    #[serde(rename = "serviceAccountUID")]
    #[schemars(length(min = 1, max = 64))]
    pub service_account_uid: String,
    /// UID of the SentinelProfile.
    #[serde(rename = "profileUID")]
    #[schemars(length(min = 1, max = 64))]
    pub profile_uid: String,
    /// The profile's role.
    #[schemars(length(min = 20, max = 2048))]
    pub role_arn: String,
    /// The profile's policies.
    pub policies: PinnedPolicies,
}

/// Names of the policies that governed a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PinnedPolicies {
    /// The AccessPolicy.
    #[schemars(length(max = 253))]
    pub access: String,
    /// The ApprovalPolicy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub approval: Option<String>,
    /// The BreakGlassPolicy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub break_glass: Option<String>,
    /// The RateLimitPolicy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub rate_limit: Option<String>,
}

impl Pins {
    /// Of a profile and a service account as they are.
    pub fn of(profile: &Profile, profile_uid: &str, service_account_uid: &str) -> Self {
        Self {
            service_account_uid: service_account_uid.to_owned(),
            profile_uid: profile_uid.to_owned(),
            role_arn: profile.role_arn.clone(),
            policies: PinnedPolicies {
                access: profile.access_policy.clone(),
                approval: profile.approval_policy.clone(),
                break_glass: profile.break_glass_policy.clone(),
                rate_limit: profile.rate_limit_policy.clone(),
            },
        }
    }

    /// What is another by now, for people; empty: nothing.
    pub fn changes(&self, now: &Self) -> Vec<String> {
        let Self { service_account_uid, profile_uid, role_arn, policies } = self;
        let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "none".to_owned());
        let policy = |kind: &str, old: String, new: String| {
            (old != new).then(|| format!("its {kind} is `{new}`, and was `{old}`"))
        };
        let (old, new) = (policies, &now.policies);
        [
            (*service_account_uid != now.service_account_uid)
                .then(|| "the service account was deleted and made again".to_owned()),
            (*profile_uid != now.profile_uid).then(|| "the SentinelProfile was deleted and made again".to_owned()),
            (*role_arn != now.role_arn).then(|| format!("its role is {}, and was {role_arn}", now.role_arn)),
            policy("AccessPolicy", old.access.clone(), new.access.clone()),
            policy("ApprovalPolicy", name(&old.approval), name(&new.approval)),
            policy("BreakGlassPolicy", name(&old.break_glass), name(&new.break_glass)),
            policy("RateLimitPolicy", name(&old.rate_limit), name(&new.rate_limit)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    fn pins(change: &Value) -> Pins {
        let mut pins =
            json!({"serviceAccountUID": "s", "profileUID": "p", "roleArn": "arn:a", "policies": {"access": "prod"}});
        for (key, value) in change.as_object().unwrap() {
            pins[key] = value.clone();
        }
        serde_json::from_value(pins).unwrap()
    }

    #[rstest]
    #[case::nothing(json!({}), &[])]
    #[case::service_account(json!({"serviceAccountUID": "t"}), &["the service account was deleted and made again"])]
    #[case::profile(json!({"profileUID": "q"}), &["the SentinelProfile was deleted and made again"])]
    #[case::role(json!({"roleArn": "arn:b"}), &["its role is arn:b, and was arn:a"])]
    #[case::access(json!({"policies": {"access": "dev"}}), &["its AccessPolicy is `dev`, and was `prod`"])]
    #[case::approval(json!({"policies": {"access": "prod", "approval": "a"}}), &["its ApprovalPolicy is `a`, and was `none`"])]
    #[case::others(json!({"policies": {"access": "prod", "breakGlass": "b", "rateLimit": "r"}}),
        &["its BreakGlassPolicy is `b`, and was `none`", "its RateLimitPolicy is `r`, and was `none`"])]
    fn any_difference_voids(#[case] change: Value, #[case] expected: &[&str]) {
        assert_eq!(pins(&json!({})).changes(&pins(&change)), expected);
        assert_eq!(pins(&json!({})) == pins(&change), expected.is_empty());
    }
}
