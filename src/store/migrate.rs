//! Owns the schema's way forward: numbered migrations, run under a lock, each once.

use sqlx::migrate::Migrator;

use super::sql::{Expr, Sql};
use super::{Store, StoreError};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// The numbers of this program's migrations.
pub(super) fn versions() -> Vec<i64> {
    MIGRATIONS.iter().map(|migration| migration.version).collect()
}

impl Store {
    /// Brings the schema, and the terminology that is shipped, up to date; does nothing when they are. Rows that are there
    /// already may be left for `reindex`.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        MIGRATIONS.run(&self.pool).await?;
        self.ship_terminology().await?;
        self.nothing_to_reindex().await
    }

    /// Whether this connection may change the schema: it owns the tables, or there are none yet.
    pub async fn may_migrate(&self) -> Result<bool, StoreError> {
        let may = "SELECT to_regclass('public.patient') IS NULL OR EXISTS (SELECT 1 FROM pg_class c \
                   WHERE c.oid = to_regclass('public.patient') AND pg_has_role(current_user, c.relowner, 'MEMBER'))";
        Ok(sqlx::query_scalar(may).fetch_one(&self.pool).await?)
    }

    /// Whether the record holds anything yet.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        let any: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM person)").fetch_one(&self.pool).await?;
        Ok(!any)
    }

    /// Whether the sandbox's record was loaded to its end.
    pub async fn sandbox_loaded(&self) -> Result<bool, StoreError> {
        self.sandbox_mark("loaded").await
    }

    /// Whether a load of the sandbox's record was begun in this database.
    pub async fn sandbox_begun(&self) -> Result<bool, StoreError> {
        self.sandbox_mark("begun").await
    }

    /// Marks that this database is to hold the sandbox, before its first row.
    pub async fn begin_sandbox(&self) -> Result<(), StoreError> {
        self.mark_sandbox("begun").await
    }

    /// Marks that all of the sandbox is there.
    pub async fn finish_sandbox(&self) -> Result<(), StoreError> {
        self.mark_sandbox("loaded").await
    }

    async fn sandbox_mark(&self, mark: &str) -> Result<bool, StoreError> {
        let find = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sandbox_mark WHERE mark = $1)").bind(mark);
        Ok(find.fetch_one(&self.pool).await?)
    }

    async fn mark_sandbox(&self, mark: &str) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO sandbox_mark (mark) VALUES ($1) ON CONFLICT DO NOTHING")
            .bind(mark)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

/// Whether all of this program's migrations are among those that were applied; a newer program may have applied more.
pub(super) fn all_among(applied: &[(i64, Vec<u8>)]) -> bool {
    MIGRATIONS.iter().all(|own| applied.iter().any(|(version, sum)| *version == own.version && **sum == *own.checksum))
}

/// Makes an empty database on the server of this URL.
pub async fn create_database(url: &str, name: &str) -> Result<(), StoreError> {
    let server = Store::connect(url, 1)?;
    let mut sql = Sql::named("create database");
    sql.push(&Expr::fill("CREATE DATABASE {}", &[&Expr::name(name)]));
    sql.fetch(&server.pool).await?;
    server.close().await;
    Ok(())
}
