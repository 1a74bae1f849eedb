//! The authorization server (SMART App Launch 2.2), and the way from a token to a Caller, which nothing else makes. It
//! knows no HTTP and no SQL.
//!
//! `request` checks what an app asks for; `flow` is the machine from there to a code, `interact` its I/O, `upstream` says who
//! the user is; `token` answers codes, refresh tokens and backend services. Access tokens are opaque, random, and kept as
//! their SHA-256; each request shows its own in force in the database, so what ends has ended on every instance. `recent`
//! remembers what tokens say, and is no proof of anything.

pub mod assertion;
pub mod authenticate;
pub mod client;
pub mod describe;
pub mod desk;
pub mod discovery;
pub mod fault;
pub mod flow;
pub mod given;
pub mod interact;
pub mod introspect;
mod key_set;
pub mod keys;
pub mod launch;
pub mod params;
pub mod people;
pub mod recent;
pub mod request;
pub mod revoke;
pub mod scopes;
pub mod secret;
pub mod server;
pub mod token;
pub mod upstream;

use crate::access::{Caller, Claims, Policies};
use crate::store::{Hash, Store, StoreError};

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
    let token = secret::random()?;
    store.keep_token(&secret::hash(&token), claims, seconds).await?;
    Ok(token)
}

/// Why no token could be made.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    #[error(transparent)]
    Randomness(#[from] secret::NoRandomness),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The same caller, while an answer that began in time goes on: a token that has expired meanwhile still counts, one that was
/// revoked does not.
pub async fn still(store: &Store, policies: &Policies, authorization: Option<&str>) -> Result<Caller, Unauthorized> {
    let claims = store.find_token_not_revoked(&bearer(authorization)?).await?.ok_or(Unauthorized::Unknown)?;
    Ok(Caller::verified(claims, policies))
}

/// The hash of the token in an Authorization header.
pub fn bearer(authorization: Option<&str>) -> Result<Hash, Unauthorized> {
    let header = authorization.ok_or(Unauthorized::Missing)?;
    let (scheme, token) = header.split_once(' ').ok_or(Unauthorized::Missing)?;
    match scheme.eq_ignore_ascii_case("bearer") {
        true => Ok(secret::hash(token.trim())),
        false => Err(Unauthorized::Missing),
    }
}

/// The caller behind an Authorization header, looked up now.
pub async fn caller(store: &Store, policies: &Policies, authorization: Option<&str>) -> Result<Caller, Unauthorized> {
    let (claims, _) = store.find_token(&bearer(authorization)?).await?.ok_or(Unauthorized::Unknown)?;
    Ok(Caller::verified(claims, policies))
}

/// The caller a command of this program acts as: it has the database already, and writes under its source.
pub fn operator(client: &str, source: &str) -> Caller {
    // What is configured for clients does not bind the operator.
    let claims = Claims {
        client: client.to_owned(),
        scope: "system/*.cruds".to_owned(),
        role: "system".to_owned(),
        source: Some(source.to_owned()),
        ..Claims::default()
    };
    Caller::verified(claims, &Policies::default())
}

/// A caller that stands for somebody who is signing in: for what this service looks up in their name.
fn speaks_for(claims: Claims, policies: &Policies) -> Caller {
    Caller::verified(claims, policies)
}

/// The caller that a persona of the sandbox would be: to explain what they would be refused, and for nothing else.
pub fn would_be(persona: Claims, policies: &Policies) -> Caller {
    Caller::verified(persona, policies)
}
