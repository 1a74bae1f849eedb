//! Owns the stored access tokens: by their hash, never by their text.

use sqlx::types::Json as Stored;

use super::{Store, StoreError};
use crate::access::Claims;

impl Store {
    /// Keeps a token's hash and claims for so many seconds.
    pub async fn keep_token(&self, hash: &[u8], claims: &Claims, seconds: i64) -> Result<(), StoreError> {
        let keep = "INSERT INTO token (hash, claims, expires_at) VALUES ($1, $2, now() + make_interval(secs => $3))";
        sqlx::query(keep).bind(hash).bind(Stored(claims)).bind(seconds as f64).execute(&self.pool).await?;
        Ok(())
    }

    /// What a token that is in force says.
    pub async fn find_token(&self, hash: &[u8]) -> Result<Option<Claims>, StoreError> {
        let find = sqlx::query_scalar("SELECT claims FROM token WHERE hash = $1 AND expires_at > now()").bind(hash);
        let claims: Option<Stored<Claims>> = find.fetch_optional(&self.pool).await?;
        Ok(claims.map(|claims| claims.0))
    }
}
