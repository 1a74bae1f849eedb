//! batch: many requests in one Bundle, each for itself.

use serde_json::json;

use crate::common::{self, TestApp};
use crate::support::*;

fn batch(entries: Vec<serde_json::Value>) -> serde_json::Value {
    with(transaction(entries), json!({"type": "batch"}))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_entry_stands_for_itself() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    for id in ["changed", "doomed", "twice"] {
        keep(&session, id, patient("Before")).await;
    }
    keep(&app.source("b").await, "foreign", patient("Before")).await;
    let put = |id: &str, etag: Option<&str>| {
        let body = with(patient("After"), json!({"id": id}));
        let mut entry = entry("PUT", &format!("Patient/{id}"), Some(body));
        if let Some(etag) = etag {
            entry["request"]["ifMatch"] = json!(etag);
        }
        entry
    };
    // What is asked, the status it gets, whether a resource comes with it.
    let rows = [
        (entry("POST", "Patient", Some(marked(patient("After"), "batch"))), "201", false),
        (put("changed", Some("W/\"1\"")), "200", false),
        (put("twice", Some("W/\"7\"")), "412", false),
        (put("made", None), "201", false),
        (put("foreign", None), "4", false),
        (entry("DELETE", "Patient/doomed", None), "204", false),
        (entry("GET", "Patient/twice", None), "200", true),
        (entry("GET", "Patient/never-was", None), "404", false),
        (entry("GET", "Patient?_id=twice", None), "200", true),
        (entry("GET", "Patient?colour=red", None), "400", false),
        (entry("GET", "Patient/changed/_history/1", None), "200", true),
        (entry("POST", "Patient", Some(with(patient("Bad"), json!({"colour": "red"})))), "400", false),
        (entry("POST", "Banana", Some(json!({"resourceType": "Banana"}))), "404", false),
        (json!({"resource": patient("Bad")}), "400", false),
        (entry("POST", "Patient", Some(marked(patient("After"), "batch"))), "201", false),
    ];
    let reply = post(&session, "", &batch(rows.iter().map(|(entry, _, _)| entry.clone()).collect())).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let bundle = reply.json();
    assert_eq!((&bundle["resourceType"], &bundle["type"]), (&json!("Bundle"), &json!("batch-response")));
    let answers = bundle["entry"].as_array().expect("entries");
    assert_eq!(answers.len(), rows.len());
    for (at, (answer, (asked, status, shown))) in answers.iter().zip(&rows).enumerate() {
        let response = &answer["response"];
        let got = response["status"].as_str().expect("status");
        assert!(got.starts_with(status), "entry {at}, {asked}: {answer}");
        assert_eq!(answer.get("resource").is_some(), *shown, "entry {at}: {answer}");
        let failed = got.starts_with('4');
        assert_eq!(response["outcome"]["resourceType"] == "OperationOutcome", failed, "entry {at}: {answer}");
        if got.starts_with("20") && asked["request"]["method"] != "GET" && asked["request"]["method"] != "DELETE" {
            let place = response["location"].as_str().expect("location");
            let stored = get(&session, place).await;
            assert_eq!(response["etag"], stored.header("etag"), "entry {at}");
            assert_eq!(response["lastModified"], stored.json()["meta"]["lastUpdated"], "entry {at}");
        }
    }
    assert_eq!(count(&session, "Patient", "batch").await, 2, "what could be done is done");
    assert_eq!(get(&session, "Patient/changed").await.json()["name"][0]["family"], "After");
    assert_eq!(get(&session, "Patient/twice").await.json()["name"][0]["family"], "Before");
    refused(&get(&session, "Patient/doomed").await, 410, "", "deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_may_be_empty_and_may_show_what_it_made() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let empty = post(&session, "", &batch(vec![])).await;
    assert_eq!((empty.status.as_u16(), &empty.json()["type"]), (200, &json!("batch-response")), "{}", empty.text);
    assert!(empty.json().get("entry").is_none(), "no empty array: {}", empty.text);
    let request = common::json(
        session.request(reqwest::Method::POST, ""),
        batch(vec![entry("POST", "Patient", Some(patient("Shown")))]),
    );
    let reply = ask(request.header("Prefer", "return=representation")).await;
    assert_eq!(reply.json()["entry"][0]["resource"]["name"][0]["family"], "Shown", "{}", reply.text);
}
