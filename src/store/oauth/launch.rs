//! Owns the launches that EPRs ask for: each is used once, by the client it is for.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::types::Json as Stored;

use super::Hash;
use crate::store::{Store, StoreError};

impl Store {
    /// Keeps a launch for so many seconds.
    pub async fn keep_launch<C: Serialize + Sync>(
        &self,
        hash: &Hash,
        client_id: &str,
        made_by: &str,
        context: &C,
        seconds: i64,
    ) -> Result<(), StoreError> {
        let keep = "INSERT INTO launch (hash, client_id, made_by, context, expires_at) \
                    VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))";
        let keep = sqlx::query(keep).bind(hash.as_slice()).bind(client_id).bind(made_by).bind(Stored(context));
        keep.bind(seconds as f64).execute(&self.pool).await?;
        Ok(())
    }

    /// Uses a launch up, if it is this client's and in force. Of two who try at once, one succeeds.
    pub async fn use_launch<C: DeserializeOwned + Send + Unpin + 'static>(
        &self,
        hash: &Hash,
        client_id: &str,
    ) -> Result<Option<C>, StoreError> {
        let take = "UPDATE launch SET used_at = now() WHERE hash = $1 AND client_id = $2 AND used_at IS NULL \
                    AND expires_at > now() RETURNING context";
        let take = sqlx::query_scalar(take).bind(hash.as_slice()).bind(client_id);
        let context: Option<Stored<C>> = take.fetch_optional(&self.pool).await?;
        Ok(context.map(|context| context.0))
    }
}
