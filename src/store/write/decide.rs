//! Owns what a change may do, given what is stored: versions, ownership, absence.

use std::collections::{BTreeSet, HashMap};

use sha2::{Digest, Sha256};
use sqlx::{PgConnection, Row};

use super::{Change, Refusal, Write};
use crate::access::{Grant, Interaction};
use crate::fhir::json::Object;
use crate::fhir::nhs_number;
use crate::fhir::reference::Reference;
use crate::resources::index;
use crate::store::sql::{Expr, Sql};
use crate::store::{StoreError, reach};

/// The newest version of what is to change.
pub struct Known {
    pub version: i32,
    pub deleted: bool,
    pub patient_id: i64,
    pub resource: Option<String>,
    source_id: i32,
    visible: bool,
}

/// What to do.
pub struct Step {
    /// The version to write, or the one that stays.
    pub version: i32,
    /// Whether a current row is there to be replaced.
    pub replaces: bool,
    /// Whether the resource is new.
    pub created: bool,
    /// Whether there is nothing to do.
    pub same: bool,
    /// The person of what is stored.
    pub patient_id: i64,
    /// The text stored now, to compare with.
    pub stored: Option<String>,
}

/// Locks, until the transaction ends, every name this write touches: resources, the people they are about, NHS numbers.
/// In one order for all writers, so that none waits for another in a circle.
pub async fn lock(tx: &mut PgConnection, writes: &[Write], base: &str) -> Result<(), StoreError> {
    let mut names: BTreeSet<String> = writes.iter().map(Write::name).collect();
    names.extend(patient_ids(writes, base).into_iter().map(|id| format!("Patient/{id}")));
    for resource in writes.iter().filter(|w| w.grant.spec().is_person()).filter_map(Write::resource) {
        names.extend(nhs_number::of(resource).map(|number| format!("nhs/{number}")));
    }
    // Few enough that large transactions together stay within what the database can hold.
    let keys: BTreeSet<i64> = names.iter().map(|name| bucket(name)).collect();
    let keys: Vec<i64> = keys.into_iter().collect();
    let lock = "SELECT count(pg_advisory_xact_lock(k)) FROM (SELECT k FROM unnest($1::bigint[]) k ORDER BY k) ordered";
    sqlx::query(lock).bind(keys).execute(tx).await?;
    Ok(())
}

/// Which of the 1,024 locks stands for a name.
fn bucket(name: &str) -> i64 {
    let digest = Sha256::digest(name.as_bytes());
    i64::from(u16::from_be_bytes([digest[0], digest[1]]) & 0x3ff)
}

/// The person whose record a row is in now, held until the transaction ends.
pub async fn owner(tx: &mut PgConnection, write: &Write) -> Result<Option<i64>, StoreError> {
    let mut sql = Sql::default();
    let id = sql.bind(write.id.clone(), "text");
    let table = Expr::literal(write.grant.spec().table);
    sql.push(&Expr::fill("SELECT t.patient_id FROM {} t WHERE t.id = {} FOR UPDATE", &[&table, &id]));
    Ok(sql.fetch(tx).await?.first().map(|row| row.try_get("patient_id")).transpose()?)
}

/// The source the grant writes under: its key, the URI it puts into meta.source, and which of these URIs are another's.
pub async fn source(
    tx: &mut PgConnection,
    grant: &Grant,
    named: Vec<String>,
) -> Result<(i32, Option<String>, Vec<String>), StoreError> {
    let name = grant.source().unwrap_or_default();
    let find = "SELECT s.source_id, s.uri, ARRAY(SELECT o.uri FROM source o WHERE o.uri = ANY($2) AND o.name <> $1) \
                FROM source s WHERE s.name = $1";
    if let Some(known) = sqlx::query_as(find).bind(name).bind(&named).fetch_optional(&mut *tx).await? {
        return Ok(known);
    }
    sqlx::query("INSERT INTO source (name) VALUES ($1) ON CONFLICT (name) DO NOTHING")
        .bind(name)
        .execute(&mut *tx)
        .await?;
    Ok(sqlx::query_as(find).bind(name).bind(&named).fetch_one(tx).await?)
}

/// The source a resource says it is from.
pub fn named_source(resource: &Object) -> Option<&str> {
    let source = resource.objects("meta").find_map(|meta| meta.text("source"))?;
    // R4 lets a fragment say which of the source's versions it was.
    Some(source.split_once('#').map_or(source, |(uri, _)| uri))
}

/// Every Patient id that the writes are or refer to as subject.
pub fn patient_ids(writes: &[Write], base: &str) -> Vec<String> {
    let mut ids: BTreeSet<String> = BTreeSet::new();
    for write in writes {
        let spec = write.grant.spec();
        if spec.is_person() {
            ids.insert(write.id.clone());
        } else if let Some(Reference::Local { kind: "Patient", id }) =
            write.resource().and_then(|r| index::subject(spec, r, base))
        {
            ids.insert(id.to_owned());
        }
    }
    ids.into_iter().collect()
}

/// The newest versions of all that is to change, by `Type/id`; one statement per type and kind of change.
pub async fn known(tx: &mut PgConnection, writes: &[Write]) -> Result<HashMap<String, Known>, StoreError> {
    let mut groups: Vec<(&Grant, Vec<String>)> = Vec::new();
    for write in writes.iter().filter(|w| w.grant.interaction() != Interaction::Create) {
        let same = |grant: &Grant| {
            grant.spec().name == write.grant.spec().name && grant.interaction() == write.grant.interaction()
        };
        match groups.iter_mut().find(|(grant, _)| same(grant)) {
            Some((_, ids)) => ids.push(write.id.clone()),
            None => groups.push((&write.grant, vec![write.id.clone()])),
        }
    }
    let mut known = HashMap::new();
    for (grant, ids) in groups {
        let mut sql = Sql::default();
        let visible = reach::rows(&mut sql, grant, "t");
        let ids = sql.bind(ids, "text[]");
        let statement = Expr::fill(
            "SELECT t.id, t.version, t.verb = 'DELETE' AS deleted, t.patient_id, t.source_id, t.resource, {} AS visible \
             FROM unnest({}) AS wanted(id) JOIN LATERAL \
             (SELECT * FROM {} h WHERE h.id = wanted.id ORDER BY h.version DESC LIMIT 1) t ON true",
            &[&visible, &ids, &Expr::literal(grant.spec().history)],
        );
        sql.push(&statement);
        for row in sql.fetch(&mut *tx).await? {
            let id: String = row.try_get("id")?;
            let entry = Known {
                version: row.try_get("version")?,
                deleted: row.try_get("deleted")?,
                patient_id: row.try_get("patient_id")?,
                resource: row.try_get("resource")?,
                source_id: row.try_get("source_id")?,
                visible: row.try_get("visible")?,
            };
            known.insert(format!("{}/{id}", grant.spec().name), entry);
        }
    }
    Ok(known)
}

/// Decides one change.
pub fn step(write: &Write, known: Option<&Known>, source_id: i32) -> Result<Step, Refusal> {
    let new = Step { version: 1, replaces: false, created: true, same: false, patient_id: 0, stored: None };
    let if_match = match &write.change {
        Change::Create(_) => return Ok(new),
        Change::Update { if_match, .. } | Change::Delete { if_match } => *if_match,
    };
    let deletes = matches!(write.change, Change::Delete { .. });
    let Some(known) = known else {
        // If-Match on what is not there cannot match.
        return match (deletes || !write.grant.chooses_ids(), if_match) {
            (true, _) => Err(Refusal::NotFound),
            (false, Some(_)) => Err(Refusal::Stale(0)),
            (false, None) => Ok(new),
        };
    };
    if !known.visible && write.grant.chooses_ids() && !deletes && if_match.is_some() {
        // As for what is not there: a version of it cannot match.
        return Err(Refusal::Stale(0));
    }
    if !known.visible {
        return Err(if write.grant.chooses_ids() && !deletes { Refusal::IdTaken } else { Refusal::NotFound });
    }
    if known.source_id != source_id {
        return Err(Refusal::NotYours);
    }
    if if_match.is_some_and(|version| version != known.version || known.deleted) {
        return Err(Refusal::Stale(known.version));
    }
    if known.deleted && !deletes && !write.grant.chooses_ids() {
        return Err(Refusal::NotFound);
    }
    Ok(Step {
        version: if known.deleted && deletes { known.version } else { known.version + 1 },
        replaces: !known.deleted,
        created: known.deleted,
        same: known.deleted && deletes,
        patient_id: known.patient_id,
        stored: known.resource.clone(),
    })
}
