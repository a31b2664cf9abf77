//! What the Secret holds: authorities, leaf, keys.
//!
//! | key | content |
//! |---|---|
//! | `ca.crt` | the bundle: certificates of all authorities, oldest first |
//! | `ca.key` | their keys, in the same order |
//! | `ca.introduced` | when each came into the bundle, a line each, in the same order |
//! | `tls.crt`, `tls.key` | the leaf |

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::ByteString;
use rustls::ServerConfig;

use super::{AuthorityFacts, CaBundle, LeafFacts, Plan, Policy, State};
use crate::pki::{Authority, Leaf, PkiError, concatenated};

/// The data of a Secret.
pub type SecretData = BTreeMap<String, ByteString>;

const CA_CERTIFICATES: &str = "ca.crt";
const CA_KEYS: &str = "ca.key";
const CA_INTRODUCED: &str = "ca.introduced";
const LEAF_CERTIFICATE: &str = "tls.crt";
const LEAF_KEY: &str = "tls.key";
const CERTIFICATE_END: &str = "-----END CERTIFICATE-----";
const KEY_END: &str = "-----END PRIVATE KEY-----";

/// Authorities and leaf, with their keys.
#[derive(Debug, Default)]
pub struct Material {
    authorities: Vec<Authority>,
    leaf: Option<Leaf>,
}

/// Why stored material can't be used.
#[derive(Debug, thiserror::Error)]
pub enum MaterialError {
    /// A key of the Secret is missing, or is no text.
    #[error("`{0}` is missing, or is no text")]
    Missing(&'static str),
    /// The three lists of the authorities differ in length.
    #[error("{certificates} CA certificates, {keys} keys and {introduced} dates don't go together")]
    Uneven {
        /// In `ca.crt`.
        certificates: usize,
        /// In `ca.key`.
        keys: usize,
        /// In `ca.introduced`.
        introduced: usize,
    },
    /// A line of `ca.introduced` is no time.
    #[error("`ca.introduced`: {0}")]
    Introduced(#[from] jiff::Error),
    /// A certificate or key.
    #[error(transparent)]
    Pki(#[from] PkiError),
}

impl Material {
    /// Reads a Secret. A leaf that can't be read is left out: the next plan makes another. Authorities that can't be read
    /// are an error.
    pub fn read(data: &SecretData) -> Result<Self, MaterialError> {
        let certificates = sections(text(data, CA_CERTIFICATES)?, CERTIFICATE_END);
        let keys = sections(text(data, CA_KEYS)?, KEY_END);
        let introduced: Vec<&str> = text(data, CA_INTRODUCED)?.lines().collect();
        if certificates.len() != keys.len() || keys.len() != introduced.len() {
            let (certificates, keys, introduced) = (certificates.len(), keys.len(), introduced.len());
            return Err(MaterialError::Uneven { certificates, keys, introduced });
        }
        let authorities = certificates.iter().zip(&keys).zip(&introduced);
        let authorities = authorities
            .map(|((certificate, key), introduced)| Ok(Authority::parse(certificate, key, introduced.parse()?)?))
            .collect::<Result<_, MaterialError>>()?;
        Ok(Self { authorities, leaf: read_leaf(data) })
    }

    /// The Secret's data.
    pub fn write(&self) -> SecretData {
        let keys: Vec<String> = self.authorities.iter().map(Authority::key).collect();
        let introduced: Vec<String> =
            self.authorities.iter().map(|authority| authority.introduced().to_string()).collect();
        let leaf = self.leaf.as_ref();
        [
            (CA_CERTIFICATES, self.bundle().pem().to_owned()),
            (CA_KEYS, concatenated(keys.iter().map(String::as_str))),
            (CA_INTRODUCED, introduced.join("\n")),
            (LEAF_CERTIFICATE, leaf.map(|leaf| leaf.certificate().to_owned()).unwrap_or_default()),
            (LEAF_KEY, leaf.map(|leaf| leaf.key().to_owned()).unwrap_or_default()),
        ]
        .map(|(key, text)| (key.to_owned(), ByteString(text.into_bytes())))
        .into()
    }

    /// What the plan is made from.
    pub fn facts(&self, dns_names: &[String]) -> State {
        let authorities = self.authorities.iter();
        let authorities = authorities
            .map(|authority| AuthorityFacts { introduced: authority.introduced(), not_after: authority.not_after() })
            .collect();
        State { authorities, leaf: self.leaf.as_ref().and_then(|leaf| self.leaf_facts(leaf, dns_names)) }
    }

    fn leaf_facts(&self, leaf: &Leaf, dns_names: &[String]) -> Option<LeafFacts> {
        let Ok(last_moment) = leaf.not_after().checked_sub(std::time::Duration::from_secs(1)) else { return None };
        let signed = |authority: &Authority| leaf.verifies(authority.certificate(), last_moment).is_ok();
        Some(LeafFacts {
            authority: self.authorities.iter().position(signed)?,
            not_before: leaf.not_before(),
            not_after: leaf.not_after(),
            names_match: leaf.dns_names() == dns_names,
        })
    }

    /// Takes one step of a plan.
    pub fn apply(&mut self, plan: Plan, now: Timestamp, dns_names: &[String], policy: &Policy) -> Result<(), PkiError> {
        match plan {
            Plan::Keep(_) => {}
            Plan::Introduce => {
                let name = dns_names.first().map_or("sentinel", String::as_str);
                self.authorities.push(Authority::generate(name, now, policy.ca_lifetime)?);
            }
            Plan::Sign(index) => {
                let signer = self.authorities.get(index);
                self.leaf = signer.map(|signer| signer.sign(dns_names, now, policy.cert_lifetime)).transpose()?;
            }
            Plan::Drop(index) => {
                if index < self.authorities.len() {
                    self.authorities.remove(index);
                }
            }
        }
        Ok(())
    }

    /// The CA bundle.
    pub fn bundle(&self) -> CaBundle {
        CaBundle::new(concatenated(self.authorities.iter().map(Authority::certificate)))
    }

    /// What the server shows; `None` before there is a leaf.
    pub fn server_config(&self) -> Option<Arc<ServerConfig>> {
        self.leaf.as_ref().map(Leaf::server_config)
    }

    /// The leaf.
    pub fn leaf(&self) -> Option<&Leaf> {
        self.leaf.as_ref()
    }
}

fn text<'a>(data: &'a SecretData, key: &'static str) -> Result<&'a str, MaterialError> {
    let bytes = data.get(key).ok_or(MaterialError::Missing(key))?;
    std::str::from_utf8(&bytes.0).map_err(|_| MaterialError::Missing(key))
}

/// The sections of a PEM text that end with `end`.
fn sections<'a>(text: &'a str, end: &str) -> Vec<&'a str> {
    text.split_inclusive(end).filter(|section| section.contains(end)).collect()
}

fn read_leaf(data: &SecretData) -> Option<Leaf> {
    let certificate = text(data, LEAF_CERTIFICATE).ok().filter(|text| !text.is_empty())?;
    let key = text(data, LEAF_KEY).ok()?;
    Leaf::parse(certificate, key)
        .inspect_err(|error| tracing::warn!(%error, "the stored serving certificate can't be read; making a new one"))
        .ok()
}

#[cfg(test)]
#[path = "material_tests.rs"]
mod tests;
