//! The law: what a policy document says, who may have what, and which names follow from it.
//!
//! ```text
//!   policy ──▶ parse ─▶ validate ─▶ decide ─▶ Decision        identity, session: names and states that
//!      │                                                       broker and operator derive alone
//!      └─────▶ publish (portable text for SSM)                 protocol: what sidecar and broker say
//!   lock: who gets nothing for now, whatever a policy says
//!
//!   person, ask ─▶ access_request: pending → approved | denied | expired | cancelled      ─▶ grant: what that opens, and what
//!              └─▶ break_glass:    pending → active → closed | expired, or refused        ─┘         it never does
//!                       └─ ledger: how often
//! ```
//!
//! Pure and total: no I/O, no clock, no randomness; `now` is always an argument. Nothing here knows Kubernetes or AWS
//! clients. Programs and the other crates depend on this one, and it depends on none of them.

pub mod access_request;
pub mod ask;
pub mod audit;
pub mod break_glass;
pub mod governing;
pub mod grant;
pub mod identity;
pub mod ledger;
pub mod lock;
pub mod person;
pub mod policy;
pub mod protocol;
pub mod session;
pub mod tags;
pub mod time;
