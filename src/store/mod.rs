//! Every line of SQL. Nothing outside knows sqlx, and nothing inside runs without a Plan, a Target
//! or a Write, which only a Grant can make.
//!
//! `Store` is one connection pool and what all statements share; each HTTP worker has its own.

// The one place where the database's types are at home; clippy.toml bans them everywhere else.
#![allow(clippy::disallowed_types)]

mod across;
mod amount;
mod audit;
mod checkup;
mod expansion;
mod export;
mod health;
mod held;
mod history;
mod hosts;
mod includes;
mod lastn;
mod matching;
mod migrate;
mod oauth;
mod overrides;
mod person;
mod plan;
mod predicate;
mod proof;
mod protection;
mod reach;
mod read;
mod reindex;
mod relationship;
mod seek;
mod sql;
mod statement;
mod subsumption;
mod summary;
mod terminology;
mod terms;
mod token;
mod walk;
mod watch;
mod why;
mod write;

use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{PgPool, Postgres};

pub use across::{AcrossPage, AcrossPlan};
pub use audit::{Anchor, AnchorError, AuditRow, AuditTrail, Faults, Outcome, Verified};
pub use checkup::{Checkup, SchemaState, Upkeep};
pub use export::{Export, NewExport};
pub use health::Part;
pub use history::{HistoryPage, HistoryPlace, HistoryRange, HistoryTarget, Version};
pub use lastn::{Lastn, Latest, LatestRow};
pub use matching::{Candidate, Candidates, Keys};
pub use migrate::create_database;
pub use oauth::{Consent, Hash, NewToken, Redeemed, SigningKey, StoredClient};
pub use overrides::{Alert, Claim, Opened, Untold};
pub use plan::{Found, Included, Page, Plan};
pub use proof::Proved;
pub use protection::{Named, Protect, Protections};
pub use reach::Hurdle;
pub use read::{Read, Target};
pub use relationship::KnownRelationship;
pub use summary::{SummaryRow, SummaryTarget, summarised};
pub use terminology::Kept;
pub use token::KnownToken;
pub use walk::Passed;
pub use watch::Watch;
pub use why::{Asked, Holder, Known, Of, SandboxPatient, Standing};
pub use write::{Change, Changes, Edit, NotWritten, Pending, Refusal, Write, Written};

use held::{Held, Reading};

pub use crate::access::Relationship;
use crate::access::Sensitive;
use crate::search::Search;
use crate::search::cursor::CursorKey;
use crate::telemetry::metrics::{Connections, Wait};
use hosts::Hosts;
use watch::GivenUp;

/// The role that the service has in the database (migrations/0011).
const SERVICE: &str = "lcr_service";

/// What has PostgreSQL notice within some ten seconds that a service is gone without a word, so that it holds no lock any longer.
const ENDS_WITH_ITS_CLIENT: [(&str, &str); 4] = [
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "2"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "10000"),
];

/// The record's database.
#[derive(Clone)]
pub struct Store {
    pool: PgPool,
    /// Where it is; pools of one service share it.
    hosts: Arc<Hosts>,
    /// Those of its connections that reads go on with.
    held: Arc<Held>,
    /// The codes that label what is written.
    sensitive: Sensitive,
    /// Tells the pool of requests that were given up.
    given_up: GivenUp,
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
    #[error("a statement took longer than it may and was stopped")]
    TooLong,
    #[error("the caller's token has ended, or its claims have changed")]
    TokenEnded,
    #[error("the audit trail could not be written, so nothing may be answered")]
    Audit,
    #[error("the connection broke while a change was committed, so it may have been made: {}", without_values(.0))]
    InDoubt(sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Tls(_)
            | sqlx::Error::BeginFailed => StoreError::Unavailable(error),
            sqlx::Error::Database(ref refused) if refused.code().as_deref() == Some("57014") => StoreError::TooLong,
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

/// SQLSTATEs that say the server is starting, stopping, out of disk, memory or connections, held up by a lock, failing to read or write its files,
/// set to reading, or has to be asked again.
fn is_passing(code: Option<&str>) -> bool {
    code.is_some_and(|code| {
        ["57P", "08", "53", "58"].iter().any(|class| code.starts_with(class))
            || matches!(code, "25006" | "40001" | "40P01" | "55P03")
    })
}

impl Store {
    /// A pool of at most `connections`, opened when first used, as whoever the URL names: for commands of the operator.
    pub fn connect(url: &str, connections: u32) -> Result<Store, StoreError> {
        Store::with(url, &[], connections)
    }

    /// The same, for the service: in a role that owns nothing, and sees no person's row unless a statement says in whose reach.
    pub fn of_service(url: &str, connections: u32) -> Result<Store, StoreError> {
        Store::with(url, &[("role", SERVICE), ("client_connection_check_interval", watch::LOOKS)], connections)
    }

    /// The same, for requests: a statement that takes longer than this is stopped.
    pub fn of_requests(url: &str, connections: u32, longest: Duration) -> Result<Store, StoreError> {
        let longest = format!("{}ms", longest.as_millis());
        let of_requests = [
            ("role", SERVICE),
            ("client_connection_check_interval", watch::LOOKS),
            ("statement_timeout", longest.as_str()),
        ];
        Store::with(url, &of_requests, connections)
    }

    fn with(url: &str, more: &[(&str, &str)], connections: u32) -> Result<Store, StoreError> {
        // Statements here are short: planning them to machine code costs more than it saves. What is planned once is kept: planning
        // anew, which PostgreSQL may prefer, costs as much as a page.
        let fixed = [("jit", "off"), ("timezone", "UTC"), ("plan_cache_mode", "force_generic_plan")];
        let hosts = Hosts::of(url, |options| {
            options.application_name("lcr").options(fixed).options(ENDS_WITH_ITS_CLIENT).options(more.iter().copied())
        })?;
        let given_up = GivenUp::default();
        let (pool, held) = (hosts.pool(connections, &given_up), Arc::new(Held::of(connections)));
        Ok(Store { pool, held, hosts, sensitive: Sensitive::default(), given_up })
    }

    /// A pool of its own over the same database.
    pub fn beside(&self, connections: u32) -> Store {
        let given_up = GivenUp::default();
        let held = Arc::new(Held::of(connections));
        Store { pool: self.hosts.pool(connections, &given_up), held, given_up, ..self.clone() }
    }

    /// The same, labelling what is written by these codes too.
    pub fn labelling(self, sensitive: Sensitive) -> Store {
        Store { sensitive, ..self }
    }

    /// Watches over a request that uses this store: if it is given up, so is its statement.
    pub fn watch(&self) -> Watch {
        Watch::new(&self.given_up)
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

    /// A connection of the pool; who waits for one is counted.
    async fn connection(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        let _wait = Wait::begin();
        Ok(self.pool.acquire().await?)
    }

    /// A connection for a read: one in hand that may be used, or else one of the pool.
    async fn reading(&self) -> Result<Reading, StoreError> {
        while let Some(mut reading) = self.held.take() {
            if reading.may_be_used(&self.hosts).await {
                return Ok(reading);
            }
        }
        Ok(Reading::new(self.connection().await?))
    }

    /// How the pool's connections are used.
    pub fn connections(&self) -> Connections {
        // Those in hand wait for work too.
        let (open, idle) = (self.pool.size() as usize, self.pool.num_idle() + self.held.count());
        let most = self.pool.options().get_max_connections() as usize;
        Connections { idle, in_use: open.saturating_sub(idle), most }
    }

    /// Runs a search.
    pub async fn search(&self, plan: Plan) -> Result<Proved<Page>, StoreError> {
        let mut reading = self.reading().await?;
        let page = plan.run(reading.on()).await?;
        self.held.keep(reading);
        Ok(page)
    }

    /// The people within reach whom the search asks about by name, beyond those whose rows it found.
    pub async fn asked_about(&self, search: &Search, found: usize) -> Result<Vec<i64>, StoreError> {
        // Rows found for the one person named are that person's: nobody is left to look up.
        let named = person::named(search).len();
        if named == 0 || (named == 1 && found > 0) {
            return Ok(Vec::new());
        }
        let mut connection = self.connection().await?;
        person::asked_about(&mut connection, search).await
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.held.release();
        self.pool.close().await;
    }
}
