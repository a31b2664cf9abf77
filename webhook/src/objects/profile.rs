//! SentinelProfile.

use sentinel_api::SentinelProfile;
use sentinel_core::policy::Problems;

use super::Judged;
use crate::view::View;

impl Judged for SentinelProfile {
    fn problems(&self, _: Option<&Self>) -> Result<(), Problems> {
        self.resolve().map(drop)
    }

    fn warnings(&self, view: &View) -> Vec<String> {
        let Ok(profile) = self.resolve() else { return vec![] };
        let policy = profile.access_policy;
        let missing = view.has_policy(&policy) == Some(false);
        missing
            .then(|| format!("there is no AccessPolicy `{policy}` yet: until there is, nobody gets this profile"))
            .into_iter()
            .collect()
    }
}
