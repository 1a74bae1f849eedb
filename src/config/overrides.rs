//! How long a broken glass or a claim of care lasts, and who is told.

use std::path::PathBuf;

use serde::Deserialize;

/// Overrides of the access rules that end by themselves.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Overrides {
    /// How long a record stays open after its glass was broken.
    pub break_glass_minutes: u32,
    /// How long a claim of care lasts.
    pub self_claim_minutes: u32,
    /// A URL that gets a POST for each override and each refused one; without it, the review queue alone knows.
    pub webhook: Option<String>,
    /// A file with a secret: each POST is signed with it (X-Lcr-Signature: sha256=HMAC of the body).
    pub webhook_secret_file: Option<PathBuf>,
}

impl Default for Overrides {
    fn default() -> Self {
        Overrides { break_glass_minutes: 60, self_claim_minutes: 240, webhook: None, webhook_secret_file: None }
    }
}
