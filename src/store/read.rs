//! Owns the reading of one resource or one version: by id, within the reach.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use time::OffsetDateTime;

use super::sql::{Expr, Sql};
use super::{Proved, Store, StoreError, proof, reach};
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
    pub async fn read(&self, target: &Target) -> Result<Proved<Read>, StoreError> {
        let mut reading = self.reading().await?;
        let read = read_on(reading.on(), target).await?;
        self.held.keep(reading);
        Ok(read)
    }
}

/// Reads on a connection. Most of what is read is there: only where it is not, a second look says whether it was deleted. One
/// statement for both would cost every read half as much again.
pub(super) async fn read_on(on: &mut PgConnection, target: &Target) -> Result<Proved<Read>, StoreError> {
    if target.version.is_some() {
        return look(on, target, false).await;
    }
    let current = look(on, target, true).await?;
    if !matches!(current.get(), Read::Absent) {
        return Ok(current);
    }
    // A version that history shows but the current table does not was written between the two looks. Absent then.
    let last = look(on, target, false).await?;
    Ok(last.map(|last| if matches!(last, Read::Found { .. }) { Read::Absent } else { last }))
}

/// Looks among the current versions, or among all.
async fn look(on: &mut PgConnection, target: &Target, current: bool) -> Result<Proved<Read>, StoreError> {
    let mut sql = Sql::opening_first("read");
    let spec = target.grant.spec();
    let proved = proof::column(&mut sql, target.grant.caller());
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
    let opened = reach::first(&mut sql);
    // One row in any case: of what is not there the proof is told all the same.
    let statement = Expr::fill(
        "SELECT n.*, r.* FROM (SELECT {}, {}) n LEFT JOIN LATERAL (SELECT t.patient_id, t.version, t.updated_at, {} AS resource, {} AS verb \
         FROM {} t WHERE {} AND t.id = {} {} ORDER BY t.version DESC LIMIT 1) r ON true",
        &[&opened, &proved, &shown, &Expr::literal(verb), &table, &reach, &id, &version],
    );
    sql.push(&statement);
    proof::of(sql.fetch(on).await?, |rows| Read::of(&rows))
}

impl Read {
    fn of(rows: &[PgRow]) -> Result<Read, StoreError> {
        let Some(row) = rows.first() else { return Ok(Read::Absent) };
        let Some(patient_id) = row.try_get("patient_id")? else { return Ok(Read::Absent) };
        let version = row.try_get("version")?;
        if row.try_get::<&str, _>("verb")? == "DELETE" {
            return Ok(Read::Deleted { patient_id, version });
        }
        Ok(Read::Found {
            patient_id,
            version,
            updated_at: row.try_get("updated_at")?,
            resource: row.try_get("resource")?,
        })
    }
}
