//! SentinelProfile.

use sentinel_api::{Profile, SentinelProfile};

use super::{Around, Judged, No};
use crate::view::What;

impl Judged for SentinelProfile {
    fn judge(&self, _: Option<&Self>, _: Around<'_>) -> Result<(), No> {
        Ok(self.resolve().map(drop)?)
    }

    fn warnings(&self, around: Around<'_>) -> Vec<String> {
        let Ok(profile) = self.resolve() else { return vec![] };
        let named = named_policies(&profile).into_iter();
        named.filter_map(|policy| policy.missing(around)).chain(profile.tags_warning()).collect()
    }
}

/// A policy that a profile names.
struct Named<'a> {
    kind: What,
    what: &'static str,
    name: Option<&'a str>,
    /// What is denied without it.
    until: &'static str,
}

fn named_policies(profile: &Profile) -> [Named<'_>; 4] {
    let named = |kind, what, name, until| Named { kind, what, name, until };
    let (access, approval) = (Some(profile.access_policy.as_str()), profile.approval_policy.as_deref());
    let (break_glass, limits) = (profile.break_glass_policy.as_deref(), profile.rate_limit_policy.as_deref());
    [
        named(What::AccessPolicies, "AccessPolicy", access, "nobody gets this profile"),
        named(What::ApprovalPolicies, "ApprovalPolicy", approval, "nothing can be approved for this profile"),
        named(What::BreakGlassPolicies, "BreakGlassPolicy", break_glass, "there is no break-glass for this profile"),
        named(What::RateLimitPolicies, "RateLimitPolicy", limits, "its limits can't be kept, which denies"),
    ]
}

impl Named<'_> {
    fn missing(&self, around: Around<'_>) -> Option<String> {
        let Self { kind, what, name, until } = self;
        let name = name.filter(|name| around.view.has_policy(*kind, name) == Some(false))?;
        Some(format!("there is no {what} `{name}` yet: until there is, {until}"))
    }
}
