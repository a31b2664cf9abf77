//! What the broker knows of the cluster, and since when.
//!
//! ```text
//!   API server ─▶ watcher ─▶ judge, prune ─▶ Store ─▶ see() ─▶ Sight { object, stale }
//!        └─▶ every byte ─▶ Heard ─────────────────────────────────────────┘
//! ```
//!
//! One broken object never stops a watch: it becomes an entry that says what is wrong with it.

mod heard;
mod pods;
mod policies;
mod profiles;
mod run;
mod sessions;
mod sight;
mod slim;
mod store;
mod world;

pub use heard::Heard;
pub use pods::{PodEntry, PodObject};
pub use policies::PolicyEntry;
pub use profiles::ProfileEntry;
pub use run::keep_up;
pub use sessions::{Revoked, SessionEntry};
pub use sight::{Sight, Stale};
pub use store::{Entry, Store};
pub use world::World;
