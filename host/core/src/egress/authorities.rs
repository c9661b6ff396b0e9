//! Certificate authorities that connections trust in addition to the public
//! ones, such as those of self-hosted servers.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use ureq::tls::{Certificate, PemItem, RootCerts, parse_pem};

/// Additional certificate authorities, read from PEM text. Connections trust
/// them and the public ones. Cheap to clone.
#[derive(Clone)]
pub struct Authorities {
    /// Includes the public ones, because the list replaces the HTTP library's.
    trusted: Arc<Vec<Certificate<'static>>>,
    extra: usize,
}

/// Why certificate authorities could not be read. The message completes a sentence
/// whose subject is the source of the text, such as a file.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthoritiesError {
    /// The text contains no certificate.
    #[error("contains no PEM certificate (`-----BEGIN CERTIFICATE-----`)")]
    NoCertificate,
    /// The text begins like PEM but is malformed.
    #[error("is not valid PEM")]
    NotPem,
    /// A certificate cannot be parsed.
    #[error("contains an invalid certificate (number {number})")]
    InvalidCertificate {
        /// The position of the certificate, counted from 1.
        number: usize,
    },
}

impl FromStr for Authorities {
    type Err = AuthoritiesError;

    /// Reads the certificates in PEM text. Keys and other items are ignored.
    fn from_str(pem: &str) -> Result<Self, AuthoritiesError> {
        let mut trusted: Vec<Certificate<'static>> = webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .map(|public| Certificate::from_der(public.as_ref()))
            .collect();
        let mut extra = 0;
        for item in parse_pem(pem.as_bytes()) {
            let PemItem::Certificate(certificate) = item.map_err(|_| AuthoritiesError::NotPem)?
            else {
                continue;
            };
            extra += 1;
            // The HTTP library silently skips certificates that it cannot read.
            RootCertStore::empty()
                .add(CertificateDer::from(certificate.der()))
                .map_err(|_| AuthoritiesError::InvalidCertificate { number: extra })?;
            trusted.push(certificate);
        }
        match extra {
            0 => Err(AuthoritiesError::NoCertificate),
            _ => Ok(Self { trusted: Arc::new(trusted), extra }),
        }
    }
}

impl Authorities {
    /// These authorities and others.
    pub(crate) fn and(&self, others: &Self) -> Self {
        let start = others.trusted.len() - others.extra;
        let extra = others.trusted.iter().skip(start).cloned();
        Self {
            trusted: Arc::new(self.trusted.iter().cloned().chain(extra).collect()),
            extra: self.extra + others.extra,
        }
    }

    pub(super) fn root_certs(&self) -> RootCerts {
        RootCerts::Specific(Arc::clone(&self.trusted))
    }
}

impl PartialEq for Authorities {
    fn eq(&self, other: &Self) -> bool {
        let der = |authorities: &Self| -> Vec<Vec<u8>> {
            authorities.trusted.iter().map(|one| one.der().to_vec()).collect()
        };
        self.extra == other.extra && der(self) == der(other)
    }
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorities").field("extra", &self.extra).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Encodes bytes as PEM.
    fn pem(label: &str, der: &[u8]) -> String {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
    }

    fn certificate() -> String {
        pem("CERTIFICATE", webpki_root_certs::TLS_SERVER_ROOT_CERTS[0].as_ref())
    }

    fn error(text: &str) -> AuthoritiesError {
        text.parse::<Authorities>().unwrap_err()
    }

    #[test]
    fn trusts_every_given_certificate_and_the_public_ones() {
        let public = webpki_root_certs::TLS_SERVER_ROOT_CERTS.len();
        let text = format!("# Ours\n{0}{0}", certificate());
        let authorities: Authorities = text.parse().unwrap();
        assert_eq!((authorities.extra, authorities.trusted.len()), (2, public + 2));
        let both = authorities.and(&certificate().parse().unwrap());
        assert_eq!((both.extra, both.trusted.len()), (3, public + 3));
    }

    #[test]
    fn distinguishes_missing_certificates_from_malformed_pem() {
        for nothing in ["", "ours", &pem("PRIVATE KEY", b"0123456789")] {
            assert_eq!(error(nothing), AuthoritiesError::NoCertificate, "{nothing}");
        }
        let cut = certificate();
        assert_eq!(error(&cut[..cut.len() / 2]), AuthoritiesError::NotPem);
        assert_eq!(error(&cut.replace("MII", "M*I")), AuthoritiesError::NotPem);
    }

    #[test]
    fn reports_the_position_of_an_invalid_certificate() {
        let text = certificate() + &pem("CERTIFICATE", b"no certificate");
        assert_eq!(error(&text), AuthoritiesError::InvalidCertificate { number: 2 });
    }
}
