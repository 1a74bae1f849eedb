//! create, read, vread and update.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::common::{self, Reply, TestApp, send};
use crate::support::*;

/// The headers of an answer that shows or made a version agree with its resource.
fn agrees(reply: &Reply, resource: &Value) {
    let meta = &resource["meta"];
    assert_eq!(reply.header("etag"), format!("W/\"{}\"", meta["versionId"].as_str().expect("versionId")));
    let updated = instant(&meta["lastUpdated"]);
    assert_eq!(http_date(reply.header("last-modified")).unix_timestamp(), updated.unix_timestamp());
    assert!((OffsetDateTime::now_utc() - updated).abs() < Duration::minutes(5), "lastUpdated {updated}");
}

#[tokio::test(flavor = "multi_thread")]
async fn create_answers_with_what_it_made() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let mut ids = HashSet::new();
    for kind in TYPES {
        let meta = json!({"versionId": "77", "lastUpdated": "1999-01-01T00:00:00Z", "tag": [{"code": "kept"}]});
        let sent = with(minimal(kind, "Patient/p"), json!({"id": "mine", "meta": meta, "language": "en-GB"}));
        let reply = post(&session, kind, &sent).await;
        assert_eq!(reply.status, 201, "{kind}: {}", reply.text);
        let body = reply.json();
        let id = body["id"].as_str().expect("id").to_owned();
        assert_ne!(id, "mine", "{kind}: the client does not choose the id of a create");
        assert!(ids.insert(id.clone()), "{id} given twice");
        assert_eq!(body["meta"]["versionId"], "1", "{kind}");
        assert_eq!(body["meta"]["tag"][0]["code"], "kept", "{kind}");
        assert_eq!(plain(&body), plain(&sent), "{kind}: nothing else is changed");
        assert_eq!(reply.header("location"), format!("{}/{kind}/{id}/_history/1", app.base));
        agrees(&reply, &body);
        for address in [format!("{kind}/{id}"), reply.header("location").to_owned()] {
            let read = get(&session, &address).await;
            assert_eq!((read.status.as_u16(), &read.text), (200, &reply.text), "{address}");
            agrees(&read, &body);
        }
        assert_eq!(get(&session, &format!("{kind}/mine")).await.status, 404, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn prefer_decides_what_a_change_sends_back() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let rows = [
        (None, Some("Patient")),
        (Some("return=representation"), Some("Patient")),
        (Some("return=minimal"), None),
        (Some("return=OperationOutcome"), Some("OperationOutcome")),
        (Some("handling=lenient, return=minimal"), None),
        (Some("RETURN=minimal"), None),
        (Some("return=nonsense"), Some("Patient")),
    ];
    for (number, (prefer, wanted)) in rows.into_iter().enumerate() {
        let id = format!("prefer-{number}");
        let body = with(patient("Test"), json!({"id": id}));
        for (method, path, status) in [
            (Method::POST, "Patient".to_owned(), 201),
            (Method::PUT, format!("Patient/{id}"), 201),
            (Method::PUT, format!("Patient/{id}"), 200),
        ] {
            let case = format!("{method} {prefer:?}");
            let mut request = common::json(session.request(method, &path), &body);
            if let Some(prefer) = prefer {
                request = request.header("Prefer", prefer);
            }
            let reply = ask(request).await;
            assert_eq!(reply.status, status, "{case}: {}", reply.text);
            match wanted {
                Some(kind) => assert_eq!(reply.json()["resourceType"], kind, "{case}"),
                None => assert_eq!(reply.text, "", "{case}"),
            }
            let location = reply.header("location").to_owned();
            assert!(location.contains("/_history/"), "{case}: Location {location}");
            assert!(version(reply.header("etag")) >= 1, "{case}");
            http_date(reply.header("last-modified"));
            assert_eq!(get(&session, &location).await.status, 200, "{case}: {location}");
        }
        // A delete has nothing to represent; an OperationOutcome needs a status that may have a body.
        let mut request = session.request(Method::DELETE, &format!("Patient/{id}"));
        if let Some(prefer) = prefer {
            request = request.header("Prefer", prefer);
        }
        let reply = ask(request).await;
        match reply.status.as_u16() {
            200 => assert_eq!(reply.json()["resourceType"], "OperationOutcome", "{prefer:?}"),
            status => assert_eq!(status, 204, "{prefer:?}: {}", reply.text),
        }
        assert_eq!(get(&session, &format!("Patient/{id}")).await.status, 410, "{prefer:?}");
    }
    // A refusal says why, whatever was preferred.
    let body = with(patient("Test"), json!({"id": "prefer-0"}));
    let request = common::json(header(&session, Method::PUT, "Patient/prefer-0", "If-Match", "W/\"1\""), &body);
    refused(&ask(request.header("Prefer", "return=minimal")).await, 412, "", "return=minimal, stale");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_stays_as_it_was() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let first = post(&session, "Patient", &patient("Version1")).await;
    let id = first.json()["id"].as_str().expect("id").to_owned();
    let mut texts = vec![first.text];
    for n in 2..=5 {
        let reply =
            put(&session, &format!("Patient/{id}"), &with(patient(&format!("Version{n}")), json!({"id": id}))).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let body = reply.json();
        assert_eq!(body["meta"]["versionId"], n.to_string());
        assert_eq!(body["name"][0]["family"], format!("Version{n}"));
        assert_eq!(reply.header("location"), format!("{}/Patient/{id}/_history/{n}", app.base));
        agrees(&reply, &body);
        texts.push(reply.text);
        assert_eq!(get(&session, &format!("Patient/{id}")).await.text, texts[n - 1], "current is version {n}");
        for (at, text) in texts.iter().enumerate() {
            let old = get(&session, &format!("Patient/{id}/_history/{}", at + 1)).await;
            assert_eq!((old.status.as_u16(), &old.text), (200, text), "version {} after {n}", at + 1);
            agrees(&old, &old.json());
        }
    }
    // A version's name is a string: what only reads like the number 1 is another.
    let mut wrong = Vec::new();
    for name in ["6", "0", "-1", "+1", "01", "1.0", "abc", "99999999999999999999", "1%00", "W%2F%221%22", "%FF"] {
        let reply = send(session.request(Method::GET, &format!("Patient/{id}/_history/{name}"))).await;
        if reply.status != 404 || !faults(&reply).is_empty() {
            wrong.push(format!("version {name}: {} {:?} {}", reply.status, faults(&reply), reply.text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    refused(&get(&session, &format!("Condition/{id}/_history/1")).await, 404, "", "another type");
    refused(&get(&session, &format!("Patient/{}/_history/1", id.to_uppercase())).await, 404, "", "another case");
}

#[tokio::test(flavor = "multi_thread")]
async fn last_updated_moves_with_the_version() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let before = instant(&keep(&session, "moves", patient("Test")).await.json()["meta"]["lastUpdated"]);
    let mut last = before;
    for _ in 0..200 {
        let now = instant(&keep(&session, "moves", patient("Test")).await.json()["meta"]["lastUpdated"]);
        assert!(now >= last, "{now} after {last}");
        last = now;
        if last > before + Duration::milliseconds(20) {
            return;
        }
    }
    panic!("lastUpdated stays {last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn if_match_guards_an_update() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    // Header, statuses it may be refused with, for a resource whose version is 2.
    let rows = [
        ("W/\"1\"", &[412][..]),
        ("W/\"3\"", &[412]),
        ("W/\"99999999999999999999\"", &[400, 412]),
        ("W/\"-2\"", &[400, 412]),
        ("W/\"+2\"", &[400, 412]),
        ("W/\"02\"", &[400, 412]),
        ("W/\" 2\"", &[400, 412]),
        ("W/W/\"2\"", &[400, 412]),
        ("W/\"\"", &[400, 412]),
        ("W/\"abc\"", &[400, 412]),
        ("W/2", &[400]),
        ("nonsense", &[400]),
        ("", &[400]),
    ];
    let mut wrong = Vec::new();
    for (number, (etag, statuses)) in rows.into_iter().enumerate() {
        for method in [Method::PUT, Method::DELETE] {
            let id = format!("{method}-{number}");
            keep(&session, &id, patient("One")).await;
            let current = keep(&session, &id, patient("Two")).await.text;
            let request = header(&session, method.clone(), &format!("Patient/{id}"), "If-Match", etag);
            let body = with(patient("Lost"), json!({"id": id}));
            let reply = judged(send(if method == Method::PUT { common::json(request, body) } else { request }).await);
            let changed = get(&session, &format!("Patient/{id}")).await.text != current;
            if changed || !statuses.contains(&reply.status.as_u16()) {
                wrong.push(format!("{method} If-Match: {etag} gives {}, changed: {changed}", reply.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    keep(&session, "guarded", patient("One")).await;
    keep(&session, "guarded", patient("Two")).await;
    let update = |id: &str, etag: &str| {
        let body = with(patient("Three"), json!({"id": id}));
        ask(common::json(header(&session, Method::PUT, &format!("Patient/{id}"), "If-Match", etag), body))
    };
    refused(&update("absent", "W/\"1\"").await, 412, "", "If-Match on what is not there");
    refused(&get(&session, "Patient/absent").await, 404, "", "absent");
    let reply = update("guarded", "W/\"2\"").await;
    assert_eq!((reply.status.as_u16(), reply.header("etag")), (200, "W/\"3\""), "{}", reply.text);
    refused(&update("guarded", "W/\"2\"").await, 412, "", "the same again");
}

#[tokio::test(flavor = "multi_thread")]
async fn update_creates_under_the_id_it_names() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let long = "x".repeat(64);
    for id in ["a", "A", "a-b", "a.b", "-", ".a.", "007", "7", &long] {
        let path = format!("Observation/{id}");
        let resource = with(minimal("Observation", "Patient/p"), json!({"id": id}));
        let reply = put(&session, &path, &resource).await;
        assert_eq!((reply.status.as_u16(), reply.header("etag")), (201, "W/\"1\""), "{id}: {}", reply.text);
        assert_eq!(reply.header("location"), format!("{}/{path}/_history/1", app.base));
        assert_eq!(plain(&reply.json()), plain(&resource), "{id}");
        assert_eq!(get(&session, &path).await.text, reply.text, "{id}");
    }
    for (path, id) in [("a%20b", "a b"), ("%C3%A4", "ä"), (&*"x".repeat(65), &*"x".repeat(65)), ("a_b", "a_b")] {
        let reply = put(
            &session,
            &format!("Observation/{path}"),
            &with(minimal("Observation", "Patient/p"), json!({"id": id})),
        )
        .await;
        refused(&reply, 400, "", &format!("id {id}"));
    }
    let other = put(&session, "Observation/b", &with(minimal("Observation", "Patient/p"), json!({"id": "c"}))).await;
    refused(&other, 400, "", "id mismatch");
    let none = put(&session, "Observation/b", &minimal("Observation", "Patient/p")).await;
    refused(&none, 400, "", "no id in the resource");
    refused(&get(&session, "Observation/b").await, 404, "", "nothing was stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_has_it_gets_nothing_again() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    keep(&session, "known", patient("One")).await;
    let current = keep(&session, "known", patient("Two")).await;
    let date = current.header("last-modified").to_owned();
    // Header, value, whether the reader has what is current.
    for (name, value, has) in [
        ("If-None-Match", "W/\"2\"", true),
        ("If-None-Match", "\"2\"", true),
        ("If-None-Match", "W/\"1\", W/\"2\"", true),
        ("If-None-Match", "*", true),
        ("If-None-Match", "W/\"1\"", false),
        ("If-None-Match", "W/\"22\"", false),
        ("If-None-Match", "2", false),
        ("If-Modified-Since", &*date, true),
        ("If-Modified-Since", "Mon, 01 Jan 2001 00:00:00 GMT", false),
        ("If-Modified-Since", "not a date", false),
    ] {
        let reply = ask(header(&session, Method::GET, "Patient/known", name, value)).await;
        let wanted = if has { (304, "") } else { (200, current.text.as_str()) };
        assert_eq!((reply.status.as_u16(), reply.text.as_str()), wanted, "{name}: {value}");
        assert_eq!(reply.header("etag"), "W/\"2\"", "{name}: {value}");
    }
    let head = ask(session.request(Method::HEAD, "Patient/known")).await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    for name in ["etag", "last-modified", "content-type"] {
        assert_eq!(head.header(name), get(&session, "Patient/known").await.header(name), "{name} of HEAD");
    }
}
