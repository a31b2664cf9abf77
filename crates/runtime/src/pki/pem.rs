//! PEM in, DER out.

use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::PkiError;

/// The certificates of a PEM text, in order.
pub(crate) fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, PkiError> {
    Ok(CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>()?)
}

/// The first certificate of a PEM text.
pub(super) fn certificate(pem: &str) -> Result<CertificateDer<'static>, PkiError> {
    Ok(CertificateDer::from_pem_slice(pem.as_bytes())?)
}

/// PEM texts, one after the other.
pub(crate) fn concatenated<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    texts.flat_map(|text| [text.trim(), "\n"]).collect()
}

/// What we need to know of a certificate.
pub(super) struct Facts {
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub public_key: Vec<u8>,
    pub dns_names: Vec<String>,
}

pub(super) fn facts(der: &CertificateDer<'_>) -> Result<Facts, PkiError> {
    let unreadable = |error: &dyn std::fmt::Display| PkiError::Certificate(error.to_string());
    let (_, certificate) = X509Certificate::from_der(der).map_err(|error| unreadable(&error))?;
    let time = |seconds| Timestamp::from_second(seconds).map_err(|error| unreadable(&error));
    Ok(Facts {
        not_before: time(certificate.validity().not_before.timestamp())?,
        not_after: time(certificate.validity().not_after.timestamp())?,
        public_key: certificate.public_key().raw.to_vec(),
        dns_names: dns_names(&certificate),
    })
}

fn dns_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let names =
        certificate.subject_alternative_name().ok().flatten().map(|extension| extension.value.general_names.iter());
    names
        .into_iter()
        .flatten()
        .filter_map(|name| match name {
            x509_parser::extensions::GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        })
        .collect()
}
