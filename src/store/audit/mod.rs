//! Owns the audit trail: who looked at whom, when and why. No row, no answer.
//!
//! `chain` seals what is written so that `verify` finds what was changed since. Rows of requests that run at the same time are
//! committed together: each answer waits for the commit that holds its rows, a few milliseconds, and the disk is asked once for all
//! of them. `synchronous_commit` stays on: an answer that left before its row was on disk could be one that nothing tells of.

mod chain;
mod export;
mod said;
mod verify;

pub use verify::{Anchor, AnchorError, Faults, Verified};

use std::borrow::Cow;
use std::time::{Duration, Instant};

use sqlx::PgConnection;
use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot};
use tracing::Instrument;
use uuid::Uuid;

use super::statement::timed;
use super::{Store, StoreError};
use crate::access::policy::SYSTEM;
use crate::fhir::date;
use crate::telemetry::metrics;
use chain::Entry;
use said::Said;

/// The most requests whose rows one commit takes.
const BATCH: usize = 1024;

/// How long a commit may take. Then what it is for is refused and its connection given up: a database that stands still holds
/// nobody for longer, and the next commit finds out on a connection of its own whether it runs again.
const PATIENCE: Duration = Duration::from_secs(10);

/// How a request ended for the person it was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// R4 AuditEvent outcome 0.
    Success,
    /// Refused, or nothing there for this caller: outcome 4.
    Refused,
}

/// One row: this request, and one person it touched, or none.
#[derive(Debug, Clone)]
pub struct AuditRow {
    pub at: OffsetDateTime,
    pub request_id: Uuid,
    pub client: String,
    pub user: Option<String>,
    pub role: String,
    pub organisation: Option<String>,
    /// Where the request came from: an IP address.
    pub address: Option<String>,
    /// Those whose care relationships with the person would be why, as `Holders::keys` names them.
    pub holders: Vec<String>,
    /// Why the caller looks: a code of v3 PurposeOfUse.
    pub purpose: String,
    /// C, R, U, D or E, as in AuditEvent.action.
    pub action: &'static str,
    pub resource_type: String,
    pub query: String,
    /// The resource that was read or written: `Type/id`, with its version where that is known.
    pub what: Option<String>,
    pub patient_id: Option<i64>,
    pub outcome: Outcome,
}

impl AuditRow {
    /// Something that a command of this program did, about nobody yet.
    pub fn of_operator(command: &str, action: &'static str, kind: &str, query: &str) -> AuditRow {
        AuditRow {
            at: date::now(),
            request_id: Uuid::now_v7(),
            client: command.to_owned(),
            user: None,
            role: SYSTEM.to_owned(),
            organisation: None,
            address: None,
            holders: Vec::new(),
            purpose: "HOPERAT".to_owned(),
            action,
            resource_type: kind.to_owned(),
            query: query.to_owned(),
            what: None,
            patient_id: None,
            outcome: Outcome::Success,
        }
    }

    /// The same request, about this type and person.
    pub fn about(mut self, resource_type: &str, patient_id: Option<i64>) -> AuditRow {
        self.resource_type = resource_type.to_owned();
        self.patient_id = patient_id;
        self
    }

    /// The same request, of this resource.
    pub fn of(self, what: &str) -> AuditRow {
        AuditRow { what: Some(what.to_owned()), ..self }
    }

    fn said(&self) -> Said<'_> {
        let holders = || self.holders.iter().map(|key| storable(key)).collect();
        Said { entry: self.entry(), holders: self.patient_id.is_some().then(holders) }
    }

    /// As it is written: what a caller sent must never keep a row, and those beside it, from being written.
    fn entry(&self) -> Entry<'_> {
        Entry {
            // A timestamp of PostgreSQL has no more digits.
            at: i64::try_from(self.at.unix_timestamp_nanos() / 1000).unwrap_or_default(),
            request_id: self.request_id,
            client: storable(&self.client),
            user_id: self.user.as_deref().map(storable),
            role: storable(&self.role),
            organisation: self.organisation.as_deref().map(storable),
            address: self.address.as_deref().map(Cow::Borrowed),
            purpose: storable(&self.purpose),
            action: Cow::Borrowed(self.action),
            resource_type: storable(&self.resource_type),
            query: storable(&self.query),
            what: self.what.as_deref().map(storable),
            patient_id: self.patient_id,
            outcome: if self.outcome == Outcome::Success { 0 } else { 4 },
        }
    }
}

/// The longest query that is kept whole, in characters.
const MOST_QUERY: usize = 8_000;

/// What a caller sent, as text a row can hold: it must never keep a row, and those beside it, from being written.
fn storable(text: &str) -> Cow<'_, str> {
    if text.len() <= MOST_QUERY && !text.contains('\0') {
        return Cow::Borrowed(text);
    }
    text.chars().take(MOST_QUERY).map(|c| if c == '\0' { '\u{fffd}' } else { c }).collect()
}

/// Inserts rows within a transaction of the caller's.
pub(super) async fn insert<'a>(
    on: &mut PgConnection,
    rows: impl IntoIterator<Item = &'a AuditRow>,
) -> Result<(), StoreError> {
    let said: Vec<Said> = rows.into_iter().map(AuditRow::said).collect();
    if said.is_empty() {
        return Ok(());
    }
    let digest = chain::digest(said.iter().map(|row| &row.entry));
    let append = sqlx::query("SELECT audit_append($1, $2)").bind(said).bind(digest.as_slice());
    timed("audit", append.execute(on)).await?;
    Ok(())
}

impl Store {
    /// Makes the partitions of the months to come, where they are missing.
    pub async fn audit_months(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT audit_months()").execute(&self.pool).await?;
        Ok(())
    }

    /// Adds a row by itself: what a command did.
    pub async fn record_audit(&self, row: &AuditRow) -> Result<(), StoreError> {
        insert(&mut *self.connection().await?, std::slice::from_ref(row)).await
    }
}

type Waiting = (Vec<AuditRow>, oneshot::Sender<bool>);

/// Where requests leave their rows. Clones share one writer.
#[derive(Clone)]
pub struct AuditTrail {
    queue: mpsc::Sender<Waiting>,
}

impl AuditTrail {
    /// Starts the writer on the current runtime; it ends when every clone is gone.
    pub fn start(store: Store) -> AuditTrail {
        let (queue, waiting) = mpsc::channel(BATCH);
        tokio::spawn(write_batches(store, waiting));
        AuditTrail { queue }
    }

    /// Returns when the rows are committed. An error means that nothing may be answered.
    pub async fn record(&self, rows: Vec<AuditRow>) -> Result<(), StoreError> {
        self.committed(rows).instrument(tracing::debug_span!("audit")).await
    }

    /// Whether its writer lives.
    pub fn is_written(&self) -> bool {
        !self.queue.is_closed()
    }

    async fn committed(&self, rows: Vec<AuditRow>) -> Result<(), StoreError> {
        let _waiting = metrics::AuditWait::begin();
        let (done, committed) = oneshot::channel();
        self.queue.send((rows, done)).await.map_err(|_| StoreError::Audit)?;
        match committed.await {
            Ok(true) => Ok(()),
            _ => Err(StoreError::Audit),
        }
    }
}

async fn write_batches(store: Store, mut waiting: mpsc::Receiver<Waiting>) {
    while let Some(first) = waiting.recv().await {
        let mut batch = vec![first];
        // What has queued up while the last commit ran goes into this one.
        while batch.len() < BATCH
            && let Ok(next) = waiting.try_recv()
        {
            batch.push(next);
        }
        let committed = commit(&store, batch.iter().flat_map(|(rows, _)| rows)).await;
        if let Err(error) = &committed {
            tracing::error!(%error, "the audit trail could not be written; what it was for is refused");
        }
        let together = batch.len() > 1;
        for (rows, answer) in batch {
            let written = match &committed {
                Ok(()) => Ok(()),
                // One request's row that cannot be written does not hold up the others'.
                Err(StoreError::Statement(_)) if together => commit(&store, &rows).await,
                Err(_) => Err(StoreError::Audit),
            };
            // A request that was given up no longer waits.
            let _ = answer.send(written.is_ok());
        }
    }
}

async fn commit(store: &Store, rows: impl IntoIterator<Item = &AuditRow>) -> Result<(), StoreError> {
    let rows: Vec<&AuditRow> = rows.into_iter().collect();
    let began = Instant::now();
    let commit = async {
        let mut connection = store.connection().await?;
        match tokio::time::timeout(PATIENCE, insert(&mut connection, rows.iter().copied())).await {
            Ok(done) => done,
            Err(_) => {
                // It may still be waiting for an answer, which the next user of it would take for its own.
                connection.close_on_drop();
                Err(StoreError::Unavailable(sqlx::Error::PoolTimedOut))
            }
        }
    };
    // A trace of its own: it is for many requests at once.
    let committed = commit.instrument(tracing::debug_span!(parent: None, "audit commit", rows = rows.len())).await;
    metrics::audit_commit(rows.len(), began.elapsed(), committed.is_ok());
    committed
}
