//! Rows that were there before a migration get its columns, beside a running service.

// A test may look into the database that it judges.
#![allow(clippy::disallowed_types)]

use serde_json::json;
use sqlx::Connection;

use crate::common::TestApp;
use crate::support::*;

async fn raw(app: &TestApp, statement: &'static str) {
    let mut connection = sqlx::PgConnection::connect(&app.database).await.expect("connection");
    sqlx::query(statement).execute(&mut connection).await.expect(statement);
}

/// Makes the rows what an older program left.
async fn age(app: &TestApp) {
    raw(app, "UPDATE condition SET token_text = NULL, typed_identifier = NULL, words = NULL, edition = NULL").await;
    raw(app, "DELETE FROM reindex WHERE kind = 'Condition'").await;
}

fn spec() -> &'static lcr_facade::resources::spec::ResourceSpec {
    lcr_facade::resources::find("Condition").expect("Condition")
}

#[tokio::test(flavor = "multi_thread")]
async fn old_rows_are_found_again() {
    let app = TestApp::start().await;
    let session = app.source("gp").await;
    for at in 0..450 {
        let mut resource = condition(&format!("c{at}"), json!({"text": format!("word{at}")}));
        resource["identifier"] =
            json!([{"type": {"coding": [{"system": "http://t", "code": "N"}]}, "value": at.to_string()}]);
        put(&session, &resource).await;
    }
    let before = app.dump("SELECT to_jsonb(t) - 'resource' FROM condition t ORDER BY id").await;
    age(&app).await;
    app.store.migrate().await.expect("migrate");
    let waiting: Vec<&str> = app.store.to_reindex().await.expect("types").iter().map(|spec| spec.name).collect();
    assert_eq!(waiting, ["Condition"], "types without rows are done");
    // An answer that would leave rows out is not given; what needs no new column is answered.
    for (name, value) in [("code:text", "word7"), ("_content", "word7"), ("identifier:of-type", "http://t|N|7")] {
        let reply = ask(&session, "Condition", &[(name, value)]).await;
        assert_eq!(reply.status, 503, "{}", reply.text);
        assert!(reply.text.contains("lcr migrate") && reply.text.contains("Condition"), "{}", reply.text);
        let through = ask(&session, "Patient", &[(&format!("_has:Condition:patient:{name}"), value)]).await;
        assert_eq!(through.status, 503, "{}", through.text);
    }
    assert_eq!(found(&session, "Condition", &[("_id", "c7")]).await, ids(["c7"]));
    let mut batches = Vec::new();
    app.store.reindex(spec(), &app.base, false, &mut |rows| batches.push(rows)).await.expect("reindex");
    assert_eq!(batches.iter().sum::<usize>(), 450);
    assert!(batches.len() > 2, "{batches:?}");
    assert_eq!(app.dump("SELECT to_jsonb(t) - 'resource' FROM condition t ORDER BY id").await, before);
    for (name, value) in [("code:text", "word7"), ("_content", "word7"), ("identifier:of-type", "http://t|N|7")] {
        assert!(found(&session, "Condition", &[(name, value)]).await.contains("c7"));
    }
    assert!(app.store.to_reindex().await.expect("types").is_empty());
    let mut again = 0;
    app.store.reindex(spec(), &app.base, true, &mut |rows| again += rows).await.expect("reindex");
    assert_eq!(again, 0, "nothing is done twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_on_where_it_stopped() {
    let app = TestApp::start().await;
    let session = app.source("gp").await;
    for at in 0..5 {
        put(&session, &condition(&format!("c{at}"), json!({"text": "word"}))).await;
    }
    age(&app).await;
    raw(&app, "INSERT INTO reindex (kind, edition, after_id, done) VALUES ('Condition', 2, 'c2', false)").await;
    let mut batches = Vec::new();
    app.store.reindex(spec(), &app.base, false, &mut |rows| batches.push(rows)).await.expect("reindex");
    // The two after c2 first; then those it is told of by their edition.
    assert_eq!(batches, [2, 0, 3, 0]);
    assert_eq!(found(&session, "Condition", &[("_content", "word")]).await.len(), 5);
    // Rows of an older instance that wrote meanwhile.
    raw(&app, "UPDATE condition SET words = NULL, edition = NULL WHERE id = 'c1'").await;
    let mut rows = 0;
    app.store.reindex(spec(), &app.base, true, &mut |more| rows += more).await.expect("reindex");
    assert_eq!(rows, 1);
    assert_eq!(found(&session, "Condition", &[("_content", "word")]).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_go_on_meanwhile() {
    let app = TestApp::start().await;
    let session = app.source("gp").await;
    for at in 0..300 {
        put(&session, &condition(&format!("c{at}"), json!({"text": "old"}))).await;
    }
    age(&app).await;
    let writes = async {
        for round in 0..2 {
            for at in 0..60 {
                put(&session, &condition(&format!("c{}", at * 5), json!({"text": format!("new{round}")}))).await;
            }
            assert_eq!(session.delete(&format!("Condition/c{}", round + 1)).await.status, 204);
        }
    };
    let reindex = async {
        let mut rows = 0;
        app.store.reindex(spec(), &app.base, false, &mut |more| rows += more).await.expect("reindex");
        rows
    };
    let (rows, ()) = tokio::join!(reindex, writes);
    assert!(rows > 100, "{rows}");
    assert!(app.store.to_reindex().await.expect("types").is_empty());
    assert_eq!(found(&session, "Condition", &[("_content", "new1")]).await.len(), 60);
    assert_eq!(found(&session, "Condition", &[("_content", "old")]).await.len(), 300 - 60 - 2);
    assert_eq!(found(&session, "Condition", &[("_content", "new0")]).await.len(), 0);
}
