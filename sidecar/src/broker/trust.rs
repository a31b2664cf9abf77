//! Whom the sidecar believes to be the broker: the CA bundle that came with the injection, and newer ones from answers.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use sha2::{Digest, Sha256};

use crate::app_token::write_atomically;

/// The bundle in force. Only verified answers of the broker renew it.
#[derive(Debug)]
pub struct Trust {
    file: PathBuf,
    current: Mutex<Current>,
}

#[derive(Clone, Debug)]
struct Current {
    hash: String,
    client: Arc<ClientConfig>,
}

/// Why a bundle can't be trusted.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// Not PEM.
    #[error("the CA bundle is no PEM: {0}")]
    Pem(#[from] rustls_pki_types::pem::Error),
    /// PEM without a certificate.
    #[error("the CA bundle has no certificate in it")]
    Empty,
    /// A certificate that TLS can't use.
    #[error("the CA bundle: {0}")]
    Certificate(#[from] rustls::Error),
}

impl Trust {
    /// Trusts `injected` and what an earlier run of this sidecar wrote to `file`: either may be the newer one.
    pub fn new(injected: &str, file: PathBuf) -> Result<Self, TrustError> {
        let mut roots = roots(injected)?;
        let mut hash = hash(injected);
        if let Ok(learned) = std::fs::read_to_string(&file)
            && let Ok(more) = self::roots(&learned)
        {
            hash = self::hash(&learned);
            roots.extend(more.roots);
        }
        Ok(Self { file, current: Mutex::new(Current { hash, client: client(roots) }) })
    }

    /// What new connections verify with.
    pub fn client(&self) -> Arc<ClientConfig> {
        self.current(|current| Arc::clone(&current.client))
    }

    /// The hash of the newest bundle, by which the broker knows whether we need another.
    pub fn hash(&self) -> String {
        self.current(|current| current.hash.clone())
    }

    /// Trusts `bundle` from now on instead, if it can be read.
    pub fn renew(&self, bundle: &str) {
        match roots(bundle) {
            Ok(roots) => self.replace(bundle, roots),
            Err(error) => {
                tracing::warn!(%error, "the broker sent a CA bundle that can't be used; keeping the one we have");
            }
        }
    }

    fn replace(&self, bundle: &str, roots: RootCertStore) {
        let (hash, certificates) = (hash(bundle), roots.len());
        if hash == self.hash() {
            return;
        }
        self.current(|current| *current = Current { hash, client: client(roots) });
        if let Err(error) = write_atomically(&self.file, bundle.as_bytes()) {
            tracing::warn!(file = %self.file.display(), %error, "the new CA bundle can't be kept over a restart");
        }
        tracing::info!(certificates, "trusting a newer CA bundle");
    }

    fn current<T>(&self, look: impl FnOnce(&mut Current) -> T) -> T {
        look(&mut self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn roots(bundle: &str) -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(bundle.as_bytes()) {
        roots.add(certificate?)?;
    }
    if roots.is_empty() { Err(TrustError::Empty) } else { Ok(roots) }
}

fn client(roots: RootCertStore) -> Arc<ClientConfig> {
    Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

fn hash(bundle: &str) -> String {
    hex::encode(Sha256::digest(bundle.as_bytes()))
}
