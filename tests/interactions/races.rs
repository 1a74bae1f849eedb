//! Conditional writes at the same time: one resource is left, and nobody gets another error than 412 or 409.

use std::collections::BTreeSet;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::common::{self, Reply, Session, TestApp};
use crate::support::*;

fn create(session: &Session<'_>, criteria: &str, resource: &Value) -> RequestBuilder {
    let kind = resource["resourceType"].as_str().expect("type");
    common::json(session.request(Method::POST, kind), resource).header("If-None-Exist", criteria)
}

/// How many have each status; none but these is allowed.
fn statuses(replies: &[Reply], allowed: &[u16], case: &str) -> Vec<usize> {
    for reply in replies {
        assert!(allowed.contains(&reply.status.as_u16()), "{case}: {} {}", reply.status, reply.text);
    }
    allowed.iter().map(|status| replies.iter().filter(|reply| reply.status == *status).count()).collect()
}

fn with_marks(family: &str, marks: &[&str]) -> Value {
    let marks: Vec<Value> =
        marks.iter().map(|mark| json!({"system": "http://example.org/marks", "value": mark})).collect();
    with(patient(family), json!({"identifier": marks}))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_conditional_creates_one_creates() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    for round in 0..3 {
        let mark = format!("same-{round}");
        let body = marked(patient("Race"), &mark);
        let criteria = format!("identifier=http://example.org/marks|{mark}");
        let replies = at_once((0..64).map(|_| create(&session, &criteria, &body)).collect()).await;
        assert_eq!(statuses(&replies, &[201, 200], "the same"), [1, 63], "round {round}");
        let places: BTreeSet<&str> = replies.iter().map(|reply| reply.header("location")).collect();
        assert_eq!(places.len(), 1, "all name the one there is");
        assert_eq!(count(&session, "Patient", &mark).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn criteria_that_differ_but_mean_the_same_create_one() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let number = nhs_number(7);
    let nhs = json!({"system": "https://fhir.nhs.uk/Id/nhs-number", "value": number});
    let mark = json!({"system": "http://example.org/marks", "value": "overlap"});
    let body = with(patient("Overlap"), json!({"identifier": [nhs, mark]}));
    let criteria = [
        "identifier=overlap".to_owned(),
        "identifier=http://example.org/marks|overlap".to_owned(),
        "family=overlap&identifier=overlap".to_owned(),
        "identifier=overlap,something-else".to_owned(),
        format!("identifier={number}&identifier=overlap"),
        "identifier=http://example.org/marks|overlap&family:exact=Overlap".to_owned(),
    ];
    let replies = at_once((0..64).map(|n| create(&session, &criteria[n % criteria.len()], &body)).collect()).await;
    assert_eq!(statuses(&replies, &[201, 200], "overlapping"), [1, 63]);
    assert_eq!(count(&session, "Patient", "overlap").await, 1);
    // Each looks for what the other brings, though no criterion names the same value.
    for round in 0..8 {
        let (a, b) = (format!("a{round}"), format!("b{round}"));
        let body = with_marks("Crossed", &[&a, &b]);
        let request = |n: usize| create(&session, &format!("identifier={}", [&a, &b][n % 2]), &body);
        let replies = at_once((0..16).map(request).collect()).await;
        assert_eq!(statuses(&replies, &[201, 200], "crossed"), [1, 15], "round {round}");
    }
    // Criteria without an identifier.
    let body = with(patient("Unnumbered"), json!({"birthDate": "1950-01-01", "gender": "female"}));
    let criteria = ["family=unnumbered", "birthdate=1950-01-01&gender=female", "name=Unnumbered&birthdate=1950-01-01"];
    let replies = at_once((0..64).map(|n| create(&session, criteria[n % 3], &body)).collect()).await;
    assert_eq!(statuses(&replies, &[201, 200], "by name"), [1, 63]);
    assert_eq!(get(&session, "Patient?family=unnumbered&_count=0").await.json()["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_conditional_updates_one_creates_and_the_others_follow() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let update = |n: usize| {
        let body = marked(patient(&format!("Writer{n}")), "updated");
        common::json(session.request(Method::PUT, "Patient?identifier=updated"), body)
    };
    let replies = at_once((0..64).map(update).collect()).await;
    assert_eq!(statuses(&replies, &[201, 200], "update"), [1, 63]);
    let etags: BTreeSet<u32> = replies.iter().map(|reply| version(reply.header("etag"))).collect();
    assert_eq!(etags, (1..=64).collect(), "each has a version of its own");
    assert_eq!(count(&session, "Patient", "updated").await, 1);
    // Created, updated, patched and deleted by the same criteria at the same time: never two, never a deadlock.
    let requests = (0..96).map(|n| match n % 4 {
        0 => create(&session, "identifier=updated", &marked(patient("Again"), "updated")),
        1 => update(n),
        2 => session
            .request(Method::PATCH, "Patient?identifier=updated")
            .header("Content-Type", "application/json-patch+json")
            .body(r#"[{"op":"add","path":"/active","value":true}]"#),
        _ => session.request(Method::DELETE, "Patient?identifier=updated"),
    });
    let replies = at_once(requests.collect()).await;
    statuses(&replies, &[200, 201, 204, 404, 409, 412], "mixed");
    assert!(count(&session, "Patient", "updated").await <= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_with_conditions_do_not_block_each_other() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let requests = (0..48).map(|n| {
        let conditional = |mark: &str| {
            let mut entry = entry("POST", "Patient", Some(marked(patient("Many"), mark)));
            entry["request"]["ifNoneExist"] = json!(format!("identifier={mark}"));
            entry
        };
        let plan = entry("PUT", "Observation?identifier=o", Some(marked(minimal("Observation", "Patient/x"), "o")));
        let mut entries = vec![conditional("m1"), conditional("m2"), plan, conditional("m3")];
        if n % 2 == 1 {
            entries.reverse();
        }
        common::json(session.request(Method::POST, ""), transaction(entries))
    });
    let replies = at_once(requests.collect()).await;
    assert_eq!(statuses(&replies, &[200], "transactions"), [48]);
    for mark in ["m1", "m2", "m3"] {
        assert_eq!(count(&session, "Patient", mark).await, 1, "{mark}");
    }
    assert_eq!(count(&session, "Observation", "o").await, 1);
}
