//! What tests of several operations share.

// It looks into the database that it judges.
#![allow(clippy::disallowed_types)]

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{Connection, Row};

use crate::common::{Reply, Session, TestApp, send};

/// A Parameters resource of plain string values.
pub fn parameters(values: &[(&str, &str)]) -> Value {
    let parts: Vec<Value> = values.iter().map(|(name, value)| json!({"name": name, "valueString": value})).collect();
    json!({"resourceType": "Parameters", "parameter": parts})
}

/// POST of a form.
pub async fn form(session: &Session<'_>, path: &str, form: &str) -> Reply {
    let request = session.request(Method::POST, path).header("Content-Type", "application/x-www-form-urlencoded");
    send(request.body(form.to_owned())).await
}

/// A refusal: its status, an OperationOutcome, and words in it.
pub fn refused(reply: &Reply, status: u16, words: &str) {
    assert_eq!(reply.status, StatusCode::from_u16(status).expect("status"), "{words}: {}", reply.text);
    let outcome = reply.json();
    assert_eq!(outcome["resourceType"], "OperationOutcome", "{}", reply.text);
    assert!(reply.text.contains(words), "{words} is not in {}", reply.text);
}

/// The audit rows that hold these words: who was seen (a person, or nobody) and how it ended.
pub async fn audited(app: &TestApp, words: &str) -> Vec<(Option<i64>, i16)> {
    let mut raw = sqlx::PgConnection::connect(&app.database).await.expect("connection");
    let find = "SELECT patient_id, outcome FROM audit WHERE strpos(query, $1) > 0 ORDER BY at, chain, link, place";
    let rows = sqlx::query(find).bind(words).fetch_all(&mut raw).await.expect("rows");
    rows.iter().map(|row| (row.get("patient_id"), row.get("outcome"))).collect()
}

/// The key of the person whom a Patient id stands for.
pub async fn person(app: &TestApp, id: &str) -> i64 {
    let mut raw = sqlx::PgConnection::connect(&app.database).await.expect("connection");
    let find = sqlx::query_scalar("SELECT patient_id FROM patient_key WHERE id = $1").bind(id);
    find.fetch_one(&mut raw).await.expect("a person")
}

/// Runs a statement on the record behind the service's back.
pub async fn run(app: &TestApp, statement: &'static str) {
    let mut raw = sqlx::PgConnection::connect(&app.database).await.expect("connection");
    sqlx::query(statement).execute(&mut raw).await.expect(statement);
}
