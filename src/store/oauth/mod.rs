//! Owns what the authorization server keeps: clients, keys, launches, sign-ins under way, codes and refresh tokens. What
//! stands for a right is known here by its hash alone.

mod client;
mod consent;
mod launch;
mod sign_in;
mod signing_key;

pub use client::StoredClient;
pub use consent::{Consent, NewToken, Redeemed};
pub use signing_key::SigningKey;

use super::{Store, StoreError};

/// The SHA-256 by which a secret is known.
pub type Hash = [u8; 32];

impl Store {
    /// Forgets what is long past: nothing here is needed once it has expired.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        for statement in [
            // What is not there was revoked, to an answer that goes on for longer than its token (`find_token_not_revoked`).
            "DELETE FROM token WHERE expires_at < now() - interval '1 day'",
            "DELETE FROM launch WHERE expires_at < now() - interval '1 day'",
            "DELETE FROM sign_in WHERE expires_at < now()",
            "DELETE FROM sandbox_sign_in WHERE expires_at < now()",
            "DELETE FROM assertion WHERE expires_at < now()",
            "DELETE FROM export_job WHERE expires_at < now()",
            // A used code or refresh token is remembered as long as its family may live, to know it when it comes again.
            "DELETE FROM authorization_code c WHERE NOT EXISTS \
             (SELECT 1 FROM consent f WHERE f.family = c.family AND f.expires_at > now()) AND c.expires_at < now()",
            "DELETE FROM refresh_token WHERE expires_at < now()",
        ] {
            sqlx::query(statement).execute(&self.pool).await?;
        }
        Ok(())
    }
}
