//! Many writers at the same time: none is lost, none waits forever, versions have no gaps.

use std::collections::BTreeSet;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::common::{self, Reply, Session, TestApp};
use crate::support::*;

fn update(session: &Session<'_>, kind: &str, id: &str, body: Value) -> RequestBuilder {
    common::json(session.request(Method::PUT, &format!("{kind}/{id}")), with(body, json!({"id": id})))
}

fn with_status(replies: &[Reply], status: u16) -> usize {
    replies.iter().filter(|reply| reply.status == status).count()
}

/// The versions of a history, newest first.
async fn versions(session: &Session<'_>, path: &str) -> Vec<u32> {
    let reply = get(session, &format!("{path}/_history?_count=1000")).await;
    let bundle = reply.json();
    let entries = bundle["entry"].as_array().expect("entries").clone();
    entries.iter().map(|entry| version(entry["response"]["etag"].as_str().expect("etag"))).collect()
}

async fn no_gaps(session: &Session<'_>, path: &str, newest: usize) {
    let wanted: Vec<u32> = (1..=newest as u32).rev().collect();
    assert_eq!(versions(session, path).await, wanted, "{path}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_updates_of_one_version_one_wins() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    keep(&session, "contested", patient("Start")).await;
    for round in 1..=3 {
        let etag = format!("W/\"{round}\"");
        let requests = (0..64).map(|n| {
            update(&session, "Patient", "contested", patient(&format!("Writer{n}"))).header("If-Match", &etag)
        });
        let replies = at_once(requests.collect()).await;
        assert_eq!((with_status(&replies, 200), with_status(&replies, 412)), (1, 63), "round {round}");
        let winner = replies.iter().find(|reply| reply.status == 200).expect("winner");
        assert_eq!(winner.header("etag"), format!("W/\"{}\"", round + 1));
        assert_eq!(get(&session, "Patient/contested").await.text, winner.text, "the winner's is kept");
        no_gaps(&session, "Patient/contested", round + 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_creators_of_one_id_one_creates() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    for kind in ["Patient", "Observation"] {
        let body = |n: usize| with(minimal(kind, "Patient/not-yet"), json!({"language": format!("x-{n}")}));
        let replies = at_once((0..64).map(|n| update(&session, kind, "new", body(n))).collect()).await;
        assert_eq!((with_status(&replies, 201), with_status(&replies, 200)), (1, 63), "{kind}");
        let etags: BTreeSet<u32> = replies.iter().map(|reply| version(reply.header("etag"))).collect();
        assert_eq!(etags, (1..=64).collect(), "{kind}: each has a version of its own");
        no_gaps(&session, &format!("{kind}/new"), 64).await;
        for reply in &replies {
            let path = format!("{kind}/new/_history/{}", version(reply.header("etag")));
            assert_eq!(get(&session, &path).await.text, reply.text, "{path} is what its writer was told");
        }
        assert_eq!(get(&session, &format!("{kind}?_id=new&_total=accurate")).await.json()["total"], 1, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_and_deletes_mixed_leave_no_gap() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    keep(&session, "mixed", patient("Start")).await;
    let requests = (0..60).map(|n| match n % 3 {
        0 => session.request(Method::DELETE, "Patient/mixed"),
        _ => update(&session, "Patient", "mixed", patient(&format!("Writer{n}"))),
    });
    let replies = at_once(requests.collect()).await;
    assert!(replies.iter().all(|reply| reply.status.is_success()));
    let written: BTreeSet<u32> =
        replies.iter().filter(|r| r.status != 204).map(|r| version(r.header("etag"))).collect();
    assert_eq!(written.len(), 40, "each update has a version of its own");
    let all = versions(&session, "Patient/mixed").await;
    assert!(written.iter().all(|version| all.contains(version)), "no acknowledged version is missing");
    no_gaps(&session, "Patient/mixed", all.len()).await;
    let current = get(&session, "Patient/mixed").await;
    let found = get(&session, "Patient?_id=mixed").await.ids().len();
    assert_eq!(found, usize::from(current.status == 200), "read says {}", current.status);
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_in_opposite_order_do_not_block_each_other() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    for kind in ["Patient", "Observation"] {
        let change = |id: &str, n: usize| {
            let body = with(minimal(kind, "Patient/one"), json!({"id": id, "language": format!("x-{n}")}));
            entry("PUT", &format!("{kind}/{id}"), Some(body))
        };
        let requests = (0..32).map(|n| {
            let mut entries = vec![change("one", n), change("two", n)];
            if n % 2 == 1 {
                entries.reverse();
            }
            common::json(session.request(Method::POST, ""), transaction(entries))
        });
        let replies = at_once(requests.collect()).await;
        assert_eq!(with_status(&replies, 200), 32, "{kind}");
        for id in ["one", "two"] {
            no_gaps(&session, &format!("{kind}/{id}"), 32).await;
        }
        // Each transaction came as a whole: every version of the two is of one writer.
        for number in 1..=32 {
            let (one, two) = (format!("{kind}/one/_history/{number}"), format!("{kind}/two/_history/{number}"));
            let (one, two) = (get(&session, &one).await.json(), get(&session, &two).await.json());
            assert_eq!(one["language"], two["language"], "{kind} version {number}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_nhs_number_from_two_sources_is_one_person() {
    let app = TestApp::start().await;
    let (a, b) = (app.source("a").await, app.source("b").await);
    for round in 0..10 {
        let number = nhs_number(100 + round);
        let identifier = json!([{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": number}]);
        let body = |family: &str| with(patient(family), json!({"identifier": identifier}));
        let create =
            |session: &Session<'_>, family: &str| common::json(session.request(Method::POST, "Patient"), body(family));
        let chosen =
            |session: &Session<'_>, id: &str| update(session, "Patient", &format!("{id}{round}"), body("Chosen"));
        let bundle = common::json(
            b.request(Method::POST, ""),
            transaction(vec![entry("POST", "Patient", Some(body("InBundle")))]),
        );
        let requests = vec![
            create(&a, "FromA"),
            create(&b, "FromB"),
            chosen(&a, "a"),
            chosen(&b, "b"),
            bundle,
            create(&a, "Again"),
        ];
        let sent = requests.len();
        let replies = at_once(requests).await;
        assert_eq!(with_status(&replies, 201) + with_status(&replies, 200), sent, "round {round}");

        // Whoever is involved with the person of that number sees what either source shared.
        let holder = format!("u{round}");
        assert!(
            app.store.relate(&[relationship(&number, &holder)]).await.expect("relationship").is_empty(),
            "round {round}"
        );
        let claims = lcr_facade::access::Claims {
            scope: "user/*.rs".to_owned(),
            role: "doctor".to_owned(),
            user: Some(holder),
            source: None,
            ..common::source_claims("a")
        };
        let doctor = Session { app: &app, token: app.token(&claims).await };
        let seen = get(&doctor, &format!("Patient?identifier={number}")).await;
        assert_eq!(seen.ids().len(), sent, "round {round}: all of them, as one person");
        for session in [&a, &b] {
            let own = get(session, &format!("Patient?identifier={number}")).await.ids();
            assert_eq!(own.len(), sent / 2, "round {round}: each source its own");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn first_rows_about_a_person_who_is_not_there_yet() {
    let app = TestApp::start().await;
    let sources = [app.source("a").await, app.source("b").await];
    let requests = (0..48).map(|n| {
        let kind = TYPES[1 + n % 5];
        common::json(sources[n % 2].request(Method::POST, kind), minimal(kind, "Patient/expected"))
    });
    let mut requests: Vec<RequestBuilder> = requests.collect();
    requests.push(update(&sources[0], "Patient", "expected", patient("Expected")));
    let replies = at_once(requests).await;
    assert_eq!(with_status(&replies, 201), 49);
    for session in &sources {
        let mut found = 0;
        for kind in &TYPES[1..] {
            found += get(session, &format!("{kind}?patient=expected&_count=100")).await.ids().len();
        }
        assert_eq!(found, 24);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_never_misses_what_is_being_changed() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    keep(&session, "busy", patient("Busy")).await;
    let mut requests: Vec<RequestBuilder> = Vec::new();
    for n in 0..60 {
        requests.push(update(&session, "Patient", "busy", patient(&format!("Busy{n}"))));
        requests.push(session.request(Method::GET, "Patient/busy"));
        requests.push(session.request(Method::GET, "Patient?family=busy"));
        requests.push(session.request(Method::GET, "Patient/busy/_history?_count=1"));
    }
    for (at, reply) in at_once(requests).await.iter().enumerate() {
        assert_eq!(reply.status, 200, "request {at}: {}", reply.text);
        match at % 4 {
            2 => assert_eq!(reply.ids(), ["busy"], "request {at}"),
            3 => {
                let bundle = reply.json();
                assert_eq!(bundle["entry"].as_array().map(Vec::len), Some(1), "request {at}");
            }
            _ => assert_eq!(
                reply.header("etag"),
                format!("W/\"{}\"", reply.json()["meta"]["versionId"].as_str().expect("version"))
            ),
        }
    }
    no_gaps(&session, "Patient/busy", 61).await;
}

/// What one caller sends must not spoil the answers of others who ask at the same time.
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_request_disturbs_nobody() {
    let app = TestApp::start().await;
    let (session, other) = (app.source("a").await, app.source("b").await);
    keep(&session, "calm", patient("Calm")).await;
    let addresses = [
        "Patient/%00",
        "Patient?name=%00",
        "%00/calm",
        "Patient/%FF",
        "Patient/calm/_history/%00",
        "Patient/%00/_history",
    ];
    let mut tasks = Vec::new();
    for n in 0..120 {
        let bad = n % 2 == 0;
        let request = match bad {
            true => other.request(Method::GET, addresses[n / 2 % addresses.len()]),
            false => session.request(Method::GET, "Patient/calm"),
        };
        tasks.push((bad, tokio::spawn(common::send(request))));
    }
    let (mut disturbed, mut failed) = (0, 0);
    for (bad, task) in tasks {
        let reply = task.await.expect("task");
        disturbed += usize::from(!bad && reply.status != 200);
        failed += usize::from(bad && !reply.status.is_client_error());
    }
    assert_eq!(
        (disturbed, failed),
        (0, 0),
        "of 60 good requests disturbed, of 60 bad ones not refused for what they are"
    );
}
