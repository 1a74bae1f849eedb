//! Owns the keys that sign id_tokens: made once for all instances, replaced by age.

use sqlx::types::Json as Stored;

use crate::store::{Store, StoreError};

/// A key pair.
#[derive(Debug, Clone)]
pub struct SigningKey {
    pub kid: String,
    pub private_pem: String,
    pub public_jwk: serde_json::Value,
}

type Row = (String, String, Stored<serde_json::Value>);

impl Store {
    /// The key that signs now: the newest, if it is younger than so many days.
    pub async fn signing_key(&self, days: i32) -> Result<Option<SigningKey>, StoreError> {
        let find = "SELECT kid, private_pem, public_jwk FROM signing_key \
                    WHERE made_at > now() - make_interval(days => $1) ORDER BY made_at DESC, kid LIMIT 1";
        let row: Option<Row> = sqlx::query_as(find).bind(days).fetch_optional(&self.pool).await?;
        Ok(row.map(|(kid, private_pem, jwk)| SigningKey { kid, private_pem, public_jwk: jwk.0 }))
    }

    /// Keeps a key, unless another instance made one meanwhile, or `always`.
    pub async fn add_signing_key(&self, key: &SigningKey, days: i32, always: bool) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        sqlx::query("LOCK TABLE signing_key IN SHARE ROW EXCLUSIVE MODE").execute(&mut *tx).await?;
        let add = "INSERT INTO signing_key (kid, private_pem, public_jwk) SELECT $1, $2, $3 WHERE $5 OR NOT EXISTS \
                   (SELECT 1 FROM signing_key WHERE made_at > now() - make_interval(days => $4))";
        let add = sqlx::query(add).bind(&key.kid).bind(&key.private_pem).bind(Stored(&key.public_jwk));
        add.bind(days).bind(always).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    /// The public keys with which signatures still in force are checked, the newest first.
    pub async fn public_keys(&self, days: i32) -> Result<Vec<serde_json::Value>, StoreError> {
        let list = "SELECT public_jwk FROM signing_key WHERE made_at > now() - make_interval(days => $1) \
                    ORDER BY made_at DESC, kid";
        let rows: Vec<Stored<serde_json::Value>> = sqlx::query_scalar(list).bind(days).fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|jwk| jwk.0).collect())
    }
}
