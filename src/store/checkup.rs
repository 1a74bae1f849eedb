//! Owns what a deployment's database is asked when somebody looks for what is wrong with it: its version, its settings and who is
//! logged in. It judges nothing and changes nothing; `cli/doctor` judges.

use super::{SERVICE, Store, StoreError, migrate};

/// What the database says of itself, to one login.
#[derive(Debug, sqlx::FromRow)]
pub struct Checkup {
    /// As PostgreSQL counts: 150004 is 15.4.
    pub version: i32,
    pub encoding: String,
    /// Whose login this is.
    pub login: String,
    /// Whether that login passes over row-level security by itself.
    pub superuser: bool,
    /// Whether that login may take the service's role; none where there is no such role.
    pub may_serve: Option<bool>,
    /// Whether the server follows another, or starts transactions read-only.
    pub read_only: bool,
    /// What makes a commit one: fsync, full_page_writes, synchronous_commit.
    pub fsync: bool,
    pub full_page_writes: bool,
    pub synchronous_commit: String,
    /// Whether this connection is encrypted; none where it does not leave this machine.
    pub encrypted: Option<bool>,
    /// Connections that may be open to everybody but superusers, and those that are open now.
    pub connections_allowed: i32,
    pub connections_open: i64,
    /// Whether the server's log may hold values of statements, which are patients' data.
    pub logs_values: bool,
    /// The version of the Citus extension, where there is one.
    pub citus: Option<String>,
    /// The database's clock, in seconds since 1970.
    pub clock: f64,
}

/// What the record's tables say: asked when the schema is there.
#[derive(Debug, sqlx::FromRow)]
pub struct Upkeep {
    /// The age of the key that signs id_tokens, in days; none before the first.
    pub signing_key_days: Option<f64>,
    /// Whether next month's audit rows have a partition of their own.
    pub audit_month_ahead: bool,
}

impl Store {
    /// Asks. A connection of the operator's kind: it takes nobody's role.
    pub async fn checkup(&self) -> Result<Checkup, StoreError> {
        let ask = "SELECT current_setting('server_version_num')::integer AS version, current_setting('server_encoding') AS encoding, \
             r.rolname::text AS login, r.rolsuper OR r.rolbypassrls AS superuser, \
             (SELECT pg_has_role(current_user, s.oid, 'MEMBER') FROM pg_roles s WHERE s.rolname = $1) AS may_serve, \
             pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean AS read_only, \
             current_setting('fsync')::boolean AS fsync, current_setting('full_page_writes')::boolean AS full_page_writes, \
             current_setting('synchronous_commit') AS synchronous_commit, \
             CASE WHEN NOT inet_server_addr() <<= ANY (ARRAY['127.0.0.0/8', '::1/128']::inet[]) THEN (SELECT s.ssl FROM pg_stat_ssl s WHERE s.pid = pg_backend_pid()) END AS encrypted, \
             current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer AS connections_allowed, \
             (SELECT count(*) FROM pg_stat_activity a WHERE a.backend_type = 'client backend') AS connections_open, \
             ((current_setting('log_statement') = 'all' OR current_setting('log_min_duration_statement')::integer >= 0 \
                 OR current_setting('log_min_duration_sample')::integer >= 0) AND current_setting('log_parameter_max_length')::integer <> 0) \
                 OR current_setting('log_parameter_max_length_on_error')::integer <> 0 AS logs_values, \
             (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'citus') AS citus, \
             extract(epoch FROM clock_timestamp())::float8 AS clock \
             FROM pg_roles r WHERE r.rolname = current_user";
        Ok(sqlx::query_as(ask).bind(SERVICE).fetch_one(&self.pool).await?)
    }

    /// How the record's own housekeeping stands.
    pub async fn upkeep(&self) -> Result<Upkeep, StoreError> {
        let ask = "SELECT (SELECT extract(epoch FROM now() - max(k.made_at))::float8 / 86400 FROM signing_key k) AS signing_key_days, \
             to_regclass('public.audit_' || to_char((date_trunc('month', now(), 'UTC') + interval '1 month') AT TIME ZONE 'UTC', 'YYYY_MM')) \
                 IS NOT NULL AS audit_month_ahead";
        Ok(sqlx::query_as(ask).fetch_one(&self.pool).await?)
    }

    /// How this program's migrations and the database's differ.
    pub async fn schema_state(&self) -> Result<SchemaState, StoreError> {
        let there = "SELECT to_regclass('public._sqlx_migrations') IS NOT NULL";
        let there: bool = sqlx::query_scalar(there).fetch_one(&self.pool).await?;
        if !there {
            return Ok(SchemaState::Empty);
        }
        let applied = "SELECT version, success FROM _sqlx_migrations ORDER BY version";
        let applied: Vec<(i64, bool)> = sqlx::query_as(applied).fetch_all(&self.pool).await?;
        if let Some((version, _)) = applied.iter().find(|(_, success)| !success) {
            return Ok(SchemaState::Broken(*version));
        }
        let ours = migrate::versions();
        let missing: Vec<i64> =
            ours.iter().copied().filter(|ours| !applied.iter().any(|(version, _)| version == ours)).collect();
        if !missing.is_empty() {
            return Ok(SchemaState::Behind(missing));
        }
        let newer: Vec<i64> = applied.iter().map(|(version, _)| *version).filter(|v| !ours.contains(v)).collect();
        Ok(if newer.is_empty() { SchemaState::UpToDate } else { SchemaState::Ahead(newer) })
    }
}

/// How this program's migrations and the database's differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaState {
    /// None was ever run.
    Empty,
    /// One began and did not end.
    Broken(i64),
    /// These are still to be run.
    Behind(Vec<i64>),
    UpToDate,
    /// A newer program has run these.
    Ahead(Vec<i64>),
}
