//! One over each bound, and at it.

use lcr_facade::config::{Config, Load, RequestLimits};
use reqwest::Method;

use crate::common::{TestApp, send as ask};
use crate::support::{LONG, dial, gp, head, refused, send, under};

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_address_and_more_header_lines_are_refused_with_words() {
    let limits = RequestLimits { address: 1_000, header_lines: 20, headers: 4_000, ..RequestLimits::default() };
    let app = TestApp::with(Config { limits, ..Config::default() }).await;
    let gp = gp(&app).await;
    let path = "Patient?name=";
    let longest = "a".repeat(1_000 - "/fhir/".len() - path.len() + 1);
    assert_eq!(gp.get(&format!("{path}{longest}")).await.status, 200, "as long as it may be");
    refused(&gp.get(&format!("{path}{longest}a")).await, 414, "too-long", "limits.address");
    // Authorization, Accept, Accept-Encoding and Host are there already.
    let lines = async |more: usize| {
        let request = gp.request(Method::GET, "Patient");
        ask((0..more).fold(request, |request, at| request.header(format!("x-{at}"), "1"))).await
    };
    assert_eq!(lines(16).await.status, 200, "as many as there may be");
    refused(&lines(17).await, 431, "too-long", "limits.header_lines");
    let large = ask(gp.request(Method::GET, "Patient").header("x-large", "a".repeat(4_000))).await;
    refused(&large, 431, "too-long", "limits.headers");
    // Without a token just so, and below /oauth.
    let open = ask(app.open(Method::GET, &format!("/oauth/authorize?state={longest}")).header("x", "1")).await;
    refused(&open, 414, "too-long", "limits.address");
    // What is too large to be read at all has no words, and may not even hear of it.
    let endless = head(&gp, "GET /fhir/Patient", &format!("x-large: {}\r\n", "a".repeat(140_000)));
    let answer = send(&mut dial(&app).await, &endless, LONG).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_connections_are_open_than_may_be() {
    // One for each of the two workers.
    let app = under(Load { clients: 1, ..Load::default() }).await;
    let request = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let (mut open, mut turned_away) = (Vec::new(), Vec::new());
    // The client of the test's own source has one already, or had.
    for _ in 0..4 {
        let mut stream = dial(&app).await;
        match send(&mut stream, request, std::time::Duration::from_millis(1_500)).await.as_str() {
            "" => turned_away.push(stream),
            answer => {
                assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
                open.push(stream);
            }
        }
    }
    assert!(open.len() <= 2, "{} are open", open.len());
    assert!(turned_away.len() >= 2, "the others wait in the system's queue");
    drop(open);
    let answer = send(&mut turned_away.remove(0), b"", LONG).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "it is their turn once others have gone: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_bodies_and_idle_connections_have_their_time() {
    let app = under(Load { head_seconds: 1, body_seconds: 1, idle_seconds: 1, ..Load::default() }).await;
    let gp = gp(&app).await;
    let half = b"GET /health/live HTTP/1.1\r\nHost: local".as_slice();
    let answer = send(&mut dial(&app).await, half, LONG).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "a head that does not end: {answer}");
    let form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n";
    let mut bytes = head(&gp, "POST /fhir/Patient/_search", form);
    bytes.extend(b"name=");
    let answer = send(&mut dial(&app).await, &bytes, LONG).await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("load.body_seconds"), "{answer}");
    assert!(answer.contains("\"code\":\"timeout\""), "{answer}");
    let mut idle = dial(&app).await;
    let answer = send(&mut idle, b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n", LONG).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let began = std::time::Instant::now();
    assert_eq!(send(&mut idle, b"", LONG).await, "", "it is closed");
    assert!(began.elapsed() < LONG, "it was not closed");
}
