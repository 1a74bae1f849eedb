//! Owns the care relationships: who is involved in whose care, told by the operator, by a source, or claimed by a user.

use sqlx::{PgConnection, Row};

use super::protection::Named;
use super::{AuditRow, Store, StoreError, audit};
use crate::access::{Leave, Permission, Relationship};
use crate::fhir::json::{Json, Object};

/// A relationship that is kept.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct KnownRelationship {
    pub relationship_id: i64,
    pub holder_kind: String,
    pub holder: String,
    pub basis: String,
    /// RFC 3339.
    pub valid_from: String,
    pub valid_to: Option<String>,
    pub revoked_at: Option<String>,
    pub reason: String,
}

impl Store {
    /// Adds relationships, each once, in one statement; one that is there already gets the new end and reason. Gives the
    /// places of those whose NHS number nobody has. The values have been checked.
    pub async fn relate(&self, relationships: &[Relationship]) -> Result<Vec<usize>, StoreError> {
        let mut connection = self.connection().await?;
        Ok(relate(&mut connection, relationships).await?.0)
    }

    /// Adds a relationship that a source tells of, with its audit row. None: nobody has the NHS number.
    pub async fn relate_as(
        &self,
        leave: &Leave,
        relationship: Relationship,
        audit: &AuditRow,
    ) -> Result<Option<i64>, StoreError> {
        let Some(source) = told_by(leave) else { return Ok(None) };
        let relationship = Relationship { source, ..relationship };
        let mut tx = self.pool.begin_with("BEGIN; SET LOCAL lcr.whole = 'on'").await?;
        let (_, made) = relate(&mut tx, &[relationship]).await?;
        let Some((id, patient_id)) = made.first().copied() else { return Ok(None) };
        audit::insert(&mut tx, &[AuditRow { patient_id: Some(patient_id), ..audit.clone() }]).await?;
        tx.commit().await?;
        Ok(Some(id))
    }

    /// Ends a relationship that the caller's source told of, now; it grants nothing from then on. Whether there was one.
    pub async fn end_relationship(&self, leave: &Leave, id: i64, audit: &AuditRow) -> Result<bool, StoreError> {
        let Some(source) = told_by(leave) else { return Ok(false) };
        let mut tx = self.pool.begin_with("BEGIN; SET LOCAL lcr.whole = 'on'").await?;
        let end = "UPDATE care_relationship SET revoked_at = coalesce(revoked_at, now()) WHERE relationship_id = $1 AND source = $2 \
                   RETURNING patient_id";
        let ended: Option<i64> = sqlx::query_scalar(end).bind(id).bind(source).fetch_optional(&mut *tx).await?;
        let Some(patient_id) = ended else { return Ok(false) };
        audit::insert(&mut tx, &[AuditRow { patient_id: Some(patient_id), ..audit.clone() }]).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// What the caller's source told of a person, the newest first, with its audit row; nothing where nobody has the number.
    pub async fn relationships_of(
        &self,
        leave: &Leave,
        nhs_number: &str,
        audit: &AuditRow,
    ) -> Result<Vec<KnownRelationship>, StoreError> {
        let Some(source) = told_by(leave) else { return Ok(Vec::new()) };
        let mut tx = self.pool.begin_with("BEGIN; SET LOCAL lcr.whole = 'on'").await?;
        let patient_id = Named::Number(nhs_number).find(&mut tx).await?;
        let list = "SELECT relationship_id, holder_kind, holder, basis, to_char(valid_from AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS valid_from, \
                    to_char(valid_to AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS valid_to, \
                    to_char(revoked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS revoked_at, reason \
                    FROM care_relationship WHERE patient_id = $1 AND source = $2 ORDER BY care_relationship.valid_from DESC, relationship_id DESC LIMIT 1000";
        let found: Vec<KnownRelationship> =
            sqlx::query_as(list).bind(patient_id).bind(source).fetch_all(&mut *tx).await?;
        let about = patient_id.filter(|_| !found.is_empty());
        audit::insert(&mut tx, &[AuditRow { patient_id: about, ..audit.clone() }]).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// Ends relationships by hand: the operator's word. How many there were.
    pub async fn end_relationships(&self, nhs_number: &str, holder_key: &str) -> Result<u64, StoreError> {
        let end = "UPDATE care_relationship r SET revoked_at = now() FROM person n WHERE n.nhs_number = $1 AND r.patient_id = n.patient_id \
                   AND r.holder_key = $2 AND r.revoked_at IS NULL";
        Ok(sqlx::query(end).bind(nhs_number).bind(holder_key).execute(&self.pool).await?.rows_affected())
    }

    /// Names a source and the URI it signs with, or changes that URI.
    pub async fn name_source(&self, name: &str, uri: Option<&str>) -> Result<(), StoreError> {
        let statement =
            "INSERT INTO source (name, uri) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET uri = excluded.uri";
        sqlx::query(statement).bind(name).bind(uri).execute(&self.pool).await?;
        Ok(())
    }

    /// A source that is called by a URI signs with it.
    pub async fn introduce_source(&self, name: &str) -> Result<(), StoreError> {
        match name.contains("://") || name.starts_with("urn:") {
            true => self.name_source(name, Some(name)).await,
            false => Ok(()),
        }
    }
}

/// The name under which a caller tells of relationships, with leave for that.
fn told_by(leave: &Leave) -> Option<String> {
    leave.caller().claims().source.clone().filter(|_| leave.permission() == Permission::Relate)
}

/// Adds them; gives the places of those about nobody, and id and person of those that are there now.
async fn relate(
    on: &mut PgConnection,
    relationships: &[Relationship],
) -> Result<(Vec<usize>, Vec<(i64, i64)>), StoreError> {
    let record = |(place, r): (usize, &Relationship)| {
        let mut record = Object::default();
        record.set("place", Json::Number(place.to_string()));
        for (name, value) in [
            ("nhs_number", Some(&r.nhs_number)),
            ("holder_kind", Some(&r.holder_kind)),
            ("holder", Some(&r.holder)),
            ("basis", Some(&r.basis)),
            ("valid_from", Some(&r.valid_from)),
            ("valid_to", r.valid_to.as_ref().filter(|end| !end.is_empty())),
            ("source", Some(&r.source)),
            ("reason", Some(&r.reason)),
        ] {
            record.set(name, value.map_or(Json::Null, Json::string));
        }
        Json::Object(record)
    };
    let records = Json::Array(relationships.iter().enumerate().map(record).collect()).to_string();
    let statement = "WITH told AS MATERIALIZED (SELECT r.*, n.patient_id FROM json_to_recordset($1::text::json) AS r(place bigint, nhs_number text, \
                     holder_kind text, holder text, basis text, valid_from timestamptz, valid_to timestamptz, source text, reason text) \
                     LEFT JOIN person n USING (nhs_number)), \
                     made AS (INSERT INTO care_relationship (patient_id, holder_kind, holder, basis, valid_from, valid_to, source, reason) \
                     SELECT DISTINCT ON (patient_id, holder_kind, holder, basis, valid_from, source) patient_id, holder_kind, holder, basis, \
                     valid_from, valid_to, source, reason FROM told WHERE patient_id IS NOT NULL \
                     ORDER BY patient_id, holder_kind, holder, basis, valid_from, source, place DESC \
                     ON CONFLICT (patient_id, holder_key, basis, valid_from, source) \
                     DO UPDATE SET valid_to = excluded.valid_to, reason = excluded.reason RETURNING relationship_id, patient_id) \
                     SELECT place, NULL::bigint AS id, NULL::bigint AS patient_id FROM told WHERE told.patient_id IS NULL \
                     UNION ALL SELECT NULL, relationship_id, patient_id FROM made ORDER BY 1";
    let (mut nobody, mut made) = (Vec::new(), Vec::new());
    for row in sqlx::query(statement).bind(records).fetch_all(on).await? {
        match row.try_get::<Option<i64>, _>("place")? {
            Some(place) => nobody.push(usize::try_from(place).unwrap_or_default()),
            None => made.push((row.try_get("id")?, row.try_get("patient_id")?)),
        }
    }
    Ok((nobody, made))
}
