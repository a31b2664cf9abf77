//! Makes and reads certificates: authorities (ECDSA P-256, self-signed) and the leaf that a server shows.

mod authority;
mod leaf;
mod pem;

pub use authority::Authority;
pub use leaf::Leaf;
pub(crate) use pem::concatenated;

/// Why a certificate or key can't be made or read.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// It could not be made.
    #[error("making a certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// The text is not PEM, or not of the expected kind.
    #[error("reading PEM: {0}")]
    Pem(#[from] rustls_pki_types::pem::Error),
    /// The certificate can't be read.
    #[error("reading a certificate: {0}")]
    Certificate(String),
    /// Certificate and key don't belong together, or TLS refuses them.
    #[error("certificate and key: {0}")]
    Tls(#[from] rustls::Error),
    /// A time that no certificate can carry.
    #[error("a certificate can't end at {0}")]
    Time(jiff::Timestamp),
}
