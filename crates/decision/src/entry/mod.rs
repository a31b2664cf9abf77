//! What is kept of objects: judged once, and pruned to what a decision needs.

use std::fmt::Debug;

use kube::Resource;
use serde::de::DeserializeOwned;

mod grants;
mod locks;
mod pods;
mod policies;
mod profiles;
mod sessions;

pub use grants::{EventEntry, GrantEntry, Open, RequestEntry, Standing};
pub use locks::LockEntry;
pub use pods::{PodEntry, PodObject};
pub use policies::PolicyEntry;
pub use profiles::ProfileEntry;
pub use sessions::{Revoked, SessionEntry};

/// What is kept of an object.
pub trait Entry: Send + Sync + Sized + 'static {
    /// The object as the API server sends it. Reading it must not fail on what an author can write.
    type Object: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + Sync + 'static;
    /// The plural, for people.
    const WATCH: &'static str;

    /// What to keep.
    fn keep(object: &Self::Object) -> Self;
}
