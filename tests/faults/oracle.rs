//! Holds what clients were told against what the database has, by SQL of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::process::Command;

use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::journal::{Deed, Entry, Journal, Told};

/// What was compared.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counts {
    pub writes: usize,
    pub reads: usize,
    /// Writes whose client was told nothing, that are there as a whole.
    pub whole: usize,
    /// And those that are not there at all.
    pub absent: usize,
}

impl Counts {
    pub fn add(&mut self, more: Counts) {
        self.writes += more.writes;
        self.reads += more.reads;
        self.whole += more.whole;
        self.absent += more.absent;
    }
}

/// One stored version.
struct Row {
    id: String,
    version: i32,
    verb: String,
    /// The value by which its client knows it; none of a deletion.
    value: Option<String>,
}

/// Judges one patient's rows, their history and their part of the audit trail by the journal.
pub async fn judge(sql: &mut PgConnection, journal: &Journal, patient: &str) -> Counts {
    // What a connection that was cut left to PostgreSQL may be committed while this looks.
    sqlx::raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ").execute(&mut *sql).await.expect("a snapshot");
    let rows = versions(sql, patient).await;
    consistent(sql, patient, &rows).await;
    let audit: Vec<Option<String>> = sqlx::query_scalar(
        "SELECT what FROM audit WHERE outcome = 0 AND patient_id = (SELECT patient_id FROM patient_key WHERE id = $1)",
    )
    .bind(patient)
    .fetch_all(&mut *sql)
    .await
    .expect("the trail");
    logged(&rows, &audit);
    let told = journal.all().into_iter().filter_map(|entry| match entry.told {
        Told::Done { request, .. } => Some(request),
        Told::Nothing => None,
    });
    // A search that found nobody is in the trail about nobody.
    let requests: Vec<Uuid> =
        sqlx::query_scalar("SELECT request_id FROM audit WHERE outcome = 0 AND request_id = ANY ($1)")
            .bind(told.collect::<Vec<_>>())
            .fetch_all(&mut *sql)
            .await
            .expect("the trail");
    let requests: HashSet<Uuid> = requests.into_iter().collect();
    let mut counts = Counts::default();
    for entry in journal.all() {
        if let Told::Done { request, .. } = &entry.told {
            assert!(requests.contains(request), "{entry:?} was answered and is not in the audit trail");
        }
        one(&entry, &rows, &mut counts);
    }
    counts
}

async fn versions(sql: &mut PgConnection, patient: &str) -> Vec<Row> {
    let all = "SELECT h.id, h.version, h.verb, h.resource FROM observation_history h JOIN patient_key k USING (patient_id) \
               WHERE k.id = $1 ORDER BY h.id, h.version";
    let all: Vec<(String, i32, String, Option<String>)> =
        sqlx::query_as(all).bind(patient).fetch_all(sql).await.expect("the history");
    let row = |(id, version, verb, text): (String, i32, String, Option<String>)| {
        let resource = text.map(|text| serde_json::from_str::<Value>(&text).expect("a whole resource"));
        if let Some(resource) = &resource {
            assert_eq!(resource["id"], id.as_str());
            assert_eq!(resource["meta"]["versionId"], version.to_string().as_str());
        }
        let value = resource.and_then(|resource| Some(resource["identifier"][0]["value"].as_str()?.to_owned()));
        Row { id, version, verb, value }
    };
    all.into_iter().map(row).collect()
}

/// Versions have no gap, and the current row is the last of them, or none after a deletion.
async fn consistent(sql: &mut PgConnection, patient: &str, rows: &[Row]) {
    let current = "SELECT o.id, o.version FROM observation o JOIN patient_key k USING (patient_id) WHERE k.id = $1";
    let current: Vec<(String, i32)> = sqlx::query_as(current).bind(patient).fetch_all(sql).await.expect("rows");
    let current: BTreeMap<String, i32> = current.into_iter().collect();
    let mut last: BTreeMap<&str, &Row> = BTreeMap::new();
    for row in rows {
        let before = last.insert(&row.id, row).map_or(0, |row| row.version);
        assert_eq!(row.version, before + 1, "the versions of {} have a gap", row.id);
    }
    let there = last.iter().filter(|(_, row)| row.verb != "DELETE");
    let should: BTreeMap<String, i32> = there.map(|(id, row)| ((*id).to_owned(), row.version)).collect();
    assert_eq!(current, should, "current rows are the last versions");
}

/// Each version has its row in the trail, and the trail names no version that is not there.
fn logged(rows: &[Row], audit: &[Option<String>]) {
    let made: BTreeSet<String> =
        rows.iter().map(|row| format!("Observation/{}/_history/{}", row.id, row.version)).collect();
    let named = audit.iter().flatten().cloned();
    let named: BTreeSet<String> =
        named.filter(|what| what.starts_with("Observation/") && what.contains("/_history/")).collect();
    let missing: Vec<&String> = made.symmetric_difference(&named).collect();
    assert!(missing.is_empty(), "either in the history or in the trail alone: {missing:?}");
}

/// One request: done if its client was told so, else all of it or nothing.
fn one(entry: &Entry, rows: &[Row], counts: &mut Counts) {
    let with = |value: &str| rows.iter().filter(|row| row.value.as_deref() == Some(value)).collect::<Vec<_>>();
    let (found, whole) = match &entry.deed {
        Deed::Read(_) => {
            counts.reads += usize::from(entry.is_done());
            return;
        }
        Deed::Create(value) | Deed::Update(value) => (with(value).len(), 1),
        Deed::Transaction(value, whole) => ((0..*whole).map(|at| with(&format!("{value}.{at}")).len()).sum(), *whole),
        Deed::Delete(value) => {
            let ids: HashSet<&str> = with(value).iter().map(|row| row.id.as_str()).collect();
            (rows.iter().filter(|row| row.verb == "DELETE" && ids.contains(row.id.as_str())).count(), 1)
        }
    };
    match &entry.told {
        Told::Done { made, .. } => {
            assert_eq!(found, whole, "{entry:?} was acknowledged");
            if let (Some((id, version)), Deed::Create(value) | Deed::Update(value)) = (made, &entry.deed) {
                let row = with(value)[0];
                assert_eq!((&row.id, row.version), (id, *version), "{entry:?} is another version");
            }
            counts.writes += 1;
        }
        Told::Nothing => {
            assert!(found == 0 || found == whole, "{found} of {whole} are there: {entry:?}");
            counts.whole += usize::from(found == whole);
            counts.absent += usize::from(found == 0);
        }
    }
}

/// The whole trail: no hole in a chain by SQL, and what `lcr audit verify` says.
pub async fn trail(sql: &mut PgConnection, url: &str) {
    let heads: Vec<(i16, i64)> =
        sqlx::query_as("SELECT chain, link FROM audit_chain").fetch_all(&mut *sql).await.expect("heads");
    let links: Vec<(i16, i64, i64)> =
        sqlx::query_as("SELECT chain, count(DISTINCT link), max(link) FROM audit WHERE chain > 0 GROUP BY chain")
            .fetch_all(sql)
            .await
            .expect("links");
    let links: HashMap<i16, (i64, i64)> =
        links.into_iter().map(|(chain, count, last)| (chain, (count, last))).collect();
    for (chain, link) in heads {
        assert_eq!(links.get(&chain).copied().unwrap_or_default(), (link, link), "chain {chain} has a hole");
    }
    let verify = Command::new(env!("CARGO_BIN_EXE_lcr"))
        .args(["audit", "verify"])
        .env("LCR_DATABASE_URL", url)
        .output()
        .expect("lcr audit verify");
    let said = String::from_utf8_lossy(&verify.stdout);
    assert!(verify.status.success() && said.contains("The trail is whole."), "{said}");
}
