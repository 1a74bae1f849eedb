//! A file on its way, to a reader who is slow: what ends meanwhile, and what it holds.

use std::time::{Duration, Instant};

use reqwest::{Method, Response};

use crate::common::{Session, TestApp};
use crate::support::{backend, begin, files, manifest, multiply, run};
use crate::world::{about, patient, put, relate};

const ORGANISATION: &str = "Y9XYZ";
/// Rows of 8 kB: far more than sockets and the pieces read ahead hold.
const ROWS: i32 = 6_000;

/// A person of another source's with so many results, and an export of them.
async fn filled<'a>(app: &'a TestApp) -> (Session<'a>, String, String) {
    let other = backend(app, "other", None).await;
    put(&other, &patient("p", 1)).await;
    put(&other, &about("Observation", "the-one", "p", 1)).await;
    multiply(app, "the-one", ROWS).await;
    relate(app, 1, "organisation", ORGANISATION).await;
    let client = backend(app, "own", Some(ORGANISATION)).await;
    let status = begin(&client, "$export?_type=Observation").await;
    let url = files(&manifest(&client, &status).await)["Observation"].clone();
    (client, status, url)
}

/// Begins to read a file, and gives what came first.
async fn open(client: &Session<'_>, url: &str) -> (Response, usize) {
    let mut response = client.request(Method::GET, url).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    let first = response.chunk().await.expect("a chunk").expect("some of it");
    (response, lines(&first))
}

fn lines(chunk: &[u8]) -> usize {
    chunk.iter().filter(|byte| **byte == b'\n').count()
}

/// Reads the rest: how many lines, and whether it came to its end.
async fn rest(mut response: Response, first: usize) -> (usize, bool) {
    let mut count = first;
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => count += lines(&chunk),
            Ok(None) => return (count, true),
            Err(_) => return (count, false),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_or_job_that_ends_ends_the_file() {
    let app = TestApp::start().await;
    let (client, status, url) = filled(&app).await;
    let all = usize::try_from(ROWS).expect("a number") + 1;
    let (response, first) = open(&client, &url).await;
    assert_eq!(rest(response, first).await, (all, true), "nothing ended");
    let (response, first) = open(&client, &url).await;
    assert_eq!(client.delete(&status).await.status, 202);
    let (count, whole) = rest(response, first).await;
    assert!(count < all && !whole, "{count} lines of a job that was ended, to the end: {whole}");
    let status = begin(&client, "$export?_type=Observation").await;
    let url = files(&manifest(&client, &status).await)["Observation"].clone();
    let (response, first) = open(&client, &url).await;
    run(&app, "UPDATE token SET expires_at = now()").await;
    assert_eq!(rest(response, first).await, (all, true), "a token that expires ends no file that has begun");
    assert_eq!(client.get(&url).await.status, 401, "and begins none");
    run(&app, "UPDATE token SET expires_at = now() + interval '1 hour'").await;
    let (response, first) = open(&client, &url).await;
    run(&app, "DELETE FROM token").await;
    let (count, whole) = rest(response, first).await;
    assert!(count < all && !whole, "{count} lines with a revoked token, to the end: {whole}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relationship_that_ends_meanwhile_ends_what_is_shown() {
    let app = TestApp::start().await;
    let (client, _, url) = filled(&app).await;
    let (response, first) = open(&client, &url).await;
    run(&app, "UPDATE care_relationship SET revoked_at = now()").await;
    let (count, whole) = rest(response, first).await;
    assert!(whole && count < usize::try_from(ROWS).expect("a number"), "{count} lines, to the end: {whole}");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_readers_hold_no_connection_and_are_no_more_than_so_many() {
    let app = TestApp::start().await;
    let (client, _, url) = filled(&app).await;
    let mut slow = Vec::new();
    for _ in 0..4 {
        slow.push(open(&client, &url).await);
    }
    let fifth = client.get(&url).await;
    assert_eq!((fifth.status.as_u16(), fifth.header("retry-after")), (429, "10"), "{}", fifth.text);
    // More searches at once than there are connections, beside readers who do not read.
    let searches = (0..16).map(|_| client.get("Observation?_count=1"));
    for reply in futures_util::future::join_all(searches).await {
        assert_eq!(reply.status, 200, "{}", reply.text);
    }
    // Who goes away makes room.
    slow.clear();
    let until = Instant::now() + Duration::from_secs(30);
    while client.request(Method::GET, &url).send().await.expect("an answer").status() == 429 {
        assert!(Instant::now() < until, "no file is let go");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
