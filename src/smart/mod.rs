//! Owns tokens: opaque, random, stored as their SHA-256. Turns one into a Caller, and nothing else does.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::access::{Caller, Claims};
use crate::store::{Store, StoreError};

/// Why a request has no caller.
#[derive(Debug, thiserror::Error)]
pub enum Unauthorized {
    #[error(
        "there is no access token: send Authorization: Bearer <token>; in the sandbox, `lcr sandbox token gp` prints one"
    )]
    Missing,
    #[error("the access token is unknown or has expired: get a new one")]
    Unknown,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a token, keeps its hash with the claims for so many seconds, and gives its text, which is kept nowhere.
pub async fn issue(store: &Store, claims: &Claims, seconds: i64) -> Result<String, IssueError> {
    let mut secret = [0_u8; 32];
    getrandom::fill(&mut secret).map_err(|error| IssueError::Randomness(error.to_string()))?;
    let token = URL_SAFE_NO_PAD.encode(secret);
    store.keep_token(&hash(&token), claims, seconds).await?;
    Ok(token)
}

/// Why no token could be made.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    #[error("the system gives no random bytes: {0}")]
    Randomness(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The caller behind an Authorization header.
pub async fn caller(store: &Store, authorization: Option<&str>) -> Result<Caller, Unauthorized> {
    let header = authorization.ok_or(Unauthorized::Missing)?;
    let (scheme, token) = header.split_once(' ').ok_or(Unauthorized::Missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Unauthorized::Missing);
    }
    let claims = store.find_token(&hash(token.trim())).await?.ok_or(Unauthorized::Unknown)?;
    Ok(Caller::verified(claims))
}

/// The caller a command of this program acts as: it has the database already, and writes under its source.
pub fn operator(client: &str, source: &str) -> Caller {
    Caller::verified(Claims {
        client: client.to_owned(),
        scope: "system/*.cruds".to_owned(),
        role: "system".to_owned(),
        source: Some(source.to_owned()),
        ..Claims::default()
    })
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
