//! SentinelProfiles, judged.

use std::sync::Arc;

use kube::Resource as _;
use kube::core::DeserializeGuard;
use sentinel_api::{Profile, SentinelProfile};

use super::store::Entry;

/// What is kept of a SentinelProfile.
#[derive(Clone, Debug)]
pub struct ProfileEntry {
    /// Whether it is being deleted.
    pub deleting: bool,
    /// The profile, or what is wrong with it.
    pub judged: Result<Arc<Profile>, String>,
}

impl Entry for ProfileEntry {
    type Object = DeserializeGuard<SentinelProfile>;
    const WATCH: &'static str = "SentinelProfiles";

    fn keep(object: &Self::Object) -> Self {
        let judged = match &object.0 {
            Ok(profile) => profile.resolve().map(Arc::new).map_err(|problems| problems.to_string()),
            Err(invalid) => Err(invalid.error.clone()),
        };
        Self { deleting: object.meta().deletion_timestamp.is_some(), judged }
    }
}
