//! Owns the rows a change makes: the resource as it is served, its search columns, its history.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::decide::Step;
use super::{Change, Write, Written, literal};
use crate::access::{Confidentiality, Sensitive};
use crate::fhir::date::{self, to_text};
use crate::fhir::json::{Json, Object};
use crate::fhir::label;
use crate::fhir::meta;
use crate::resources::index::{self, Filled, Holds};
use crate::resources::spec::ResourceSpec;
use crate::store::StoreError;
use crate::store::sql::{Expr, Sql};

/// A row to insert.
pub struct NewRow {
    id: String,
    /// Whether a current row has to go first.
    replaces: bool,
    /// The label, where it is above normal and there may be versions before this one.
    raised: Option<Confidentiality>,
    /// Its columns by name; one without a resource is a deletion's.
    record: Object,
}

/// The columns that every row has, a history row's alone and the one that comes last.
const OWN: [(&str, &str); 6] = [
    ("patient_id", "bigint"),
    ("id", "text"),
    ("version", "integer"),
    ("updated_at", "timestamptz"),
    ("source_id", "integer"),
    ("confidentiality", "smallint"),
];
const VERB: (&str, &str) = ("verb", "text");
const RESOURCE: (&str, &str) = ("resource", "text");

/// What a change answers and, unless nothing changes, its row.
pub fn prepare(
    write: &Write,
    step: Step,
    patient_id: i64,
    source: (i32, Option<&str>),
    now: OffsetDateTime,
    (base, sensitive): (&str, &Sensitive),
) -> (Written, Option<NewRow>) {
    let (source_id, source_uri) = source;
    let mut written = Written {
        id: write.id.clone(),
        version: step.version,
        updated_at: now,
        patient_id,
        created: step.created,
        changed: !step.same,
        resource: String::new(),
        notes: write.notes.clone(),
    };
    let mut record = Object::default();
    let mut base_columns = |version: i32, confidentiality: Confidentiality, verb: &str| {
        record.set("patient_id", Json::Number(patient_id.to_string()));
        record.set("id", Json::string(write.id.clone()));
        record.set("version", Json::Number(version.to_string()));
        record.set("updated_at", Json::string(to_text(now)));
        record.set("source_id", Json::Number(source_id.to_string()));
        record.set("confidentiality", Json::Number((confidentiality as i16).to_string()));
        record.set("verb", Json::string(verb));
    };
    let (resource, skip_same, method) = match &write.change {
        Change::Delete { .. } => {
            if step.same {
                return (written, None);
            }
            // A tombstone hides as much as what it covers could have.
            let label = step.stored.as_deref().and_then(|text| Json::parse(text.as_bytes()).ok());
            let label = label.as_ref().and_then(Json::as_object).map_or(Confidentiality::Normal, |stored| {
                label_of(stored, &index::columns(write.grant.spec(), stored, base), sensitive)
            });
            base_columns(step.version, label, "DELETE");
            return (written, Some(NewRow { id: write.id.clone(), replaces: true, raised: None, record }));
        }
        // A patch has become an update before its row is made.
        Change::Patch { .. } => return (written, None),
        Change::Create(resource) => (resource, false, "POST"),
        Change::Update { resource, skip_same, .. } => (resource, *skip_same, "PUT"),
    };
    let mut served = resource.clone();
    stamp(&mut served, &write.id, step.version, now, source_uri);
    if let Some(stored) = step.stored.filter(|_| skip_same && step.replaces)
        && same_content(&stored, &served)
    {
        written.version = step.version - 1;
        written.changed = false;
        written.resource = stored;
        return (written, None);
    }
    written.resource = Json::Object(served).to_string();
    let columns = index::columns(write.grant.spec(), resource, base);
    let label = label_of(resource, &columns, sensitive);
    let raised = Some(label).filter(|label| *label > Confidentiality::Normal && step.version > 1);
    base_columns(step.version, label, method);
    record.0.extend(columns.0);
    if let Some(uri) = source_uri.filter(|_| resource.objects("meta").all(|meta| meta.get("source").is_none())) {
        record.set("meta_source", Json::Array(vec![Json::string(uri)]));
    }
    record.set("resource", Json::string(written.resource.clone()));
    (written, Some(NewRow { id: write.id.clone(), replaces: step.replaces, raised, record }))
}

/// Puts in what the server owns: id, version, time, and the source where the sender named none.
fn stamp(resource: &mut Object, id: &str, version: i32, now: OffsetDateTime, source_uri: Option<&str>) {
    if resource.get("id").is_none() {
        let at = resource.0.iter().position(|(key, _)| key == "resourceType").map_or(0, |at| at + 1);
        resource.0.insert(at, ("id".to_owned(), Json::Null));
    }
    resource.set("id", Json::string(id));
    let mut meta = match resource.get("meta") {
        Some(Json::Object(meta)) => meta.clone(),
        _ => Object::default(),
    };
    meta.remove("versionId");
    meta.remove("lastUpdated");
    meta.0.insert(0, ("versionId".to_owned(), Json::string(version.to_string())));
    meta.0.insert(1, ("lastUpdated".to_owned(), Json::string(date::to_instant(now))));
    if let Some(uri) = source_uri.filter(|_| meta.get("source").is_none()) {
        meta.0.insert(2, ("source".to_owned(), Json::string(uri)));
    }
    meta::set(resource, meta);
}

/// Whether two resources differ in nothing but version and time.
fn same_content(stored: &str, new: &Object) -> bool {
    let Ok(Json::Object(stored)) = Json::parse(stored.as_bytes()) else { return false };
    let plain = |resource: &Object| {
        let mut resource = resource.clone();
        if let Some(Json::Object(mut meta)) = resource.remove("meta") {
            meta.remove("versionId");
            meta.remove("lastUpdated");
            resource.set("meta", Json::Object(meta));
        }
        resource
    };
    plain(&stored) == plain(new)
}

/// The highest confidentiality label of the resource; normal when it has none. A code that says nothing we know could
/// mean the most.
fn confidentiality(resource: &Object) -> Confidentiality {
    let known = |code: Option<&str>| code.and_then(Confidentiality::of_code);
    let labels = label::confidentiality(resource);
    labels.map(|code| known(code).unwrap_or(Confidentiality::VeryRestricted)).max().unwrap_or(Confidentiality::Normal)
}

/// The label of a row: the resource's own, or a higher one for a code that it has.
pub fn label_of(resource: &Object, columns: &Object, sensitive: &Sensitive) -> Confidentiality {
    let tokens = columns.0.iter().flat_map(|(_, values)| values.items()).filter_map(Json::as_str);
    let own = confidentiality(resource);
    sensitive.label(tokens).map_or(own, |label| label.max(own))
}

/// Inserts the rows: per type, one statement that takes replaced rows out and one that puts rows in.
pub async fn insert(tx: &mut PgConnection, rows: Vec<(&'static ResourceSpec, NewRow)>) -> Result<(), StoreError> {
    for spec in crate::resources::ALL {
        let mine: Vec<&NewRow> = rows.iter().filter(|(s, _)| s.name == spec.name).map(|(_, row)| row).collect();
        if mine.is_empty() {
            continue;
        }
        let gone: Vec<String> = mine.iter().filter(|row| row.replaces).map(|row| row.id.clone()).collect();
        if !gone.is_empty() {
            let mut sql = Sql::named("write: versions");
            let ids = sql.bind(gone, "text[]");
            sql.push(&Expr::fill("DELETE FROM {} WHERE id = ANY({})", &[&Expr::literal(spec.table), &ids]));
            sql.fetch(&mut *tx).await?;
        }
        let raised = mine.iter().filter_map(|row| Some((row.id.clone(), row.raised?)));
        raise_labels(tx, spec, raised.collect()).await?;
        put_in(tx, spec, &mine).await?;
    }
    Ok(())
}

/// Puts rows of one type in: each into the history, and what is no deletion among the current. Columns go as arrays, one
/// element a row: PostgreSQL reads these in a quarter of the time that JSON records take.
async fn put_in(tx: &mut PgConnection, spec: &'static ResourceSpec, rows: &[&NewRow]) -> Result<(), StoreError> {
    let mut sql = Sql::named("write: rows");
    let (mut names, mut values, mut reads) = (Vec::new(), Vec::new(), Vec::new());
    let mut add = |(stem, suffix): (&'static str, &'static str), sql_type, column: Vec<Option<String>>| {
        // An array of nothing costs as much as one of something; none at all costs nothing.
        let column = Some(column).filter(|column| column.iter().any(Option::is_some));
        let name = Expr::fill("{}{}", &[&Expr::literal(stem), &Expr::literal(suffix)]);
        reads.push(Expr::fill("u.{}::{} AS {}", &[&name, &Expr::literal(sql_type), &name]));
        values.push(sql.bind(column, "text[]"));
        names.push(name);
    };
    for (name, sql_type) in OWN.into_iter().chain([VERB, RESOURCE]) {
        let column = rows.iter().map(|row| row.record.get(name).and_then(|value| literal::of(value, Holds::Texts)));
        add((name, ""), sql_type, column.collect());
    }
    for Filled { stem, suffix, holds } in index::filled(spec) {
        let name = format!("{stem}{suffix}");
        let column = rows.iter().map(|row| row.record.get(&name).and_then(|value| literal::of(value, holds)));
        add((stem, suffix), literal::sql_type(holds), column.collect());
    }
    let (read, values, all) = (Expr::list(&reads), Expr::list(&values), Expr::list(&names));
    let history = Expr::list(&names[..OWN.len() + 2]);
    names.remove(OWN.len());
    let current = Expr::list(&names);
    sql.push(&Expr::fill(
        "WITH new AS (SELECT {} FROM unnest({}) AS u({})), \
         kept AS (INSERT INTO {} ({}) SELECT {} FROM new) INSERT INTO {} ({}) SELECT {} FROM new WHERE resource IS NOT NULL",
        &[&read, &values, &all, &Expr::literal(spec.history), &history, &history, &Expr::literal(spec.table), &current, &current],
    ));
    sql.fetch(tx).await?;
    Ok(())
}

/// A label that is raised counts for the versions before it too.
pub async fn raise_labels(
    tx: &mut PgConnection,
    spec: &ResourceSpec,
    labels: Vec<(String, Confidentiality)>,
) -> Result<(), StoreError> {
    if labels.is_empty() {
        return Ok(());
    }
    let (ids, labels): (Vec<String>, Vec<i16>) = labels.into_iter().map(|(id, label)| (id, label as i16)).unzip();
    let mut sql = Sql::named("write: history");
    let (ids, labels) = (sql.bind(ids, "text[]"), sql.bind(labels, "smallint[]"));
    sql.push(&Expr::fill(
        "UPDATE {} h SET confidentiality = n.label FROM unnest({}, {}) n(id, label) WHERE h.id = n.id AND h.confidentiality < n.label",
        &[&Expr::literal(spec.history), &ids, &labels],
    ));
    sql.fetch(&mut *tx).await?;
    Ok(())
}
