//! The credential endpoint inside the pod. It decides nothing and holds no AWS identity.
//!
//! ```text
//!   SDK ── GET 127.0.0.1:9911/v1/credentials ──▶ server ─▶ guard (method, host, token)
//!                                                   │
//!                                                   ▼
//!             state (pure): serve │ ask │ refuse ◀─ source ── one request for all callers ──▶ broker (TLS, own roots)
//!                                                   ▲
//!   kubelet ─ exec `sentinel-sidecar ready` ─▶ /v1/ready
//! ```
//!
//! No policy is read here, nothing is written but the app token and the newest trust bundle, and no address is listened
//! on but 127.0.0.1. Every megabyte counts once per pod: no new dependency without measuring.

pub mod app_token;
pub mod broker;
pub mod clock;
pub mod config;
pub mod program;
pub mod ready;
pub mod server;
pub mod source;
pub mod state;
