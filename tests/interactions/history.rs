//! history of an instance and of a type.

use std::collections::HashSet;

use serde_json::{Value, json};
use time::Duration;
use time::format_description::well_known::Rfc3339;

use crate::common::{Session, TestApp};
use crate::support::*;

/// The entries of every page, and how many pages there were. The total is that of the whole on each.
async fn walk(session: &Session<'_>, first: &str) -> (Vec<Value>, usize) {
    let (mut entries, mut pages, mut next, mut total) = (Vec::new(), 0, Some(first.to_owned()), None);
    while let Some(url) = next {
        let reply = get(session, &url).await;
        assert_eq!(reply.status, 200, "{url}: {}", reply.text);
        let bundle = reply.json();
        assert_eq!(bundle["type"], "history");
        assert_eq!(*total.get_or_insert(bundle["total"].clone()), bundle["total"], "{url}");
        assert!(reply.link("self").is_some_and(|link| link.starts_with(&session.app.base)), "{url}");
        entries.extend(bundle["entry"].as_array().cloned().unwrap_or_default());
        (next, pages) = (reply.link("next"), pages + 1);
        assert!(pages < 500, "{first} does not end");
    }
    if let Some(total) = total.filter(|total| !total.is_null()) {
        assert_eq!(total.as_u64(), Some(entries.len() as u64), "{first}: total");
    }
    (entries, pages)
}

/// Which version of which resource an entry is.
fn name(entry: &Value) -> (String, u32) {
    let url = entry["fullUrl"].as_str().expect("fullUrl");
    (url.rsplit('/').next().expect("id").to_owned(), version(entry["response"]["etag"].as_str().expect("etag")))
}

fn names(entries: &[Value]) -> Vec<(String, u32)> {
    entries.iter().map(name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_shows_its_versions_newest_first() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let first = post(&session, "Patient", &patient("One")).await;
    let id = first.json()["id"].as_str().expect("id").to_owned();
    let second = keep(&session, &id, patient("Two")).await;
    delete(&session, &format!("Patient/{id}")).await;
    let fourth = keep(&session, &id, patient("Four")).await;
    keep(&session, "another", patient("Other")).await;

    let reply = get(&session, &format!("Patient/{id}/_history")).await;
    let bundle = reply.json();
    assert_eq!((bundle["type"].as_str(), bundle["total"].as_u64()), (Some("history"), Some(4)), "{}", reply.text);
    let entries = bundle["entry"].as_array().expect("entries");
    let path = format!("Patient/{id}");
    let wanted = [
        (4, "PUT", &*path, Some(&fourth)),
        (3, "DELETE", &path, None),
        (2, "PUT", &path, Some(&second)),
        (1, "POST", "Patient", Some(&first)),
    ];
    assert_eq!(entries.len(), wanted.len());
    for (entry, (number, method, url, was)) in entries.iter().zip(wanted) {
        assert_eq!(entry["fullUrl"], format!("{}/{path}", app.base), "version {number}");
        assert_eq!(
            (&entry["request"]["method"], &entry["request"]["url"]),
            (&json!(method), &json!(url)),
            "version {number}"
        );
        assert_eq!(entry["response"]["etag"], format!("W/\"{number}\""));
        let status = entry["response"]["status"].as_str().expect("status");
        assert!(status.starts_with(if method == "DELETE" { "204" } else { "20" }), "version {number}: {status}");
        match was {
            None => assert!(entry.get("resource").is_none(), "a deletion has no resource"),
            Some(was) => {
                assert!(reply.text.contains(&was.text), "version {number} as it was");
                assert_eq!(instant(&entry["response"]["lastModified"]), instant(&was.json()["meta"]["lastUpdated"]));
            }
        }
        assert!(entry.get("search").is_none(), "search is for searches (bdl-2)");
    }
    assert_eq!(entries[3]["response"]["status"].as_str().map(|s| &s[..3]), Some("201"));
    for n in [1, 2, 3, 4, 5] {
        let (paged, pages) = walk(&session, &format!("Patient/{id}/_history?_count={n}")).await;
        assert_eq!((&paged, pages), (entries, 4_usize.div_ceil(n)), "_count={n}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_shows_everything_once_whatever_the_page() {
    let app = TestApp::start().await;
    let (session, other) = (app.source("a").await, app.source("b").await);
    // Many versions of one moment: transactions write with one time.
    for round in 0..3 {
        let entries = (0..7).map(|n| {
            let id = format!("h{n}");
            entry("PUT", &format!("Patient/{id}"), Some(with(patient(&format!("Round{round}")), json!({"id": id}))))
        });
        assert_eq!(transact(&session, entries.collect()).await.status, 200);
    }
    delete(&session, "Patient/h3").await;
    keep(&other, "not-mine", patient("Other")).await;
    keep(&session, "observed", minimal("Observation", "Patient/h1")).await;

    let (whole, pages) = walk(&session, "Patient/_history?_count=500").await;
    assert_eq!((whole.len(), pages), (22, 1));
    let unique: HashSet<_> = names(&whole).into_iter().collect();
    assert_eq!(unique.len(), 22, "each version once");
    assert!(!unique.iter().any(|(id, _)| id == "not-mine" || id == "observed"), "{unique:?}");
    let times: Vec<_> = whole.iter().map(|entry| instant(&entry["response"]["lastModified"])).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "newest first: {times:?}");
    assert_eq!(name(&whole[0]), ("h3".to_owned(), 4));
    assert!(whole[0].get("resource").is_none() && whole[0]["request"]["method"] == "DELETE", "{}", whole[0]);
    for n in [1, 2, 3, 5, 7, 11, 21, 22, 23] {
        let (paged, pages) = walk(&session, &format!("Patient/_history?_count={n}")).await;
        assert_eq!((names(&paged), pages), (names(&whole), 22_usize.div_ceil(n)), "_count={n}");
    }
    let (default, _) = walk(&session, "Patient/_history").await;
    assert_eq!(names(&default), names(&whole));

    // New versions come in front: a walk that has begun meets each old version once.
    let (mut seen, mut next) = (Vec::new(), Some("Patient/_history?_count=3".to_owned()));
    while let Some(url) = next {
        let reply = get(&session, &url).await;
        seen.extend(names(reply.json()["entry"].as_array().expect("entries")));
        next = reply.link("next");
        keep(&session, "h5", patient("Meanwhile")).await;
        keep(&session, &format!("new{}", seen.len()), patient("Meanwhile")).await;
    }
    assert_eq!(seen, names(&whole), "while versions are added");
}

#[tokio::test(flavor = "multi_thread")]
async fn since_leaves_out_what_is_older() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let mut times = Vec::new();
    while times.len() < 5 {
        let at = instant(&keep(&session, "s", patient("Test")).await.json()["meta"]["lastUpdated"]);
        // Each version of a moment of its own makes the expectation exact.
        assert!(times.last().is_none_or(|last| at >= *last));
        times.push(at);
    }
    let text = |at: time::OffsetDateTime| at.format(&Rfc3339).expect("text");
    let hour = time::UtcOffset::from_hms(1, 0, 0).expect("offset");
    let rows = [
        (text(times[0]), times[0]),
        (text(times[2]), times[2]),
        (text(times[2].to_offset(hour)).replace('+', "%2B"), times[2]),
        (text(times[4]), times[4]),
        (text(times[4] + Duration::milliseconds(1)), times[4] + Duration::milliseconds(1)),
        (text(times[4] + Duration::hours(1)), times[4] + Duration::hours(1)),
        ("2001-01-01T00:00:00Z".to_owned(), times[0] - Duration::days(1)),
    ];
    for (since, moment) in rows {
        let wanted = times.iter().filter(|at| **at >= moment).count();
        for path in ["Patient/s/_history", "Patient/_history"] {
            for count in ["", "&_count=2"] {
                let (found, _) = walk(&session, &format!("{path}?_since={since}{count}")).await;
                let versions: Vec<u32> = names(&found).into_iter().map(|(_, version)| version).collect();
                let all: Vec<u32> = (1..=5).rev().take(wanted).collect();
                assert_eq!(versions, all, "{path} since {since}{count}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_refuses_what_it_cannot_do() {
    let app = TestApp::start().await;
    let (session, other) = (app.source("a").await, app.source("b").await);
    for n in 0..3 {
        keep(&session, "r", patient(&format!("R{n}"))).await;
    }
    for query in
        ["_count=-1", "_count=x", "_count=", "_since=yesterday", "_since=", "name=x", "_sort=_lastUpdated", "_cursor=x"]
    {
        for path in ["Patient/_history", "Patient/r/_history"] {
            let reply = get(&session, &format!("{path}?{query}")).await;
            let place = format!("http.{}", query.split('=').next().expect("name"));
            refused(&reply, 400, &place, &format!("{path}?{query}"));
        }
    }
    refused(&get(&session, "Patient/never-was/_history").await, 404, "", "no such id");
    let hidden = get(&other, "Patient/r/_history").await;
    assert_eq!(hidden.text, get(&other, "Patient/never-was/_history").await.text, "hidden is as absent");
    refused(&hidden, 404, "", "hidden");
    assert_eq!(get(&other, "Patient/_history").await.json()["total"], 0);
    refused(&get(&session, "Banana/_history").await, 404, "", "no such type");

    let next = get(&session, "Patient/r/_history?_count=1").await.link("next").expect("next");
    assert_eq!(get(&session, &next).await.status, 200);
    refused(&get(&other, &next).await, 400, "http._cursor", "another caller");
    for (case, link) in [
        ("another resource", next.replace("/r/_history", "/q/_history")),
        ("the type", next.replace("/r/_history", "/_history")),
        ("another since", format!("{next}&_since=2001-01-01")),
        ("cut", next[..next.len() - 1].to_owned()),
        ("longer", format!("{next}A")),
    ] {
        refused(&get(&session, &link).await, 400, "http._cursor", case);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_record_shows_what_its_types_show() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    for n in 0..3 {
        keep(&session, &format!("p{n}"), patient("A")).await;
        for kind in &TYPES[1..] {
            let row = with(minimal(kind, &format!("Patient/p{n}")), json!({"id": format!("{kind}{n}")}));
            put(&session, &format!("{kind}/{kind}{n}"), &row).await;
        }
    }
    delete(&session, "Condition/Condition1").await;
    let mut apart = Vec::new();
    for kind in TYPES {
        apart.extend(walk(&session, &format!("{kind}/_history?_count=100")).await.0);
    }
    let time = |entry: &Value| {
        (instant(&entry["response"]["lastModified"]), entry["fullUrl"].as_str().expect("url").to_owned(), name(entry).1)
    };
    apart.sort_by_key(|entry| std::cmp::Reverse(time(entry)));
    let (whole, _) = walk(&session, "_history").await;
    let times: Vec<_> = whole.iter().map(|entry| instant(&entry["response"]["lastModified"])).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "newest first");
    let set = |entries: &[Value]| entries.iter().map(Value::to_string).collect::<HashSet<_>>();
    assert_eq!((set(&whole), whole.len()), (set(&apart), apart.len()));
    for count in [1, 2, 7] {
        assert_eq!(walk(&session, &format!("_history?_count={count}")).await.0, whole, "by {count}");
    }
    assert_eq!(names(&walk(&app.source("b").await, "_history").await.0), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_shows_the_versions_that_were_current_then() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let mut times = Vec::new();
    for family in ["One", "Two"] {
        keep(&session, "p", patient(family)).await;
        times.push(instant(&get(&session, "Patient/p").await.json()["meta"]["lastUpdated"]));
        // Two writes in one millisecond would be current at no moment that can be told.
        while time::OffsetDateTime::now_utc() < times[times.len() - 1] + Duration::milliseconds(3) {
            tokio::task::yield_now().await;
        }
    }
    delete(&session, "Patient/p").await;
    let text = |moment: time::OffsetDateTime| moment.format(&Rfc3339).expect("time").replace('+', "%2B");
    let before = text(times[0] - Duration::hours(1));
    let (one, two) = (text(times[0] + Duration::milliseconds(1)), text(times[1] + Duration::milliseconds(1)));
    for (at, versions) in [
        (before.as_str(), vec![]),
        ("1999", vec![]),
        (one.as_str(), vec![1]),
        (two.as_str(), vec![2]),
        ("2999", vec![3]),
        (&times[0].year().to_string(), vec![3, 2, 1]),
    ] {
        for path in ["Patient/p/_history", "Patient/_history", "_history"] {
            let found = names(&walk(&session, &format!("{path}?_at={at}")).await.0);
            assert_eq!(found.iter().map(|(_, version)| *version).collect::<Vec<_>>(), versions, "{path} at {at}");
        }
    }
    assert_eq!(get(&session, "_history?_at=yesterday").await.status, 400);
    // What is made anew after a deletion is created.
    keep(&session, "p", patient("Three")).await;
    let (all, _) = walk(&session, "Patient/p/_history").await;
    let statuses: Vec<&str> = all.iter().map(|entry| entry["response"]["status"].as_str().expect("status")).collect();
    assert_eq!(statuses, ["201 Created", "204 No Content", "200 OK", "201 Created"]);
}
