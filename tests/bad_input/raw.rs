//! Faults that no HTTP client would send for us: bytes of our own on the socket.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};

use super::bodies::patient;
use super::outcome::faults;
use super::table::{Judge, Row};
use crate::common::{Reply, TestApp};

/// Sends the pieces, closes our side where that is asked for, and reads whatever comes. `None`: no answer.
async fn exchange(app: &TestApp, pieces: Vec<Vec<u8>>, close: bool) -> Option<Reply> {
    let address = app.url.trim_start_matches("http://").to_owned();
    let bytes = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("timeout");
        stream.set_write_timeout(Some(Duration::from_secs(30))).expect("timeout");
        for piece in pieces {
            // A server that has heard enough may stop listening.
            if stream.write_all(&piece).is_err() {
                break;
            }
        }
        if close {
            let _ = stream.shutdown(Shutdown::Write);
        }
        let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(read) = stream.read(&mut buffer) {
            bytes.extend_from_slice(&buffer[..read]);
            if read == 0 || complete(&bytes) {
                break;
            }
        }
        bytes
    });
    reply(&bytes.await.expect("no panic"))
}

fn complete(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
    length.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| body.len() >= length)
}

fn reply(bytes: &[u8]) -> Option<Reply> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse::<u16>().ok()?;
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        headers.append(name.parse::<HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?);
    }
    Some(Reply { status: StatusCode::from_u16(status).ok()?, headers, text: body.to_owned() })
}

fn head(token: &str, line: &[u8], more: &str) -> Vec<u8> {
    let rest = format!("\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{more}\r\n");
    [line, rest.as_bytes()].concat()
}

const JSON: &str = "Content-Type: application/fhir+json\r\n";

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_refused_with_words() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    let big = patient(&format!(
        r#""text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">{}</div>"}}"#,
        "a".repeat(20 << 20)
    ));
    for (method, path) in
        [(Method::POST, "Patient"), (Method::PUT, "Patient/kept"), (Method::POST, ""), (Method::POST, "Patient")]
    {
        let row =
            Row::new(method.clone(), path, 413, "too-long", "", &["larger", "16777216"]).named("20 MB with its length");
        let request =
            judge.session.request(method, path).header("Content-Type", "application/fhir+json").body(big.clone());
        match request.send().await {
            Ok(response) => {
                let (status, headers) = (response.status(), response.headers().clone());
                let text = response.text().await.unwrap_or_default();
                judge.judge(&row, &Reply { status, headers, text }).await;
            }
            Err(error) => judge.fail(format!("20 MB with its length to {path}: the client got no answer: {error:?}")),
        }
    }
    for (line, path) in [
        ("POST /fhir/Patient HTTP/1.1", "Patient"),
        ("PUT /fhir/Patient/kept HTTP/1.1", "Patient/kept"),
        ("POST /fhir HTTP/1.1", ""),
    ] {
        let row = Row::new(Method::POST, path, 413, "too-long", "", &["larger", "16777216"]).named("20 MB in chunks");
        let mut pieces =
            vec![head(&judge.session.token, line.as_bytes(), &format!("{JSON}Transfer-Encoding: chunked\r\n"))];
        pieces.extend(big.as_bytes().chunks(64 * 1024).map(chunk));
        pieces.push(b"0\r\n\r\n".to_vec());
        match exchange(&app, pieces, false).await {
            Some(reply) => judge.judge(&row, &reply).await,
            None => judge.fail(format!("20 MB in chunks to {path}: the client got no answer")),
        }
    }
    judge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_ends_before_its_time_is_not_stored() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    let body = patient(r#""active":true"#);
    let token = judge.session.token.clone();
    let put = b"PUT /fhir/Patient/kept HTTP/1.1";
    let length = |n: usize| format!("{JSON}Content-Length: {n}\r\n");
    let chunked = format!("{JSON}Transfer-Encoding: chunked\r\n");
    let bytes = body.as_bytes();
    for (name, pieces) in [
        ("half of its length", vec![head(&token, put, &length(bytes.len())), bytes[..20].to_vec()]),
        ("a whole resource, but more announced", vec![head(&token, put, &length(bytes.len() + 10)), bytes.to_vec()]),
        ("nothing of its length", vec![head(&token, put, &length(bytes.len()))]),
        ("chunks without an end", vec![head(&token, put, &chunked), chunk(bytes)]),
        ("half a chunk", vec![head(&token, put, &chunked), b"fff\r\n".to_vec(), bytes.to_vec()]),
        ("chunks of no size", vec![head(&token, put, &chunked), b"zz\r\n".to_vec(), bytes.to_vec()]),
        ("half a head", vec![b"PUT /fhir/Patient/kept HTTP/1.1\r\nHost: a\r\nAuthoriz".to_vec()]),
    ] {
        let row = Row::new(Method::PUT, "Patient/kept", 400, "", "", &[]).named(name);
        match exchange(&app, pieces, true).await {
            // Who has gone away gets no answer; who gets one gets a refusal.
            Some(reply) if reply.status.is_success() => judge.judge(&row, &reply).await,
            _ => {}
        }
    }
    judge.finish().await;
}

/// What cannot be read as HTTP is refused below the routes, where a status without words is all there is.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_http_or_too_long_an_address_is_refused() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    let token = judge.session.token.clone();
    let long = "a".repeat(1 << 20);
    let get = |query: &[u8]| head(&token, &[b"GET /fhir/Patient?", query, b" HTTP/1.1"].concat(), "");
    for (name, piece) in [
        ("a query of 1 MB", get(format!("name={long}").as_bytes())),
        ("a query of 100 kB", get(format!("name={}", &long[..100_000]).as_bytes())),
        ("10 000 parameters of 8 letters", get(vec!["family=a"; 10_000].join("&").as_bytes())),
        ("a path of 1 MB", head(&token, format!("GET /fhir/Patient/{long} HTTP/1.1").as_bytes(), "")),
        ("a header of 1 MB", head(&token, b"GET /fhir/Patient HTTP/1.1", &format!("X-Long: {long}\r\n"))),
        ("1000 headers", head(&token, b"GET /fhir/Patient HTTP/1.1", &"X-Many: a\r\n".repeat(1000))),
        ("a raw byte in the query", get(b"name=\xff")),
        ("a raw NUL in the query", get(b"name=a\0b")),
        ("raw UTF-16 in the query", get(b"\xff\xfen\0a\0")),
        ("a control character in the query", get(b"name=\x07")),
        (
            "two lengths",
            head(
                &token,
                b"PUT /fhir/Patient/kept HTTP/1.1",
                &format!("{JSON}Content-Length: 2\r\nContent-Length: 30\r\n"),
            ),
        ),
        (
            "a length and chunks",
            head(
                &token,
                b"PUT /fhir/Patient/kept HTTP/1.1",
                &format!("{JSON}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"),
            ),
        ),
        (
            "a length below nothing",
            head(&token, b"PUT /fhir/Patient/kept HTTP/1.1", &format!("{JSON}Content-Length: -1\r\n")),
        ),
        (
            "a length of letters",
            head(&token, b"PUT /fhir/Patient/kept HTTP/1.1", &format!("{JSON}Content-Length: many\r\n")),
        ),
        ("no HTTP at all", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec()),
        ("another protocol", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
    ] {
        match exchange(&app, vec![piece], true).await {
            None => println!("{name}: closed without an answer"),
            Some(reply) => {
                println!("{name}: {} with {} bytes", reply.status, reply.text.len());
                if !reply.status.is_client_error() {
                    judge.fail(format!("{name}: the status is {}: {}", reply.status, reply.text));
                } else if !reply.text.is_empty() {
                    let faults = faults(&reply);
                    if !faults.is_empty() {
                        judge.fail(format!("{name}: {}", faults.join("; ")));
                    }
                }
            }
        }
    }
    judge.ask(vec![Row::new(Method::GET, "Patient?name=%ff", 400, "value", "", &["UTF-8"]).named("afterwards")]).await;
    judge.finish().await;
}
