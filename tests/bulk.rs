//! A person with very many rows costs a page no more than others do.

// The test looks into the database that it judges.
#![allow(clippy::disallowed_types)]

mod common;

use std::time::{Duration, Instant};

use common::TestApp;
use serde_json::json;
use sqlx::{Connection, PgConnection};

const LOINC: &str = "http://loinc.org";
const CATEGORIES: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
const MANY: i64 = 20_000;

/// Rows of Observations that were read, by way of an index or not, since the database was made.
async fn fetched(raw: &mut PgConnection) -> i64 {
    let count = "SELECT coalesce(idx_tup_fetch, 0) + coalesce(seq_tup_read, 0) FROM pg_stat_user_tables WHERE relname = 'observation'";
    sqlx::query_scalar(count).fetch_one(raw).await.expect("statistics")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_heavy_patient_reads_little_more_than_the_page() {
    let app = TestApp::start().await;
    let session = app.source("heavy").await;
    session.put("Patient/heavy", &json!({"resourceType": "Patient", "id": "heavy"})).await;
    let observation = json!({"resourceType": "Observation", "id": "first", "status": "final",
        "subject": {"reference": "Patient/heavy"}, "effectiveDateTime": "2026-01-01T00:00:00Z",
        "category": [{"coding": [{"system": CATEGORIES, "code": "laboratory"}]}],
        "code": {"coding": [{"system": LOINC, "code": "2160-0"}]}});
    session.put("Observation/first", &observation).await;
    let mut raw = PgConnection::connect(&app.database).await.expect("connection");
    let multiply = "INSERT INTO observation SELECT m.* FROM observation o, generate_series(1, $1) n, json_populate_record(o, json_build_object(\
         'id', 'o' || n, 'date_lo', o.date_lo - make_interval(hours => n::int), 'date_hi', o.date_hi - make_interval(hours => n::int))) m";
    sqlx::query(multiply).bind(MANY).execute(&mut raw).await.expect("rows");
    sqlx::query("ANALYZE observation").execute(&mut raw).await.expect("statistics");

    let before = fetched(&mut raw).await;
    let queries = [
        format!("category={CATEGORIES}%7Claboratory&_sort=-date"),
        format!("code={LOINC}%7C2160-0&_sort=-date"),
        "category=laboratory&status=final&date=ge2000&_sort=-date".to_owned(),
        "category=laboratory".to_owned(),
    ];
    let ask = async || {
        for query in &queries {
            let reply = session.get(&format!("Observation?patient=heavy&{query}")).await;
            assert_eq!(reply.ids().len(), 20, "{query}: {}", reply.text);
        }
    };
    ask().await;
    let least = before + 20 * i64::try_from(queries.len()).expect("few");
    // PostgreSQL tells of what it did a little later, and sooner where more is asked.
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut asked = 1;
    while fetched(&mut raw).await < least {
        assert!(Instant::now() < deadline, "PostgreSQL says nothing of what was read");
        tokio::time::sleep(Duration::from_millis(500)).await;
        ask().await;
        asked += 1;
    }
    let each = (fetched(&mut raw).await - before) / asked;
    assert!(each < MANY / 10, "{each} rows were read for {} pages of 20", queries.len());
    raw.close().await.expect("closed");
}
