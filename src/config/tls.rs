//! What the service needs to speak TLS by itself.

use std::path::PathBuf;

use serde::Deserialize;

/// `[tls]`: two PEM files. Both or neither.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// The certificate, followed by those between it and the root.
    pub certificate: Option<PathBuf>,
    /// Its private key.
    pub key: Option<PathBuf>,
}

impl Tls {
    /// Both files, where TLS is configured.
    pub fn files(&self) -> Option<(PathBuf, PathBuf)> {
        Some((self.certificate.clone()?, self.key.clone()?))
    }

    /// What is wrong with it.
    pub fn fault(&self) -> Option<&'static str> {
        match (&self.certificate, &self.key) {
            (Some(_), None) => Some("tls.certificate is there without tls.key; TLS needs both"),
            (None, Some(_)) => Some("tls.key is there without tls.certificate; TLS needs both"),
            _ => None,
        }
    }
}
