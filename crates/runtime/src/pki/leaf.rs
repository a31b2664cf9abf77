//! The certificate that a server shows.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{PrivateKeyDer, ServerName, UnixTime};

use super::authority::{common_name, since_epoch};
use super::{PkiError, pem};

/// How far before its making a leaf is valid: for clients whose clock is behind.
const BACKDATED: Duration = Duration::from_hours(24);

/// A serving certificate with its key.
#[derive(Clone)]
pub struct Leaf {
    certificate: String,
    key: String,
    server: Arc<ServerConfig>,
    dns_names: Vec<String>,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leaf")
            .field("dns_names", &self.dns_names)
            .field("not_before", &self.not_before)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

impl Leaf {
    pub(super) fn params(
        dns_names: &[String],
        now: Timestamp,
        not_after: Timestamp,
    ) -> Result<CertificateParams, PkiError> {
        let mut params = CertificateParams::new(dns_names)?;
        params.distinguished_name = common_name("sentinel");
        let not_before = now.checked_sub(BACKDATED).map_err(|_| PkiError::Time(now))?;
        params.not_before = rcgen::date_time_ymd(1970, 1, 1) + since_epoch(not_before)?;
        params.not_after = rcgen::date_time_ymd(1970, 1, 1) + since_epoch(not_after)?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        Ok(params)
    }

    /// A leaf that was stored.
    pub fn parse(certificate: &str, key: &str) -> Result<Self, PkiError> {
        let der = pem::certificate(certificate)?;
        let facts = pem::facts(&der)?;
        let mut server = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![der], PrivateKeyDer::from_pem_slice(key.as_bytes())?)?;
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            server: Arc::new(server),
            dns_names: facts.dns_names,
            not_before: facts.not_before,
            not_after: facts.not_after,
        })
    }

    /// Whether a client that trusts `bundle` (PEM) would accept this leaf, for all of its names, at `time`.
    pub fn verifies(&self, bundle: &str, time: Timestamp) -> Result<(), PkiError> {
        let mut roots = rustls::RootCertStore::empty();
        for certificate in pem::certificates(bundle)? {
            roots.add(certificate)?;
        }
        let verifier = WebPkiServerVerifier::builder(Arc::new(roots))
            .build()
            .map_err(|error| PkiError::Certificate(error.to_string()))?;
        let der = pem::certificate(&self.certificate)?;
        let time = UnixTime::since_unix_epoch(since_epoch(time)?);
        for name in &self.dns_names {
            let name = ServerName::try_from(name.as_str()).map_err(|error| PkiError::Certificate(error.to_string()))?;
            verifier.verify_server_cert(&der, &[], &name, &[], time)?;
        }
        Ok(())
    }

    /// A TLS configuration that shows this leaf. HTTP/1.1 only.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.server)
    }

    /// The certificate, PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The key, PEM. A secret.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The names that it is for.
    pub fn dns_names(&self) -> &[String] {
        &self.dns_names
    }

    /// When it begins.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// When it ends.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::Authority;

    const DAY: Duration = Duration::from_hours(24);

    fn names() -> Vec<String> {
        vec!["sentinel-broker.sentinel-system.svc".to_owned(), "sentinel-broker".to_owned()]
    }

    #[test]
    fn a_leaf_verifies_against_its_authority_alone() {
        crate::install_crypto_provider();
        let now = Timestamp::now();
        let (own, other) =
            (Authority::generate("a", now, 10 * DAY).unwrap(), Authority::generate("a", now, 10 * DAY).unwrap());
        let leaf = own.sign(&names(), now, DAY).unwrap();
        assert_eq!(leaf.dns_names(), names());
        leaf.verifies(own.certificate(), now).unwrap();
        leaf.verifies(&format!("{}{}", other.certificate(), own.certificate()), now).unwrap();
        assert!(leaf.verifies(other.certificate(), now).is_err());
        assert!(leaf.verifies(own.certificate(), now.checked_add(2 * DAY).unwrap()).is_err());
    }

    #[test]
    fn a_leaf_does_not_outlive_its_authority() {
        crate::install_crypto_provider();
        let now = Timestamp::now();
        let authority = Authority::generate("a", now, DAY).unwrap();
        assert_eq!(authority.sign(&names(), now, 30 * DAY).unwrap().not_after(), authority.not_after());
    }

    #[test]
    fn a_foreign_key_is_refused() {
        crate::install_crypto_provider();
        let now = Timestamp::now();
        let authority = Authority::generate("a", now, DAY).unwrap();
        let (one, other) = (authority.sign(&names(), now, DAY).unwrap(), authority.sign(&names(), now, DAY).unwrap());
        assert!(Leaf::parse(one.certificate(), other.key()).is_err());
    }
}
