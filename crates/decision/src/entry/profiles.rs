//! SentinelProfiles, judged.

use std::sync::Arc;

use sentinel_api::{Profile, SentinelProfile, SentinelProfileSpec};

use super::Entry;
use crate::slim::Loose;

/// What is kept of a SentinelProfile.
#[derive(Clone, Debug)]
pub struct ProfileEntry {
    /// Its UID: a grant is for this very object.
    pub uid: String,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// The profile, or what is wrong with it.
    pub judged: Result<Arc<Profile>, String>,
}

impl Entry for ProfileEntry {
    type Object = Loose<SentinelProfile>;
    const WATCH: &'static str = "SentinelProfiles";

    fn keep(object: &Self::Object) -> Self {
        let judge = |spec: SentinelProfileSpec| {
            let mut profile = SentinelProfile::new(object.name(), spec);
            // Only the operator writes it; nothing is granted by it.
            profile.status = object.status().ok();
            profile.resolve().map(Arc::new).map_err(|problems| problems.to_string())
        };
        Self { uid: object.uid().to_owned(), deleting: object.is_deleting(), judged: object.spec().and_then(judge) }
    }
}
