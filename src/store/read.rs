//! Owns the reading of one resource or one version: by id, within the reach.

use sqlx::{PgConnection, Row};
use time::OffsetDateTime;

use super::sql::{Expr, Sql};
use super::{Store, StoreError, reach};
use crate::access::{Grant, Interaction};

/// One resource to look at: only a Grant to read makes one.
pub struct Target {
    grant: Grant,
    id: String,
    version: Option<i32>,
}

impl Target {
    /// The current version, or the one given.
    pub fn new(grant: Grant, id: &str, version: Option<i32>) -> Option<Target> {
        let may = matches!(grant.interaction(), Interaction::Read);
        may.then(|| Target { grant, id: id.to_owned(), version })
    }
}

/// What is there.
pub enum Read {
    Found {
        patient_id: i64,
        version: i32,
        updated_at: OffsetDateTime,
        resource: String,
    },
    /// It was there, and the caller may know.
    Deleted {
        patient_id: i64,
        version: i32,
    },
    /// Never there, or not for this caller: the same.
    Absent,
}

impl Store {
    /// Reads.
    pub async fn read(&self, target: &Target) -> Result<Read, StoreError> {
        let mut connection = self.connection().await?;
        read_on(&mut connection, target).await
    }
}

/// Reads on a connection.
pub(super) async fn read_on(on: &mut PgConnection, target: &Target) -> Result<Read, StoreError> {
    if target.version.is_none() {
        let found = read_from(on, target, true).await?;
        if !matches!(found, Read::Absent) {
            return Ok(found);
        }
    }
    let found = read_from(on, target, false).await?;
    // A version that history shows but the current table does not: written between the two looks. Absent then.
    Ok(match found {
        Read::Found { .. } if target.version.is_none() => Read::Absent,
        other => other,
    })
}

/// Looks among the current versions, or among all.
async fn read_from(on: &mut PgConnection, target: &Target, current: bool) -> Result<Read, StoreError> {
    let mut sql = Sql::named("read");
    let spec = target.grant.spec();
    let (reach, table, verb) = if current {
        (reach::rows(&mut sql, &target.grant, "t"), spec.seen.current, "'PUT'")
    } else {
        (reach::versions(&mut sql, &target.grant, "t"), spec.seen.all, "t.verb")
    };
    let shown = reach::shown(&mut sql, &target.grant, "t");
    let table = Expr::literal(table);
    let id = sql.bind(target.id.clone(), "text");
    let version = match target.version {
        Some(version) => Expr::fill("AND t.version = {}", &[&sql.bind(version, "integer")]),
        None => Expr::literal(""),
    };
    let statement = Expr::fill(
        "SELECT t.patient_id, t.version, t.updated_at, {} AS resource, {} AS verb FROM {} t WHERE {} AND t.id = {} {} ORDER BY t.version DESC LIMIT 1",
        &[&shown, &Expr::literal(verb), &table, &reach, &id, &version],
    );
    sql.push(&statement);
    let rows = sql.fetch(on).await?;
    let Some(row) = rows.first() else { return Ok(Read::Absent) };
    let (patient_id, version) = (row.try_get("patient_id")?, row.try_get("version")?);
    if row.try_get::<&str, _>("verb")? == "DELETE" {
        return Ok(Read::Deleted { patient_id, version });
    }
    Ok(Read::Found { patient_id, version, updated_at: row.try_get("updated_at")?, resource: row.try_get("resource")? })
}
