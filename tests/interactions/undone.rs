//! A transaction is all or nothing: one bad entry among many, and nothing is stored.

use serde_json::{Value, json};

use crate::common::{Session, TestApp};
use crate::support::*;

const AT: usize = 13;

/// Everything of every type, for comparison.
async fn record(session: &Session<'_>) -> Vec<Value> {
    let mut all = Vec::new();
    for kind in TYPES {
        let reply = get(session, &format!("{kind}/_history?_count=1000")).await;
        all.push(reply.json());
    }
    all
}

/// Twenty changes of every kind, all of them good.
fn good() -> Vec<Value> {
    let mut entries = vec![
        created("urn:uuid:0d0e5c1c-7c1e-4c43-8a57-6a3a5ad9a001", marked(patient("Undone"), "undone")),
        entry("PUT", "Patient/kept", Some(with(patient("Changed"), json!({"id": "kept"})))),
        entry("DELETE", "Patient/doomed", None),
        entry("GET", "Patient/kept", None),
    ];
    let subject = "urn:uuid:0d0e5c1c-7c1e-4c43-8a57-6a3a5ad9a001";
    while entries.len() < 20 {
        entries.push(entry("POST", "Observation", Some(marked(minimal("Observation", subject), "undone"))));
    }
    entries
}

fn request(method: &str, url: &str, more: Value) -> Value {
    json!({"request": with(json!({"method": method, "url": url}), more)})
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_entry_undoes_all_and_is_named() {
    let app = TestApp::start().await;
    let (session, other) = (app.source("a").await, app.source("b").await);
    for id in ["kept", "doomed", "twice"] {
        keep(&session, id, patient("Before")).await;
    }
    keep(&session, "twice", patient("Before")).await;
    keep(&other, "foreign", patient("Before")).await;
    let numbered = json!({"identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000000"}]});

    let named = |id: &str| json!({"resource": with(patient("Bad"), json!({"id": id}))});
    let observation = minimal("Observation", "Patient/kept");
    let rows: Vec<(&str, Value, &[u16])> = vec![
        ("an unknown element", entry("POST", "Patient", Some(with(patient("Bad"), json!({"colour": "red"})))), &[400]),
        (
            "a required element is missing",
            entry("POST", "Observation", Some(json!({"resourceType": "Observation"}))),
            &[400],
        ),
        (
            "a broken rule",
            entry("POST", "Patient", Some(json!({"resourceType": "Patient", "contact": [{"gender": "male"}]}))),
            &[400, 422],
        ),
        ("a wrong NHS number", entry("POST", "Patient", Some(with(patient("Bad"), numbered))), &[400, 422]),
        ("another type than the url", entry("POST", "Patient", Some(observation.clone())), &[400]),
        (
            "a type this record does not keep",
            entry("POST", "Encounter", Some(json!({"resourceType": "Encounter"}))),
            &[400, 404, 422],
        ),
        ("no such type", entry("POST", "Banana", Some(json!({"resourceType": "Banana"}))), &[400, 404]),
        ("no request", json!({"resource": patient("Bad")}), &[400]),
        ("no method", json!({"resource": patient("Bad"), "request": {"url": "Patient"}}), &[400]),
        ("no url", json!({"resource": patient("Bad"), "request": {"method": "POST"}}), &[400, 404]),
        ("a method that is none", entry("PUSH", "Patient", Some(patient("Bad"))), &[400]),
        ("a method in small letters", entry("post", "Patient", Some(patient("Bad"))), &[400]),
        ("no resource", entry("POST", "Patient", None), &[400]),
        ("an entry that is no object", json!("Patient"), &[400]),
        ("POST to an id", entry("POST", "Patient/x", Some(patient("Bad"))), &[400]),
        ("PUT without an id", entry("PUT", "Patient", Some(patient("Bad"))), &[400]),
        ("PUT of another id", with(request("PUT", "Patient/x", json!({})), named("y")), &[400]),
        ("PUT to a bad id", with(request("PUT", "Patient/a_b", json!({})), named("a_b")), &[400]),
        ("PUT to a version", with(request("PUT", "Patient/kept/_history/1", json!({})), named("kept")), &[400]),
        (
            "a stale ifMatch",
            with(request("PUT", "Patient/twice", json!({"ifMatch": "W/\"1\""})), named("twice")),
            &[412],
        ),
        (
            "ifMatch on what is not there",
            with(request("PUT", "Patient/new", json!({"ifMatch": "W/\"1\""})), named("new")),
            &[412],
        ),
        ("a stale delete", request("DELETE", "Patient/twice", json!({"ifMatch": "W/\"1\""})), &[412]),
        (
            "an ifMatch that is no ETag",
            with(request("PUT", "Patient/twice", json!({"ifMatch": "1"})), named("twice")),
            &[400],
        ),
        (
            "an ifMatch that is no string",
            with(request("PUT", "Patient/twice", json!({"ifMatch": 1})), named("twice")),
            &[400],
        ),
        (
            "another source's resource",
            with(request("PUT", "Patient/foreign", json!({})), named("foreign")),
            &[403, 404, 409],
        ),
        ("a delete of another source's", entry("DELETE", "Patient/foreign", None), &[403, 404]),
        ("an identity changed twice", entry("DELETE", "Patient/kept", None), &[400]),
        ("a fullUrl used twice", created("urn:uuid:0d0e5c1c-7c1e-4c43-8a57-6a3a5ad9a001", patient("Bad")), &[400]),
        (
            "an unknown member of the request",
            with(request("PUT", "Patient/twice", json!({"ifmatch": "W/\"1\""})), named("twice")),
            &[400],
        ),
        (
            "an unknown member of the entry",
            with(entry("POST", "Patient", Some(patient("Bad"))), json!({"fullurl": "urn:x:1"})),
            &[400],
        ),
        (
            "a fullUrl that is no string",
            with(entry("POST", "Patient", Some(patient("Bad"))), json!({"fullUrl": 7})),
            &[400],
        ),
        (
            "a request that is an array",
            json!({"resource": patient("Bad"), "request": [{"method": "POST", "url": "Patient"}]}),
            &[400],
        ),
        (
            "a response in a request",
            with(entry("POST", "Patient", Some(patient("Bad"))), json!({"response": 1})),
            &[400],
        ),
        ("a read of what is not there", entry("GET", "Patient/never-was", None), &[400, 404]),
        ("a read of what this deletes", entry("GET", "Patient/doomed", None), &[400, 404, 410]),
        ("a read of no such version", entry("GET", "Patient/kept/_history/99", None), &[400, 404]),
        ("a search that is wrong", entry("GET", "Patient?colour=red", None), &[400]),
        ("a search with a bad value", entry("GET", "Observation?date=yesterday", None), &[400]),
        ("a read of nothing", entry("GET", "", None), &[400, 404]),
        ("a read of no such type", entry("GET", "Banana/1", None), &[400, 404]),
        (
            "a conditional create by an unknown parameter",
            with(request("POST", "Patient", json!({"ifNoneExist": "colour=x"})), json!({"resource": patient("Bad")})),
            &[400],
        ),
        (
            "a conditional update that several match",
            entry("PUT", "Patient?family=Before", Some(patient("Bad"))),
            &[412],
        ),
        ("a conditional delete that several match", entry("DELETE", "Patient?family=Before", None), &[412]),
        ("criteria that select nothing", entry("DELETE", "Patient?_format=json", None), &[412]),
        (
            "a conditional update of what another entry changes",
            entry("PUT", "Patient?_id=kept", Some(with(patient("Bad"), json!({"id": "kept"})))),
            &[400],
        ),
        (
            "a patch that cannot be done",
            entry(
                "PATCH",
                "Patient/twice",
                Some(json!({"resourceType": "Binary", "contentType": "application/json-patch+json",
                "data": "W3sib3AiOiJyZW1vdmUiLCJwYXRoIjoiL2dlbmRlciJ9XQ=="})),
            ),
            &[422],
        ),
        (
            "a conditional reference to nothing",
            entry("POST", "Observation", Some(minimal("Observation", "Patient?identifier=nobody"))),
            &[412],
        ),
    ];
    let mut before = record(&session).await;
    let mut wrong = Vec::new();
    for (case, bad, statuses) in rows {
        let mut entries = good();
        entries.insert(AT, bad);
        let reply = transact(&session, entries).await;
        if !statuses.contains(&reply.status.as_u16()) {
            wrong.push(format!("{case}: {} {}", reply.status, &reply.text[..reply.text.len().min(300)]));
        } else {
            let body = reply.json();
            let issues = body["issue"].as_array().expect("issues");
            let places: Vec<&str> = issues.iter().filter_map(|issue| issue["expression"][0].as_str()).collect();
            let wanted = format!("Bundle.entry[{AT}]");
            if places.is_empty() || !places.iter().all(|place| place.starts_with(&wanted)) {
                wrong.push(format!("{case}: {places:?} for {wanted}"));
            }
        }
        let after = record(&session).await;
        if after != before {
            wrong.push(format!("{case}: {} and the record changed", reply.status));
            before = after;
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    // The same without the bad entry goes through.
    let reply = transact(&session, good()).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(count(&session, "Observation", "undone").await, 16);
}
