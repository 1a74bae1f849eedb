//! Faults of the request around the body: type in the address, method, Content-Type, Accept, If-Match.

use reqwest::Method;

use super::bodies::{condition, patient};
use super::table::{Judge, Row};
use crate::common::TestApp;

fn get(path: &str, status: u16, code: &'static str, words: &[&'static str]) -> Row {
    Row::new(Method::GET, path, status, code, "", words)
}

fn put(name: &str, status: u16, code: &'static str, words: &[&'static str]) -> Row {
    Row::new(Method::PUT, "Patient/kept", status, code, "", words).body(patient(r#""active":false"#)).named(name)
}

#[rustfmt::skip]
fn addresses() -> Vec<Row> {
    let mut rows = Vec::new();
    for path in ["Banana", "patient", "Encounter", "Patients", "Patient.json", "HumanName", "..", "Patient%20"] {
        let (known, body) = (&["Patient", "Observation", "CarePlan"][..], patient(""));
        let row = |method, path: String| Row::new(method, &path, 404, "not-supported", "", known).named("a type this record does not keep");
        if path != ".." {
            rows.push(row(Method::GET, path.to_owned()));
            rows.push(row(Method::POST, path.to_owned()).body(body.clone()));
        }
        let path = path.replace("..", "%2e%2e%2f");
        rows.push(row(Method::GET, format!("{path}/kept")));
        rows.push(row(Method::PUT, format!("{path}/kept")).body(body));
        rows.push(row(Method::DELETE, format!("{path}/kept")));
        rows.push(row(Method::GET, format!("{path}/_history")));
        rows.push(row(Method::GET, format!("{path}/kept/_history/1")));
    }
    for path in ["Patient/none", "Patient/a_b", "Patient/%00", "Patient/a%00b", "Patient/%ff", "Patient/%C3%28", "Patient/none%00/_history", "Patient/kept/_history/x", "Patient/kept/_history/0", "Patient/kept/_history/2", "Patient/kept/_history/99999999999999999999", "Patient/kept/_history/-1", "Patient/kept/_history/%00", "Patient/a%00b/_history/1"] {
        rows.push(get(path, 404, "not-found", &[]).named("nothing is there"));
    }
    for path in ["Pa%00tient/kept", "%00", "%00/_history", "%ff/kept", "%ff"] {
        rows.push(get(path, 404, "", &[]).named("no type is there"));
    }
    for path in ["Patient/kept/Observation/x/y/z", "Patient/kept/banana/1/2"] {
        rows.push(get(path, 404, "not-found", &[]).named("no such address"));
    }
    rows.push(Row::new(Method::DELETE, "Patient/none", 404, "not-found", "", &[]).named("a delete of nothing"));
    rows.push(Row::new(Method::DELETE, "Patient/a%00b", 404, "not-found", "", &[]).named("a delete of NUL"));
    rows.push(Row::new(Method::PUT, "Patient/a%00b", 400, "", "id", &[]).body(patient("")).named("an update of NUL"));
    for (method, path) in [(Method::PUT, "Patient"), (Method::DELETE, "Patient"), (Method::PATCH, "Patient"), (Method::POST, "Patient/kept"), (Method::from_bytes(b"BREW").expect("method"), "Patient/kept")] {
        rows.push(Row::new(method, path, 405, "not-supported", "", &[]).body(patient("")).named("a method that is not for this address"));
    }
    rows
}

#[rustfmt::skip]
fn media() -> Vec<Row> {
    let mut rows = Vec::new();
    for kind in ["text/plain", "application/pdf", "application/fhir+turtle", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json-patch+json", "application/octet-stream", "banana", "", "application/fhir+jsonp", "\u{e9}"] {
        let latin: Vec<u8> = kind.chars().map(|c| c as u8).collect();
        let named = |row: Row| row.header("Content-Type", latin.clone()).named(format!("Content-Type {kind:?}"));
        rows.push(named(put("", 415, "not-supported", &["application/fhir+json"])));
        rows.push(named(Row::new(Method::POST, "Patient", 415, "not-supported", "", &["application/fhir+json"]).body(patient(""))));
        rows.push(named(Row::new(Method::POST, "", 415, "not-supported", "", &["application/fhir+json"]).body(r#"{"resourceType":"Bundle","type":"transaction"}"#)));
    }
    let mut none = put("no Content-Type", 415, "not-supported", &["application/fhir+json"]);
    none.headers.clear();
    rows.push(none);
    for encoding in ["deflate", "zstd", "gzip, br", "banana"] {
        let row = Row { expression: "Content-Encoding", ..put("another coding", 415, "not-supported", &["gzip"]) };
        rows.push(row.header("Content-Encoding", encoding));
    }
    for encoding in ["gzip", "x-gzip", "br"] {
        let row = Row { expression: "Content-Encoding", ..put("not squeezed at all", 400, "structure", &["Content-Encoding"]) };
        rows.push(row.header("Content-Encoding", encoding));
    }
    for kind in ["application/xml", "application/fhir+xml", "text/xml"] {
        rows.push(put("JSON that says it is XML", 400, "structure", &["XML"]).header("Content-Type", kind));
    }
    for accept in ["application/fhir+turtle", "application/fhir+json;q=0", "application/fhir+json; fhirVersion=3.0", "text/html", "image/*", "banana"] {
        rows.push(get("Patient/kept", 406, "not-supported", &["json"]).header("Accept", accept).named(format!("Accept {accept}")));
        rows.push(get("Patient?name=a", 406, "not-supported", &["json"]).header("Accept", accept).named(format!("Accept {accept}")));
        rows.push(put("a change whose answer has no format", 406, "not-supported", &["json"]).header("Accept", accept));
    }
    for format in ["application/fhir%2Bturtle", "text/html", "ttl", "banana"] {
        rows.push(get(&format!("Patient/kept?_format={format}"), 406, "not-supported", &["_format"]).named("_format"));
        rows.push(get(&format!("Patient?_format={format}"), 406, "not-supported", &["_format"]).named("_format"));
    }
    rows
}

fn versions() -> Vec<Row> {
    let mut rows = Vec::new();
    for etag in ["W/\"2\"", "W/\"7\"", "\"2\"", "W/\"2147483647\""] {
        rows.push(put("a stale If-Match", 412, "conflict", &["W/\"1\""]).header("If-Match", etag));
        let delete = Row::new(Method::DELETE, "Patient/kept", 412, "conflict", "", &["W/\"1\""]);
        rows.push(delete.header("If-Match", etag).named("a delete with a stale If-Match"));
    }
    let malformed: [&[u8]; 16] = [
        b"1",
        b"W/1",
        b"W/\"x\"",
        b"W/\"\"",
        b"\"\"",
        b"W/\"0\"",
        b"W/\"-1\"",
        b"W/\"+1\"",
        b"W/\"01\"",
        b"W/\"1",
        b"1\"",
        b"W/W/\"1\"",
        b"W/\"99999999999\"",
        b"banana",
        b"",
        b"W/\"\xff\"",
    ];
    for etag in malformed {
        let name = format!("If-Match {}", String::from_utf8_lossy(etag));
        let words = &["If-Match"];
        rows.push(Row { expression: "If-Match", ..put(&name, 400, "value", words) }.header("If-Match", etag));
        rows.push(
            Row::new(Method::DELETE, "Patient/kept", 400, "value", "If-Match", words)
                .header("If-Match", etag)
                .named(name),
        );
    }
    let absent = Row::new(Method::PUT, "Patient/new", 412, "conflict", "", &["If-Match"]);
    rows.push(
        absent
            .body(r#"{"resourceType":"Patient","id":"new"}"#)
            .header("If-Match", "W/\"1\"")
            .named("If-Match on what is not there"),
    );
    let other = Row::new(Method::PUT, "Condition/kept", 412, "conflict", "", &[]).body(condition(""));
    rows.push(other.header("If-Match", "W/\"2\"").named("a stale If-Match on a Condition"));
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_where_nothing_is_says_so() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    judge.ask(addresses()).await;
    judge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_media_types_are_refused() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    judge.ask(media()).await;
    judge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_not_the_current_one_changes_nothing() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    judge.ask(versions()).await;
    judge.finish().await;
}
