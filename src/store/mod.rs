//! Every line of SQL. Nothing outside knows sqlx, and nothing inside runs without a Plan, a Target
//! or a Write, which only a Grant can make.
//!
//! `Store` is one connection pool and what all statements share; each HTTP worker has its own.

// The one place where the database's types are at home; clippy.toml bans them everywhere else.
#![allow(clippy::disallowed_types)]

mod across;
mod amount;
mod audit;
mod expansion;
mod history;
mod includes;
mod lastn;
mod matching;
mod migrate;
mod oauth;
mod overrides;
mod person;
mod plan;
mod predicate;
mod protection;
mod reach;
mod read;
mod reindex;
mod relationship;
mod seek;
mod sql;
mod subsumption;
mod summary;
mod terminology;
mod terms;
mod token;
mod why;
mod write;

use std::str::FromStr;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

pub use across::{AcrossPage, AcrossPlan};
pub use audit::{Anchor, AnchorError, AuditRow, AuditTrail, Faults, Outcome, Verified};
pub use history::{HistoryPage, HistoryPlace, HistoryRange, HistoryTarget, Version};
pub use lastn::{Lastn, Latest, LatestRow};
pub use matching::{Candidate, Candidates, Keys};
pub use migrate::create_database;
pub use oauth::{Consent, Hash, NewToken, Redeemed, SigningKey, StoredClient};
pub use overrides::{Alert, Claim, Opened, Untold};
pub use plan::{Found, Included, Page, Plan};
pub use protection::{Named, Protect, Protections};
pub use reach::Hurdle;
pub use read::{Read, Target};
pub use relationship::KnownRelationship;
pub use summary::{SummaryRow, SummaryTarget, summarised};
pub use terminology::Kept;
pub use token::KnownToken;
pub use why::{Asked, Holder, Known, Of, SandboxPatient, Standing};
pub use write::{Change, Changes, Edit, NotWritten, Pending, Refusal, Write, Written};

pub use crate::access::Relationship;
use crate::access::Sensitive;
use crate::search::Search;
use crate::search::cursor::CursorKey;

/// The role that the service has in the database (migrations/0011).
const SERVICE: &str = "lcr_service";

/// The record's database.
#[derive(Clone)]
pub struct Store {
    pool: PgPool,
    /// The codes that label what is written.
    sensitive: Sensitive,
}

/// Why the database did not answer. The words are for operators; callers see none of them. They hold no value of a
/// statement: those are patients' data.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database cannot be reached or did not answer in time: {}", without_values(.0))]
    Unavailable(sqlx::Error),
    #[error("the database refused a statement: {}", without_values(.0))]
    Statement(sqlx::Error),
    #[error("the database's schema could not be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("the database URL is not one: {0}")]
    Url(sqlx::Error),
    #[error("a search names terminology that is not known: {}", .0.len())]
    UnknownTerms(Vec<String>),
    #[error("rows of {} are still to be indexed again: run `lcr migrate`", .0.join(", "))]
    Reindexing(Vec<String>),
    #[error("a request would bring more than {most} {what}")]
    TooMany { what: &'static str, most: usize, remedy: &'static str },
    #[error("the audit trail could not be written, so nothing may be answered")]
    Audit,
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Tls(_) => {
                StoreError::Unavailable(error)
            }
            sqlx::Error::Database(ref refused) if is_passing(refused.code().as_deref()) => {
                StoreError::Unavailable(error)
            }
            other => StoreError::Statement(other),
        }
    }
}

/// An error's kind; of PostgreSQL's own, the SQLSTATE and the constraint, since its message may quote a value.
fn without_values(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(refused) => {
            let constraint = refused.constraint().map(|name| format!(", constraint {name}")).unwrap_or_default();
            format!("SQLSTATE {}{constraint}", refused.code().as_deref().unwrap_or("unknown"))
        }
        sqlx::Error::ColumnDecode { index, .. } => format!("column {index} could not be read"),
        other => other.to_string(),
    }
}

/// SQLSTATEs that say the server is starting, stopping, full of connections, held up by a lock or has to be asked again.
fn is_passing(code: Option<&str>) -> bool {
    code.is_some_and(|code| {
        code.starts_with("57P")
            || code.starts_with("08")
            || matches!(code, "53200" | "53300" | "40001" | "40P01" | "55P03")
    })
}

impl Store {
    /// A pool of at most `connections`, opened when first used, as whoever the URL names: for commands of the operator.
    pub fn connect(url: &str, connections: u32) -> Result<Store, StoreError> {
        Store::with(PgConnectOptions::from_str(url).map_err(StoreError::Url)?, connections)
    }

    /// The same, for the service: in a role that owns nothing, and sees no person's row unless a statement says in whose reach.
    pub fn of_service(url: &str, connections: u32) -> Result<Store, StoreError> {
        let options = PgConnectOptions::from_str(url).map_err(StoreError::Url)?;
        Store::with(options.options([("role", SERVICE)]), connections)
    }

    fn with(options: PgConnectOptions, connections: u32) -> Result<Store, StoreError> {
        // Statements here are short: planning them to machine code costs more than it saves.
        let options = options.application_name("lcr").options([
            ("jit", "off"),
            ("timezone", "UTC"),
            // What is planned once is kept: planning anew, which PostgreSQL may prefer, costs as much as a page.
            ("plan_cache_mode", "force_generic_plan"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(5))
            .test_before_acquire(false)
            .connect_lazy_with(options);
        Ok(Store { pool, sensitive: Sensitive::default() })
    }

    /// The same, labelling what is written by these codes too.
    pub fn labelling(self, sensitive: Sensitive) -> Store {
        Store { sensitive, ..self }
    }

    /// The secret that signs cursors, which the first migration made.
    pub async fn cursor_key(&self) -> Result<CursorKey, StoreError> {
        let find = sqlx::query_scalar("SELECT secret FROM service_key WHERE name = 'cursor'");
        Ok(CursorKey::new(find.fetch_one(&self.pool).await?))
    }

    /// Whether the second lock holds for this connection: its role owns none of the tables and is bound by their policies.
    pub async fn is_locked(&self) -> Result<bool, StoreError> {
        let free = "SELECT r.rolsuper OR r.rolbypassrls OR EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                    WHERE c.relowner = r.oid AND n.nspname IN ('public', 'reach')) FROM pg_roles r WHERE r.rolname = current_user";
        let free: bool = sqlx::query_scalar(free).fetch_one(&self.pool).await?;
        Ok(!free)
    }

    /// Whether the database answers and has this program's schema.
    pub async fn ready(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1 FROM patient_key LIMIT 1").fetch_optional(&self.pool).await?;
        Ok(())
    }

    /// Runs a search.
    pub async fn search(&self, plan: Plan) -> Result<Page, StoreError> {
        plan.run(&mut *self.pool.acquire().await?).await
    }

    /// The people within reach whom the search asks about by name, beyond those whose rows it found.
    pub async fn asked_about(&self, search: &Search, found: usize) -> Result<Vec<i64>, StoreError> {
        // Rows found for the one person named are that person's: nobody is left to look up.
        let named = person::named(search).len();
        if named == 0 || (named == 1 && found > 0) {
            return Ok(Vec::new());
        }
        let mut connection = self.pool.acquire().await?;
        person::asked_about(&mut connection, search).await
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
