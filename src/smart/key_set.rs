//! Owns clients' public keys: which of a JWKS may check a signature, and the sets that clients publish, fetched and kept
//! for as long as they say.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use serde_json::Value;

use crate::telemetry::traces;

/// How long a set is kept when its server does not say.
const KEPT: Duration = Duration::from_secs(300);

/// And at most.
const MOST_KEPT: Duration = Duration::from_secs(3600);

/// An unknown kid makes a set be fetched anew, but not more often than this.
const MISS_AGAIN: Duration = Duration::from_secs(10);

/// The largest set, in bytes.
const MOST_BYTES: usize = 256 * 1024;

/// The algorithms of SMART's asymmetric client authentication.
pub const ALGORITHMS: [Algorithm; 2] = [Algorithm::RS384, Algorithm::ES384];

/// The keys of a set that may check a client's signature.
pub fn usable(jwks: &Value) -> Vec<Jwk> {
    let keys = jwks.get("keys").and_then(Value::as_array).into_iter().flatten();
    keys.filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok()).filter(is_usable).collect()
}

fn is_usable(jwk: &Jwk) -> bool {
    let signs = jwk.common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
    let operations = jwk.common.key_operations.as_ref();
    let verifies = operations.is_none_or(|all| all.contains(&KeyOperations::Verify));
    jwk.common.key_id.is_some() && signs && verifies && ALGORITHMS.iter().any(|algorithm| fits(jwk, *algorithm))
}

/// Whether a key is one for this algorithm.
pub fn fits(jwk: &Jwk, algorithm: Algorithm) -> bool {
    let said = jwk.common.key_algorithm.is_none_or(|said| said == KeyAlgorithm::from(algorithm));
    said && match (&jwk.algorithm, algorithm) {
        // 2048 bits are 256 bytes, which base64url writes in 342 letters.
        (AlgorithmParameters::RSA(key), Algorithm::RS384) => {
            URL_SAFE_NO_PAD.decode(&key.n).is_ok_and(|n| n.iter().skip_while(|byte| **byte == 0).count() >= 256)
        }
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES384) => key.curve == EllipticCurve::P384,
        _ => false,
    }
}

/// Whether a set gives away what must stay with its owner.
pub fn has_private_parts(jwks: &Value) -> bool {
    let mut keys = jwks.get("keys").and_then(Value::as_array).into_iter().flatten();
    keys.any(|key| key.get("d").is_some() || key.get("k").is_some())
}

/// Why a published set could not be had.
#[derive(Debug, thiserror::Error)]
pub enum NoKeySet {
    #[error("its server cannot be reached or does not answer as it should")]
    Fetch(#[from] reqwest::Error),
    #[error("it is larger than {MOST_BYTES} bytes")]
    TooLarge,
    #[error("it is not JSON")]
    NotJson,
}

struct Kept {
    keys: Vec<Jwk>,
    until: Instant,
    missed: Option<Instant>,
}

/// The sets that were fetched.
pub struct KeySets {
    http: reqwest::Client,
    kept: Mutex<HashMap<String, Kept>>,
}

impl KeySets {
    /// None yet.
    pub fn new(http: reqwest::Client) -> KeySets {
        KeySets { http, kept: Mutex::default() }
    }

    /// The key with this kid in the set at a URL, fetched where it is not known or not fresh.
    pub async fn find(&self, url: &str, kid: &str) -> Result<Option<Jwk>, NoKeySet> {
        let named = |keys: &[Jwk]| keys.iter().find(|jwk| jwk.common.key_id.as_deref() == Some(kid)).cloned();
        let now = Instant::now();
        {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = kept.get_mut(url).filter(|known| known.until > now) {
                if let Some(key) = named(&known.keys) {
                    return Ok(Some(key));
                }
                if known.missed.is_some_and(|missed| now - missed < MISS_AGAIN) {
                    return Ok(None);
                }
                known.missed = Some(now);
            }
        }
        let (keys, lasts) = self.fetch(url).await?;
        let found = named(&keys);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let missed = kept.get(url).and_then(|known| known.missed);
        kept.insert(url.to_owned(), Kept { keys, until: now + lasts, missed });
        Ok(found)
    }

    async fn fetch(&self, url: &str) -> Result<(Vec<Jwk>, Duration), NoKeySet> {
        let request = self.http.get(url).header("Accept", "application/json").headers(traces::headers());
        let mut response = request.send().await?.error_for_status()?;
        let control = response.headers().get("cache-control").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let lasts = lasts(control);
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if bytes.len() + chunk.len() > MOST_BYTES {
                return Err(NoKeySet::TooLarge);
            }
            bytes.extend_from_slice(&chunk);
        }
        let jwks: Value = serde_json::from_slice(&bytes).map_err(|_| NoKeySet::NotJson)?;
        Ok((usable(&jwks), lasts))
    }
}

/// How long Cache-Control lets an answer be kept.
fn lasts(control: &str) -> Duration {
    let mut words = control.split(',').map(|word| word.trim().to_ascii_lowercase());
    let mut kept = KEPT;
    for word in words.by_ref() {
        if word == "no-store" || word == "no-cache" {
            return Duration::ZERO;
        }
        if let Some(seconds) = word.strip_prefix("max-age=").and_then(|seconds| seconds.parse().ok()) {
            kept = Duration::from_secs(seconds);
        }
    }
    kept.min(MOST_KEPT)
}
