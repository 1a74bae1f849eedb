//! What the attacks are made with: exact answers to compare with, the record of a person whose whereabouts are secret, and
//! the calls that open, protect and relate.

// A look into the database itself, which no interaction shows.
#![allow(clippy::disallowed_types)]

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::common::{Reply, Session, TestApp};
use crate::world::{ELSEWHERE, GP_SOURCE, NEAR, nhs, patient, put, visible};

/// The OperationOutcome of one error.
pub fn outcome(code: &str, spine: &str, diagnostics: &str) -> Value {
    let system = "https://fhir.nhs.uk/CodeSystem/Spine-ErrorOrWarningCode";
    let details = json!({"coding": [{"system": system, "code": spine}]});
    let issue = json!({"severity": "error", "code": code, "details": details, "diagnostics": diagnostics});
    json!({"resourceType": "OperationOutcome", "issue": [issue]})
}

/// The same, with the place of the error.
pub fn outcome_at(code: &str, spine: &str, diagnostics: &str, expression: &str) -> Value {
    let mut outcome = outcome(code, spine, diagnostics);
    outcome["issue"][0]["expression"] = json!([expression]);
    outcome
}

/// The answer for what is not there.
pub fn nothing() -> Value {
    outcome("not-found", "RESOURCE_NOT_FOUND", "there is no such resource")
}

/// The answer for a person who cannot be opened, whatever the reason.
pub fn nobody() -> Value {
    let words = "no record can be opened with this NHS number and date of birth: check both";
    outcome("not-found", "RESOURCE_NOT_FOUND", words)
}

/// The answer for what a caller may never do.
pub fn forbidden(diagnostics: &str) -> Value {
    outcome("forbidden", "ACCESS_DENIED", diagnostics)
}

/// The answer for a role that has not what an operation needs.
pub fn unpermitted(role: &str) -> Value {
    forbidden(&format!("the role {role} may not do this in this record"))
}

/// The answer is this refusal, whole.
#[track_caller]
pub fn refused(reply: &Reply, status: u16, body: &Value) {
    assert_eq!((reply.status.as_u16(), &reply.json()), (status, body));
}

/// The answer is a Bundle with these resources, matches and what came along, and this total where one was asked for.
#[track_caller]
pub fn finds(reply: &Reply, ids: &[&str], total: Option<u64>) {
    assert_eq!(reply.status, 200, "{}", reply.text);
    let bundle = reply.json();
    assert_eq!(bundle["resourceType"], "Bundle", "{}", reply.text);
    let mut found = reply.ids();
    found.sort();
    assert_eq!((found, bundle["total"].as_u64()), (ids.iter().map(|id| (*id).to_owned()).collect(), total));
}

/// What an answer shows, with one word in place of another.
pub fn renamed(reply: &Reply, from: &str, to: &str) -> String {
    format!("{:?}", visible(reply)).replace(from, to)
}

/// Asks the same of what is hidden and of what never was, which is as long: `@` in the path stands for it. The answers
/// must not differ in a byte. Gives the one about what is hidden.
pub async fn as_absent(session: &Session<'_>, path: &str, hidden: &str, absent: &str) -> Reply {
    assert_eq!(hidden.len(), absent.len(), "every byte counts");
    let there = session.get(&path.replace('@', hidden)).await;
    let never = session.get(&path.replace('@', absent)).await;
    assert_eq!(renamed(&there, hidden, "@"), renamed(&never, absent, "@"), "{path} of {hidden}");
    there
}

/// Parameters with these values.
pub fn parameters(values: &[(&str, &str)]) -> Value {
    let values: Vec<Value> = values.iter().map(|(name, value)| json!({"name": name, "valueString": value})).collect();
    json!({"resourceType": "Parameters", "parameter": values})
}

/// Asks for an operation on Patient.
pub async fn ask(session: &Session<'_>, operation: &str, values: &[(&str, &str)]) -> Reply {
    session.post(&format!("Patient/${operation}"), parameters(values)).await
}

/// When everybody here was born, and a reason that says something.
pub const BORN: &str = "1950-05-05";
pub const REASON: &str = "found unconscious at home";

/// Opens a record by breaking glass.
pub async fn break_glass(session: &Session<'_>, number: &str) -> Reply {
    ask(session, "break-glass", &[("nhs-number", number), ("birth-date", BORN), ("reason", REASON)]).await
}

/// Opens a record by breaking glass over this too.
pub async fn break_over(session: &Session<'_>, number: &str, over: &str) -> Reply {
    let values = [("nhs-number", number), ("birth-date", BORN), ("reason", REASON), ("over", over)];
    ask(session, "break-glass", &values).await
}

/// The operation opened the record of these Patients.
#[track_caller]
pub fn opens(reply: &Reply, patients: &[&str]) {
    assert_eq!(reply.status, 200, "{}", reply.text);
    let body = reply.json();
    let parts = body["parameter"].as_array().cloned().unwrap_or_default();
    let named = parts.iter().filter(|part| part["name"] == "patient");
    let named = named.filter_map(|part| part["valueReference"]["reference"].as_str()?.strip_prefix("Patient/"));
    let named: Vec<&str> = named.collect();
    assert_eq!(named, patients, "{}", reply.text);
}

/// A value of a Parameters resource.
pub fn value(reply: &Reply, name: &str) -> String {
    let body = reply.json();
    let part = body["parameter"].as_array().into_iter().flatten().find(|part| part["name"] == name);
    part.and_then(|part| part["valueString"].as_str()).unwrap_or_else(|| panic!("no {name}: {}", reply.text)).to_owned()
}

/// Protects a person, or lifts it, in the name of the practice's system.
pub async fn protect(app: &TestApp, number: &str, what: &str, on: bool) {
    let system = crate::world::persona(app, "gp-system").await;
    let values = [("nhs-number", number), (what, if on { "true" } else { "false" }), ("reason", "they asked for it")];
    let reply = ask(&system, "protect", &values).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

/// Words that say where the person with the secret lives, how to reach them and who their GP is.
pub const SECRETS: [&str; 9] = [
    "ZZ9 9ZZ",
    "Hidden Lane",
    "07700 900123",
    "secret@example.org",
    "Organization/practice",
    "Practitioner/their-gp",
    "Organization/keeper",
    "Sister Attwood",
    "https://lcr.example/source/Y90001",
];

/// A Patient with all of them.
pub fn whereabouts(id: &str, n: usize) -> Value {
    let mut patient = patient(id, n);
    patient["meta"] = json!({"source": GP_SOURCE});
    patient["text"] = json!({"status": "additional",
        "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">Rowan of Hidden Lane</div>"});
    patient["address"] = json!([{"use": "home", "line": ["1 Hidden Lane"], "city": "Secreton", "state": "Veilshire",
        "postalCode": "ZZ9 9ZZ", "country": "GBR"}]);
    patient["telecom"] =
        json!([{"system": "phone", "value": "07700 900123"}, {"system": "email", "value": "secret@example.org"}]);
    patient["generalPractitioner"] =
        json!([{"reference": "Organization/practice"}, {"reference": "Practitioner/their-gp"}]);
    patient["managingOrganization"] = json!({"reference": "Organization/keeper"});
    patient["contact"] = json!([{"name": {"text": "Sister Attwood"}, "address": {"line": ["1 Hidden Lane"]}}]);
    patient
}

/// Whether an answer tells any of them.
pub fn tells(text: &str) -> Vec<&'static str> {
    SECRETS.into_iter().filter(|secret| text.contains(secret)).collect()
}

/// `people`, where `near` has an address and so on, with the directory it refers to and a Condition and an Observation;
/// nobody is protected yet.
pub async fn addressed() -> TestApp {
    let app = crate::world::people().await;
    let gp = app.source(GP_SOURCE).await;
    for id in ["practice", "keeper"] {
        put(&gp, &json!({"resourceType": "Organization", "id": id, "name": id})).await;
    }
    put(&gp, &json!({"resourceType": "Practitioner", "id": "their-gp", "name": [{"family": "Okafor"}]})).await;
    put(&gp, &whereabouts("near", NEAR)).await;
    for kind in ["Condition", "Observation"] {
        put(&gp, &crate::world::about(kind, &format!("near-{kind}"), "near", NEAR)).await;
    }
    app
}

/// The same, restricted.
pub async fn restricted() -> TestApp {
    let app = addressed().await;
    protect(&app, &nhs(NEAR), "restricted", true).await;
    app
}

/// `people` and a row of each type, where `near` has opted out; `elsewhere` has shared an Observation about them.
pub async fn opted_out() -> TestApp {
    let app = crate::world::people().await;
    let gp = app.source(GP_SOURCE).await;
    for kind in ["Condition", "Observation", "CarePlan"] {
        put(&gp, &crate::world::about(kind, &format!("near-{kind}"), "near", NEAR)).await;
    }
    put(&app.source(ELSEWHERE).await, &crate::world::about("Observation", "other-Observation", "near", NEAR)).await;
    protect(&app, &nhs(NEAR), "opted-out", true).await;
    app
}

/// A look into the database itself, as its owner.
pub async fn database(app: &TestApp) -> PgConnection {
    PgConnection::connect(&app.database).await.expect("the database")
}

/// Does something to the database that no interaction does.
pub async fn behind_the_scenes(app: &TestApp, statement: &'static str) {
    sqlx::raw_sql(statement).execute(&mut database(app).await).await.expect(statement);
}
