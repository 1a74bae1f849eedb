//! Owns what a change may do, given what is stored: versions, ownership, absence.

use std::collections::HashMap;

use sqlx::{PgConnection, Row};
use time::OffsetDateTime;

use super::{Change, Refusal, Write};
use crate::access::{Grant, Interaction};
use crate::fhir::json::{Json, Object};
use crate::store::sql::{Expr, Sql};
use crate::store::{StoreError, reach};

/// The newest version of what is to change.
pub struct Known {
    pub version: i32,
    pub updated_at: OffsetDateTime,
    pub deleted: bool,
    pub patient_id: i64,
    pub resource: Option<String>,
    source_id: i32,
    pub visible: bool,
}

impl Known {
    /// The stored resource, of a version that is no deletion.
    pub fn object(&self) -> Option<Object> {
        match Json::parse(self.resource.as_deref()?.as_bytes()) {
            Ok(Json::Object(object)) => Some(object),
            _ => None,
        }
    }
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

/// The newest versions of all that is to change, by `Type/id`; one statement per type and kind of change.
pub async fn known(tx: &mut PgConnection, writes: &[&Write]) -> Result<HashMap<String, Known>, StoreError> {
    let mut groups: Vec<(&Write, Vec<String>)> = Vec::new();
    for write in writes.iter().filter(|w| w.grant.interaction() != Interaction::Create) {
        let same = |first: &Write| {
            first.grant.spec().name == write.grant.spec().name
                && first.grant.interaction() == write.grant.interaction()
                && first.needs_read().is_some() == write.needs_read().is_some()
        };
        match groups.iter_mut().find(|(first, _)| same(first)) {
            Some((_, ids)) => ids.push(write.id.clone()),
            None => groups.push((write, vec![write.id.clone()])),
        }
    }
    let mut known = HashMap::new();
    for (first, ids) in groups {
        let (grant, mut sql) = (&first.grant, Sql::named("write: current"));
        let mut visible = vec![reach::versions(&mut sql, grant, "t")];
        visible.extend(first.needs_read().map(|read| reach::versions(&mut sql, read, "t")));
        let ids = sql.bind(ids, "text[]");
        let statement = Expr::fill(
            "SELECT t.id, t.version, t.updated_at, t.verb = 'DELETE' AS deleted, t.patient_id, t.source_id, t.resource, coalesce({}, false) AS visible \
             FROM unnest({}) AS wanted(id) JOIN LATERAL \
             (SELECT * FROM {} h WHERE h.id = wanted.id ORDER BY h.version DESC LIMIT 1) t ON true",
            &[&Expr::all(&visible), &ids, &Expr::literal(grant.spec().history)],
        );
        sql.push(&statement);
        for row in sql.fetch(&mut *tx).await? {
            let id: String = row.try_get("id")?;
            let entry = Known {
                version: row.try_get("version")?,
                updated_at: row.try_get("updated_at")?,
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

/// Whether a change left a row which its grant's granular scopes do not let through. Asked when the row is there.
pub async fn out_of_scope(tx: &mut PgConnection, write: &Write) -> Result<bool, StoreError> {
    if write.grant.narrow().is_empty() || write.resource().is_none() {
        return Ok(false);
    }
    let mut sql = Sql::named("write: taken");
    let narrow = reach::narrow(&mut sql, &write.grant, "t");
    let id = sql.bind(write.id.clone(), "text");
    let table = Expr::literal(write.grant.spec().seen.current);
    sql.push(&Expr::fill("SELECT 1 FROM {} t WHERE t.id = {} AND {}", &[&table, &id, &narrow]));
    Ok(sql.fetch(tx).await?.is_empty())
}

/// Decides one change.
pub fn step(write: &Write, known: Option<&Known>, source_id: i32) -> Result<Step, Refusal> {
    let new = Step { version: 1, replaces: false, created: true, same: false, patient_id: 0, stored: None };
    let (if_match, updates) = match &write.change {
        Change::Create(_) => return Ok(new),
        Change::Update { if_match, .. } => (*if_match, true),
        Change::Patch { if_match, .. } | Change::Delete { if_match } => (*if_match, false),
    };
    // Only an update may make what is not there, and only for who may choose ids.
    let makes = updates && write.grant.chooses_ids();
    let Some(known) = known else {
        // If-Match on what is not there cannot match.
        return match (makes, if_match) {
            (false, _) => Err(Refusal::NotFound),
            (true, Some(_)) => Err(Refusal::Stale(0)),
            (true, None) => Ok(new),
        };
    };
    if !known.visible && makes && if_match.is_some() {
        // As for what is not there: a version of it cannot match.
        return Err(Refusal::Stale(0));
    }
    if !known.visible {
        return Err(if makes { Refusal::IdTaken } else { Refusal::NotFound });
    }
    if write.is_new && !known.deleted {
        return Err(Refusal::IdTaken);
    }
    if known.source_id != source_id {
        return Err(Refusal::NotYours);
    }
    if if_match.is_some_and(|version| version != known.version || known.deleted) {
        return Err(Refusal::Stale(known.version));
    }
    let deletes = matches!(write.change, Change::Delete { .. });
    match (known.deleted, &write.change) {
        (true, Change::Update { .. }) if !makes => return Err(Refusal::NotFound),
        (true, Change::Patch { .. }) => return Err(Refusal::Gone),
        _ => {}
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
