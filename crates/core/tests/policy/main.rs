//! The policy engine, from the outside: what documents are taken, what they mean, and how they are written.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "clippy.toml frees test functions only, and these are their helpers: a panic is the report"
)]

mod approval;
mod bounds;
mod break_glass;
mod canonical;
mod evaluation;
mod kinds;
mod lint;
mod literal;
mod naive;
mod properties;
mod publishing;
mod publishing_by_profile;
mod rate_limit;
mod reference;
mod support;
mod validation;
