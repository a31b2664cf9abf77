//! The operator: publishes policies to SSM and keeps the sessions. One replica leads; the others wait.
//!
//! ```text
//!   policies of all four kinds ──▶ policies ──▶ SSM parameter, conditions Accepted, Published and Linted
//!   SentinelProfile ▶ profiles ──▶ conditions Accepted and …PolicyFound
//!   the session tables that profiles and policies name ─▶ tables ─▶ condition TableReady of profiles
//!   AccessLock ───▶ locks ─────▶ conditions Accepted and Active, how many sessions it names
//!   Pod, SentinelSession ─▶ sessions ⇄ rows of the session tables
//!   revoked sessions ─▶ denials ─▶ one inline policy in each role, for profiles that ask for it
//!   all of these, and pods without sidecars ─▶ audit ─▶ gauge of findings, condition Compliant of profiles
//!   AccessRequest ▶ requests ─────▶ status: pending ▶ approved, denied, expired, cancelled ─┬─▶ happenings: audit log, Events, notifications
//!   BreakGlassEvent ▶ emergencies ⇄ ledger ─▶ status: pending ▶ active ▶ closed, expired ───┘
//!   notifications ⇄ ConfigMap ─▶ SNS topics and HTTPS webhooks, of all that happens to these two and to locks
//!   ConfigMap sentinel-webhook-ca ─▶ webhooks ─▶ caBundle of the webhook configurations
//! ```
//!
//! Each room is gather → plan → apply → report; `plan` is pure. Whatever is done can be done again: a kill at any moment
//! loses nothing, because every decision is made anew from the objects, the parameters and the rows. The operator issues
//! no credentials, reads no Secret through the API server, and makes nobody's decision: what a policy means is core's.

mod announcer;
mod args;
mod audit;
mod audit_log;
mod cluster;
mod denials;
mod desk;
mod emergencies;
mod events;
mod grants;
mod happenings;
mod law;
mod leader;
mod locks;
mod metrics;
mod notifications;
mod pace;
mod policies;
mod profiles;
mod report;
mod requests;
mod rooms;
mod run;
mod sessions;
mod tables;
mod watches;
mod webhooks;

pub use args::Args;
pub use run::run;
