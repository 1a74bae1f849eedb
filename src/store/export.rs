//! Owns bulk exports under way: a job is a row that says what was asked for and when. What it exports is in no file; it is read
//! from the record by searches when it is fetched.

use std::collections::BTreeMap;

use sqlx::types::Json as Stored;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Store, StoreError};
use crate::access::{Leave, Permission};

/// A job that is to begin.
#[derive(Debug)]
pub struct NewExport {
    pub id: Uuid,
    /// The address that began it.
    pub request: String,
    /// A search of each type: type → query.
    pub queries: BTreeMap<String, String>,
    /// Whether rows that are nobody's are left out.
    pub of_people: bool,
    /// What is written by then is in the export.
    pub asked_at: OffsetDateTime,
    pub seconds: i64,
}

/// A job in force.
#[derive(Debug, sqlx::FromRow)]
pub struct Export {
    pub request: String,
    pub queries: Stored<BTreeMap<String, String>>,
    pub of_people: bool,
    pub asked_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
    /// Whether every transaction that was under way when it was asked for has ended.
    pub ready: bool,
}

impl Store {
    /// Keeps a job of the leave's client; false where the client has that many already.
    pub async fn begin_export(&self, leave: &Leave, job: &NewExport, most: i64) -> Result<bool, StoreError> {
        let Some(client) = client(leave) else { return Ok(false) };
        let keep = "INSERT INTO export_job (export_id, client, request, queries, of_people, asked_at, pending, expires_at) \
                    SELECT $1, $2, $3, $4, $5, $6, pg_current_xact_id(), now() + make_interval(secs => $7) \
                    WHERE (SELECT count(*) FROM export_job j WHERE j.client = $2 AND j.expires_at > now()) < $8";
        let keep = sqlx::query(keep).bind(job.id).bind(client).bind(&job.request).bind(Stored(&job.queries));
        let keep = keep.bind(job.of_people).bind(job.asked_at).bind(job.seconds as f64).bind(most);
        Ok(keep.execute(&self.pool).await?.rows_affected() > 0)
    }

    /// A job of the leave's client that is in force; another's is as one that never was.
    pub async fn find_export(&self, leave: &Leave, id: Uuid) -> Result<Option<Export>, StoreError> {
        let find = "SELECT request, queries, of_people, asked_at, expires_at, \
                    pg_snapshot_xmin(pg_current_snapshot()) >= pending AS ready \
                    FROM export_job WHERE export_id = $1 AND client = $2 AND expires_at > now()";
        Ok(sqlx::query_as(find).bind(id).bind(client(leave)).fetch_optional(&self.pool).await?)
    }

    /// Ends a job of the leave's client; whether there was one.
    pub async fn end_export(&self, leave: &Leave, id: Uuid) -> Result<bool, StoreError> {
        let end = "DELETE FROM export_job WHERE export_id = $1 AND client = $2 AND expires_at > now()";
        Ok(sqlx::query(end).bind(id).bind(client(leave)).execute(&self.pool).await?.rows_affected() > 0)
    }
}

/// Whose jobs the leave is about; none where it is for something else.
fn client(leave: &Leave) -> Option<&str> {
    Some(leave.caller().claims().client.as_str()).filter(|_| leave.permission() == Permission::Export)
}
