//! AccessPolicy.

use sentinel_api::AccessPolicy;
use sentinel_core::policy::Problems;

use super::Judged;
use crate::view::View;

impl Judged for AccessPolicy {
    fn problems(&self, _: Option<&Self>) -> Result<(), Problems> {
        self.spec.resolve().map(drop)
    }

    fn warnings(&self, view: &View) -> Vec<String> {
        let Ok(policy) = self.spec.resolve() else { return vec![] };
        let named =
            policy.rules().iter().flat_map(|rule| rule.conditions.profiles.iter().map(move |profile| (rule, profile)));
        named
            .filter(|(_, profile)| !profile.is_glob() && view.has_profile(profile.as_str()) == Some(false))
            .map(|(rule, profile)| format!("rule `{}`: there is no SentinelProfile `{profile}`", rule.name))
            .collect()
    }
}
