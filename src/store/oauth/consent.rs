//! Owns consents and what follows from them: a code, access tokens, refresh tokens. They are one family; whoever uses a
//! code or a refresh token twice ends it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::types::Json as Stored;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::Hash;
use crate::access::Claims;
use crate::store::{Store, StoreError};

/// A consent as it is kept; `B` is what was consented to.
#[derive(Debug, Clone)]
pub struct Consent<B> {
    pub family: Uuid,
    pub client_id: String,
    pub user_id: String,
    pub body: B,
    /// Seconds for which refresh tokens of the family last, from the consent on.
    pub seconds: i64,
}

/// A token to be kept.
pub struct NewToken {
    pub hash: Hash,
    pub claims: Claims,
    /// What introspection tells of it beside its claims.
    pub facts: serde_json::Value,
    pub seconds: i64,
}

/// What became of a code or refresh token that was presented.
pub enum Redeemed<B> {
    /// It was good, and is used up.
    Good(B),
    /// It was used before: its family has ended.
    Again,
    /// Unknown, expired, or another client's.
    Unknown,
}

impl Store {
    /// Keeps a consent with its code, which lasts so many seconds.
    pub async fn keep_code<B: Serialize + Sync, K: Serialize + Sync>(
        &self,
        consent: &Consent<B>,
        code: &Hash,
        bound: &K,
        seconds: i64,
    ) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        let keep = "INSERT INTO consent (family, client_id, user_id, body, expires_at) \
                    VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))";
        let keep = sqlx::query(keep).bind(consent.family).bind(&consent.client_id).bind(&consent.user_id);
        keep.bind(Stored(&consent.body)).bind(consent.seconds as f64).execute(&mut *tx).await?;
        let keep = "INSERT INTO authorization_code (hash, family, client_id, body, expires_at) \
                    VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5))";
        let keep = sqlx::query(keep).bind(code.as_slice()).bind(consent.family).bind(&consent.client_id);
        keep.bind(Stored(bound)).bind(seconds as f64).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }

    /// What a code of this client is bound to, used or not.
    pub async fn code_bound<K: DeserializeOwned + Send + Unpin + 'static>(
        &self,
        code: &Hash,
        client_id: &str,
    ) -> Result<Option<K>, StoreError> {
        let find = "SELECT body FROM authorization_code WHERE hash = $1 AND client_id = $2";
        let find = sqlx::query_scalar(find).bind(code.as_slice()).bind(client_id);
        let bound: Option<Stored<K>> = find.fetch_optional(&self.pool).await?;
        Ok(bound.map(|bound| bound.0))
    }

    /// Uses a code up, and keeps the tokens that `tokens` makes of its consent; one that was used before ends the family.
    pub async fn redeem_code<B: DeserializeOwned + Send + Unpin + 'static>(
        &self,
        code: &Hash,
        client_id: &str,
        tokens: impl FnOnce(&B) -> (NewToken, Option<Hash>),
    ) -> Result<Redeemed<B>, StoreError> {
        let statements = [
            "SELECT family FROM consent WHERE family = (SELECT family FROM authorization_code WHERE hash = $1 AND client_id = $2) FOR UPDATE",
            "SELECT c.family, c.used_at IS NOT NULL AS used, c.expires_at > now() AND f.ended_at IS NULL AS good, f.body \
             FROM authorization_code c JOIN consent f USING (family) WHERE c.hash = $1",
            "UPDATE authorization_code SET used_at = now() WHERE hash = $1",
        ];
        self.redeem(statements, code, client_id, tokens).await
    }

    /// Uses a refresh token up in the same way.
    pub async fn redeem_refresh_token<B: DeserializeOwned + Send + Unpin + 'static>(
        &self,
        token: &Hash,
        client_id: &str,
        tokens: impl FnOnce(&B) -> (NewToken, Option<Hash>),
    ) -> Result<Redeemed<B>, StoreError> {
        let statements = [
            "SELECT family FROM consent WHERE family = (SELECT family FROM refresh_token WHERE hash = $1 AND client_id = $2) FOR UPDATE",
            "SELECT t.family, t.used_at IS NOT NULL AS used, t.expires_at > now() AND f.ended_at IS NULL AS good, f.body \
             FROM refresh_token t JOIN consent f USING (family) WHERE t.hash = $1",
            "UPDATE refresh_token SET used_at = now() WHERE hash = $1",
        ];
        self.redeem(statements, token, client_id, tokens).await
    }

    /// Locks the client, then the family, as everything does that ends tokens; so none is made while it is ended.
    async fn redeem<B: DeserializeOwned + Send + Unpin + 'static>(
        &self,
        [lock, find, use_up]: [&'static str; 3],
        hash: &Hash,
        client_id: &str,
        tokens: impl FnOnce(&B) -> (NewToken, Option<Hash>),
    ) -> Result<Redeemed<B>, StoreError> {
        let mut tx = self.pool.begin().await?;
        if !enabled(&mut tx, client_id).await? {
            return Ok(Redeemed::Unknown);
        }
        let locked = sqlx::query(lock).bind(hash.as_slice()).bind(client_id).fetch_optional(&mut *tx).await?;
        if locked.is_none() {
            return Ok(Redeemed::Unknown);
        }
        let row = sqlx::query(find).bind(hash.as_slice()).fetch_one(&mut *tx).await?;
        let family: Uuid = row.try_get("family")?;
        if row.try_get("used")? {
            end(&mut tx, family).await?;
            tx.commit().await?;
            return Ok(Redeemed::Again);
        }
        if !row.try_get::<bool, _>("good")? {
            return Ok(Redeemed::Unknown);
        }
        let body: Stored<B> = row.try_get("body")?;
        let (access, refresh) = tokens(&body.0);
        sqlx::query(use_up).bind(hash.as_slice()).execute(&mut *tx).await?;
        insert_token(&mut tx, &access, Some(family)).await?;
        if let Some(refresh) = refresh {
            let keep = "INSERT INTO refresh_token (hash, family, client_id, expires_at) \
                        SELECT $1, family, client_id, expires_at FROM consent WHERE family = $2";
            sqlx::query(keep).bind(refresh.as_slice()).bind(family).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(Redeemed::Good(body.0))
    }

    /// The consent behind a refresh token that is in force, with the moment it expires.
    pub async fn refresh_token<B: DeserializeOwned + Send + Unpin + 'static>(
        &self,
        hash: &Hash,
    ) -> Result<Option<(Consent<B>, i64)>, StoreError> {
        let find = "SELECT f.family, f.client_id, f.user_id, f.body, extract(epoch FROM t.expires_at)::bigint AS exp \
                    FROM refresh_token t JOIN consent f USING (family) \
                    WHERE t.hash = $1 AND t.used_at IS NULL AND t.expires_at > now() AND f.ended_at IS NULL";
        let row = sqlx::query(find).bind(hash.as_slice()).fetch_optional(&self.pool).await?;
        let Some(row) = row else { return Ok(None) };
        let body: Stored<B> = row.try_get("body")?;
        let consent = Consent {
            family: row.try_get("family")?,
            client_id: row.try_get("client_id")?,
            user_id: row.try_get("user_id")?,
            body: body.0,
            seconds: 0,
        };
        Ok(Some((consent, row.try_get("exp")?)))
    }

    /// The family of a refresh token, used or not, with its client.
    pub async fn refresh_family(&self, hash: &Hash) -> Result<Option<(Uuid, String)>, StoreError> {
        let find = sqlx::query_as("SELECT family, client_id FROM refresh_token WHERE hash = $1").bind(hash.as_slice());
        Ok(find.fetch_optional(&self.pool).await?)
    }

    /// Keeps a token of a client's own, without a family; false when the client was disabled meanwhile.
    pub async fn keep_client_token(&self, client_id: &str, token: &NewToken) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin().await?;
        if !enabled(&mut tx, client_id).await? {
            return Ok(false);
        }
        insert_token(&mut tx, token, None).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Ends a family: none of its tokens works from now on, on any instance.
    pub async fn end_family(&self, family: Uuid) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await?;
        end(&mut tx, family).await?;
        Ok(tx.commit().await?)
    }

    /// What a user has consented to and not withdrawn, the newest first.
    pub async fn consents<B: DeserializeOwned + Send + Unpin + 'static>(
        &self,
        user_id: &str,
    ) -> Result<Vec<(Uuid, String, B)>, StoreError> {
        let list = "SELECT family, client_id, body FROM consent WHERE user_id = $1 AND ended_at IS NULL AND expires_at > now() \
                    ORDER BY given_at DESC LIMIT 200";
        let rows: Vec<(Uuid, String, Stored<B>)> = sqlx::query_as(list).bind(user_id).fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|(family, client, body)| (family, client, body.0)).collect())
    }

    /// Ends a consent of this user; false when it is not theirs.
    pub async fn withdraw(&self, user_id: &str, family: Uuid) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin().await?;
        let own = "SELECT 1 FROM consent WHERE family = $1 AND user_id = $2 FOR UPDATE";
        let own = sqlx::query(own).bind(family).bind(user_id);
        if own.fetch_optional(&mut *tx).await?.is_none() {
            return Ok(false);
        }
        end(&mut tx, family).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Whether the client is there and not disabled; it stays so until the transaction ends.
async fn enabled(on: &mut PgConnection, client_id: &str) -> Result<bool, StoreError> {
    let find = sqlx::query("SELECT 1 FROM client WHERE client_id = $1 AND disabled_at IS NULL FOR SHARE");
    Ok(find.bind(client_id).fetch_optional(on).await?.is_some())
}

async fn insert_token(on: &mut PgConnection, token: &NewToken, family: Option<Uuid>) -> Result<(), StoreError> {
    let keep = "INSERT INTO token (hash, claims, expires_at, family, facts) \
                VALUES ($1, $2, now() + make_interval(secs => $3), $4, $5)";
    let keep = sqlx::query(keep).bind(token.hash.as_slice()).bind(Stored(&token.claims)).bind(token.seconds as f64);
    keep.bind(family).bind(Stored(&token.facts)).execute(on).await?;
    Ok(())
}

async fn end(on: &mut PgConnection, family: Uuid) -> Result<(), StoreError> {
    for statement in [
        "UPDATE consent SET ended_at = coalesce(ended_at, now()) WHERE family = $1",
        "UPDATE refresh_token SET used_at = coalesce(used_at, now()) WHERE family = $1",
        "DELETE FROM token WHERE family = $1",
    ] {
        sqlx::query(statement).bind(family).execute(&mut *on).await?;
    }
    Ok(())
}
