//! The parameters of a kick-off, and what it refuses.

use lcr_facade::config::{Config, RequestLimits};
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Reply, Session, TestApp, json as with_body, send};
use crate::support::{backend, begin, claims, export, fetch, files, ids, kick_off, lines, manifest};
use crate::world::{TYPES, about, patient, put, session};

async fn filled(session: &Session<'_>) {
    for n in 1..=2 {
        put(session, &patient(&format!("p{n}"), n)).await;
        for kind in &TYPES[1..] {
            put(session, &about(kind, &format!("r{n}"), &format!("p{n}"), n)).await;
        }
    }
    put(session, &json!({"resourceType": "Organization", "id": "ward", "name": "Ward"})).await;
    // About nobody who is a patient here.
    let mut group = about("Observation", "of-a-group", "x", 1);
    group["subject"] = json!({"reference": "Group/g"});
    put(session, &group).await;
}

fn refused(reply: &Reply, status: u16, code: &str, words: &str) {
    assert_eq!(reply.status, status, "{}", reply.text);
    let issue = &reply.json()["issue"][0];
    assert!(issue["code"] == code && reply.text.contains(words), "{}", reply.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_parameter_narrows_it() {
    let app = TestApp::start().await;
    let session = backend(&app, "a", None).await;
    filled(&session).await;
    let whole = export(&session, "$export").await;
    assert_eq!(whole.len(), 9, "every type: {:?}", whole.keys());
    assert_eq!(ids(&whole["Observation"]), ["of-a-group", "r1", "r2"]);
    assert_eq!(ids(&whole["Organization"]), ["ward"]);
    // Of patients: their types, and nobody else's rows.
    let people = export(&session, "Patient/$export").await;
    assert_eq!(
        people.keys().map(String::as_str).collect::<std::collections::BTreeSet<_>>(),
        TYPES.into_iter().collect()
    );
    assert_eq!(ids(&people["Observation"]), ["r1", "r2"]);
    let some = export(&session, "$export?_type=Condition&_type=CarePlan").await;
    assert_eq!(some.keys().collect::<Vec<_>>(), ["CarePlan", "Condition"]);
    for format in ["application/fhir%2Bndjson", "application/fhir+ndjson", "application/ndjson", "ndjson"] {
        assert_eq!(export(&session, &format!("$export?_type=Patient&_outputFormat={format}")).await.len(), 1);
    }
    let future = export(&session, "$export?_type=Patient&_since=2999-01-01T00:00:00Z").await;
    assert_eq!(future["Patient"], Vec::<Value>::new());
    let past = export(&session, "$export?_type=Patient&_since=2001-01-01T00:00:00Z").await;
    assert_eq!(ids(&past["Patient"]), ["p1", "p2"]);
    let cut = export(&session, "$export?_type=Patient,Observation&_elements=Patient.birthDate,id").await;
    for row in &cut["Patient"] {
        assert!(
            row["birthDate"].is_string() && row["name"].is_null() && row["meta"].to_string().contains("SUBSETTED"),
            "{row}"
        );
    }
    assert!(cut["Observation"].iter().all(|row| row["status"].is_string() && row["valueQuantity"].is_null()));
    let filter = "_typeFilter=Observation%3Fpatient%3Dp1%26status%3Dfinal";
    let found = export(&session, &format!("$export?_type=Patient,Observation&{filter}")).await;
    assert_eq!((ids(&found["Patient"]).len(), ids(&found["Observation"])), (2, vec!["r1".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_names_patients() {
    let app = TestApp::start().await;
    let session = backend(&app, "a", None).await;
    filled(&session).await;
    let body = json!({"resourceType": "Parameters", "parameter": [
        {"name": "patient", "valueReference": {"reference": "Patient/p2"}},
        {"name": "patient", "valueReference": {"reference": "Patient/nobody"}},
        {"name": "_type", "valueString": "Patient,Condition"}]});
    let begun = with_body(session.request(Method::POST, "Patient/$export").header("Prefer", "respond-async"), &body);
    let begun = send(begun).await;
    assert_eq!(begun.status, 202, "{}", begun.text);
    let found = files(&manifest(&session, begun.header("content-location")).await);
    assert_eq!(ids(&lines(&fetch(&session, &found["Patient"]).await)), ["p2"]);
    assert_eq!(ids(&lines(&fetch(&session, &found["Condition"]).await)), ["r2"]);
    // Of the whole record no patients are named.
    let begun = with_body(session.request(Method::POST, "$export").header("Prefer", "respond-async"), &body);
    refused(&send(begun).await, 400, "not-supported", "patient");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_exported_is_refused_with_a_reason() {
    let app = TestApp::start().await;
    let session = backend(&app, "a", None).await;
    refused(&session.get("$export").await, 400, "required", "respond-async");
    for (path, code, words) in [
        ("$export?_type=Banana", "value", "Banana"),
        ("$export?_type=AuditEvent", "value", "AuditEvent"),
        ("Patient/$export?_type=Organization", "value", "Organization"),
        ("$export?_since=yesterday", "value", "instant"),
        ("$export?_outputFormat=text/csv", "value", "ndjson"),
        ("$export?_elements=banana", "value", "banana"),
        ("$export?_typeFilter=status", "value", "Type?parameter"),
        ("$export?_type=Patient&_typeFilter=Observation%3Fstatus%3Dfinal", "value", "Observation"),
        ("$export?_typeFilter=Observation%3Fbanana%3D1", "not-supported", "banana"),
        ("$export?_typeFilter=Observation%3F_include%3DObservation:subject", "value", "_include"),
        ("$export?_typeFilter=Observation%3F_sort%3Ddate", "value", "_sort"),
        ("$export?_typeFilter=Patient%3Fgender%3Dmale&_typeFilter=Patient%3Fgender%3Dother", "value", "two of"),
        ("$export?patient=p1", "not-supported", "patient"),
        ("$export?banana=1", "not-supported", "banana"),
    ] {
        refused(&send(kick_off(&session, path)).await, 400, code, words);
    }
    // Who wants what is not known passed over says so.
    let lenient = kick_off(&session, "$export?banana=1&_type=Patient,Banana").header("Prefer", "handling=lenient");
    assert_eq!(send(lenient).await.status, 202);
    for (method, path, allow) in
        [(Method::PUT, "$export", "GET, HEAD, POST"), (Method::POST, "$export/x", "GET, DELETE")]
    {
        let reply = send(session.request(method, path)).await;
        assert_eq!((reply.status.as_u16(), reply.header("allow")), (405, allow), "{}", reply.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_has_so_many_exports_at_once() {
    let limits = RequestLimits { exports: 2, ..RequestLimits::default() };
    let app = TestApp::with(Config { limits, ..Config::default() }).await;
    let one = backend(&app, "a", None).await;
    let first = begin(&one, "$export").await;
    begin(&one, "$export").await;
    let third = send(kick_off(&one, "$export")).await;
    refused(&third, 429, "throttled", "limits.exports");
    assert!(third.header("retry-after").parse::<u32>().is_ok(), "{:?}", third.headers);
    // Another client has its own.
    let other = session(&app, &claims("b", None)).await;
    begin(&other, "$export").await;
    assert_eq!(one.delete(&first).await.status, 202);
    begin(&one, "$export").await;
}
