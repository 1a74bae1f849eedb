//! Bundles of which a part is wrong: all of them is refused, at the entry that is to blame.

use reqwest::Method;

use super::bodies::{good_entry, observation, patient, transaction};
use super::table::{Judge, Row};
use crate::common::TestApp;

fn bundle(
    name: &str,
    body: String,
    status: u16,
    code: &'static str,
    expression: &'static str,
    words: &[&'static str],
) -> Row {
    Row::new(Method::POST, "", status, code, expression, words).body(body).named(name)
}

/// A good entry and this one.
fn entry(
    name: &str,
    entry: &str,
    status: u16,
    code: &'static str,
    expression: &'static str,
    words: &[&'static str],
) -> Row {
    bundle(name, transaction(&[&good_entry(), entry]), status, code, expression, words)
}

fn request(method: &str, url: &str) -> String {
    format!(r#"{{"resource":{{"resourceType":"Patient","id":"a"}},"request":{{"method":"{method}","url":"{url}"}}}}"#)
}

#[rustfmt::skip]
fn whole() -> Vec<Row> {
    let good = good_entry();
    let kind = |members: &str| format!(r#"{{"resourceType":"Bundle",{members}"entry":[{good}]}}"#);
    let many = vec!["{}"; 5_001].join(",");
    vec![
        bundle("a resource instead of a Bundle", patient(""), 400, "invalid", "resourceType", &["Bundle"]),
        bundle("no resourceType", format!(r#"{{"type":"transaction","entry":[{good}]}}"#), 400, "", "resourceType", &["Bundle"]),
        bundle("no type", kind(""), 400, "", "Bundle.type", &["transaction"]),
        bundle("a type that is a number", kind(r#""type":1,"#), 400, "", "Bundle.type", &["transaction"]),
        bundle("a type R4 does not know", kind(r#""type":"banana","#), 400, "", "Bundle.type", &["transaction"]),
        bundle("a collection", kind(r#""type":"collection","#), 400, "", "Bundle.type", &["transaction"]),
        bundle("a transaction-response", kind(r#""type":"transaction-response","#), 400, "", "Bundle.type", &["transaction"]),
        bundle("an unknown element", kind(r#""type":"transaction","banana":1,"#), 400, "structure", "Bundle.banana", &["banana"]),
        bundle("an identifier that is a list", kind(r#""type":"transaction","identifier":[{"value":"a"}],"#), 400, "structure", "Bundle.identifier", &["array"]),
        bundle("one entry for a list", format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":{good}}}"#), 400, "structure", "Bundle.entry", &["array"]),
        bundle("an empty list of entries", r#"{"resourceType":"Bundle","type":"transaction","entry":[]}"#.to_owned(), 400, "structure", "Bundle.entry", &["empty"]),
        bundle("null for the entries", r#"{"resourceType":"Bundle","type":"transaction","entry":null}"#.to_owned(), 400, "structure", "Bundle.entry", &[]),
        bundle("5001 entries", transaction(&[&many]), 413, "too-costly", "Bundle.entry", &["5001", "5000"]),
    ]
}

#[rustfmt::skip]
fn requests() -> Vec<Row> {
    let mut rows = vec![
        entry("a string for an entry", r#""Patient/a""#, 400, "structure", "Bundle.entry[1]", &["object"]),
        entry("null for an entry", "null", 400, "structure", "Bundle.entry[1]", &[]),
        entry("an empty entry", "{}", 400, "", "Bundle.entry[1]", &[]),
        entry("no request", r#"{"resource":{"resourceType":"Patient"}}"#, 400, "required", "Bundle.entry[1].request", &["request"]),
        entry("a request that is a string", r#"{"resource":{"resourceType":"Patient"},"request":"POST Patient"}"#, 400, "", "Bundle.entry[1].request", &[]),
        entry("no method", r#"{"resource":{"resourceType":"Patient"},"request":{"url":"Patient"}}"#, 400, "", "Bundle.entry[1].request.method", &["POST"]),
        entry("no url", r#"{"resource":{"resourceType":"Patient"},"request":{"method":"POST"}}"#, 400, "", "Bundle.entry[1].request.url", &["url"]),
        entry("an unknown element of an entry", r#"{"banana":1,"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}"#, 400, "structure", "Bundle.entry[1].banana", &["banana"]),
        entry("an unknown element of a request", r#"{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient","banana":1}}"#, 400, "structure", "Bundle.entry[1].request.banana", &["banana"]),
        entry("a condition in the wrong case", r#"{"resource":{"resourceType":"Patient","id":"kept"},"request":{"method":"PUT","url":"Patient/kept","ifmatch":"W/\"7\""}}"#, 400, "structure", "Bundle.entry[1].request.ifmatch", &["ifMatch"]),
        entry("a condition that is a number", r#"{"resource":{"resourceType":"Patient","id":"kept"},"request":{"method":"PUT","url":"Patient/kept","ifMatch":7}}"#, 400, "", "Bundle.entry[1].request.ifMatch", &[]),
        entry("a condition that is no ETag", r#"{"resource":{"resourceType":"Patient","id":"kept"},"request":{"method":"PUT","url":"Patient/kept","ifMatch":"7"}}"#, 400, "value", "Bundle.entry[1].request.ifMatch", &["ETag"]),
        entry("a stale condition", r#"{"resource":{"resourceType":"Patient","id":"kept"},"request":{"method":"PUT","url":"Patient/kept","ifMatch":"W/\"7\""}}"#, 412, "conflict", "Bundle.entry[1]", &["W/\"1\""]),
        entry("a delete with a stale condition", r#"{"request":{"method":"DELETE","url":"Patient/kept","ifMatch":"W/\"7\""}}"#, 412, "conflict", "Bundle.entry[1]", &["W/\"1\""]),
        entry("a fullUrl that is a number", r#"{"fullUrl":1,"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}"#, 400, "value", "Bundle.entry[1].fullUrl", &[]),
        entry("no resource to create", r#"{"request":{"method":"POST","url":"Patient"}}"#, 400, "required", "Bundle.entry[1].resource", &["resource"]),
        entry("no resource to update", r#"{"request":{"method":"PUT","url":"Patient/a"}}"#, 400, "required", "Bundle.entry[1].resource", &["resource"]),
        entry("a resource that is a string", r#"{"resource":"Patient/a","request":{"method":"POST","url":"Patient"}}"#, 400, "", "Bundle.entry[1].resource", &["resource"]),
        entry("a delete of nothing", r#"{"request":{"method":"DELETE","url":"Patient/none"}}"#, 404, "not-found", "Bundle.entry[1]", &[]),
    ];
    for method in ["post", "BREW", "patch", "Head", "", " POST", "OPTIONS"] {
        rows.push(entry(&format!("method {method:?}"), &request(method, "Patient"), 400, "", "Bundle.entry[1].request.method", &["POST"]));
    }
    for (method, url) in [("POST", "Patient/a"), ("PUT", "Patient"), ("DELETE", "Patient"), ("PUT", "Patient/kept?_id=kept"), ("POST", "Patient?_id=kept"), ("DELETE", "Patient/a/b?x=y"), ("PUT", "Patient/a/b"), ("PUT", "Patient/a_b"), ("PUT", "Patient/"), ("PUT", "Patient/a\\u0007"), ("POST", "Patient/"), ("PUT", "Patient/a/_history/1")] {
        rows.push(entry(&format!("{method} {url:?}"), &request(method, url), 400, "value", "Bundle.entry[1].request.url", &[]));
    }
    for url in ["Banana", "patient", "Bundle", "Encounter"] {
        rows.push(entry(&format!("POST {url}"), &request("POST", url), 404, "not-supported", "Bundle.entry[1].request.url", &["Patient"]));
        rows.push(entry(&format!("PUT {url}/a"), &request("PUT", &format!("{url}/a")), 404, "not-supported", "Bundle.entry[1].request.url", &["Patient"]));
    }
    rows.push(entry("another type than the url", &request("POST", "Observation"), 400, "invalid", "Bundle.entry[1].resource", &["Patient", "Observation"]));
    rows.push(entry("another id than the url", &request("PUT", "Patient/b"), 400, "invalid", "Bundle.entry[1].resource.id", &["b"]));
    rows.push(entry("no id", r#"{"resource":{"resourceType":"Patient"},"request":{"method":"PUT","url":"Patient/a"}}"#, 400, "required", "Bundle.entry[1].resource.id", &["id"]));
    rows
}

/// Reads run after the writes, but a failing one leaves nothing behind either.
#[rustfmt::skip]
fn reads() -> Vec<Row> {
    let get = |url: &str| format!(r#"{{"request":{{"method":"GET","url":"{url}"}}}}"#);
    let mut rows = Vec::new();
    for (url, status, words) in [
        ("Banana", 404, &["Banana"][..]),
        ("Banana/a", 404, &["Banana"]),
        ("Patient?banana=1", 400, &["banana"]),
        ("Patient?birthdate=xx2020", 400, &["xx2020"]),
        ("Patient?name=%ff", 400, &["UTF-8"]),
        ("Patient/a/b/c/d", 400, &["Patient/a/b/c/d"]),
        ("", 400, &[]),
    ] {
        rows.push(entry(&format!("GET {url:?}"), &get(url), status, "", "Bundle.entry[1]", words));
    }
    rows
}

#[rustfmt::skip]
fn identities() -> Vec<Row> {
    let put = r#"{"resource":{"resourceType":"Patient","id":"kept","active":false},"request":{"method":"PUT","url":"Patient/kept"}}"#;
    let new = r#"{"resource":{"resourceType":"Patient","id":"new"},"request":{"method":"PUT","url":"Patient/new"}}"#;
    let delete = r#"{"request":{"method":"DELETE","url":"Patient/kept"}}"#;
    let one = r#"{"fullUrl":"urn:uuid:0c8a7d4e-1111-4222-8333-9d8e2f1d9d0c","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}"#;
    let other = r#"{"fullUrl":"urn:uuid:0c8a7d4e-1111-4222-8333-9d8e2f1d9d0c","resource":{"resourceType":"Observation","status":"final","code":{"text":"c"}},"request":{"method":"POST","url":"Observation"}}"#;
    let twice = |name: &str, entries: &[&str], expression, words: &[&'static str]| bundle(name, transaction(entries), 400, "duplicate", expression, words);
    vec![
        twice("two updates of one", &[put, put], "Bundle.entry[1]", &["twice"]),
        twice("two updates of a new one", &[new, &good_entry(), new], "Bundle.entry[2]", &["twice"]),
        twice("an update and a delete of one", &[put, delete], "Bundle.entry[1]", &["twice"]),
        twice("a delete and an update of one", &[delete, put], "Bundle.entry[1]", &["twice"]),
        twice("two deletes of one", &[delete, delete], "Bundle.entry[1]", &["twice"]),
        twice("two entries of one fullUrl", &[one, one], "Bundle.entry[1]", &["fullUrl"]),
        twice("two entries of one fullUrl and two types", &[one, other], "Bundle.entry[1]", &["fullUrl"]),
        twice("a fullUrl of two, far apart", &[one, put, new, other], "Bundle.entry[3]", &["fullUrl"]),
    ]
}

/// The place of a fault within an entry's resource is FHIRPath from the Bundle down.
#[rustfmt::skip]
fn places() -> Vec<Row> {
    let post = |kind: &str, resource: &str| format!(r#"{{"resource":{resource},"request":{{"method":"POST","url":"{kind}"}}}}"#);
    vec![
        entry("an unknown element", &post("Patient", &patient(r#""name":[{"banana":1}]"#)), 400, "structure", "Bundle.entry[1].resource.name[0].banana", &["banana"]),
        entry("a bad value", &post("Patient", &patient(r#""birthDate":"x""#)), 400, "value", "Bundle.entry[1].resource.birthDate", &[]),
        entry("a bad code", &post("Patient", &patient(r#""gender":"M""#)), 400, "code-invalid", "Bundle.entry[1].resource.gender", &[]),
        entry("a broken rule", &post("Observation", &observation(r#""effectivePeriod":{"start":"2021","end":"2020"}"#)), 422, "invariant", "Bundle.entry[1].resource.effectivePeriod", &["per-1"]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_is_no_transaction_is_refused() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    judge.ask(whole()).await;
    judge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_entry_refuses_all() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    judge.ask(requests()).await;
    judge.ask(places()).await;
    judge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_fails_leaves_nothing_of_its_transaction() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    judge.ask(reads()).await;
    judge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_changes_of_one_identity_refuse_all() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    judge.ask(identities()).await;
    judge.finish().await;
}
