//! transaction: many changes at once, answered entry by entry.

use serde_json::{Value, json};

use crate::common::{self, TestApp};
use crate::support::*;

fn with_id(resource: Value, id: &str) -> Value {
    with(resource, json!({"id": id}))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_entry_is_answered_in_its_place() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    for id in ["changed", "doomed", "guarded"] {
        keep(&session, id, patient("Before")).await;
    }
    let guarded = with(
        entry("PUT", "Patient/guarded", Some(with_id(patient("Guarded"), "guarded"))),
        json!({"request":
        {"method": "PUT", "url": "Patient/guarded", "ifMatch": "W/\"1\""}}),
    );
    // Reads come first in the Bundle and last in time (R4 §3.1.0.11.2).
    let entries = vec![
        entry("GET", "Patient/changed", None),
        entry("PUT", "Patient/changed", Some(with_id(patient("After"), "changed"))),
        entry("GET", "Patient?family=after&_total=accurate", None),
        entry("DELETE", "Patient/doomed", None),
        entry("POST", "Patient", Some(with_id(patient("After"), "ignored"))),
        entry("GET", "Patient/changed/_history/1", None),
        entry("PUT", "Patient/made", Some(with_id(patient("After"), "made"))),
        guarded,
        entry("POST", "Observation", Some(minimal("Observation", "Patient/made"))),
    ];
    let reply = transact(&session, entries).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let bundle = reply.json();
    assert_eq!((&bundle["resourceType"], &bundle["type"]), (&json!("Bundle"), &json!("transaction-response")));
    assert!(bundle.get("total").is_none(), "a total is for searches and histories (bdl-1)");
    let entries = bundle["entry"].as_array().expect("entries");
    let statuses: Vec<&str> = entries.iter().map(|e| &e["response"]["status"].as_str().expect("status")[..3]).collect();
    assert_eq!(statuses, ["200", "200", "200", "204", "201", "200", "201", "200", "201"]);
    let places = places(&reply);
    assert_eq!((&*places[1], &*places[6], &*places[7]), ("Patient/changed", "Patient/made", "Patient/guarded"));
    assert!(places[4].starts_with("Patient/") && places[4] != "Patient/ignored", "{places:?}");
    for (at, number) in [(1, 2), (4, 1), (6, 1), (7, 2), (8, 1)] {
        let response = &entries[at]["response"];
        let stored = get(&session, &places[at]).await;
        assert_eq!(response["etag"], format!("W/\"{number}\""), "entry {at}");
        assert_eq!(response["etag"], stored.header("etag"), "entry {at}");
        assert_eq!(response["location"], format!("{}/{}/_history/{number}", app.base, places[at]), "entry {at}");
        assert_eq!(response["lastModified"], stored.json()["meta"]["lastUpdated"], "entry {at}");
        assert!(entries[at].get("resource").is_none(), "entry {at}: nobody asked for the resource");
    }
    for entry in entries {
        assert!(entry.get("request").is_none() && entry.get("search").is_none(), "{entry}");
    }
    assert_eq!(entries[0]["resource"]["name"][0]["family"], "After", "a read sees what the transaction did");
    assert_eq!(entries[0]["response"]["etag"], "W/\"2\"");
    assert_eq!(entries[2]["resource"]["total"], 3, "a search sees what the transaction did");
    assert_eq!(entries[5]["resource"]["name"][0]["family"], "Before", "a version stays as it was");
    refused(&get(&session, "Patient/doomed").await, 410, "", "deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn prefer_decides_whether_resources_come_back() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    for (prefer, shown) in [("return=representation", true), ("return=minimal", false)] {
        let entries =
            vec![entry("POST", "Patient", Some(patient("Shown"))), entry("GET", "Patient?family=shown", None)];
        let request = common::json(session.request(reqwest::Method::POST, ""), transaction(entries));
        let reply = ask(request.header("Prefer", prefer)).await;
        assert_eq!(reply.status, 200, "{prefer}: {}", reply.text);
        let bundle = reply.json();
        assert_eq!(bundle["entry"][0].get("resource").is_some(), shown, "{prefer}");
        assert_eq!(bundle["entry"][1]["resource"]["type"], "searchset", "{prefer}: what was asked for comes anyway");
        if shown {
            let read = get(&session, &places(&reply)[0]).await;
            assert!(reply.text.contains(&read.text), "{prefer}: as it is stored");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn small_and_large() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    for bundle in
        [transaction(vec![]), with(transaction(vec![]), json!({"id": "mine", "meta": {"tag": [{"code": "x"}]}}))]
    {
        let reply = post(&session, "", &bundle).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let answer = reply.json();
        assert_eq!(answer["type"], "transaction-response");
        assert!(answer.get("entry").is_none(), "no empty array: {}", reply.text);
    }
    let reads = transact(&session, vec![entry("GET", "Patient", None), entry("GET", "Patient?_count=0", None)]).await;
    assert_eq!(reads.json()["entry"].as_array().map(Vec::len), Some(2), "{}", reads.text);

    let person = "urn:uuid:7c1d2a7e-6a55-4b6c-9d35-0f8f6d3f2a11";
    let mut entries: Vec<Value> = (0..499)
        .map(|n| {
            let body =
                with(minimal("Observation", person), json!({"valueInteger": n, "identifier": [{"value": "large"}]}));
            entry("POST", "Observation", Some(body))
        })
        .collect();
    // The patient in the middle: earlier and later entries point to it.
    entries.insert(250, created(person, marked(patient("Large"), "large")));
    let reply = transact(&session, entries).await;
    let places = places(&reply);
    assert_eq!(places.len(), 500);
    assert!(places[250].starts_with("Patient/"), "{}", places[250]);
    let found = session.all(&format!("Observation?subject={}&_count=100", places[250])).await;
    assert_eq!(found.len(), 499);
    for (id, resource) in found {
        let n = resource["valueInteger"].as_u64().expect("number") as usize;
        assert_eq!(places[if n < 250 { n } else { n + 1 }], format!("Observation/{id}"), "the answer to entry {n}");
        assert_eq!(resource["subject"]["reference"], places[250], "entry {n}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_transaction_is_refused_clearly() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let entries = json!([entry("POST", "Patient", Some(marked(patient("None"), "none")))]);
    let bundle = |kind: &str| json!({"resourceType": "Bundle", "type": kind, "entry": entries.clone()});
    for kind in ["collection", "document", "history", "transaction-response", "TRANSACTION", ""] {
        refused(&post(&session, "", &bundle(kind)).await, 400, "Bundle.type", kind);
    }
    let untyped = json!({"resourceType": "Bundle", "entry": entries.clone()});
    refused(&post(&session, "", &untyped).await, 400, "Bundle.type", "no type");
    refused(&post(&session, "", &patient("None")).await, 400, "", "a resource at the address of Bundles");
    refused(&post(&session, "Patient", &bundle("transaction")).await, 400, "", "a Bundle at the address of a type");
    let object = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries[0].clone()});
    refused(&post(&session, "", &object).await, 400, "Bundle.entry", "an entry that is no array");
    let unknown = with(bundle("transaction"), json!({"entries": []}));
    refused(&post(&session, "", &unknown).await, 400, "Bundle", "a member no Bundle has");
    refused(&judged(session.post("", "{\"resourceType\":\"Bundle\"").await), 400, "", "cut off");
    assert_eq!(count(&session, "Patient", "none").await, 0, "nothing of it was stored");
}
