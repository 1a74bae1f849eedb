//! Owns the indexing of rows again, after a migration that added search columns: in small batches beside a running service,
//! from where it stopped.

use sqlx::{PgConnection, Row};

use super::sql::{Expr, Sql};
use super::write::{label_of, raise_labels};
use super::{Store, StoreError};
use crate::access::Sensitive;
use crate::fhir::json::{Json, Object};
use crate::resources::spec::ResourceSpec;
use crate::resources::{self, index};

/// Rows of one batch: few, since a writer of one of them waits for it.
const BATCH: i64 = 200;

/// How often a type is gone through for rows that were being written when their turn came.
const PASSES: usize = 3;

impl Store {
    /// The types of which rows may be of an earlier edition of the index.
    pub async fn to_reindex(&self) -> Result<Vec<&'static ResourceSpec>, StoreError> {
        let done = "SELECT kind FROM reindex WHERE done AND edition >= $1";
        let done: Vec<String> = sqlx::query_scalar(done).bind(index::EDITION).fetch_all(&self.pool).await?;
        Ok(resources::ALL.iter().copied().filter(|spec| !done.iter().any(|kind| kind == spec.name)).collect())
    }

    /// About how many rows the type has.
    pub async fn rows_of(&self, spec: &ResourceSpec) -> Result<u64, StoreError> {
        let estimate = "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = to_regclass($1)";
        let rows: i64 = sqlx::query_scalar(estimate).bind(spec.table).fetch_one(&self.pool).await?;
        Ok(rows.unsigned_abs())
    }

    /// Indexes the rows of a type that are of an earlier edition, to the end; `again`: looks at all of them, for what older
    /// instances wrote meanwhile and for labels that follow from another list of sensitive codes. `base` is the public base
    /// URL; `each` hears how many rows each batch had.
    pub async fn reindex(
        &self,
        spec: &'static ResourceSpec,
        base: &str,
        again: bool,
        each: &mut (dyn FnMut(usize) + Send),
    ) -> Result<(), StoreError> {
        let begin = "INSERT INTO reindex (kind, edition, after_id, done) VALUES ($1, $2, '', false) ON CONFLICT (kind) DO UPDATE \
                     SET edition = excluded.edition, after_id = '', done = false WHERE reindex.edition <> excluded.edition OR $3";
        sqlx::query(begin).bind(spec.name).bind(index::EDITION).bind(again).execute(&self.pool).await?;
        for _ in 0..PASSES {
            loop {
                let mut tx = self.pool.begin().await?;
                let (looked_at, indexed) = batch(&mut tx, spec, again, (base, &self.sensitive)).await?;
                tx.commit().await?;
                each(indexed);
                if looked_at == 0 {
                    break;
                }
            }
            if !self.is_stale(spec).await? {
                break;
            }
            self.note(spec, false).await?;
        }
        self.note(spec, true).await
    }

    /// Types that have no rows need nothing done.
    pub(super) async fn nothing_to_reindex(&self) -> Result<(), StoreError> {
        for spec in self.to_reindex().await? {
            let mut sql = Sql::named("reindex");
            let (kind, edition) = (sql.bind(spec.name.to_owned(), "text"), sql.bind(index::EDITION, "smallint"));
            sql.push(&Expr::fill(
                "INSERT INTO reindex (kind, edition, after_id, done) SELECT {}, {}, '', true WHERE NOT EXISTS (SELECT 1 FROM {}) \
                 ON CONFLICT (kind) DO UPDATE SET edition = excluded.edition, after_id = '', done = true",
                &[&kind, &edition, &Expr::literal(spec.table)],
            ));
            sql.fetch(&self.pool).await?;
        }
        Ok(())
    }

    async fn is_stale(&self, spec: &ResourceSpec) -> Result<bool, StoreError> {
        let mut sql = Sql::named("reindex");
        let edition = sql.bind(index::EDITION, "smallint");
        let table = Expr::literal(spec.table);
        sql.push(&Expr::fill("SELECT 1 FROM {} t WHERE t.edition IS DISTINCT FROM {} LIMIT 1", &[&table, &edition]));
        Ok(!sql.fetch(&self.pool).await?.is_empty())
    }

    async fn note(&self, spec: &ResourceSpec, done: bool) -> Result<(), StoreError> {
        let note =
            sqlx::query("UPDATE reindex SET after_id = '', done = $2 WHERE kind = $1").bind(spec.name).bind(done);
        note.execute(&self.pool).await?;
        Ok(())
    }
}

/// Indexes the next rows and notes how far it is, in one transaction; gives how many were looked at and how many indexed. It waits for no row: one that a writer holds is left out.
async fn batch(
    tx: &mut PgConnection,
    spec: &'static ResourceSpec,
    every: bool,
    (base, sensitive): (&str, &Sensitive),
) -> Result<(usize, usize), StoreError> {
    let mut sql = Sql::named("reindex");
    let edition = sql.bind(index::EDITION, "smallint");
    let (kind, most) = (sql.bind(spec.name.to_owned(), "text"), sql.bind(BATCH, "bigint"));
    let every = sql.bind(every, "boolean");
    // A restricted person's Patient is found by what is left of it.
    let shown = Expr::literal(if spec.is_person() { "coalesce(t.redacted, t.resource)" } else { "t.resource" });
    let table = Expr::literal(spec.table);
    sql.push(&Expr::fill(
        "SELECT t.id, t.version, t.resource, t.confidentiality, t.edition IS DISTINCT FROM {} AS stale, {} AS shown FROM {} t WHERE t.id > (SELECT r.after_id FROM reindex r WHERE r.kind = {}) \
         AND ({} OR t.edition IS DISTINCT FROM {}) ORDER BY t.id LIMIT {} FOR UPDATE OF t SKIP LOCKED",
        &[&edition, &shown, &table, &kind, &every, &edition, &most],
    ));
    let rows = sql.fetch(&mut *tx).await?;
    let mut records = Vec::with_capacity(rows.len());
    let (mut raised, mut last) = (Vec::new(), None);
    for row in &rows {
        let (id, version): (String, i32) = (row.try_get("id")?, row.try_get("version")?);
        let resource = stored(row.try_get("resource")?)?;
        let columns = index::columns(spec, &stored(row.try_get("shown")?)?, base);
        let label = label_of(&resource, &columns, sensitive);
        let mut record = record(&id, version, columns);
        record.set("confidentiality", Json::Number((label as i16).to_string()));
        // The list of sensitive codes may have changed, and what it says counts for the versions before too.
        if row.try_get::<i16, _>("confidentiality")? < label as i16 {
            raised.push((id.clone(), label));
        }
        if row.try_get("stale")? || row.try_get::<i16, _>("confidentiality")? != label as i16 {
            records.push(record);
        }
        last = Some(id);
    }
    let Some(last) = last else { return Ok((0, 0)) };
    let indexed = records.len();
    if !records.is_empty() {
        put(tx, spec, records, &[("confidentiality", "")]).await?;
    }
    raise_labels(tx, spec, raised).await?;
    let note = sqlx::query("UPDATE reindex SET after_id = $2 WHERE kind = $1").bind(spec.name).bind(last);
    note.execute(tx).await?;
    Ok((rows.len(), indexed))
}

/// Search columns as a record, with what its row is found by.
pub(super) fn record(id: &str, version: i32, columns: Object) -> Object {
    let mut record = columns;
    record.set("id", Json::string(id));
    record.set("version", Json::Number(version.to_string()));
    record
}

/// Gives rows their search columns, and these besides. A row that has moved to another person meanwhile, or on to another
/// version, is found by what it is.
pub(super) async fn put(
    tx: &mut PgConnection,
    spec: &'static ResourceSpec,
    records: Vec<Object>,
    besides: &[(&'static str, &'static str)],
) -> Result<(), StoreError> {
    let mut sql = Sql::named("reindex");
    let records = Json::Array(records.into_iter().map(Json::Object).collect()).to_string();
    let json = sql.bind_text(&records, "json");
    let columns = index::filled(spec).into_iter().map(|column| (column.stem, column.suffix));
    let columns = columns.chain(besides.iter().copied()).map(|(stem, suffix)| {
        let name = Expr::fill("{}{}", &[&Expr::literal(stem), &Expr::literal(suffix)]);
        Expr::fill("{} = r.{}", &[&name, &name])
    });
    let table = Expr::literal(spec.table);
    sql.push(&Expr::fill(
        "UPDATE {} t SET {} FROM json_populate_recordset(NULL::{}, {}) r WHERE t.id = r.id AND t.version = r.version",
        &[&table, &Expr::list(&columns.collect::<Vec<_>>()), &table, &json],
    ));
    sql.fetch(&mut *tx).await?;
    Ok(())
}

/// A stored resource.
pub(super) fn stored(text: String) -> Result<Object, StoreError> {
    match Json::parse(text.as_bytes()) {
        Ok(Json::Object(resource)) => Ok(resource),
        _ => Err(StoreError::Statement(sqlx::Error::Decode("a stored resource is no JSON object".into()))),
    }
}
