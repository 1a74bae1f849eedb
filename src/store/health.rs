//! Owns what has to be well in the database before requests are answered. A probe leaves nothing behind.

use sqlx::Connection;

use super::audit::{self, AuditRow};
use super::{Store, StoreError, migrate};
use crate::search::cursor::CursorKey;

/// What is looked at, in this order: each needs those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Database,
    Migrations,
    Keys,
    Lock,
    Audit,
}

impl Part {
    /// All of them.
    pub const ALL: [Part; 5] = [Part::Database, Part::Migrations, Part::Keys, Part::Lock, Part::Audit];

    /// Its name, and what to do where it is not well.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Part::Database => {
                ("database", "it does not answer in time: look at PostgreSQL, its connections and its disk")
            }
            Part::Migrations => ("migrations", "this program's are not applied: run `lcr migrate`"),
            Part::Keys => ("keys", "the keys in the database are not those this program runs with: start it again"),
            Part::Lock => (
                "second lock",
                "the service's role owns tables or passes over row-level security: log in as a member of lcr_service",
            ),
            Part::Audit => {
                ("audit", "no row can be added to the trail, and so nothing is answered: look at PostgreSQL's log")
            }
        }
    }
}

impl Store {
    /// Whether a part is well; `key` is what the program signs cursors with.
    pub async fn is_well(&self, part: Part, key: &CursorKey) -> Result<bool, StoreError> {
        match part {
            Part::Database => {
                sqlx::query("SELECT 1 FROM patient_key LIMIT 1").fetch_optional(&self.pool).await?;
                Ok(true)
            }
            Part::Migrations => {
                let applied = "SELECT version, checksum FROM _sqlx_migrations WHERE success";
                let applied: Vec<(i64, Vec<u8>)> = sqlx::query_as(applied).fetch_all(&self.pool).await?;
                Ok(migrate::all_among(&applied))
            }
            Part::Keys => Ok(self.cursor_key().await? == *key),
            Part::Lock => self.is_locked().await,
            Part::Audit => {
                // The row is really added, and the transaction then given up.
                let mut connection = self.pool.acquire().await?;
                let mut tx = connection.begin().await?;
                audit::insert(&mut tx, &[AuditRow::of_operator("health", "E", "probe", "")]).await?;
                tx.rollback().await?;
                Ok(true)
            }
        }
    }
}
