//! Owns the versions of a resource, of a type and of the whole record, newest first (R4 §3.1.0.16).

use sqlx::Row;
use time::OffsetDateTime;

use super::sql::{Expr, Sql};
use super::{Store, StoreError, reach};
use crate::access::{Grant, Interaction};
use crate::fhir::date::{Span, to_text};

/// What history to look at: only Grants to read, or for a type or all of them to search, make one.
pub struct HistoryTarget {
    grants: Vec<Grant>,
    id: Option<String>,
    range: HistoryRange,
    after: Option<HistoryPlace>,
}

/// Which versions, and how many on a page.
#[derive(Debug, Clone, Copy)]
pub struct HistoryRange {
    pub count: usize,
    /// Written then or later.
    pub since: Option<OffsetDateTime>,
    /// Current at some moment of this stretch.
    pub at: Option<Span>,
}

/// A version's place in the order: time as text, type, id, version.
#[derive(Debug, Clone)]
pub struct HistoryPlace {
    pub at: String,
    pub kind: String,
    pub id: String,
    pub version: i32,
}

/// One version.
pub struct Version {
    pub kind: String,
    pub patient_id: i64,
    pub id: String,
    pub version: i32,
    pub updated_at: OffsetDateTime,
    /// POST, PUT or DELETE.
    pub method: String,
    /// Whether there was nothing under the id before it.
    pub created: bool,
    pub resource: Option<String>,
    at: String,
}

/// One page of versions.
pub struct HistoryPage {
    pub versions: Vec<Version>,
    pub total: i64,
    /// The last version's place, when there are more behind it.
    pub next: Option<HistoryPlace>,
}

impl HistoryTarget {
    /// The history of one id, of a type, or of several. `after` is where a page before ended.
    pub fn new(
        grants: Vec<Grant>,
        id: Option<String>,
        range: HistoryRange,
        after: Option<HistoryPlace>,
    ) -> Option<HistoryTarget> {
        // SMART 2.2 §3: reading covers an instance's history, searching a type's.
        let needed = if id.is_some() { Interaction::Read } else { Interaction::Search };
        let may = !grants.is_empty() && grants.iter().all(|grant| grant.interaction() == needed);
        may.then_some(HistoryTarget { grants, id, range, after })
    }

    /// Which versions of one grant's type there are.
    fn conditions(&self, sql: &mut Sql, grant: &Grant) -> Expr {
        let mut conditions = vec![reach::versions(sql, grant, "t")];
        if let Some(id) = &self.id {
            conditions.push(Expr::fill("t.id = {}", &[&sql.bind(id.clone(), "text")]));
        }
        if let Some(since) = self.range.since {
            conditions.push(Expr::fill("t.updated_at >= {}", &[&sql.bind_text(&to_text(since), "timestamptz")]));
        }
        if let Some(span) = self.range.at {
            let lo = sql.bind_text(&to_text(span.lo), "timestamptz");
            let hi = sql.bind_text(&to_text(span.hi), "timestamptz");
            let table = sql.bind(grant.spec().history.to_owned(), "text");
            // The next version counts, whoever's it is.
            let current = "t.updated_at < {} AND coalesce(reach.superseded({}, t.id, t.version) > {}, true)";
            conditions.push(Expr::fill(current, &[&hi, &table, &lo]));
        }
        Expr::all(&conditions)
    }
}

impl Store {
    /// One page of history, one statement: the newest of every type, and of those the newest.
    pub async fn history(&self, target: &HistoryTarget) -> Result<HistoryPage, StoreError> {
        let mut sql = Sql::named("history");
        let limit = sql.bind(i64::try_from(target.range.count).unwrap_or(i64::MAX - 1) + 1, "bigint");
        let after = target.after.as_ref().map(|after| {
            let at = sql.bind_text(&after.at, "timestamptz");
            let (kind, id) = (sql.bind(after.kind.clone(), "text"), sql.bind(after.id.clone(), "text"));
            [at, kind, id, sql.bind(after.version, "integer")]
        });
        let (mut arms, mut totals) = (Vec::new(), Vec::new());
        for grant in &target.grants {
            let table = Expr::literal(grant.spec().seen.all);
            let kind = sql.bind(grant.spec().name.to_owned(), "text");
            let resource = reach::shown(&mut sql, grant, "t");
            let conditions = target.conditions(&mut sql, grant);
            totals.push(Expr::fill("(SELECT count(*) FROM {} t WHERE {})", &[&table, &conditions]));
            let page = match &after {
                None => conditions,
                Some([at, after_kind, id, version]) => Expr::all(&[
                    conditions,
                    // The index on time bounds the rows; what ties with the place is told apart by the rest.
                    Expr::fill("t.updated_at <= {}", &[at]),
                    Expr::fill(
                        "(t.updated_at, {} COLLATE \"C\", t.id, t.version) < ({}, {}, {}, {})",
                        &[&kind, at, after_kind, id, version],
                    ),
                ]),
            };
            arms.push(Expr::fill(
                "(SELECT {} AS kind, t.patient_id, t.id, t.version, t.updated_at, t.updated_at::text AS at, t.verb, {} AS resource, \
                 NOT EXISTS (SELECT 1 FROM {} p WHERE p.id = t.id AND p.version = t.version - 1 AND p.verb <> 'DELETE') AS created \
                 FROM {} t WHERE {} ORDER BY t.updated_at DESC, t.id DESC, t.version DESC LIMIT {})",
                &[&kind, &resource, &table, &table, &page, &limit],
            ));
        }
        let statement = Expr::fill(
            "SELECT n.total, r.* FROM (SELECT {} AS total) n LEFT JOIN LATERAL (SELECT * FROM ({}) u \
             ORDER BY u.updated_at DESC, u.kind COLLATE \"C\" DESC, u.id DESC, u.version DESC LIMIT {}) r ON true",
            &[&Expr::join(&totals, " + ", "0"), &Expr::join(&arms, " UNION ALL ", "NULL"), &limit],
        );
        sql.push(&statement);
        let (mut versions, mut total) = (Vec::new(), 0);
        for row in sql.fetch(&self.pool).await? {
            total = row.try_get("total")?;
            let id: Option<String> = row.try_get("id")?;
            let Some(id) = id else { continue };
            versions.push(Version {
                kind: row.try_get("kind")?,
                patient_id: row.try_get("patient_id")?,
                id,
                version: row.try_get("version")?,
                updated_at: row.try_get("updated_at")?,
                method: row.try_get("verb")?,
                created: row.try_get("created")?,
                resource: row.try_get("resource")?,
                at: row.try_get("at")?,
            });
        }
        let more = versions.len() > target.range.count;
        versions.truncate(target.range.count);
        let place = |last: &Version| HistoryPlace {
            at: last.at.clone(),
            kind: last.kind.clone(),
            id: last.id.clone(),
            version: last.version,
        };
        let next = versions.last().filter(|_| more).map(place);
        Ok(HistoryPage { versions, total, next })
    }
}
