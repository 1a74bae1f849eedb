//! PATCH (R4 §3.1.0.6): by JSON Patch and FHIRPath Patch, with the rules of an update.

use base64::Engine;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::common::{Reply, Session, TestApp};
use crate::support::*;

const JSON_PATCH: &str = "application/json-patch+json";

fn patch(session: &Session<'_>, path: &str, kind: &str, body: impl ToString) -> RequestBuilder {
    session.request(Method::PATCH, path).header("Content-Type", kind).body(body.to_string())
}

async fn json_patch(session: &Session<'_>, path: &str, body: Value) -> Reply {
    ask(patch(session, path, JSON_PATCH, body)).await
}

/// Parameters of one operation.
fn operation(kind: &str, path: &str, more: Value) -> Value {
    let mut parts = vec![json!({"name": "type", "valueCode": kind}), json!({"name": "path", "valueString": path})];
    parts.extend(more.as_array().cloned().unwrap_or_default());
    json!({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]})
}

/// A Binary with a JSON Patch.
fn binary(operations: Value) -> Value {
    let data = base64::engine::general_purpose::STANDARD.encode(operations.to_string());
    json!({"resourceType": "Binary", "contentType": JSON_PATCH, "data": data})
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_changes_what_it_names_and_nothing_else() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let text = r#"{"resourceType":"Observation","id":"o","status":"final","code":{"text":"c"},"valueQuantity":{"value":1.50,"unit":"x"},
        "component":[{"code":{"text":"k"},"valueQuantity":{"value":1e2}}]}"#;
    let reply = session.put("Observation/o", text).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let reply = json_patch(
        &session,
        "Observation/o",
        json!([
            {"op": "test", "path": "/valueQuantity/value", "value": 1.5},
            {"op": "replace", "path": "/status", "value": "amended"},
        ]),
    )
    .await;
    assert_eq!((reply.status.as_u16(), reply.header("etag")), (200, "W/\"2\""), "{}", reply.text);
    for kept in [r#""status":"amended","code""#, r#""value":1.50,"unit""#, r#""value":1e2"#] {
        assert!(reply.text.contains(kept), "{kept} is not in {}", reply.text);
    }
    assert_eq!(get(&session, "Observation/o").await.text, reply.text);
    let value = json!([{"name": "value", "valueDecimal": 2}]);
    let body = operation("replace", "Observation.value.value", value).to_string().replace(":2}", ":2.50}");
    let reply = ask(patch(&session, "Observation/o", "application/fhir+json; charset=utf-8", body)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert!(reply.text.contains(r#""value":2.50,"unit":"x""#), "{}", reply.text);
    let xml = r#"<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/>
        <part><name value="type"/><valueCode value="delete"/></part>
        <part><name value="path"/><valueString value="Observation.component"/></part></parameter></Parameters>"#;
    let reply = ask(patch(&session, "Observation/o", "application/fhir+xml", xml)).await;
    assert_eq!((reply.status.as_u16(), reply.json().get("component")), (200, None), "{}", reply.text);
    let diff = r#"<diff xmlns:f="http://hl7.org/fhir">
        <replace sel="f:Observation/f:valueQuantity/f:value/@value">3.50</replace>
        <add sel="f:Observation/f:code" pos="after"><f:effectiveDateTime value="2024"/></add></diff>"#;
    let reply = ask(patch(&session, "Observation/o", "application/xml-patch+xml", diff)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert!(reply.text.contains(r#""value":3.50,"unit":"x""#), "{}", reply.text);
    assert_eq!((&reply.json()["effectiveDateTime"], &reply.json()["meta"]["versionId"]), (&json!("2024"), &json!("5")));
    // Searches follow.
    assert_eq!(get(&session, "Observation?date=2024&status=amended&value-quantity=3.50").await.ids(), ["o"]);
    assert_eq!(get(&session, "Observation?component-value-quantity=100").await.ids(), [""; 0]);
    let history = get(&session, "Observation/o/_history").await.json();
    assert_eq!(history["total"], 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_keeps_the_rules_of_an_update() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    keep(&session, "p", patient("Kept")).await;
    keep(&session, "other", patient("Other")).await;
    keep(&session, "gone", patient("Gone")).await;
    delete(&session, "Patient/gone").await;
    keep(&app.source("b").await, "foreign", patient("Foreign")).await;
    let add = |name: &str, value: Value| json!([{"op": "add", "path": format!("/{name}"), "value": value}]);
    let nhs = |number: &str| json!([{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": number}]);
    #[rustfmt::skip]
    let rows: Vec<(&str, &str, Value, u16)> = vec![
        ("an unknown element", "p", add("colour", json!("red")), 422),
        ("a wrong value", "p", add("birthDate", json!("yesterday")), 422),
        ("a broken rule", "p", add("contact", json!([{"gender": "male"}])), 422),
        ("a wrong NHS number", "p", add("identifier", nhs("9990000000")), 422),
        ("an empty list left", "p", json!([{"op": "remove", "path": "/name/0"}]), 422),
        ("another id", "p", add("id", json!("other")), 422),
        ("no id", "p", json!([{"op": "remove", "path": "/id"}]), 422),
        ("another type", "p", add("resourceType", json!("Observation")), 422),
        ("no resource", "p", json!([{"op": "replace", "path": "", "value": 7}]), 422),
        ("nothing to remove", "p", json!([{"op": "remove", "path": "/gender"}]), 422),
        ("a test that fails", "p", json!([{"op": "test", "path": "/name/0/family", "value": "Else"}]), 422),
        ("no operation", "p", json!([{"op": "spam", "path": "/gender"}]), 400),
        ("no patch", "p", json!({"gender": "male"}), 400),
        ("what never was", "never", add("active", json!(true)), 404),
        ("no id at all", "a_b", add("active", json!(true)), 404),
        ("another source's", "foreign", add("active", json!(true)), 404),
        ("what is deleted", "gone", add("active", json!(true)), 410),
    ];
    let before = get(&session, "Patient/p").await.text;
    for (case, id, body, status) in rows {
        refused(&json_patch(&session, &format!("Patient/{id}"), body).await, status, "", case);
        assert_eq!(get(&session, "Patient/p").await.text, before, "{case}");
    }
    let named = json_patch(
        &session,
        "Patient/p",
        json!([{"op": "add", "path": "/active", "value": true},
        {"op": "remove", "path": "/gender"}]),
    )
    .await;
    assert!(named.text.contains("operation 1 (/gender)"), "{}", named.text);
    for (diff, words) in [
        ("<diff><remove sel=\"Patient/gender\"/></diff>", "operation 0 (Patient/gender)"),
        ("<diff><add sel=\"Patient\"><colour value=\"red\"/></add></diff>", "colour"),
        ("<diff><replace sel=\"Patient/id/@value\">other</replace></diff>", "keeps its id"),
    ] {
        let reply = ask(patch(&session, "Patient/p", "application/xml-patch+xml", diff)).await;
        refused(&reply, 422, "", diff);
        assert!(reply.text.contains(words), "{diff}: {}", reply.text);
    }
    // What the server owns stays the server's.
    let meta = json!([{"op": "replace", "path": "/meta/versionId", "value": "77"}]);
    let reply = json_patch(&session, "Patient/p", meta).await;
    assert_eq!((reply.header("etag"), &reply.json()["meta"]["versionId"]), ("W/\"2\"", &json!("2")));
    // If-Match.
    let guarded = |etag: &str| patch(&session, "Patient/p", JSON_PATCH, "[]").header("If-Match", etag);
    refused(&ask(guarded("W/\"1\"")).await, 412, "", "stale");
    refused(&ask(guarded("2")).await, 400, "http.If-Match", "no ETag");
    assert_eq!(ask(guarded("W/\"2\"")).await.status, 200);
    // Prefer.
    let minimal = ask(patch(&session, "Patient/p", JSON_PATCH, "[]").header("Prefer", "return=minimal")).await;
    assert_eq!((minimal.status.as_u16(), minimal.text.as_str()), (200, ""));
    // Other media types.
    for kind in ["application/json", "application/merge-patch+json", "text/plain", ""] {
        let reply = ask(patch(&session, "Patient/p", kind, "[]")).await;
        refused(&reply, 415, "", kind);
        assert!(reply.header("accept-patch").contains(JSON_PATCH), "{kind}: RFC 5789 §3.1");
    }
    for (kind, body) in [
        (JSON_PATCH, "["),
        (JSON_PATCH, "[{\"op\":\"remove\",\"op\":\"add\",\"path\":\"/x\"}]"),
        ("application/xml-patch+xml", "<x/>"),
        ("application/xml-patch+xml", "<diff><spam sel=\"Patient/active\"/></diff>"),
        ("application/fhir+json", "{\"resourceType\":\"Patient\"}"),
        ("application/fhir+xml", "<x/>"),
        ("application/fhir+json", "{\"resourceType\":\"Parameters\",\"colour\":1}"),
    ] {
        refused(&ask(patch(&session, "Patient/p", kind, body)).await, 400, "", body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conditional_patch_changes_the_one_that_matches() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    keep(&session, "p", marked(patient("Kept"), "one")).await;
    for id in ["q", "r"] {
        keep(&session, id, marked(patient("Twin"), "two")).await;
    }
    let active = json!([{"op": "add", "path": "/active", "value": true}]);
    let reply = json_patch(&session, "Patient?identifier=one", active.clone()).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["id"]), (200, &json!("p")), "{}", reply.text);
    refused(&json_patch(&session, "Patient?identifier=none", active.clone()).await, 404, "", "none");
    refused(&json_patch(&session, "Patient?identifier=two", active.clone()).await, 412, "", "several");
    refused(&json_patch(&session, "Patient?colour=red", active.clone()).await, 400, "", "unknown");
    refused(&json_patch(&session, "Patient?_format=json", active).await, 412, "", "nothing selected");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_can_be_an_entry() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    for id in ["p", "q"] {
        keep(&session, id, marked(patient("Kept"), id)).await;
    }
    let gender = binary(json!([{"op": "add", "path": "/gender", "value": "other"}]));
    let active = operation(
        "add",
        "Patient",
        json!([{"name": "name", "valueString": "active"}, {"name": "value", "valueBoolean": true}]),
    );
    let mut guarded = entry("PATCH", "Patient/q", Some(active.clone()));
    guarded["request"]["ifMatch"] = json!("W/\"1\"");
    let entries = vec![
        entry("GET", "Patient/p", None),
        entry("PATCH", "Patient?identifier=p", Some(gender.clone())),
        guarded.clone(),
    ];
    let reply = transact(&session, entries).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let bundle = reply.json();
    assert_eq!(bundle["entry"][0]["resource"]["gender"], "other", "{bundle}");
    assert_eq!(
        (&bundle["entry"][1]["response"]["etag"], &bundle["entry"][2]["response"]["etag"]),
        (&json!("W/\"2\""), &json!("W/\"2\""))
    );
    assert_eq!(get(&session, "Patient/q").await.json()["active"], true);
    let diff = base64::engine::general_purpose::STANDARD.encode("<diff><remove sel=\"Patient/active\"/></diff>");
    let diff =
        json!({"resourceType": "Binary", "contentType": "application/xml-patch+xml; charset=utf-8", "data": diff});
    assert_eq!(transact(&session, vec![entry("PATCH", "Patient/q", Some(diff))]).await.status, 200);
    assert_eq!(get(&session, "Patient/q").await.json().get("active"), None);
    for (case, entry, status) in [
        ("stale", guarded, 412),
        ("no resource", entry("PATCH", "Patient/p", None), 400),
        ("a resource that is no patch", entry("PATCH", "Patient/p", Some(patient("X"))), 400),
        (
            "a Binary of another type",
            entry(
                "PATCH",
                "Patient/p",
                Some(json!({"resourceType": "Binary", "contentType": "text/plain", "data": "W10="})),
            ),
            400,
        ),
        (
            "no base64",
            entry(
                "PATCH",
                "Patient/p",
                Some(json!({"resourceType": "Binary", "contentType": JSON_PATCH, "data": "!"})),
            ),
            400,
        ),
        ("a type alone", entry("PATCH", "Patient", Some(gender)), 400),
        ("what is not there", entry("PATCH", "Patient/never", Some(active)), 404),
    ] {
        refused(&transact(&session, vec![entry]).await, status, "Bundle.entry[0]", case);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_may_be_conditional_reads_and_say_how_much_comes_back() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let written = keep(&session, "p", patient("Kept")).await.json()["meta"]["lastUpdated"].clone();
    let conditional = |name: &str, value: Value| {
        let mut entry = entry("GET", "Patient/p", None);
        entry["request"][name] = value;
        entry
    };
    let head = entry("HEAD", "Patient/p", None);
    let rows = [
        (conditional("ifNoneMatch", json!("W/\"1\"")), "304"),
        (conditional("ifNoneMatch", json!("W/\"2\"")), "200"),
        (conditional("ifModifiedSince", written), "304"),
        (conditional("ifModifiedSince", json!("2000-01-01T00:00:00Z")), "200"),
        (head, "200"),
    ];
    for kind in ["transaction", "batch"] {
        let bundle = with(transaction(rows.iter().map(|(entry, _)| entry.clone()).collect()), json!({"type": kind}));
        let reply = post(&session, "", &bundle).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let bundle = reply.json();
        for (at, (entry, (asked, status))) in bundle["entry"].as_array().expect("entries").iter().zip(&rows).enumerate()
        {
            assert!(entry["response"]["status"].as_str().expect("status").starts_with(status), "{kind} {at}: {entry}");
            let shows = *status == "200" && asked["request"]["method"] == "GET";
            assert_eq!(entry.get("resource").is_some(), shows, "{kind} {at}: {entry}");
        }
        let bad = |name: &str, value: &str| conditional(name, json!(value));
        for (entry, place) in [
            (bad("ifModifiedSince", "yesterday"), "ifModifiedSince"),
            (bad("ifMatch", "W/\"1\""), "ifMatch"),
            (bad("ifNoneExist", "identifier=x"), "ifNoneExist"),
        ] {
            let reply = post(&session, "", &with(transaction(vec![entry]), json!({"type": kind}))).await;
            assert!(
                reply.text.contains(place) && reply.text.contains("400") == (kind == "batch"),
                "{kind} {place}: {}",
                reply.text
            );
        }
        for (prefer, resource, outcome) in [
            ("return=representation", true, false),
            ("return=OperationOutcome", false, true),
            ("return=minimal", false, false),
        ] {
            let body = with(transaction(vec![entry("POST", "Patient", Some(patient("New")))]), json!({"type": kind}));
            let request = crate::common::json(session.request(Method::POST, ""), body).header("Prefer", prefer);
            let answer = ask(request).await.json()["entry"][0].clone();
            let got = (answer.get("resource").is_some(), answer["response"].get("outcome").is_some());
            assert_eq!(got, (resource, outcome), "{kind} {prefer}: {answer}");
        }
    }
}
