//! Owns the keys that sign id_tokens: RS256, made when first needed, replaced by age, published until nothing they signed
//! is in force any more.

use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::pkcs8::LineEnding;
use rsa::rand_core::OsRng;

use crate::store::{SigningKey, Store, StoreError};

/// A key signs for so many days.
const SIGNS_DAYS: i32 = 90;

/// And is published for so many: longer than any id_token it signed lasts.
const PUBLISHED_DAYS: i32 = SIGNS_DAYS + 2;

const BITS: usize = 2048;

/// Why nothing could be signed.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("a signing key could not be made: {0}")]
    Make(String),
    #[error("an id_token could not be signed: {0}")]
    Sign(#[from] jsonwebtoken::errors::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<KeyError> for super::fault::Fault {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Store(error) => error.into(),
            other => {
                tracing::error!(error = %other, "the authorization server could not sign");
                super::fault::Fault::server_error()
            }
        }
    }
}

/// The key that signs now; made if there is none.
pub async fn current(store: &Store) -> Result<SigningKey, KeyError> {
    if let Some(key) = store.signing_key(SIGNS_DAYS).await? {
        return Ok(key);
    }
    add(store, false).await?;
    store.signing_key(SIGNS_DAYS).await?.ok_or_else(|| KeyError::Make("it is not where it was put".to_owned()))
}

/// Whether the key that signs, if one was made yet, is one that can.
pub async fn can_sign(store: &Store) -> Result<bool, KeyError> {
    let key = store.signing_key(SIGNS_DAYS).await?;
    Ok(key.is_none_or(|key| EncodingKey::from_rsa_pem(key.private_pem.as_bytes()).is_ok()))
}

/// Makes a new key that signs from now on, before the one there is has come of age.
pub async fn rotate(store: &Store) -> Result<(), KeyError> {
    add(store, true).await
}

/// The JWKS document.
pub async fn published(store: &Store) -> Result<serde_json::Value, KeyError> {
    current(store).await?;
    Ok(serde_json::json!({ "keys": store.public_keys(PUBLISHED_DAYS).await? }))
}

/// Signs claims.
pub fn sign(key: &SigningKey, claims: &serde_json::Value) -> Result<String, KeyError> {
    let header = Header { kid: Some(key.kid.clone()), ..Header::new(Algorithm::RS256) };
    let encoding = EncodingKey::from_rsa_pem(key.private_pem.as_bytes())?;
    Ok(jsonwebtoken::encode(&header, claims, &encoding)?)
}

async fn add(store: &Store, always: bool) -> Result<(), KeyError> {
    let made = tokio::task::spawn_blocking(make).await.map_err(|error| KeyError::Make(error.to_string()))??;
    Ok(store.add_signing_key(&made, SIGNS_DAYS, always).await?)
}

fn make() -> Result<SigningKey, KeyError> {
    let failed = |error: String| KeyError::Make(error);
    let private = RsaPrivateKey::new(&mut OsRng, BITS).map_err(|error| failed(error.to_string()))?;
    let pem = private.to_pkcs1_pem(LineEnding::LF).map_err(|error| failed(error.to_string()))?;
    let encoding = EncodingKey::from_rsa_pem(pem.as_bytes())?;
    let mut jwk = Jwk::from_encoding_key(&encoding, Algorithm::RS256)?;
    let kid = jwk.thumbprint(ThumbprintHash::SHA256)?;
    jwk.common.key_id = Some(kid.clone());
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    let public_jwk = serde_json::to_value(&jwk).map_err(|error| failed(error.to_string()))?;
    Ok(SigningKey { kid, private_pem: pem.to_string(), public_jwk })
}
