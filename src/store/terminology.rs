//! Owns the code systems and value sets that the service knows: what is shipped, what is imported, and how a value set is
//! expanded over what is known.

use sha2::{Digest, Sha256};
use sqlx::{PgConnection, Row};

use super::sql::{Expr, Sql};
use super::{Store, StoreError, expansion};
use crate::fhir::terminology::{CodeSystem, ValueSet, shipped};
use crate::resources;
use crate::resources::index::{entry, escape_bar, token};

/// Rows sent to the database at a time.
const CHUNK: usize = 20_000;

/// What came of one that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    pub created: bool,
    pub changed: bool,
}

/// A code system on its way in.
struct Incoming<'a> {
    system: &'a CodeSystem,
    /// Ancestor and descendant, by their places.
    below: Vec<(usize, usize)>,
    digest: Vec<u8>,
}

impl Store {
    /// Keeps a code system in the place of one of the same URL. `text` is the resource, to tell whether it is the same. The
    /// inner error says why it cannot be kept.
    pub async fn keep_code_system(&self, system: &CodeSystem, text: &str) -> Result<Result<Kept, String>, StoreError> {
        let below = match system.below() {
            Ok(below) => below,
            Err(reason) => return Ok(Err(reason)),
        };
        let mut tx = self.pool.begin().await?;
        let digest = Sha256::digest(text.as_bytes()).to_vec();
        let find = sqlx::query_scalar("SELECT digest FROM code_system WHERE url = $1").bind(&system.url);
        let known: Option<Vec<u8>> = find.fetch_optional(&mut *tx).await?;
        let changed = known.as_ref() != Some(&digest);
        if changed {
            insert_systems(&mut tx, &[Incoming { system, below, digest }], false).await?;
        }
        tx.commit().await?;
        Ok(Ok(Kept { created: known.is_none(), changed }))
    }

    /// Expands a value set over what is known and keeps its codes in the place of those of the same URL. The inner error says
    /// what is missing.
    pub async fn keep_value_set(&self, set: &ValueSet) -> Result<Result<Kept, String>, StoreError> {
        let mut tx = self.pool.begin().await?;
        let (include, exclude) = match expansion::fault(&mut tx, set.include.iter().chain(&set.exclude)).await? {
            None if !set.include.is_empty() => (&set.include[..], &set.exclude[..]),
            // Somebody who knows more has said what is in it.
            _ if !set.expansion.is_empty() => (&set.expansion[..], &[][..]),
            reason => return Ok(Err(reason.unwrap_or_default())),
        };
        // An id stands for one value set, the one that came last.
        sqlx::query("UPDATE value_set SET id = NULL WHERE id = $1 AND url <> $2")
            .bind(&set.id)
            .bind(&set.url)
            .execute(&mut *tx)
            .await?;
        let put = "INSERT INTO value_set (url, version, id, shipped) VALUES ($1, $2, $3, false) ON CONFLICT (url) DO UPDATE \
                   SET version = excluded.version, id = excluded.id, shipped = false RETURNING value_set_id, xmax = 0";
        let put = sqlx::query_as(put).bind(&set.url).bind(&set.version).bind(&set.id);
        let (id, created): (i32, bool) = put.fetch_one(&mut *tx).await?;
        let mut sql = Sql::named("terminology");
        let expansion = expansion::select(&mut sql, include, exclude);
        let id = sql.bind(id, "integer");
        sql.push(&Expr::fill(
            "WITH expansion AS MATERIALIZED ({}), \
             gone AS (DELETE FROM value_set_code c WHERE c.value_set_id = {} AND c.token NOT IN (SELECT token FROM expansion) RETURNING 1), \
             came AS (INSERT INTO value_set_code (value_set_id, token) SELECT {}, token FROM expansion ON CONFLICT DO NOTHING RETURNING 1) \
             SELECT (SELECT count(*) FROM expansion) AS size, (SELECT count(*) FROM gone) + (SELECT count(*) FROM came) AS changes",
            &[&expansion, &id, &id],
        ));
        let rows = sql.fetch(&mut *tx).await?;
        let (mut size, mut changes) = (0_i64, 0_i64);
        for row in rows {
            (size, changes) = (row.try_get("size")?, row.try_get("changes")?);
        }
        if size == 0 {
            return Ok(Err("what it is composed of leaves no code".to_owned()));
        }
        tx.commit().await?;
        Ok(Ok(Kept { created, changed: created || changes > 0 }))
    }

    /// Brings in what this program ships, unless it is there. What was imported under the same URL stays.
    pub(super) async fn ship_terminology(&self) -> Result<(), StoreError> {
        let kinds: Vec<&str> = resources::ALL.iter().map(|spec| spec.name).collect();
        let (systems, sets) = shipped(&kinds);
        let digest = Sha256::digest(format!("{systems:?}{sets:?}").as_bytes()).to_vec();
        let mut tx = self.pool.begin().await?;
        // Of several instances that start together one ships; the others wait for it and find it done.
        sqlx::query("LOCK TABLE shipped IN SHARE ROW EXCLUSIVE MODE").execute(&mut *tx).await?;
        let find = sqlx::query_scalar("SELECT digest FROM shipped WHERE name = 'terminology'");
        if find.fetch_optional(&mut *tx).await? == Some(digest.clone()) {
            return Ok(());
        }
        let incoming: Vec<Incoming<'_>> = systems
            .iter()
            .filter_map(|system| Some(Incoming { system, below: system.below().ok()?, digest: Vec::new() }))
            .collect();
        insert_systems(&mut tx, &incoming, true).await?;
        ship_value_sets(&mut tx, &sets).await?;
        let note = "INSERT INTO shipped (name, digest) VALUES ('terminology', $1) ON CONFLICT (name) DO UPDATE SET digest = excluded.digest";
        sqlx::query(note).bind(digest).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }
}

/// Puts code systems in the place of those of the same URLs; what is shipped does not replace what was imported.
async fn insert_systems(tx: &mut PgConnection, incoming: &[Incoming<'_>], shipped: bool) -> Result<(), StoreError> {
    let texts = |of: &dyn Fn(&CodeSystem) -> String| incoming.iter().map(|i| of(i.system)).collect::<Vec<_>>();
    let put = "INSERT INTO code_system (url, version, prefix, complete, subsumes, digest, shipped) \
               SELECT n.*, $7 FROM unnest($1::text[], $2::text[], $3::text[], $4::boolean[], $5::boolean[], $6::bytea[]) n \
               ON CONFLICT (url) DO UPDATE SET version = excluded.version, prefix = excluded.prefix, complete = excluded.complete, \
               subsumes = excluded.subsumes, digest = excluded.digest, shipped = excluded.shipped \
               WHERE code_system.shipped OR NOT excluded.shipped RETURNING code_system_id, url";
    let rows = sqlx::query(put)
        .bind(texts(&|system| system.url.clone()))
        .bind(incoming.iter().map(|i| i.system.version.clone()).collect::<Vec<_>>())
        .bind(texts(&|system| token(Some(&system.url), "")))
        .bind(incoming.iter().map(|i| i.system.complete).collect::<Vec<_>>())
        .bind(incoming.iter().map(|i| i.system.subsumes).collect::<Vec<_>>())
        .bind(incoming.iter().map(|i| i.digest.clone()).collect::<Vec<_>>())
        .bind(shipped)
        .fetch_all(&mut *tx)
        .await?;
    let mut concepts: Vec<(i32, String, Option<String>)> = Vec::new();
    let mut below: Vec<(i32, String, String)> = Vec::new();
    let mut ids = Vec::new();
    for row in rows {
        let (id, url): (i32, String) = (row.try_get("code_system_id")?, row.try_get("url")?);
        ids.push(id);
        for Incoming { system, below: pairs, .. } in incoming.iter().filter(|incoming| incoming.system.url == url) {
            let codes: Vec<String> = system.concepts.iter().map(|concept| escape_bar(&concept.code)).collect();
            below.extend(pairs.iter().map(|(above, under)| (id, codes[*above].clone(), codes[*under].clone())));
            for (concept, code) in system.concepts.iter().zip(codes) {
                let properties: Vec<String> =
                    concept.properties.iter().map(|(name, value)| entry(name, value)).collect();
                concepts.push((id, code, Some(properties.join("\u{1e}")).filter(|text| !text.is_empty())));
            }
        }
    }
    for table in [
        "DELETE FROM concept WHERE code_system_id = ANY($1)",
        "DELETE FROM concept_below WHERE code_system_id = ANY($1)",
    ] {
        sqlx::query(table).bind(&ids).execute(&mut *tx).await?;
    }
    for rows in concepts.chunks(CHUNK) {
        let put = "INSERT INTO concept (code_system_id, code, properties) SELECT n.id, n.code, string_to_array(n.properties, chr(30)) \
                   FROM unnest($1::integer[], $2::text[], $3::text[]) AS n(id, code, properties)";
        let put = sqlx::query(put).bind(rows.iter().map(|row| row.0).collect::<Vec<_>>());
        let put = put.bind(rows.iter().map(|row| row.1.as_str()).collect::<Vec<_>>());
        put.bind(rows.iter().map(|row| row.2.as_deref()).collect::<Vec<_>>()).execute(&mut *tx).await?;
    }
    for rows in below.chunks(CHUNK) {
        let put = "INSERT INTO concept_below (code_system_id, ancestor, descendant) SELECT * FROM unnest($1::integer[], $2::text[], $3::text[])";
        let put = sqlx::query(put).bind(rows.iter().map(|row| row.0).collect::<Vec<_>>());
        let put = put.bind(rows.iter().map(|row| row.1.as_str()).collect::<Vec<_>>());
        put.bind(rows.iter().map(|row| row.2.as_str()).collect::<Vec<_>>()).execute(&mut *tx).await?;
    }
    Ok(())
}

/// The value sets that are shipped list their codes; all of them go in together.
async fn ship_value_sets(tx: &mut PgConnection, sets: &[ValueSet]) -> Result<(), StoreError> {
    let put = "INSERT INTO value_set (url, version, id, shipped) \
               SELECT n.url, n.version, CASE WHEN NOT EXISTS (SELECT 1 FROM value_set o WHERE o.id = n.id) THEN n.id END, true \
               FROM unnest($1::text[], $2::text[], $3::text[]) AS n(url, version, id) \
               ON CONFLICT (url) DO UPDATE SET version = excluded.version WHERE value_set.shipped RETURNING value_set_id, url";
    let rows = sqlx::query(put)
        .bind(sets.iter().map(|set| set.url.as_str()).collect::<Vec<_>>())
        .bind(sets.iter().map(|set| set.version.as_deref()).collect::<Vec<_>>())
        .bind(sets.iter().map(|set| set.id.as_deref()).collect::<Vec<_>>())
        .fetch_all(&mut *tx)
        .await?;
    let (mut ids, mut tokens) = (Vec::new(), Vec::new());
    for row in rows {
        let (id, url): (i32, String) = (row.try_get("value_set_id")?, row.try_get("url")?);
        for part in sets.iter().filter(|set| set.url == url).flat_map(|set| &set.include) {
            ids.extend(part.codes.iter().map(|_| id));
            tokens.extend(part.codes.iter().map(|code| token(part.system.as_deref(), code)));
        }
    }
    sqlx::query("DELETE FROM value_set_code WHERE value_set_id = ANY($1)").bind(&ids).execute(&mut *tx).await?;
    let put = "INSERT INTO value_set_code (value_set_id, token) SELECT * FROM unnest($1::integer[], $2::text[]) ON CONFLICT DO NOTHING";
    sqlx::query(put).bind(ids).bind(tokens).execute(tx).await?;
    Ok(())
}
