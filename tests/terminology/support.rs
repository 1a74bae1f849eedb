//! Small records, and terminology to search them by.

// A test may look into the database that it judges.
#![allow(clippy::disallowed_types)]

use std::collections::BTreeSet;
use std::path::PathBuf;

use lcr_facade::cli::import::Report;
use serde_json::{Value, json};

use crate::common::{Reply, Session, TestApp};

/// A code system of these tests: animals, with the dog below two.
pub const ANIMALS: &str = "http://example.org/animals";
/// Value sets of these tests.
pub const SETS: &str = "http://example.org/ValueSet";

/// animal > mammal > (cat, dog > puppy), animal > bird; pet is above dog by a property.
pub fn animals() -> Value {
    json!({"resourceType": "CodeSystem", "id": "animals", "url": ANIMALS, "version": "1", "status": "active", "content": "complete",
        "hierarchyMeaning": "is-a",
        "property": [
            {"code": "up", "uri": "http://hl7.org/fhir/concept-properties#parent", "type": "code"},
            {"code": "legs", "type": "integer"}],
        "concept": [
            {"code": "animal", "concept": [
                {"code": "mammal", "concept": [
                    {"code": "cat", "property": [{"code": "legs", "valueInteger": 4}]},
                    {"code": "dog", "concept": [{"code": "puppy"}],
                     "property": [{"code": "up", "valueCode": "pet"}, {"code": "legs", "valueInteger": 4}]}]},
                {"code": "bird", "property": [{"code": "legs", "valueInteger": 2}]}]},
            {"code": "pet"}, {"code": "a|b, c"}]})
}

/// A value set with this compose.
pub fn value_set(id: &str, compose: Value) -> Value {
    json!({"resourceType": "ValueSet", "id": id, "url": format!("{SETS}/{id}"), "version": "7", "status": "active", "compose": compose})
}

/// Imports resources as one NDJSON file.
pub async fn import(app: &TestApp, resources: &[Value]) -> Report {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("terms-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let lines: Vec<String> = resources.iter().map(Value::to_string).collect();
    let file = folder.join("terms.ndjson");
    std::fs::write(&file, lines.join("\n")).expect("a file");
    let report = app.import(&[file], None).await;
    std::fs::remove_dir_all(&folder).expect("the folder again");
    report
}

/// Imports, and nothing of it is refused.
pub async fn imported(app: &TestApp, resources: &[Value]) -> Report {
    let report = import(app, resources).await;
    assert_eq!(report.refusals(), []);
    report
}

/// Puts a resource under its own id.
pub async fn put(session: &Session<'_>, resource: &Value) {
    let text = |name: &str| resource[name].as_str().expect("text");
    let reply = session.put(&format!("{}/{}", text("resourceType"), text("id")), resource).await;
    assert!(reply.status.is_success(), "{}: {}", text("id"), reply.text);
}

/// A patient.
pub fn patient(id: &str) -> Value {
    json!({"resourceType": "Patient", "id": id, "name": [{"family": "Test"}]})
}

/// A Condition of `Patient/p` with this code element.
pub fn condition(id: &str, code: Value) -> Value {
    json!({"resourceType": "Condition", "id": id, "subject": {"reference": "Patient/p"}, "code": code})
}

/// A code of the animals.
pub fn animal(code: &str) -> Value {
    json!({"coding": [{"system": ANIMALS, "code": code}]})
}

/// What a search finds, in no order.
pub async fn found(session: &Session<'_>, kind: &str, params: &[(&str, &str)]) -> BTreeSet<String> {
    let reply = ask(session, kind, params).await;
    assert_eq!(reply.status, 200, "{kind} {params:?}: {}", reply.text);
    entries(&reply, "match").into_iter().map(|name| name.rsplit('/').next().expect("id").to_owned()).collect()
}

/// A search, whatever comes of it.
pub async fn ask(session: &Session<'_>, kind: &str, params: &[(&str, &str)]) -> Reply {
    let request = session.request(reqwest::Method::GET, kind).query(params);
    crate::common::send(request.query(&[("_count", "1000")])).await
}

/// `Type/id` of the entries of one mode.
pub fn entries(reply: &Reply, mode: &str) -> BTreeSet<String> {
    let bundle = reply.json();
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    let mut all = BTreeSet::new();
    for entry in entries.iter().filter(|entry| entry["search"]["mode"] == mode) {
        let resource = &entry["resource"];
        let name = format!(
            "{}/{}",
            resource["resourceType"].as_str().unwrap_or_default(),
            resource["id"].as_str().unwrap_or_default()
        );
        assert!(all.insert(name.clone()), "{name} twice");
    }
    all
}

/// The names, as a set to compare with.
pub fn ids<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// A refusal with 400 whose words hold all of these.
pub async fn refused(session: &Session<'_>, kind: &str, params: &[(&str, &str)], words: &[&str]) {
    let reply = ask(session, kind, params).await;
    assert_eq!(reply.status, 400, "{kind} {params:?}: {}", reply.text);
    let said = reply.json()["issue"].to_string();
    for word in words {
        assert!(said.contains(word), "{kind} {params:?}: {word} is not in {said}");
    }
}

impl TestApp {
    /// What a SELECT of one JSON column gives.
    pub async fn dump(&self, statement: &'static str) -> Vec<Value> {
        use sqlx::Connection;
        let mut connection = sqlx::PgConnection::connect(&self.database).await.expect("connection");
        let rows: Vec<sqlx::types::Json<Value>> =
            sqlx::query_scalar(statement).fetch_all(&mut connection).await.expect(statement);
        rows.into_iter().map(|row| row.0).collect()
    }
}
