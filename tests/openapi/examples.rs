//! What the document shows works: every example finds something, called as the persona it is for.

use std::collections::BTreeMap;

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName};
use serde_json::Value;

use crate::common::{Session, json, send};
use crate::document;
use crate::world::{Call, calls, followed, sandboxed};

/// What cannot be filled in, since nobody knows it before: ids of the audit trail and of exports.
const UNKNOWN: [&str; 3] = ["/fhir/AuditEvent/{id}", "/fhir/$export/{id}", "/fhir/$export/{id}/{file}"];

/// The address with the parameters that have an example filled in, and headers; none where one that is required has none.
fn filled(document: &Value, call: &Call<'_>) -> Option<(String, HeaderMap)> {
    let (mut path, mut query, mut headers) = (call.path.to_owned(), Vec::new(), HeaderMap::new());
    for parameter in call.parameters(document) {
        let name = parameter["name"].as_str().expect("name");
        let example = match &parameter["example"] {
            Value::Null if parameter["required"] == true => return None,
            Value::Null => continue,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match parameter["in"].as_str() {
            Some("path") => path = path.replace(&format!("{{{name}}}"), &example),
            Some("query") => query.push((name, example)),
            Some("header") => {
                let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
                headers.insert(name, example.parse().expect("a header's value"));
            }
            place => panic!("{name} in {place:?} has an example"),
        }
    }
    let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    Some((if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }, headers))
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The sessions of those who ask.
async fn sessions(app: &crate::common::TestApp) -> BTreeMap<&'static str, Session<'_>> {
    let mut all = BTreeMap::new();
    for name in ["gp", "gp-system", "privacy-officer"] {
        all.insert(name, app.persona(name).await);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn every_get_finds_something() {
    let (app, document) = (sandboxed().await, document());
    let sessions = sessions(&app).await;
    let (mut asked, mut left) = (0, Vec::new());
    for call in calls(&document).iter().filter(|call| call.method == "GET") {
        let Some((address, headers)) = filled(&document, call) else {
            left.push(call.path);
            continue;
        };
        let session = &sessions[call.persona()];
        let reply = send(session.request(Method::GET, &format!("{}{address}", app.url)).headers(headers)).await;
        // Without a launch there is no patient of it.
        if call.path == "/fhir/Patient/$everything" {
            assert!(reply.status == 400 && reply.text.contains("launch"), "{}", reply.text);
            continue;
        }
        assert!(reply.status.is_success(), "{} as {}: {}", address, call.persona(), reply.text);
        if reply.text.contains(r#""type":"searchset""#) {
            assert!(!reply.ids().is_empty(), "{address} as {} finds nothing", call.persona());
        }
        asked += 1;
    }
    left.retain(|path| !UNKNOWN.contains(path) && *path != "/oauth/authorize");
    assert!(left.is_empty(), "calls without an example of what they need: {left:?}");
    println!("{asked} calls answered as their examples promise");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_value_that_a_parameter_mentions_finds_something() {
    let (app, document) = (sandboxed().await, document());
    let sessions = sessions(&app).await;
    let mut asked = 0;
    for call in calls(&document).iter().filter(|call| call.id.starts_with("search") && !call.path.contains("{id}")) {
        let kind = call.path.trim_start_matches("/fhir/");
        if call.method != "GET" || !kind.starts_with(char::is_uppercase) {
            continue;
        }
        for parameter in call.parameters(&document) {
            let words = parameter["description"].as_str().expect("description");
            let Some(value) = words.split_once("For example `").and_then(|(_, rest)| rest.split('`').next()) else {
                continue;
            };
            let name = parameter["name"].as_str().expect("name");
            let pattern = followed(&document, &parameter["schema"])["pattern"].as_str();
            assert!(pattern.is_some(), "{kind}.{name} has no pattern");
            let address = format!("{kind}?{name}={}&_count=1", encoded(value));
            let reply = sessions[call.persona()].get(&address).await;
            assert_eq!(reply.status, 200, "{address}: {}", reply.text);
            assert!(!reply.ids().is_empty(), "{kind}?{name}={value} finds nothing");
            asked += 1;
        }
    }
    assert!(asked > 80, "only {asked} parameters mention a value");
    println!("{asked} values found something");
}

/// The example of this name, as the text that is sent.
fn text(document: &Value, name: &str) -> String {
    match &document["components"]["examples"][name]["value"] {
        Value::String(text) => text.clone(),
        Value::Null => panic!("there is no example {name}"),
        value => value.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_resource_shown_is_valid_in_both_formats_and_the_same_in_both() {
    let (app, document) = (sandboxed().await, document());
    let gp = app.persona("gp").await;
    let examples = document["components"]["examples"].as_object().expect("examples");
    let mut seen = 0;
    for name in examples.keys().filter_map(|name| name.strip_suffix("-new.json")) {
        for (ending, kind) in [("json", "application/fhir+json"), ("xml", "application/fhir+xml")] {
            let request = gp.request(Method::POST, &format!("{name}/$validate")).header("Content-Type", kind);
            let reply = send(request.body(text(&document, &format!("{name}-new.{ending}")))).await;
            let outcome = reply.json();
            let issues = outcome["issue"].as_array().expect("issues");
            // That a narrative would be good practice may be told.
            let fine = issues.iter().all(|issue| issue["severity"] == "information");
            assert!(fine, "{name} in {ending}: {}", reply.text);
            seen += 1;
        }
        // As it is stored: the service shows the same in either format.
        let id = examples[&format!("{name}.json")]["value"]["id"].as_str().expect("id").to_owned();
        let served = gp.get(&format!("{name}/{id}?_format=xml&_pretty=true")).await;
        let lines = |text: &str| {
            let lines = text.lines().filter(|line| !line.contains("lastUpdated") && !line.contains("versionId"));
            lines.map(str::trim).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(lines(&served.text), lines(&text(&document, &format!("{name}.xml"))), "{name}");
    }
    assert_eq!(seen, 18);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gp_writes_the_plan_that_is_shown_and_patches_it_as_shown() {
    let (app, document) = (sandboxed().await, document());
    let gp = app.persona("gp").await;
    let made = gp.post("CarePlan", text(&document, "CarePlan-new.json")).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.json()["id"].as_str().expect("id").to_owned();
    for (kind, name) in [
        ("application/json-patch+json", "json-patch.json"),
        ("application/xml-patch+xml", "xml-patch.xml"),
        ("application/fhir+json", "fhirpath-patch.json"),
        ("application/fhir+xml", "fhirpath-patch.xml"),
    ] {
        let request = gp.request(Method::PATCH, &format!("CarePlan/{id}")).header("Content-Type", kind);
        let reply = send(request.body(text(&document, name))).await;
        assert_eq!(reply.status, 200, "{name}: {}", reply.text);
    }
    for (kind, name) in [("application/fhir+json", "transaction.json"), ("application/xml", "transaction.xml")] {
        let request = gp.request(Method::POST, &app.base).header("Content-Type", kind);
        let reply = send(request.body(text(&document, name))).await;
        assert_eq!(reply.status, 200, "{name}: {}", reply.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_can_be_asked_as_shown() {
    let (app, document) = (sandboxed().await, document());
    let sessions = sessions(&app).await;
    // What is named by an id that only an earlier answer tells is not there.
    let unknown = ["endRelationshipPatient", "reviewPatient", "everythingPatientByPost"];
    for call in calls(&document).iter().filter(|call| call.method == "POST" && call.path.contains("/$")) {
        let Some((address, headers)) = filled(&document, call) else {
            panic!("{} has no example of its id", call.path)
        };
        let examples = call.body["requestBody"]["content"]["application/fhir+json"]["examples"].as_object();
        let Some((_, example)) = examples.and_then(|all| all.iter().next()) else {
            panic!("{} shows no body", call.id)
        };
        let body = followed(&document, example)["value"].clone();
        let session = &sessions[call.persona()];
        let request = session.request(Method::POST, &format!("{}{address}", app.url)).headers(headers.clone());
        let reply = send(json(request, body)).await;
        // An export is begun: 202.
        let done = if call.path.ends_with("$export") { 202 } else { 200 };
        let ends = if unknown.contains(&call.id) { reply.status.is_client_error() } else { reply.status == done };
        assert!(ends, "{} as {}: {} {}", call.path, call.persona(), reply.status, reply.text);
        let form = &call.body["requestBody"]["content"]["application/x-www-form-urlencoded"]["example"];
        if let Some(fields) = form.as_object() {
            let fields: Vec<(&String, &str)> =
                fields.iter().map(|(name, value)| (name, value.as_str().expect("a field"))).collect();
            let request = session.request(Method::POST, &format!("{}{address}", app.url)).headers(headers);
            let reply = send(request.form(&fields)).await;
            let ends = if unknown.contains(&call.id) { reply.status.is_client_error() } else { reply.status == done };
            assert!(ends, "{} by form: {} {}", call.path, reply.status, reply.text);
        }
    }
}
