//! What happens, told to the targets that the installation names: SNS topics and HTTPS webhooks.
//!
//! ```text
//!   happenings, locks ─▶ Letter ─▶ Post ─▶ keeper ⇄ ConfigMap sentinel-notifications   (a restart finds what wasn't delivered)
//!                                            └─▶ one courier a target ─▶ SNS Publish, HTTPS POST
//!                                            ◀── delivered, refused, given up ──┘
//! ```
//!
//! Who tells waits until a letter is kept, and for no target: a target that is down delays nobody but itself. Letters come at least
//! once, and each has an id by which a receiver knows it again; their order is not promised.

mod address;
mod courier;
mod https;
mod keeper;
mod letter;
mod outbox;
mod payload;
mod settings;
mod shelf;
mod signature;

pub(crate) use address::Doors;
pub(crate) use keeper::{Keeper, Post};
pub(crate) use letter::Letter;
pub(crate) use payload::{about, about_lock};
pub(crate) use settings::Targets;
