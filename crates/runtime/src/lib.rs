//! The shape of a process: logs, shutdown, arguments, metrics and probes, and the certificate that it serves with.
//!
//! ```text
//!   main ─▶ logs ─▶ install_crypto_provider ─▶ shutdown ─▶ the program's own work
//!                                                │
//!            telemetry: /livez /readyz /metrics ◀┤
//!            serving:   Secret ⇄ plan ─▶ TlsConfig (swapped while it serves), CA bundle ─▶ ConfigMap
//!                          └─ pki: what makes and reads certificates
//!            kube_calls: requests to the API server, counted
//!            lines:     an audit log, on standard output; signing: by which key
//!            watching:  how soon a broken watch is tried again
//!            reference: docs/reference, held to the code by tests
//! ```
//!
//! Nothing here knows a policy, a session or a custom resource, and nothing here speaks to AWS. Without the feature
//! `serving` only logs, shutdown and the crypto provider are left: that is all that a sidecar may carry.

pub mod logs;
pub mod shutdown;

#[cfg(feature = "serving")]
pub mod args;
#[cfg(feature = "serving")]
pub mod kube_calls;
#[cfg(feature = "serving")]
pub mod lines;
#[cfg(feature = "serving")]
pub mod pki;
#[cfg(feature = "serving")]
pub mod reference;
#[cfg(feature = "serving")]
pub mod serving;
#[cfg(feature = "serving")]
pub mod signing;
#[cfg(feature = "serving")]
pub mod telemetry;
#[cfg(feature = "serving")]
pub mod watching;

/// Makes aws-lc-rs the one TLS provider of this process. To be called once, first thing in `main`; a second call changes
/// nothing.
pub fn install_crypto_provider() {
    // The only error is "already installed".
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}
