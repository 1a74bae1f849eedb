//! The webhook is told of each override, again until it arrives, and nothing of whom it is about.

use std::path::PathBuf;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use lcr_facade::config::{Config, Overrides};
use serde_json::Value;
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::common::TestApp;
use crate::support::{REASON, ask};
use crate::world::{FAR, GP_SOURCE, nhs, patient, persona, put};

/// A receiver that answers the first request with an error, the others with 204; gives head and body of each.
async fn receiver() -> (String, mpsc::Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/alerts", listener.local_addr().expect("an address"));
    let (heard, requests) = mpsc::channel(16);
    let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (heard, count) = (heard.clone(), Arc::clone(&count));
            tokio::spawn(async move {
                let mut bytes = Vec::new();
                let mut buffer = [0; 4096];
                loop {
                    let read = stream.read(&mut buffer).await.expect("bytes");
                    bytes.extend(&buffer[..read]);
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                    let length = head.lines().find_map(|line| {
                        line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok()
                    });
                    if body.len() < length.unwrap_or(0) {
                        continue;
                    }
                    let first = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
                    let status = if first { "500 Internal Server Error" } else { "204 No Content" };
                    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                    stream.write_all(answer.as_bytes()).await.expect("an answer");
                    heard.send((head.to_owned(), body.to_owned())).await.expect("heard");
                    return;
                }
            });
        }
    });
    (url, requests)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_override_is_told_until_it_arrives() {
    let secret = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("webhook-secret");
    std::fs::write(&secret, "a secret of the test\n").expect("a file");
    let (url, mut requests) = receiver().await;
    let overrides = Overrides { webhook: Some(url), webhook_secret_file: Some(secret), ..Overrides::default() };
    let app = TestApp::with(Config { overrides, ..Config::default() }).await;
    put(&app.source(GP_SOURCE).await, &patient("far", FAR)).await;
    let number = nhs(FAR);
    let stranger = persona(&app, "stranger").await;
    let said = [("nhs-number", number.as_str()), ("birth-date", "1950-05-05"), ("reason", REASON)];
    assert_eq!(ask(&stranger, "break-glass", &said).await.status, 200);
    let mut told = Vec::new();
    for _ in 0..2 {
        let heard = tokio::time::timeout(std::time::Duration::from_secs(60), requests.recv()).await;
        told.push(heard.expect("in time").expect("a request"));
    }
    // The first was not taken, so the same comes again.
    let alerts: Vec<Value> = told.iter().map(|(_, body)| serde_json::from_str(body).expect("JSON")).collect();
    assert_eq!(alerts[0], alerts[1]);
    assert_eq!(alerts[1]["kind"], "break-glass");
    assert_eq!((&alerts[1]["user_id"], &alerts[1]["role"]), (&"stranger".into(), &"doctor".into()));
    for (head, body) in &told {
        for secret in [number.as_str(), "far", REASON, "Attwood", "1950"] {
            assert!(!body.contains(secret), "{secret} is in {body}");
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(b"a secret of the test").expect("a key");
        mac.update(body.as_bytes());
        let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(head.to_ascii_lowercase().contains(&format!("x-lcr-signature: sha256={hex}")), "{head}");
    }
}
