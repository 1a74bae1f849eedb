//! Owns authorizations that are under way in a browser, and what the sandbox's sign-in page said.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::types::Json as Stored;

use super::Hash;
use crate::store::{Store, StoreError};

impl Store {
    /// Keeps a new one for so many seconds, bound to the browser whose cookie has this hash.
    pub async fn keep_sign_in<S: Serialize + Sync>(
        &self,
        hash: &Hash,
        browser: &Hash,
        state: &S,
        seconds: i64,
    ) -> Result<(), StoreError> {
        let keep = "INSERT INTO sign_in (hash, browser, state, expires_at) VALUES ($1, $2, $3, now() + make_interval(secs => $4))";
        let keep = sqlx::query(keep).bind(hash.as_slice()).bind(browser.as_slice()).bind(Stored(state));
        keep.bind(seconds as f64).execute(&self.pool).await?;
        Ok(())
    }

    /// The one of this browser, with the number of its step.
    pub async fn sign_in<S: DeserializeOwned + Send + Unpin + 'static>(
        &self,
        hash: &Hash,
        browser: &Hash,
    ) -> Result<Option<(i32, S)>, StoreError> {
        let find = "SELECT step, state FROM sign_in WHERE hash = $1 AND browser = $2 AND expires_at > now()";
        let find = sqlx::query_as(find).bind(hash.as_slice()).bind(browser.as_slice());
        let row: Option<(i32, Stored<S>)> = find.fetch_optional(&self.pool).await?;
        Ok(row.map(|(step, state)| (step, state.0)))
    }

    /// Takes it from this step to the next; false when another request has done so already.
    pub async fn advance_sign_in<S: Serialize + Sync>(
        &self,
        hash: &Hash,
        step: i32,
        state: &S,
    ) -> Result<bool, StoreError> {
        let advance = "UPDATE sign_in SET step = step + 1, state = $3 WHERE hash = $1 AND step = $2";
        let advance = sqlx::query(advance).bind(hash.as_slice()).bind(step).bind(Stored(state));
        Ok(advance.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Ends it at this step; false when another request has taken it further.
    pub async fn end_sign_in(&self, hash: &Hash, step: i32) -> Result<bool, StoreError> {
        let end = sqlx::query("DELETE FROM sign_in WHERE hash = $1 AND step = $2").bind(hash.as_slice()).bind(step);
        Ok(end.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Keeps who was chosen on the sandbox's page, for a minute.
    pub async fn keep_sandbox_sign_in(&self, hash: &Hash, claims: &serde_json::Value) -> Result<(), StoreError> {
        let keep =
            "INSERT INTO sandbox_sign_in (hash, claims, expires_at) VALUES ($1, $2, now() + interval '1 minute')";
        sqlx::query(keep).bind(hash.as_slice()).bind(Stored(claims)).execute(&self.pool).await?;
        Ok(())
    }

    /// Who was chosen; asked once.
    pub async fn take_sandbox_sign_in(&self, hash: &Hash) -> Result<Option<serde_json::Value>, StoreError> {
        let take = "DELETE FROM sandbox_sign_in WHERE hash = $1 AND expires_at > now() RETURNING claims";
        let take = sqlx::query_scalar(take).bind(hash.as_slice());
        let claims: Option<Stored<serde_json::Value>> = take.fetch_optional(&self.pool).await?;
        Ok(claims.map(|claims| claims.0))
    }

    /// An id by which the person with this NHS number is known, if there is one. It says nothing of a Patient resource.
    pub async fn id_with_number(&self, number: &str) -> Result<Option<String>, StoreError> {
        let find = "SELECT k.id FROM person n JOIN patient_key k USING (patient_id) WHERE (SELECT reach_set('{}', NULL, NULL, false)) AND n.nhs_number = $1 ORDER BY k.id LIMIT 1";
        Ok(sqlx::query_scalar(find).bind(number).fetch_optional(&self.pool).await?)
    }
}
