//! Owns the registered clients.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::types::Json as Stored;

use crate::store::{Store, StoreError};

/// A client as it is kept; `R` is its registration.
#[derive(Debug, Clone)]
pub struct StoredClient<R> {
    pub client_id: String,
    pub registration: R,
    pub origins: Vec<String>,
    pub secret_hash: Option<String>,
    pub disabled: bool,
}

impl Store {
    /// Keeps a new client; false when the id is taken.
    pub async fn add_client<R: Serialize + Sync>(&self, client: &StoredClient<R>) -> Result<bool, StoreError> {
        let add = "INSERT INTO client (client_id, registration, origins, secret_hash) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (client_id) DO NOTHING";
        let add = sqlx::query(add).bind(&client.client_id).bind(Stored(&client.registration));
        Ok(add.bind(&client.origins).bind(&client.secret_hash).execute(&self.pool).await?.rows_affected() == 1)
    }

    /// The client of this id, disabled or not.
    pub async fn client<R: DeserializeOwned>(&self, client_id: &str) -> Result<Option<StoredClient<R>>, StoreError> {
        let find = "SELECT client_id, registration, origins, secret_hash, disabled_at IS NOT NULL AS disabled \
                    FROM client WHERE client_id = $1";
        let row = sqlx::query(find).bind(client_id).fetch_optional(&self.pool).await?;
        Ok(row.map(|row| read(&row)).transpose()?)
    }

    /// Every client, by id.
    pub async fn clients<R: DeserializeOwned>(&self) -> Result<Vec<StoredClient<R>>, StoreError> {
        let list = "SELECT client_id, registration, origins, secret_hash, disabled_at IS NOT NULL AS disabled \
                    FROM client ORDER BY client_id";
        let rows = sqlx::query(list).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Replaces the secret of a client; false when there is no such client.
    pub async fn replace_secret(&self, client_id: &str, hash: &str) -> Result<bool, StoreError> {
        let replace = sqlx::query("UPDATE client SET secret_hash = $2 WHERE client_id = $1");
        Ok(replace.bind(client_id).bind(hash).execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Replaces the registration and origins of a client.
    pub async fn replace_registration<R: Serialize + Sync>(&self, client: &StoredClient<R>) -> Result<(), StoreError> {
        let replace = sqlx::query("UPDATE client SET registration = $2, origins = $3 WHERE client_id = $1");
        let replace = replace.bind(&client.client_id).bind(Stored(&client.registration)).bind(&client.origins);
        replace.execute(&self.pool).await?;
        Ok(())
    }

    /// Disables a client and ends all it was given, at once and everywhere; false when there is no such client.
    pub async fn disable_client(&self, client_id: &str) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin().await?;
        let disable = "UPDATE client SET disabled_at = coalesce(disabled_at, now()) WHERE client_id = $1";
        let found = sqlx::query(disable).bind(client_id).execute(&mut *tx).await?.rows_affected() == 1;
        for statement in [
            "UPDATE consent SET ended_at = now() WHERE client_id = $1 AND ended_at IS NULL",
            "DELETE FROM refresh_token WHERE client_id = $1",
            "DELETE FROM authorization_code WHERE client_id = $1",
            "DELETE FROM token WHERE claims ->> 'client' = $1",
        ] {
            sqlx::query(statement).bind(client_id).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(found)
    }

    /// Whether pages of this origin may read answers: a client that is not disabled has registered it.
    pub async fn knows_origin(&self, origin: &str) -> Result<bool, StoreError> {
        let find = "SELECT EXISTS (SELECT 1 FROM client WHERE origins @> ARRAY[$1] AND disabled_at IS NULL)";
        Ok(sqlx::query_scalar(find).bind(origin).fetch_one(&self.pool).await?)
    }

    /// Counts an assertion's use: true the first time.
    pub async fn use_assertion(&self, client_id: &str, jti: &[u8], expires: i64) -> Result<bool, StoreError> {
        let keep = "INSERT INTO assertion (client_id, jti, expires_at) VALUES ($1, $2, to_timestamp($3)) \
                    ON CONFLICT DO NOTHING";
        let keep = sqlx::query(keep).bind(client_id).bind(jti).bind(expires as f64);
        Ok(keep.execute(&self.pool).await?.rows_affected() == 1)
    }
}

fn read<R: DeserializeOwned>(row: &sqlx::postgres::PgRow) -> Result<StoredClient<R>, sqlx::Error> {
    let registration: Stored<R> = row.try_get("registration")?;
    Ok(StoredClient {
        client_id: row.try_get("client_id")?,
        registration: registration.0,
        origins: row.try_get("origins")?,
        secret_hash: row.try_get("secret_hash")?,
        disabled: row.try_get("disabled")?,
    })
}
