//! Owns the making of secrets and the hashes by which they are known.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::store::Hash;

/// The system gives no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random bytes: {0}")]
pub struct NoRandomness(String);

/// 256 random bits as 43 letters that a URL takes as they are.
pub fn random() -> Result<String, NoRandomness> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| NoRandomness(error.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The SHA-256 of a secret this service made: it is as random as a key, so a fast hash does.
pub fn hash(secret: &str) -> Hash {
    Sha256::digest(secret.as_bytes()).into()
}

/// The S256 challenge of a PKCE verifier (RFC 7636 §4.2).
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(hash(verifier))
}

/// Argon2 of a client's secret, to be kept.
pub fn password_hash(secret: &str) -> Result<String, NoRandomness> {
    let hashed = Argon2::default().hash_password(secret.as_bytes());
    hashed.map(|hash| hash.to_string()).map_err(|error| NoRandomness(error.to_string()))
}

/// Whether a secret is the one that was hashed. It takes its time, off the threads that serve.
pub async fn password_matches(secret: &str, kept: &str) -> bool {
    let (secret, kept) = (secret.to_owned(), kept.to_owned());
    let check = move || {
        PasswordHash::new(&kept).is_ok_and(|kept| Argon2::default().verify_password(secret.as_bytes(), &kept).is_ok())
    };
    tokio::task::spawn_blocking(check).await.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        assert_eq!(
            challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[tokio::test]
    async fn only_the_secret_itself_matches() {
        let kept = password_hash("a secret").expect("a hash");
        assert!(kept.starts_with("$argon2id$"));
        assert!(password_matches("a secret", &kept).await);
        assert!(!password_matches("a secre", &kept).await && !password_matches("a secret", "not a hash").await);
        assert_ne!(random().expect("bytes"), random().expect("bytes"));
    }
}
