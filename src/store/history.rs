//! Owns the versions of a resource, and of a type, newest first (R4 §3.1.0.16).

use sqlx::Row;
use time::OffsetDateTime;

use super::sql::{Expr, Sql};
use super::{Store, StoreError, reach};
use crate::access::{Grant, Interaction};
use crate::fhir::date::to_text;

/// What history to look at: only a Grant to read, or for a type to search, makes one.
pub struct HistoryTarget {
    grant: Grant,
    id: Option<String>,
    count: usize,
    since: Option<OffsetDateTime>,
    after: Option<(String, String, i32)>,
}

/// One version.
pub struct Version {
    pub patient_id: i64,
    pub id: String,
    pub version: i32,
    pub updated_at: OffsetDateTime,
    /// POST, PUT or DELETE.
    pub method: String,
    pub resource: Option<String>,
    at: String,
}

/// One page of versions.
pub struct HistoryPage {
    pub versions: Vec<Version>,
    pub total: i64,
    /// The last version's place, when there are more behind it.
    pub next: Option<(String, String, i32)>,
}

impl HistoryTarget {
    /// The history of one id, or of the type. `after` is where a page before ended.
    pub fn new(
        grant: Grant,
        id: Option<String>,
        count: usize,
        since: Option<OffsetDateTime>,
        after: Option<(String, String, i32)>,
    ) -> Option<HistoryTarget> {
        // SMART 2.2 §3: reading covers an instance's history, searching a type's.
        let needed = if id.is_some() { Interaction::Read } else { Interaction::Search };
        let may = grant.interaction() == needed;
        may.then_some(HistoryTarget { grant, id, count, since, after })
    }
}

impl Store {
    /// One page of history, one statement.
    pub async fn history(&self, target: &HistoryTarget) -> Result<HistoryPage, StoreError> {
        let mut sql = Sql::default();
        let mut conditions = vec![reach::rows(&mut sql, &target.grant, "t")];
        if let Some(id) = &target.id {
            conditions.push(Expr::fill("t.id = {}", &[&sql.bind(id.clone(), "text")]));
        }
        if let Some(since) = target.since {
            conditions.push(Expr::fill("t.updated_at >= {}", &[&sql.bind_text(&to_text(since), "timestamptz")]));
        }
        let conditions = Expr::all(&conditions);
        let page = match &target.after {
            None => conditions.clone(),
            Some((at, id, version)) => {
                let at = sql.bind_text(at, "timestamptz");
                let id = sql.bind(id.clone(), "text");
                let version = sql.bind(*version, "integer");
                Expr::all(&[
                    conditions.clone(),
                    Expr::fill("(t.updated_at, t.id, t.version) < ({}, {}, {})", &[&at, &id, &version]),
                ])
            }
        };
        let table = Expr::literal(target.grant.spec().history);
        let limit = sql.bind(i64::try_from(target.count).unwrap_or(i64::MAX - 1) + 1, "bigint");
        let statement = Expr::fill(
            "SELECT n.total, r.* FROM (SELECT count(*) AS total FROM {} t WHERE {}) n LEFT JOIN LATERAL \
             (SELECT t.patient_id, t.id, t.version, t.updated_at, t.updated_at::text AS at, t.verb, t.resource FROM {} t \
             WHERE {} ORDER BY t.updated_at DESC, t.id DESC, t.version DESC LIMIT {}) r ON true",
            &[&table, &conditions, &table, &page, &limit],
        );
        sql.push(&statement);
        let (mut versions, mut total) = (Vec::new(), 0);
        for row in sql.fetch(&self.pool).await? {
            total = row.try_get("total")?;
            let id: Option<String> = row.try_get("id")?;
            let Some(id) = id else { continue };
            versions.push(Version {
                patient_id: row.try_get("patient_id")?,
                id,
                version: row.try_get("version")?,
                updated_at: row.try_get("updated_at")?,
                method: row.try_get("verb")?,
                resource: row.try_get("resource")?,
                at: row.try_get("at")?,
            });
        }
        let more = versions.len() > target.count;
        versions.truncate(target.count);
        let next = versions.last().filter(|_| more).map(|last| (last.at.clone(), last.id.clone(), last.version));
        Ok(HistoryPage { versions, total, next })
    }
}
