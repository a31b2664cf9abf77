//! What the broker knows of the cluster, and since when.
//!
//! ```text
//!   API server ─▶ watcher ─▶ judge, prune ─▶ Store ─▶ see() ─▶ Sight { object, stale }
//!        └─▶ every byte ─▶ Heard ─────────────────────────────────────────┘
//! ```
//!
//! One broken object never stops a watch: it becomes an entry that says what is wrong with it.

mod heard;
mod run;
mod store;
mod world;

pub use heard::Heard;
pub use run::keep_up;
pub use store::Store;
pub use world::World;
