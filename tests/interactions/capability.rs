//! metadata, and what every answer has: its Content-Type and, when it refuses, an OperationOutcome.

use std::collections::BTreeSet;

use lcr_facade::fhir::decode;
use lcr_facade::fhir::json::Json;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{self, Session, TestApp, send};
use crate::support::*;

/// What R4's element table has against a resource.
fn invalid(text: &str) -> Vec<String> {
    let Ok(Json::Object(object)) = Json::parse(text.as_bytes()) else { panic!("{text}") };
    decode::check(&object).into_iter().map(|issue| format!("{:?}: {}", issue.expression, issue.diagnostics)).collect()
}

fn codes(list: &Value) -> BTreeSet<String> {
    let list = list.as_array().expect("list");
    let codes: BTreeSet<String> = list.iter().map(|item| item["code"].as_str().expect("code").to_owned()).collect();
    assert_eq!(codes.len(), list.len(), "no interaction twice (cpb-9)");
    codes
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_is_open_and_describes_the_service() {
    let app = TestApp::start().await;
    let reply = ask(app.open(Method::GET, "/fhir/metadata")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(invalid(&reply.text), [""; 0]);
    let statement = reply.json();
    for (name, value) in [
        ("resourceType", json!("CapabilityStatement")),
        ("kind", json!("instance")),
        ("fhirVersion", json!("4.0.1")),
        ("status", json!("active")),
    ] {
        assert_eq!(statement[name], value, "{name}");
    }
    assert_eq!(statement["implementation"]["url"], app.base, "cpb-15, and where the service is");
    assert!(statement["date"].is_string() && statement["software"]["name"].is_string(), "{statement}");
    let formats = statement["format"].as_array().expect("format");
    for format in ["application/fhir+json", "application/fhir+xml", "json", "xml"] {
        assert!(formats.contains(&json!(format)), "{format} is not in {formats:?}");
    }
    let patches = statement["patchFormat"].as_array().expect("patchFormat");
    assert!(patches.contains(&json!("application/json-patch+json")), "{patches:?}");
    let rest = &statement["rest"][0];
    assert_eq!(rest["mode"], "server");
    assert_eq!(rest["security"]["cors"], true);
    assert_eq!(codes(&rest["interaction"]), ["batch", "transaction"].map(str::to_owned).into());
    let resources = rest["resource"].as_array().expect("resources");
    let types: Vec<&str> = resources.iter().map(|resource| resource["type"].as_str().expect("type")).collect();
    let expected: BTreeSet<&&str> = TYPES.iter().chain(&DIRECTORY).chain(&["AuditEvent"]).collect();
    assert_eq!(types.iter().collect::<BTreeSet<_>>(), expected, "{types:?}");
    assert_eq!(types.len(), 10, "no type twice (cpb-9)");
    let trail = resources.iter().find(|resource| resource["type"] == "AuditEvent").expect("the trail");
    assert_eq!(codes(&trail["interaction"]), ["read", "search-type"].map(str::to_owned).into(), "it is read only");
    assert_eq!((&trail["updateCreate"], &trail["readHistory"]), (&json!(false), &json!(false)));
    for resource in resources.iter().filter(|resource| resource["type"] != "AuditEvent") {
        let served =
            ["read", "vread", "update", "patch", "delete", "history-instance", "history-type", "create", "search-type"];
        assert_eq!(codes(&resource["interaction"]), served.map(str::to_owned).into(), "{}", resource["type"]);
        assert_eq!(resource["versioning"], "versioned-update");
        assert_eq!((&resource["readHistory"], &resource["updateCreate"]), (&json!(true), &json!(true)));
        assert_eq!((&resource["conditionalCreate"], &resource["conditionalUpdate"]), (&json!(true), &json!(true)));
        assert_eq!(resource["conditionalRead"], "full-support");
        assert_eq!(resource["conditionalDelete"], "single");
        let params = resource["searchParam"].as_array().expect("parameters");
        let names: BTreeSet<&str> = params.iter().map(|param| param["name"].as_str().expect("name")).collect();
        assert_eq!(names.len(), params.len(), "{}: no parameter twice (cpb-12)", resource["type"]);
    }
    // A token, a wrong one and a body change nothing.
    for request in [
        app.open(Method::GET, "/fhir/metadata").bearer_auth("nonsense"),
        app.open(Method::GET, "/fhir/metadata?_format=json").header("Accept", "application/fhir+json"),
        app.open(Method::GET, "/fhir/metadata").body("body"),
    ] {
        assert_eq!(ask(request).await.text, reply.text);
    }
}

/// A value a parameter of this type takes.
fn value(name: &str, kind: &str) -> &'static str {
    match kind {
        "token" | "string" => "a",
        "date" => "2020",
        "reference" => "Patient/1",
        "quantity" | "number" => "1",
        "uri" => "http://example.org",
        "composite" if name.ends_with("quantity") => "a$1",
        "composite" if name.ends_with("date") => "a$2020",
        "composite" => "a$b",
        _ => panic!("{name} is of type {kind}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_declared_parameter_can_be_used() {
    let app = TestApp::start().await;
    let (session, officer) = (app.source("a").await, app.persona("privacy-officer").await);
    let statement = ask(app.open(Method::GET, "/fhir/metadata")).await.json();
    let mut asked = 0;
    for resource in statement["rest"][0]["resource"].as_array().expect("resources") {
        let kind = resource["type"].as_str().expect("type");
        // The trail is for who oversees the record.
        let session = if kind == "AuditEvent" { &officer } else { &session };
        for param in resource["searchParam"].as_array().expect("parameters") {
            let name = param["name"].as_str().expect("name");
            let query = [(name, value(name, param["type"].as_str().expect("type")))];
            let reply = ask(session.request(Method::GET, kind).query(&query)).await;
            assert_eq!(reply.status, 200, "{kind}?{name}: {}", reply.text);
            assert!(reply.link("self").is_some_and(|link| link.contains(name)), "{kind}?{name} is in the self link");
            asked += 1;
        }
    }
    assert!(asked > 130, "{asked} parameters");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bundle_is_valid() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let made = transact(
        &session,
        vec![
            entry("POST", "Patient", Some(patient("Valid"))),
            entry("PUT", "Patient/v", Some(with(patient("Valid"), json!({"id": "v"})))),
            entry("GET", "Patient?_total=accurate", None),
        ],
    );
    let mut answers = vec![made.await];
    delete(&session, "Patient/v").await;
    for path in [
        "Patient?_count=1&_total=accurate",
        "Patient?family=nobody",
        "Patient?identifier=https://fhir.nhs.uk/Id/nhs-number%7C123",
        "Patient/_history?_count=2",
        "Patient/v/_history",
        "Patient/v",
        "Patient?colour=red",
    ] {
        answers.push(get(&session, path).await);
    }
    for reply in answers {
        assert_eq!(invalid(&reply.text), [""; 0], "{}", reply.text);
    }
}

/// Method, path, headers, body, and the status it gets.
type Row<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, u16);

/// A request with whatever a row of the table needs: what is wrong with the answer.
async fn row(
    session: &Session<'_>,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
    status: u16,
) -> Vec<String> {
    let method: Method = method.parse().expect("method");
    let url = format!("{}{path}", session.app.url);
    let mut request = session.request(method.clone(), &url).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let reply = send(request).await;
    let mut wrong = faults(&reply);
    if reply.status != status {
        wrong.push(format!("wanted {status}"));
    }
    if reply.status == 405 && !reply.header("allow").contains("GET") {
        wrong.push("a 405 says what is allowed (RFC 9110 §15.5.6)".to_owned());
    }
    if reply.status == 401 && !reply.header("www-authenticate").starts_with("Bearer") {
        wrong.push("a 401 says how to come in".to_owned());
    }
    let shown: String = reply.text.chars().take(300).collect();
    wrong
        .into_iter()
        .map(|words| format!("{method} {path} {headers:?}: {words}, got {} {shown}", reply.status))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_its_media_type() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    keep(&session, "p", patient("Typed")).await;
    let json = ("Content-Type", "application/fhir+json");
    let body = r#"{"resourceType":"Patient","id":"p","active":true}"#;
    let (get, put, post) = ("GET", "PUT", "POST");
    let rows: &[Row<'_>] = &[
        (get, "/fhir/Patient/p", &[], "", 200),
        (get, "/fhir/Patient/p", &[("Accept", "application/fhir+json; fhirVersion=4.0")], "", 200),
        (get, "/fhir/Patient/p", &[("Accept", "application/json")], "", 200),
        (get, "/fhir/Patient/p", &[("Accept", "text/html, application/xhtml+xml, */*;q=0.8")], "", 200),
        (get, "/fhir/Patient/p?_format=json", &[("Accept", "application/fhir+xml")], "", 200),
        (get, "/fhir/Patient/p?_format=application/fhir%2Bjson", &[], "", 200),
        (get, "/fhir/Patient/p", &[("Accept", "text/turtle")], "", 406),
        (get, "/fhir/Patient/p?_format=ttl", &[], "", 406),
        (get, "/fhir/Patient/absent", &[], "", 404),
        (get, "/fhir/Patient/%FF", &[], "", 404),
        (get, "/fhir/Patient/%00", &[], "", 404),
        (get, "/fhir/Patient/%00/_history", &[], "", 404),
        (get, "/fhir/%00/p", &[], "", 404),
        (get, "/fhir/%00", &[], "", 404),
        (put, "/fhir/Patient/%00", &[json], body, 400),
        ("DELETE", "/fhir/Patient/%00", &[], "", 404),
        (post, "/fhir/Patient/_search", &[("Content-Type", "application/x-www-form-urlencoded")], "name=\0", 400),
        (get, "/fhir/Patient/p/_history/%FF", &[], "", 404),
        (get, "/fhir/%FF", &[], "", 404),
        (get, "/fhir/Banana", &[], "", 404),
        (get, "/fhir/patient", &[], "", 404),
        (get, "/fhir/Patient/p/q/r/s", &[], "", 404),
        (get, "/nowhere", &[], "", 404),
        (get, "/", &[], "", 404),
        (get, "/fhir/Patient?%FF=1", &[], "", 400),
        (get, "/fhir/Patient?name=%00", &[], "", 400),
        (get, "/fhir/Patient?name", &[], "", 400),
        (put, "/fhir/Patient/p", &[json], "{", 400),
        (put, "/fhir/Patient/p", &[json], "", 400),
        (put, "/fhir/Patient/p", &[], body, 415),
        (put, "/fhir/Patient/p", &[("Content-Type", "text/turtle")], "<Patient/>", 415),
        (put, "/fhir/Patient/p", &[json, ("If-Match", "W/\"9\"")], body, 412),
        (put, "/fhir/Patient/p", &[("Content-Type", "application/json; charset=utf-8")], body, 200),
        (put, "/fhir/Patient", &[json], body, 405),
        ("DELETE", "/fhir/Patient", &[], "", 405),
        ("PATCH", "/fhir/Patient", &[("Content-Type", "application/json-patch+json")], "[]", 405),
        ("PATCH", "/fhir/Patient/p", &[("Content-Type", "application/json-patch+json")], "[]", 200),
        ("PATCH", "/fhir/Patient/p", &[("Content-Type", "application/merge-patch+json")], "{}", 415),
        ("PATCH", "/fhir/Patient/p", &[], "[]", 415),
        (post, "/fhir/Patient/p", &[json], body, 405),
        (post, "/fhir/Patient", &[json, ("If-None-Exist", "identifier=x")], body, 201),
        (post, "/fhir/Patient", &[json, ("If-None-Exist", "colour=x")], body, 400),
        (post, "/fhir/Patient", &[json, ("If-None-Match", "*")], body, 400),
        (put, "/fhir/Patient?identifier=none", &[json, ("If-None-Exist", "identifier=x")], body, 400),
        (post, "/fhir", &[("Content-Type", "text/plain")], "x", 415),
        (post, "/fhir", &[json], "[]", 400),
    ];
    let mut wrong = Vec::new();
    for (method, path, headers, body, status) in rows {
        wrong.extend(row(&session, method, path, headers, body, *status).await);
    }
    let huge = "x".repeat(17 << 20);
    wrong.extend(row(&session, post, "/fhir/Patient", &[json], &huge, 413).await);
    let nobody = Session { app: &app, token: "nonsense".to_owned() };
    wrong.extend(row(&nobody, get, "/fhir/Patient/p", &[], "", 401).await);
    wrong.extend(row(&nobody, post, "/fhir", &[json], "{}", 401).await);
    let claims = lcr_facade::access::Claims { scope: "system/Observation.rs".to_owned(), ..common::source_claims("a") };
    let narrow = Session { app: &app, token: app.token(&claims).await };
    wrong.extend(row(&narrow, get, "/fhir/Patient/p", &[], "", 403).await);
    wrong.extend(row(&narrow, put, "/fhir/Patient/p", &[json], body, 403).await);
    refused(&ask(app.open(Method::GET, "/fhir/Patient/p")).await, 401, "", "no token");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
