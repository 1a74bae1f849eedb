//! Owns what protects a person from everyone: opt-out, restriction, and the label of their Patient resources. A restricted
//! person's Patients are kept twice, as they came and redacted, and their search columns follow from what is left, so that no
//! search finds them by what is not shown.

use sqlx::{PgConnection, Row};

use super::reindex::{put, record, stored};
use super::{Store, StoreError};
use crate::access::{Leave, Permission};
use crate::fhir::json::{Json, Object};
use crate::fhir::redaction::whereabouts;
use crate::resources;
use crate::resources::index;
use crate::store::AuditRow;
use crate::store::audit;

/// What is to be set of a person's protections; what is None stays.
#[derive(Debug, Clone, Copy, Default)]
pub struct Protect {
    pub opted_out: Option<bool>,
    pub restricted: Option<bool>,
}

/// Protections as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protections {
    pub opted_out: bool,
    pub restricted: bool,
}

impl Store {
    /// Sets protections of the person with this NHS number, or of the one who is this Patient; with the audit row, or not at
    /// all. None: there is nobody.
    pub async fn protect(
        &self,
        leave: &Leave,
        person: &Named<'_>,
        set: Protect,
        base: &str,
        audit: &AuditRow,
    ) -> Result<Option<Protections>, StoreError> {
        if leave.permission() != Permission::Protect {
            return Ok(None);
        }
        let mut tx = self.pool.begin_with("BEGIN; SET LOCAL lcr.whole = 'on'").await?;
        let Some(patient_id) = person.find(&mut tx).await? else { return Ok(None) };
        lock(&mut tx, &[patient_id]).await?;
        let set_them = "INSERT INTO person_protection (patient_id, opted_out, restricted) VALUES ($1, coalesce($2, false), coalesce($3, false)) \
                        ON CONFLICT (patient_id) DO UPDATE SET opted_out = coalesce($2, person_protection.opted_out), \
                        restricted = coalesce($3, person_protection.restricted) RETURNING opted_out, restricted";
        let row =
            sqlx::query(set_them).bind(patient_id).bind(set.opted_out).bind(set.restricted).fetch_one(&mut *tx).await?;
        let now = Protections { opted_out: row.try_get("opted_out")?, restricted: row.try_get("restricted")? };
        settle(&mut tx, &[patient_id], base).await?;
        audit::insert(&mut tx, &[AuditRow { patient_id: Some(patient_id), ..audit.clone() }]).await?;
        tx.commit().await?;
        Ok(Some(now))
    }
}

impl Store {
    /// Protects those whose Patients were labelled before there were protections, a few at a time.
    pub async fn protect_labelled(&self, base: &str) -> Result<(), StoreError> {
        loop {
            let mut tx = self.pool.begin_with("BEGIN; SET LOCAL lcr.whole = 'on'").await?;
            let some = "SELECT DISTINCT p.patient_id FROM patient p WHERE p.confidentiality > 3 AND p.patient_id > 0 \
                        AND NOT EXISTS (SELECT 1 FROM person_protection s WHERE s.patient_id = p.patient_id) LIMIT 200";
            let people: Vec<i64> = sqlx::query_scalar(some).fetch_all(&mut *tx).await?;
            lock(&mut tx, &people).await?;
            settle(&mut tx, &people, base).await?;
            tx.commit().await?;
            if people.is_empty() {
                return Ok(());
            }
        }
    }
}

/// A person as a caller names them.
pub enum Named<'a> {
    /// By NHS number alone.
    Number(&'a str),
    /// By NHS number and date of birth, which has to be that of one of their Patients.
    Born { number: &'a str, birth_date: &'a str },
    /// By the id of a Patient.
    Patient(&'a str),
}

impl Named<'_> {
    /// The person's key, within a transaction that sees the whole record.
    pub(super) async fn find(&self, tx: &mut PgConnection) -> Result<Option<i64>, StoreError> {
        let found = match self {
            Named::Number(number) => {
                sqlx::query_scalar("SELECT patient_id FROM person WHERE nhs_number = $1")
                    .bind(number)
                    .fetch_optional(tx)
                    .await
            }
            Named::Born { number, birth_date } => {
                let find = "SELECT n.patient_id FROM person n WHERE n.nhs_number = $1 AND EXISTS \
                            (SELECT 1 FROM patient p WHERE p.patient_id = n.patient_id AND p.resource::json ->> 'birthDate' = $2)";
                sqlx::query_scalar(find).bind(number).bind(birth_date).fetch_optional(tx).await
            }
            Named::Patient(id) => {
                sqlx::query_scalar("SELECT patient_id FROM patient_key WHERE id = $1").bind(id).fetch_optional(tx).await
            }
        };
        Ok(found?)
    }
}

/// One at a time settles a person: a Patient that is written while its person is being restricted must not stay as it came. Taken
/// before any of the person's rows is touched, so that nobody who has it waits for who has them.
pub(super) async fn lock(tx: &mut PgConnection, people: &[i64]) -> Result<(), StoreError> {
    let lock = "SELECT count(pg_advisory_xact_lock(k)) FROM (SELECT DISTINCT 30000 + p % 1024 AS k FROM unnest($1::bigint[]) p ORDER BY 1) ordered";
    sqlx::query(lock).bind(people).execute(tx).await?;
    Ok(())
}

/// Brings what is kept of these people in line with what protects them: the label of their Patients, and which of these are
/// redacted. Within a transaction that sees the whole record.
pub(super) async fn settle(tx: &mut PgConnection, people: &[i64], base: &str) -> Result<(), StoreError> {
    if people.is_empty() {
        return Ok(());
    }
    let label = "WITH labels AS (SELECT w.patient_id, greatest(coalesce((SELECT max(p.confidentiality) FROM patient p \
                 WHERE p.patient_id = w.patient_id), 3), 3)::smallint AS label FROM (SELECT DISTINCT unnest($1::bigint[]) AS patient_id) w) \
                 INSERT INTO person_protection (patient_id, label) SELECT l.patient_id, l.label FROM labels l \
                 WHERE l.label > 3 OR EXISTS (SELECT 1 FROM person_protection p WHERE p.patient_id = l.patient_id) \
                 ON CONFLICT (patient_id) DO UPDATE SET label = excluded.label RETURNING patient_id";
    let protected: Vec<i64> = sqlx::query_scalar(label).bind(people).fetch_all(&mut *tx).await?;
    if protected.is_empty() {
        return Ok(());
    }
    let Some(spec) = resources::find("Patient") else { return Ok(()) };
    let current = "SELECT p.id, p.version, p.resource, k.redact FROM patient p JOIN (SELECT patient_id, restricted OR label >= 4 AS redact \
                   FROM person_protection WHERE patient_id = ANY($1)) k USING (patient_id) WHERE (p.redacted IS NOT NULL) <> k.redact";
    let mut records = Vec::new();
    for row in sqlx::query(current).bind(&protected).fetch_all(&mut *tx).await? {
        let (id, version): (String, i32) = (row.try_get("id")?, row.try_get("version")?);
        let resource = stored(row.try_get("resource")?)?;
        let redacted = row.try_get::<bool, _>("redact")?.then(|| whereabouts(&resource));
        let columns = index::columns(spec, redacted.as_ref().unwrap_or(&resource), base);
        records.push(with(record(&id, version, columns), redacted));
    }
    if !records.is_empty() {
        put(&mut *tx, spec, records, &[("redacted", "")]).await?;
    }
    let past = "SELECT h.id, h.version, h.resource, k.redact FROM (SELECT patient_id, restricted OR label >= 4 AS redact FROM person_protection \
                WHERE patient_id = ANY($1)) k JOIN patient_key i USING (patient_id) JOIN patient_history h ON h.id = i.id \
                WHERE h.resource IS NOT NULL AND (h.redacted IS NOT NULL) <> k.redact";
    let mut records = Vec::new();
    for row in sqlx::query(past).bind(&protected).fetch_all(&mut *tx).await? {
        let (id, version): (String, i32) = (row.try_get("id")?, row.try_get("version")?);
        let resource = stored(row.try_get("resource")?)?;
        let redacted = row.try_get::<bool, _>("redact")?.then(|| whereabouts(&resource));
        records.push(Json::Object(with(record(&id, version, Object::default()), redacted)));
    }
    let keep = "UPDATE patient_history h SET redacted = r.redacted FROM json_populate_recordset(NULL::patient_history, $1::text::json) r \
                WHERE h.id = r.id AND h.version = r.version";
    sqlx::query(keep).bind(Json::Array(records).to_string()).execute(tx).await?;
    Ok(())
}

/// A record with its redacted form, or with none.
fn with(mut record: Object, redacted: Option<Object>) -> Object {
    record.set("redacted", redacted.map_or(Json::Null, |redacted| Json::String(Json::Object(redacted).to_string())));
    record
}

/// Whoever becomes another person takes what protects them along.
pub(super) async fn follow(tx: &mut PgConnection, person: i64, other: i64) -> Result<(), StoreError> {
    let follow = "INSERT INTO person_protection (patient_id, opted_out, restricted, label) SELECT $2, opted_out, restricted, label \
                  FROM person_protection WHERE patient_id = $1 ON CONFLICT (patient_id) DO UPDATE SET \
                  opted_out = person_protection.opted_out OR excluded.opted_out, \
                  restricted = person_protection.restricted OR excluded.restricted, label = greatest(person_protection.label, excluded.label)";
    sqlx::query(follow).bind(person).bind(other).execute(tx).await?;
    Ok(())
}
