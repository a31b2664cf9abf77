//! The program's own CA and serving certificate, kept in its own Secret and shared by its replicas.
//!
//! ```text
//!   Secret ──▶ Material ──▶ facts ──▶ plan (pure) ──▶ introduce │ sign │ drop ──▶ Material' ──▶ Secret (compare-and-swap)
//!                  │
//!                  ├─▶ TlsConfig, swapped while it serves
//!                  └─▶ CA bundle ─▶ ConfigMap (others watch it) and a `watch` channel
//! ```
//!
//! A new CA is in the bundle for `overlap` before it signs, and an old one stays until its leafs have ended.

mod bundle;
mod keeper;
mod material;
mod plan;
mod policy;
mod server;
mod store;
mod tls;

pub use bundle::CaBundle;
pub use keeper::ServingCertificate;
pub use material::{Material, MaterialError};
pub use plan::{AuthorityFacts, LeafFacts, Plan, State, plan};
pub use policy::{InvalidPolicy, Policy};
pub use server::serve_tls;
pub use tls::TlsConfig;

/// Why there is no serving certificate, or why it can't be kept up.
#[derive(Debug, thiserror::Error)]
pub enum ServingError {
    /// The lifetimes contradict each other.
    #[error(transparent)]
    Policy(#[from] InvalidPolicy),
    /// The API server refuses or can't be reached.
    #[error("{what}: {source}")]
    Api {
        /// What was tried, on which object.
        what: String,
        /// What came back.
        source: Box<kube::Error>,
    },
    /// Certificates could not be made.
    #[error(transparent)]
    Pki(#[from] crate::pki::PkiError),
    /// Another replica wrote the Secret again and again at the same moments.
    #[error("{0} is written by somebody else each time that we try")]
    Contended(String),
    /// The plan does not come to rest; a defect.
    #[error("the certificates of {0} do not come to rest")]
    Restless(String),
    /// The process was told to stop first.
    #[error("stopped before there was a serving certificate")]
    Stopped,
}
