//! Owns the certificate that the service shows: read from two PEM files, checked, and read again when they change, so that a
//! certificate is renewed without a restart. The protocol itself is rustls'.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use time::OffsetDateTime;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Why there is no TLS: which file, and what is to be done.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{name} ({path}) cannot be read: {error}")]
    File { name: &'static str, path: String, error: PemError },
    #[error("tls.certificate ({0}) holds no certificate: it should be PEM, with BEGIN CERTIFICATE")]
    Empty(String),
    #[error(
        "tls.key ({0}) is no key that can be used: it should be an RSA, EC (P-256, P-384) or Ed25519 key in PEM, without a password"
    )]
    Key(String),
    #[error("tls.key ({key}) is not the key of the certificate in tls.certificate ({certificate})")]
    Other { certificate: String, key: String },
    #[error("TLS cannot be set up: {0}")]
    SetUp(#[from] rustls::Error),
}

/// The certificate in use.
#[derive(Debug)]
pub struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Certificate {
    /// Reads both files.
    pub fn read(certificate: PathBuf, key: PathBuf) -> Result<Arc<Certificate>, TlsError> {
        let current = RwLock::new(Arc::new(pair(&certificate, &key)?));
        let read = Certificate { certificate, key, current };
        read.tell();
        Ok(Arc::new(read))
    }

    /// What the server is set up with: TLS 1.2 and 1.3.
    pub fn server(self: &Arc<Certificate>) -> Result<ServerConfig, TlsError> {
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let builder = builder.with_safe_default_protocol_versions()?.with_no_client_auth();
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Certificate>::clone(self);
        Ok(builder.with_cert_resolver(resolver))
    }

    /// Reads the files again whenever they change, for as long as the process lives. Files that are no good change nothing.
    pub async fn renew(self: Arc<Certificate>) {
        let mut every = tokio::time::interval(LOOK);
        let mut known = self.changed();
        loop {
            every.tick().await;
            let now = self.changed();
            if now == known {
                continue;
            }
            known = now;
            match pair(&self.certificate, &self.key) {
                Ok(read) => {
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(read);
                    tracing::info!("the certificate was read again");
                    self.tell();
                }
                Err(error) => tracing::warn!(%error, "the certificate that was there before stays in use"),
            }
        }
    }

    /// When each file was last changed.
    fn changed(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key].map(|path| std::fs::metadata(path).and_then(|file| file.modified()).ok())
    }

    /// Warns of a certificate that clients refuse, or will soon.
    fn tell(&self) {
        if let Some(words) = self.warning() {
            tracing::warn!(file = %self.certificate.display(), "{words}");
        }
    }

    /// What is to be said where clients refuse it, or will soon.
    pub fn warning(&self) -> Option<String> {
        let current = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        let ends = current.cert.first().and_then(|own| ends(own));
        ends.and_then(|ends| warning(ends, OffsetDateTime::now_utc()))
    }
}

/// What is to be said of a certificate that ends then.
fn warning(ends: OffsetDateTime, now: OffsetDateTime) -> Option<String> {
    let day = ends.date();
    if ends <= now {
        Some(format!(
            "the certificate ended on {day}: clients refuse it; put a new one in its place, no restart is needed"
        ))
    } else if ends - now < time::Duration::days(14) {
        Some(format!("the certificate ends on {day}: put a new one in its place, no restart is needed"))
    } else {
        None
    }
}

/// A certificate with those above it, and the key that belongs to it.
fn pair(certificate: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let (at, key_at) = (certificate.display().to_string(), key.display().to_string());
    let unread = |error| TlsError::File { name: "tls.certificate", path: at.clone(), error };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(certificate).map_err(unread)?.collect();
    let chain = chain.map_err(unread)?;
    if chain.is_empty() {
        return Err(TlsError::Empty(at));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| match error {
        PemError::NoItemsFound => TlsError::Key(key_at.clone()),
        error => TlsError::File { name: "tls.key", path: key_at.clone(), error },
    })?;
    let signing = default_provider().key_provider.load_private_key(private);
    let signing = signing.map_err(|_| TlsError::Key(key_at.clone()))?;
    let pair = CertifiedKey::new(chain, signing);
    match pair.keys_match() {
        Ok(()) => Ok(pair),
        Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch)) => {
            Err(TlsError::Other { certificate: at, key: key_at })
        }
        Err(error) => Err(error.into()),
    }
}

/// When a certificate ends: `Certificate.tbsCertificate.validity.notAfter` of its DER (RFC 5280 §4.1). Only for a warning.
fn ends(certificate: &[u8]) -> Option<OffsetDateTime> {
    let (_, whole, _) = element(certificate)?;
    let (_, mut rest, _) = element(whole)?;
    // Version (which may be missing), serial number, signature, issuer; then validity.
    if rest.first() == Some(&0xa0) {
        rest = element(rest)?.2;
    }
    for _ in 0..3 {
        rest = element(rest)?.2;
    }
    let (_, validity, _) = element(rest)?;
    let (kind, text, _) = element(element(validity)?.2)?;
    let text = std::str::from_utf8(text).ok()?;
    // UTCTime has two digits of the year, of 1950 to 2049; GeneralizedTime has four.
    let text = match (kind, text.get(..2)?.parse::<u8>().ok()?) {
        (0x17, year) => format!("{}{text}", if year < 50 { "20" } else { "19" }),
        _ => text.to_owned(),
    };
    let form = time::macros::format_description!("[year][month][day][hour][minute][second]Z");
    time::PrimitiveDateTime::parse(&text, form).ok().map(time::PrimitiveDateTime::assume_utc)
}

/// The first element of a DER text: its kind, what is in it, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&kind, rest) = der.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first & 0x7f);
    if first & 0x80 != 0 {
        let (digits, after) = rest.split_at_checked(length.min(8))?;
        length = digits.iter().fold(0, |sum: usize, digit| sum.wrapping_shl(8) | usize::from(*digit));
        rest = after;
    }
    let (inner, after) = rest.split_at_checked(length)?;
    Some((kind, inner, after))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use time::macros::datetime;

    use super::*;

    /// A certificate that openssl made: it ends on 19 December 2026 at 16:01:49.
    const MADE: &str = "MIIBbDCCAROgAwIBAgIUK+8UY6e+blUIb2tGf8Bp9B0pYdMwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBeDAeFw0yNjExMjkxNjAxNDlaFw0yNjEyMTkxNjAx\
        NDlaMAwxCjAIBgNVBAMMAXgwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASMAC6j9j8YnHwkljLiRa+hfRRxhtIez4xr4rgPFnz0H1ymb2Hz8sfnq1OcS7U/ulrw\
        gUnn9mjXw9qGnpFxOWCLo1MwUTAdBgNVHQ4EFgQUKhMBJS6OExWDjqZV9mZIelyIwaowHwYDVR0jBBgwFoAUKhMBJS6OExWDjqZV9mZIelyIwaowDwYDVR0TAQH/\
        BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAxhmPQaGoQ+FCwIgx40PkRLRLT6ZPheYuFvgsn6Ez9jwIgPUHi5TXQsmDbQFiwsiCO3hyiPtta9f+kGHMeKJOoQ7M=";

    #[test]
    fn the_end_of_a_certificate_is_told_before_it_comes_and_after() {
        let der = STANDARD.decode(MADE).expect("base64");
        let end = ends(&der).expect("an end");
        assert_eq!(end, datetime!(2026-12-19 16:01:49 UTC));
        assert_eq!(warning(end, datetime!(2026-12-01 0:00 UTC)), None);
        let soon = warning(end, datetime!(2026-12-06 0:00 UTC)).expect("a warning");
        assert!(soon.contains("ends on 2026-12-19"), "{soon}");
        let over = warning(end, end).expect("a warning");
        assert!(over.contains("ended on 2026-12-19") && over.contains("put a new one"), "{over}");
        // Bytes that are no certificate have no end, wherever they break off.
        assert!((0..der.len()).all(|length| der.get(..length).is_some_and(|part| ends(part).is_none())));
    }
}
