//! Owns the stored access tokens: by their hash, never by their text.

use sqlx::types::Json as Stored;

use super::statement::timed;
use super::{Hash, Store, StoreError};
use crate::access::{Claims, TokenMark};

/// A token that is in force, as introspection tells of it.
#[derive(sqlx::FromRow)]
pub struct KnownToken {
    pub claims: Stored<Claims>,
    /// What was kept beside the claims.
    pub facts: Option<Stored<serde_json::Value>>,
    pub issued_at: i64,
    pub expires_at: i64,
}

impl Store {
    /// Keeps a token's hash and claims for so many seconds.
    pub async fn keep_token(&self, hash: &[u8], claims: &Claims, seconds: i64) -> Result<(), StoreError> {
        let keep = "INSERT INTO token (hash, claims, expires_at) VALUES ($1, $2, now() + make_interval(secs => $3))";
        sqlx::query(keep).bind(hash).bind(Stored(claims)).bind(seconds as f64).execute(&self.pool).await?;
        Ok(())
    }

    /// What a token that is in force says, and by what it is known as long as it says so.
    pub async fn find_token(&self, hash: &Hash) -> Result<Option<(Claims, TokenMark)>, StoreError> {
        // xmin, the transaction that wrote the row, is another one after any change of it.
        let find = "SELECT claims, xmin::text FROM token WHERE hash = $1 AND expires_at > now()";
        let mut reading = self.reading().await?;
        let find = sqlx::query_as(find).bind(hash.as_slice());
        let found: Option<(Stored<Claims>, String)> = timed("token", find.fetch_optional(reading.on())).await?;
        self.held.keep(reading);
        Ok(found.map(|(claims, row)| (claims.0, TokenMark { hash: *hash, row })))
    }

    /// What a token says that was not revoked, though it may have expired in the last day.
    pub async fn find_token_not_revoked(&self, hash: &[u8]) -> Result<Option<Claims>, StoreError> {
        let find = "SELECT claims FROM token WHERE hash = $1 AND expires_at > now() - interval '1 day'";
        let claims: Option<Stored<Claims>> = sqlx::query_scalar(find).bind(hash).fetch_optional(&self.pool).await?;
        Ok(claims.map(|claims| claims.0))
    }

    /// All that is known of a token that is in force.
    pub async fn known_token(&self, hash: &[u8]) -> Result<Option<KnownToken>, StoreError> {
        let find = "SELECT claims, facts, extract(epoch FROM issued_at)::bigint AS issued_at, \
                    extract(epoch FROM expires_at)::bigint AS expires_at FROM token WHERE hash = $1 AND expires_at > now()";
        Ok(sqlx::query_as(find).bind(hash).fetch_optional(&self.pool).await?)
    }

    /// Ends a token: it works on no instance from now on.
    pub async fn drop_token(&self, hash: &[u8]) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM token WHERE hash = $1").bind(hash).execute(&self.pool).await?;
        Ok(())
    }
}
