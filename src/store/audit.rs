//! Owns the audit trail: who looked at whom, when and why. No row, no answer.
//!
//! Rows of requests that run at the same time are committed together: each answer waits for the
//! commit that holds its rows, a few milliseconds, and the disk is asked once for all of them.

use sqlx::PgConnection;
use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::{Store, StoreError};
use crate::fhir::date::to_text;
use crate::fhir::json::{Json, Object};

/// The most rows one commit takes.
const BATCH: usize = 1024;

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
    /// C, R, U, D or E, as in AuditEvent.action.
    pub action: &'static str,
    pub resource_type: String,
    pub query: String,
    pub patient_id: Option<i64>,
    pub outcome: Outcome,
}

impl AuditRow {
    /// The same request, about this type and person.
    pub fn about(mut self, resource_type: &str, patient_id: Option<i64>) -> AuditRow {
        self.resource_type = resource_type.to_owned();
        self.patient_id = patient_id;
        self
    }

    fn record(&self) -> Json {
        let text = |value: &Option<String>| value.as_deref().map_or(Json::Null, Json::string);
        let mut record = Object::default();
        record.set("at", Json::string(to_text(self.at)));
        record.set("request_id", Json::string(self.request_id.to_string()));
        record.set("client", Json::string(self.client.clone()));
        record.set("user_id", text(&self.user));
        record.set("role", Json::string(self.role.clone()));
        record.set("organisation", text(&self.organisation));
        record.set("action", Json::string(self.action));
        record.set("resource_type", Json::string(storable(&self.resource_type)));
        record.set("query", Json::string(storable(&self.query)));
        record.set("patient_id", self.patient_id.map_or(Json::Null, |id| Json::Number(id.to_string())));
        record.set("outcome", Json::Number(if self.outcome == Outcome::Success { "0" } else { "4" }.to_owned()));
        Json::Object(record)
    }
}

/// The longest query that is kept whole, in characters.
const MOST_QUERY: usize = 8_000;

/// What a caller sent, as text a row can hold: it must never keep a row, and those beside it, from being written.
fn storable(text: &str) -> String {
    text.chars().take(MOST_QUERY).map(|c| if c == '\0' { '\u{fffd}' } else { c }).collect()
}

/// Inserts rows within a transaction of the caller's.
pub(super) async fn insert(on: &mut PgConnection, rows: &[AuditRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let records = Json::Array(rows.iter().map(AuditRow::record).collect()).to_string();
    let statement = "INSERT INTO audit (at, request_id, client, user_id, role, organisation, action, resource_type, query, patient_id, outcome) \
                     SELECT at, request_id, client, user_id, role, organisation, action, resource_type, query, patient_id, outcome \
                     FROM json_populate_recordset(NULL::audit, $1::text::json)";
    sqlx::query(statement).bind(records).execute(on).await?;
    Ok(())
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
        let all: Vec<AuditRow> = batch.iter().flat_map(|(rows, _)| rows).cloned().collect();
        let committed = commit(&store, &all).await;
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

async fn commit(store: &Store, rows: &[AuditRow]) -> Result<(), StoreError> {
    let mut connection = store.pool.acquire().await?;
    insert(&mut connection, rows).await
}
