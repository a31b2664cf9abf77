//! The broker: the only holder of sts:AssumeRole. A stateless, replicated HTTPS server that decides every request.
//!
//! ```text
//!   sidecar ─▶ http ─▶ caller ─▶ service ── gather ◀─ watch ◀─ API server
//!                                   │── sentinel_decision    (pure: the order of the checks is one visible list)
//!                                   │── rows         ─▶ DynamoDB
//!                                   │── credentials  ─▶ STS
//!                                   └──▶ journal (stdout), events, metrics
//! ```
//!
//! It writes no custom resource; it creates, touches and reads rows, and never ends one. It trusts no annotation: that
//! only asks. What it can't decide it does not issue. Nothing here may bypass `decide`.

mod args;
mod caller;
mod clients;
mod cluster;
mod credentials;
mod events;
mod flight;
mod http;
mod identity;
mod journal;
mod metrics;
mod moment;
mod rows;
mod run;
mod service;
mod turns;
mod watch;

pub use args::Args;
pub use run::run;
