//! Owns what a conditional write finds: rows within the reach of the caller's own grant to search, as they are in the
//! transaction. What the caller may not see matches nothing.

use sqlx::{PgConnection, Row};
use time::OffsetDateTime;

use super::Written;
use crate::access::{Denied, Grant};
use crate::search::Search;
use crate::store::sql::{Expr, Sql};
use crate::store::{StoreError, plan, reach, terms};

/// What a write depends on: it changes the one resource that matches.
pub struct Condition {
    pub(super) search: Search,
    /// Leave to make a resource where none matches.
    pub(super) create: Result<Grant, Denied>,
    /// The id that the resource sent has, where it has one.
    pub(super) named: Option<String>,
}

/// A row that matches.
pub struct Match {
    pub id: String,
    pub patient_id: i64,
    pub version: i32,
    pub updated_at: OffsetDateTime,
    pub resource: String,
}

/// As the answer to a create that it makes needless.
impl From<Match> for Written {
    fn from(found: Match) -> Written {
        Written {
            id: found.id,
            version: found.version,
            updated_at: found.updated_at,
            patient_id: found.patient_id,
            created: false,
            changed: false,
            resource: found.resource,
            notes: Vec::new(),
        }
    }
}

/// Several are as good as all: no caller changes one of several.
const MOST: i64 = 10;

/// What matches, once what the criteria name is known.
pub async fn matches(tx: &mut PgConnection, search: &Search) -> Result<Vec<Match>, StoreError> {
    terms::check(tx, search).await?;
    let mut sql = Sql::named("write: condition");
    let conditions = plan::conditions(&mut sql, search);
    let resource = reach::shown(&mut sql, search.grant(), "t");
    let (table, most) = (Expr::literal(search.grant().spec().seen.current), sql.bind(MOST, "bigint"));
    sql.push(&Expr::fill(
        "SELECT t.id, t.patient_id, t.version, t.updated_at, {} AS resource FROM {} t WHERE {} ORDER BY t.id LIMIT {}",
        &[&resource, &table, &conditions, &most],
    ));
    let mut found = Vec::new();
    for row in sql.fetch(tx).await? {
        found.push(Match {
            id: row.try_get("id")?,
            patient_id: row.try_get("patient_id")?,
            version: row.try_get("version")?,
            updated_at: row.try_get("updated_at")?,
            resource: row.try_get("resource")?,
        });
    }
    Ok(found)
}
