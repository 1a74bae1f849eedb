//! What these tests share: calls of operations, and a look into the database that they judge.

// A look into the database itself, which no interaction shows.
#![allow(clippy::disallowed_types)]

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::common::{Reply, Session, TestApp};

/// A reason that is long enough.
pub const REASON: &str = "found unconscious, no relative can be asked";

/// Parameters of texts.
pub fn parameters(values: &[(&str, &str)]) -> Value {
    let one = |(name, value): &(&str, &str)| json!({"name": name, "valueString": value});
    json!({"resourceType": "Parameters", "parameter": values.iter().map(one).collect::<Vec<_>>()})
}

/// Asks an operation of Patient.
pub async fn ask(session: &Session<'_>, operation: &str, values: &[(&str, &str)]) -> Reply {
    session.post(&format!("Patient/${operation}"), parameters(values)).await
}

/// Asks, and it must succeed.
pub async fn done(session: &Session<'_>, operation: &str, values: &[(&str, &str)]) -> Value {
    let reply = ask(session, operation, values).await;
    assert_eq!(reply.status, 200, "${operation}: {}", reply.text);
    reply.json()
}

/// The values of a parameter of this name, whatever their type.
pub fn values(parameters: &Value, name: &str) -> Vec<Value> {
    let all = parameters["parameter"].as_array().cloned().unwrap_or_default();
    let found = all.into_iter().filter(|part| part["name"] == name);
    found
        .filter_map(|part| part.as_object()?.iter().find(|(key, _)| *key != "name").map(|(_, value)| value.clone()))
        .collect()
}

/// The texts of the parts of a parameter's value.
pub fn part(parts: &Value, name: &str) -> Option<String> {
    let found = parts.as_array()?.iter().find(|part| part["name"] == name)?;
    let value = found.as_object()?.iter().find(|(key, _)| *key != "name")?.1;
    value.as_str().or_else(|| value["reference"].as_str()).map(str::to_owned)
}

/// A connection as the owner of the tables.
pub async fn owner(app: &TestApp) -> PgConnection {
    PgConnection::connect(&app.database).await.expect("the database")
}

/// Runs a statement as the owner.
pub async fn run(app: &TestApp, statement: &'static str) -> u64 {
    sqlx::query(statement).execute(&mut owner(app).await).await.expect(statement).rows_affected()
}
