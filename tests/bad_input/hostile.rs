//! Bad input that means to take others with it: their audit rows, the workers' time.

use std::time::{Duration, Instant};

use super::bodies::{condition, patient};
use super::table::{Judge, resource};
use crate::common::{Reply, Session, TestApp, json, send};

/// A body, the type it is for, and a name for it.
type Costly = (&'static str, &'static str, String);

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_do_not_fail_good_ones_at_their_side() {
    let app = TestApp::start().await;
    let judge = Judge::start(&app).await;
    let mut running = tokio::task::JoinSet::new();
    for round in 0..200 {
        let bad = [
            "Pa%00tient/kept",
            "Patient/%00",
            "Patient?name=%00",
            "%00/_history",
            "Patient?banana=%ff",
            "Patient/%ff",
            "Patient/a%00b/_history/1",
        ];
        let form = judge
            .session
            .request(reqwest::Method::POST, "Patient/_search")
            .header("Content-Type", "application/x-www-form-urlencoded");
        let body = json(
            judge.session.request(reqwest::Method::PUT, "Patient/kept"),
            "{\"resourceType\":\"Patient\",\"id\":\"\\u0000\"}",
        );
        for request in
            [judge.session.request(reqwest::Method::GET, bad[round % bad.len()]), form.body(vec![b'a', 0, b'=']), body]
        {
            running.spawn(async move {
                let reply = send(request).await;
                (reply.status.is_client_error(), format!("a bad request: {} {}", reply.status, reply.text))
            });
        }
        for path in ["Patient/kept", "Patient?_id=kept", "Observation/kept/_history"] {
            let request = judge.session.request(reqwest::Method::GET, path);
            running.spawn(async move {
                let reply = send(request).await;
                (reply.status == 200, format!("a good request: {} {}", reply.status, reply.text))
            });
        }
    }
    let answers = running.join_all().await;
    let wrong: Vec<&String> = answers.iter().filter(|(right, _)| !right).map(|(_, words)| words).collect();
    let good = wrong.iter().filter(|words| words.starts_with("a good")).count();
    assert!(
        wrong.is_empty(),
        "of {} requests {} were answered wrongly, {good} of them good ones, as {}",
        answers.len(),
        wrong.len(),
        wrong[0]
    );
    judge.finish().await;
}

/// Bodies made to be expensive to refuse, in two sizes: 1, and 4 times that.
#[rustfmt::skip]
fn to_refuse(size: usize) -> Vec<Costly> {
    let many = |text: &str, count: usize| vec![text; count * size].join(",");
    let organisations = list(2_500 * size, &|n| format!(r#"{{"resourceType":"Organization","id":"o{n}"}}"#));
    vec![
        ("an unknown element holding numbers", "Patient", patient(&format!(r#""banana":[{}]"#, many("1", 75_000)))),
        ("an unknown element holding empty lists", "Patient", patient(&format!(r#""banana":[{}]"#, many("[]", 50_000)))),
        ("empty objects", "Patient", patient(&format!(r#""name":[{}]"#, many("{}", 50_000)))),
        ("unknown elements", "Patient", patient(&format!(r#""extension":[{}]"#, many(r#"{"banana":1}"#, 25_000)))),
        ("bad codes", "Patient", patient(&format!(r#""name":[{}]"#, many(r#"{"use":"x"}"#, 25_000)))),
        ("contained resources that nothing names", "Condition", condition(&format!(r##""contained":[{organisations}],"asserter":{{"reference":"#none"}}"##))),
        ("contained resources and references to none of them", "Patient", patient(&format!(r#""contained":[{organisations}],"generalPractitioner":[{}]"#, many(r##"{"reference":"#none"}"##, 2_500)))),
        ("a narrative of angle brackets", "Patient", patient(&format!(r#""text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><script>{}</div>"}}"#, "<".repeat(50_000 * size)))),
        ("an object of many members", "Patient", patient(&list(25_000 * size, &|n| format!(r#""m{n}":1"#)))),
        ("objects of 1000 members", "Patient", patient(&format!(r#""name":[{}]"#, many(&format!("{{{}}}", list(1_000, &|n| format!(r#""m{n}":1"#))), 10)))),
    ]
}

/// Large resources with nothing wrong, in the same two sizes.
#[rustfmt::skip]
fn to_store(size: usize) -> Vec<Costly> {
    let contained = list(2_500 * size, &|n| format!(r#"{{"resourceType":"Organization","id":"o{n}","name":"x"}}"#));
    let named = list(2_500 * size, &|n| format!(r##"{{"reference":"#o{n}"}}"##));
    vec![
        ("names", "Patient", patient(&format!(r#""name":[{{"given":[{}]}}]"#, list(5_000 * size, &|n| format!("\"given{n}\""))))),
        ("contained resources, each named", "Patient", patient(&format!(r#""contained":[{contained}],"generalPractitioner":[{named}]"#))),
        ("identifiers", "Patient", patient(&format!(r#""identifier":[{}]"#, list(5_000 * size, &|n| format!(r#"{{"system":"http://x","value":"{n}"}}"#))))),
    ]
}

fn list(count: usize, item: &dyn Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(",")
}

/// Sends the body twice; gives the answer and the shorter time.
async fn timed(session: &Session<'_>, (_, kind, body): &Costly) -> (Reply, Duration) {
    let mut best: Option<(Reply, Duration)> = None;
    for _ in 0..2 {
        let start = Instant::now();
        let reply = session.put(&format!("{kind}/kept"), body).await;
        let took = start.elapsed();
        if best.as_ref().is_none_or(|(_, shorter)| took < *shorter) {
            best = Some((reply, took));
        }
    }
    best.expect("two times")
}

/// Whether the work grows with the square of the input: 4 times as much would take 16 times as long. What is done
/// within a second is done soon enough, whatever a busy machine makes of the ratio.
fn grows_too_fast(small: Duration, large: Duration) -> bool {
    large > Duration::from_secs(1) && large > small * 9
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_expensive_to_refuse_is_refused_soon() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    for (small, large) in to_refuse(1).into_iter().zip(to_refuse(4)) {
        let (_, short) = timed(&judge.session, &small).await;
        let (reply, long) = timed(&judge.session, &large).await;
        let (name, kind, _) = large;
        println!("{name}: {} in {short:?}, and {long:?} for 4 times as many", reply.status);
        let status = if reply.status == 422 { 422 } else { 400 };
        let row = resource(name, kind, "", status, "", "", &[]).swap_remove(1);
        judge.judge(&row, &reply).await;
        if grows_too_fast(short, long) {
            judge.fail(format!("{name}: {short:?}, but {long:?} for 4 times as many"));
        }
    }
    judge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_large_is_stored_soon() {
    let app = TestApp::start().await;
    let session = app.source("x").await;
    let mut slow = Vec::new();
    for (small, large) in to_store(1).into_iter().zip(to_store(4)) {
        let (_, short) = timed(&session, &small).await;
        let (reply, long) = timed(&session, &large).await;
        let name = large.0;
        println!("{name}: {} in {short:?}, and {long:?} for 4 times as many", reply.status);
        assert!(reply.status.is_success(), "{name}: {} {}", reply.status, reply.text);
        if grows_too_fast(short, long) {
            slow.push(format!("{name}: {short:?}, but {long:?} for 4 times as many"));
        }
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}
