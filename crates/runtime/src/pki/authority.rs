//! A certificate authority of our own.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PublicKeyData as _,
};

use super::{Leaf, PkiError, pem};

/// A CA certificate with its key.
pub struct Authority {
    certificate: String,
    key: KeyPair,
    introduced: Timestamp,
    not_after: Timestamp,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("introduced", &self.introduced)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

impl Authority {
    /// A new authority, introduced `now`, for `lifetime`.
    ///
    /// Its certificate is valid from 1970 on: what a clock that steps back must not undo is the trust in it. When it was
    /// made is `introduced`.
    pub fn generate(name: &str, now: Timestamp, lifetime: Duration) -> Result<Self, PkiError> {
        let introduced = whole_second(now)?;
        let not_after = end(introduced, lifetime)?;
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = common_name(&format!("{name} {introduced}"));
        params.not_before = rcgen::date_time_ymd(1970, 1, 1);
        params.not_after = rcgen::date_time_ymd(1970, 1, 1) + since_epoch(not_after)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let certificate = params.self_signed(&key)?.pem();
        Ok(Self { certificate, key, introduced, not_after })
    }

    /// An authority that was stored.
    pub fn parse(certificate: &str, key: &str, introduced: Timestamp) -> Result<Self, PkiError> {
        let facts = pem::facts(&pem::certificate(certificate)?)?;
        let key = KeyPair::from_pem(key)?;
        if key.subject_public_key_info() != facts.public_key {
            return Err(PkiError::Certificate("the CA's key is not that of its certificate".to_owned()));
        }
        Ok(Self { certificate: certificate.to_owned(), key, introduced, not_after: facts.not_after })
    }

    /// A leaf for `dns_names`, which ends after `lifetime`, or with this authority.
    pub fn sign(&self, dns_names: &[String], now: Timestamp, lifetime: Duration) -> Result<Leaf, PkiError> {
        let key = KeyPair::generate()?;
        let params = Leaf::params(dns_names, now, end(now, lifetime)?.min(self.not_after))?;
        let issuer = Issuer::from_ca_cert_pem(&self.certificate, &self.key)?;
        let certificate = params.signed_by(&key, &issuer)?.pem();
        Leaf::parse(&certificate, &key.serialize_pem())
    }

    /// The certificate, PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The key, PEM. A secret.
    pub fn key(&self) -> String {
        self.key.serialize_pem()
    }

    /// When it was made, and so the beginning of its time in the bundle.
    pub fn introduced(&self) -> Timestamp {
        self.introduced
    }

    /// When it ends.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }
}

pub(super) fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

/// Certificates count in whole seconds.
fn whole_second(time: Timestamp) -> Result<Timestamp, PkiError> {
    Timestamp::from_second(time.as_second()).map_err(|_| PkiError::Time(time))
}

fn end(now: Timestamp, lifetime: Duration) -> Result<Timestamp, PkiError> {
    whole_second(now.checked_add(lifetime).map_err(|_| PkiError::Time(now))?)
}

/// rcgen speaks the time of another crate; a distance from its 1970 is common to both.
pub(super) fn since_epoch(time: Timestamp) -> Result<Duration, PkiError> {
    u64::try_from(time.as_second()).map(Duration::from_secs).map_err(|_| PkiError::Time(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn what_was_made_can_be_read_again() {
        let now = "2026-11-22T10:00:00.5Z".parse().unwrap();
        let made = Authority::generate("test", now, DAY).unwrap();
        let read = Authority::parse(made.certificate(), &made.key(), made.introduced()).unwrap();
        assert_eq!(read.not_after(), made.not_after());
        assert_eq!(read.not_after().to_string(), "2026-11-23T10:00:00Z");
    }

    #[test]
    fn a_foreign_key_is_refused() {
        let now = Timestamp::now();
        let (one, other) =
            (Authority::generate("test", now, DAY).unwrap(), Authority::generate("test", now, DAY).unwrap());
        assert!(Authority::parse(one.certificate(), &other.key(), now).is_err());
    }

    #[test]
    fn debug_shows_no_key() {
        let authority = Authority::generate("test", Timestamp::now(), DAY).unwrap();
        assert!(!format!("{authority:?}").contains("PRIVATE"));
    }
}
