//! Owns `$lastn` as SQL: the newest rows of each group of codes, in one statement.
//!
//! Rows whose codes share a coding are one group, and so are rows that a third one links (R4
//! observation-operation-lastn). Only rows that the caller may see and asked for link others: a hidden row joins no
//! groups. A code without a coding counts by its text.

use sqlx::Row;

use super::sql::{Expr, Sql};
use super::{Store, StoreError, plan, terms};
use crate::search::Search;

/// The most steps from code to code that are followed: what real records need is a few for each code, and a record full of
/// chained codes must not hold the database up.
const MOST_STEPS: i64 = 100_000;

/// A statement that answers a Search with the newest of each code: the grant's reach comes first.
pub struct Lastn {
    search: Search,
    statement: Sql,
    most: usize,
}

/// The answer.
pub struct Latest {
    pub rows: Vec<LatestRow>,
    /// How many there are in all.
    pub total: i64,
    /// The people among them, where none is shown.
    pub counted: Vec<i64>,
    pub search: Search,
}

/// One of the newest.
pub struct LatestRow {
    pub id: String,
    pub patient_id: i64,
    /// The stored JSON, to be copied out.
    pub resource: String,
}

/// Rows of one group are of one person; what belongs to nobody is told apart by its subject.
const OWNER: &str =
    "CASE WHEN t.patient_id <> 0 THEN t.patient_id::text ELSE coalesce(array_to_string(t.subject, ' '), '') END";

/// The codings, or the text of a code that has none: behind a character that no coding begins with.
pub(super) const CODES: &str = "coalesce(t.code, ARRAY[chr(31) || coalesce(t.resource::json #>> '{code,text}', t.resource::json #>> '{code}', '')])";

/// The newest come first. Equal times are a tie, and both are given; what has no time is behind what has, and no tie.
const NEWEST: &str = "coalesce(m.date_lo, '-infinity'::timestamptz) DESC, \
                      CASE WHEN m.date_lo IS NULL THEN m.updated_at END DESC, CASE WHEN m.date_lo IS NULL THEN m.id END DESC";

impl Lastn {
    /// Renders it: `max` of each code, and no more than `most` rows in all.
    pub fn of(search: Search, max: u32, most: usize) -> Lastn {
        let mut sql = Sql::named("lastn");
        let spec = search.grant().spec();
        let conditions = plan::conditions(&mut sql, &search);
        let steps = sql.bind(MOST_STEPS, "bigint");
        let max = sql.bind(i64::from(max), "bigint");
        let shown = if search.count() == 0 { 0 } else { i64::try_from(most).unwrap_or(i64::MAX - 1) + 1 };
        let limit = sql.bind(shown, "bigint");
        let statement = Expr::fill(
            "WITH RECURSIVE matched AS MATERIALIZED (\
             SELECT t.id, t.patient_id, t.updated_at, t.date_lo, t.resource, {} AS owner, {} AS codes FROM {} t WHERE {}), \
             sets AS MATERIALIZED (SELECT row_number() OVER () AS n, d.owner, d.codes FROM (SELECT DISTINCT owner, codes FROM matched) d), \
             pairs AS MATERIALIZED (SELECT s.n, s.owner, c AS code FROM sets s, unnest(s.codes) c), \
             linked(root, n) AS (SELECT n, n FROM sets UNION \
             SELECT l.root, b.n FROM linked l JOIN pairs a ON a.n = l.n JOIN pairs b ON b.owner = a.owner AND b.code = a.code), \
             walked AS MATERIALIZED (SELECT root, n FROM linked LIMIT {}), \
             groups AS (SELECT n, min(root) AS root FROM walked GROUP BY n), \
             ranked AS MATERIALIZED (SELECT m.*, rank() OVER (PARTITION BY g.root ORDER BY {}) AS place \
             FROM matched m JOIN sets s ON s.owner = m.owner AND s.codes = m.codes JOIN groups g ON g.n = s.n) \
             SELECT n.*, r.* FROM (SELECT (SELECT count(*) FROM walked) AS steps, (SELECT count(*) FROM ranked WHERE place <= {}) AS total, \
             ARRAY(SELECT DISTINCT patient_id FROM ranked LIMIT 1000) AS counted) n LEFT JOIN LATERAL (\
             SELECT m.id, m.patient_id, m.resource FROM ranked m WHERE m.place <= {} ORDER BY {}, m.id LIMIT {}) r ON true",
            &[
                &Expr::literal(OWNER),
                &Expr::literal(CODES),
                &Expr::literal(spec.seen.current),
                &conditions,
                &steps,
                &Expr::literal(NEWEST),
                &max,
                &max,
                &Expr::literal(NEWEST),
                &limit,
            ],
        );
        sql.push(&statement);
        Lastn { search, statement: sql, most }
    }
}

impl Store {
    /// Runs it: one statement.
    pub async fn lastn(&self, lastn: Lastn) -> Result<Latest, StoreError> {
        let Lastn { search, statement, most } = lastn;
        let mut connection = self.connection().await?;
        terms::check(&mut connection, &search).await?;
        let mut latest = Latest { rows: Vec::new(), total: 0, counted: Vec::new(), search };
        for row in statement.fetch(&mut *connection).await? {
            if row.try_get::<i64, _>("steps")? >= MOST_STEPS {
                return Err(StoreError::TooMany {
                    what: "steps from one code to another that means the same",
                    most: usize::try_from(MOST_STEPS).unwrap_or_default(),
                    remedy: "in this record: ask for one code at a time",
                });
            }
            latest.total = row.try_get("total")?;
            latest.counted = row.try_get("counted")?;
            let id: Option<String> = row.try_get("id")?;
            let Some(id) = id else { continue };
            latest.rows.push(LatestRow {
                id,
                patient_id: row.try_get("patient_id")?,
                resource: row.try_get("resource")?,
            });
        }
        if latest.rows.len() > most {
            return Err(StoreError::TooMany {
                what: "Observations in the answer",
                most,
                remedy: "(limits.most_page): ask for fewer codes, or a smaller max",
            });
        }
        Ok(latest)
    }
}
