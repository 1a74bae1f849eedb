//! A job from its beginning to its end: what is answered, when it is ready, who is told of it, and that it outlives an instance.

// A look into the database itself, which no interaction shows.
#![allow(clippy::disallowed_types)]

use lcr_facade::app::App;
use lcr_facade::config::Config;
use reqwest::Method;
use serde_json::json;
use sqlx::Row;

use crate::common::{TestApp, send};
use crate::support::{backend, begin, fetch, files, ids, kick_off, lines, manifest, owner, run};
use crate::world::{about, patient, put};

#[tokio::test(flavor = "multi_thread")]
async fn an_export_begins_gets_ready_is_fetched_and_ends() {
    let app = TestApp::start().await;
    let session = backend(&app, "a", None).await;
    put(&session, &patient("p", 1)).await;
    put(&session, &about("Observation", "o", "p", 1)).await;
    let begun = send(kick_off(&session, "$export?_type=Patient,Observation")).await;
    assert_eq!(begun.status, 202, "{}", begun.text);
    assert_eq!(begun.json()["resourceType"], "OperationOutcome");
    let status = begun.header("content-location").to_owned();
    assert!(status.starts_with(&format!("{}/$export/", app.base)), "{status}");
    let said = manifest(&session, &status).await;
    assert_eq!(said["request"], format!("{}/$export?_type=Patient,Observation", app.base));
    assert_eq!((&said["requiresAccessToken"], &said["error"]), (&json!(true), &json!([])));
    let time = said["transactionTime"].as_str().expect("a time").to_owned();
    let found = files(&said);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["Observation", "Patient"]);
    for (kind, id) in [("Patient", "p"), ("Observation", "o")] {
        let rows = lines(&fetch(&session, &found[kind]).await);
        // Line by line what a read shows.
        assert_eq!(rows, [session.get(&format!("{kind}/{id}")).await.json()]);
    }
    // What comes next time is what was written since.
    put(&session, &about("Observation", "later", "p", 1)).await;
    let since = begin(&session, &format!("$export?_type=Observation&_since={time}")).await;
    let next = files(&manifest(&session, &since).await);
    assert!(ids(&lines(&fetch(&session, &next["Observation"]).await)).contains(&"later".to_owned()));
    // It ends, and is as one that never was.
    let expires = session.get(&status).await;
    assert!(expires.header("expires").ends_with(" GMT"), "{:?}", expires.headers);
    assert_eq!(session.delete(&status).await.status, 202);
    for reply in [session.get(&status).await, session.delete(&status).await, fetch(&session, &found["Patient"]).await] {
        assert_eq!(reply.status, 404, "{}", reply.text);
    }
    run(&app, "UPDATE export_job SET expires_at = now() - interval '1 second'").await;
    assert_eq!(session.get(&since).await.status, 404, "what has expired is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_ready_once_what_was_being_written_is_in_the_record() {
    let app = TestApp::start().await;
    let session = backend(&app, "a", None).await;
    put(&session, &patient("p", 1)).await;
    // A change that another instance is writing: it has its number and its time, and is not committed.
    let mut writer = owner(&app).await;
    sqlx::query("BEGIN").execute(&mut writer).await.expect("begin");
    let write = "UPDATE patient SET resource = replace(resource, 'Attwood', 'Brook') WHERE id = 'p'";
    sqlx::query(write).execute(&mut writer).await.expect("a change");
    let status = begin(&session, "$export?_type=Patient").await;
    let waiting = session.get(&status).await;
    assert_eq!((waiting.status.as_u16(), waiting.text.as_str()), (202, ""));
    assert!(waiting.header("x-progress").starts_with("waiting"), "{:?}", waiting.headers);
    assert_eq!(waiting.header("retry-after"), "1");
    assert_eq!(fetch(&session, &format!("{status}/Patient.ndjson")).await.status, 404, "not before it is ready");
    sqlx::query("COMMIT").execute(&mut writer).await.expect("commit");
    let found = files(&manifest(&session, &status).await);
    assert!(fetch(&session, &found["Patient"]).await.text.contains("Brook"), "the change is in it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_has_its_number_before_it_takes_the_time() {
    let app = TestApp::start().await;
    let session = backend(&app, "a", None).await;
    put(&session, &patient("p", 1)).await;
    // Somebody holds every lock by name, so a write waits where it takes its own; it must have its number by then.
    let mut holder = owner(&app).await;
    sqlx::query("BEGIN").execute(&mut holder).await.expect("begin");
    let hold = "SELECT count(pg_advisory_xact_lock(k)) FROM generate_series(0, 1023) k";
    sqlx::query(hold).execute(&mut holder).await.expect("locks");
    let write = async {
        put(&session, &about("Observation", "o", "p", 1)).await;
    };
    let look = async {
        let mut eyes = owner(&app).await;
        let waits = "SELECT backend_xid IS NOT NULL AS numbered FROM pg_stat_activity \
                     WHERE datname = current_database() AND wait_event = 'advisory'";
        let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
        let row = loop {
            if let Some(row) = sqlx::query(waits).fetch_optional(&mut eyes).await.expect("activity") {
                break row;
            }
            assert!(std::time::Instant::now() < until, "no write waits");
            tokio::task::yield_now().await;
        };
        let numbered: bool = row.try_get("numbered").expect("numbered");
        sqlx::query("COMMIT").execute(&mut holder).await.expect("commit");
        assert!(numbered, "an export could not wait for this write");
    };
    tokio::join!(write, look);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_instance_serves_it_too() {
    let app = TestApp::start().await;
    let session = backend(&app, "a", None).await;
    put(&session, &patient("p", 1)).await;
    let status = begin(&session, "$export?_type=Patient").await;
    let config = Config { listen: ([127, 0, 0, 1], 0).into(), workers: 1, connections: 2, ..Config::default() };
    let other = App::build(config, &app.database).await.expect("another instance");
    let there = other.url().to_owned();
    tokio::spawn(other.run());
    let elsewhere = status.replace(&app.url, &there);
    let found = files(&manifest(&session, &elsewhere).await);
    assert!(found["Patient"].starts_with(&there));
    assert_eq!(ids(&lines(&fetch(&session, &found["Patient"]).await)), ["p"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_in_it_is_in_the_trail_and_without_the_trail_nothing_leaves() {
    let app = TestApp::start().await;
    let session = backend(&app, "a", None).await;
    for n in 1..=3 {
        put(&session, &patient(&format!("p{n}"), n)).await;
        put(&session, &about("Observation", &format!("o{n}"), &format!("p{n}"), n)).await;
    }
    let status = begin(&session, "$export?_type=Observation").await;
    let url = files(&manifest(&session, &status).await)["Observation"].clone();
    let told = "SELECT count(DISTINCT a.patient_id) FROM audit a WHERE a.client = 'backend-of-a' AND a.action = 'E' \
                AND a.query LIKE '$export/%/Observation.ndjson%'";
    let mut eyes = owner(&app).await;
    let count: i64 = sqlx::query_scalar(told).fetch_one(&mut eyes).await.expect("a count");
    assert_eq!(count, 0, "nobody has left yet");
    assert_eq!(lines(&fetch(&session, &url).await).len(), 3);
    let count: i64 = sqlx::query_scalar(told).fetch_one(&mut eyes).await.expect("a count");
    assert_eq!(count, 3);
    run(&app, "REVOKE EXECUTE ON FUNCTION audit_append(audit_said[], bytea) FROM lcr_service").await;
    let response = session.request(Method::GET, &url).send().await.expect("an answer");
    let body = response.bytes().await;
    assert!(body.is_err(), "without audit rows: {body:?}");
}
