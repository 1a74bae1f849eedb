//! Content codings both ways: gzip and brotli, none of them able to make the service take more than it says.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use lcr_facade::config::{Config, RequestLimits};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde_json::json;

use crate::common::{Session, TestApp, send};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("gzip");
    encoder.finish().expect("gzip")
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    brotli::CompressorWriter::new(&mut out, 4096, 1, 22).write_all(bytes).expect("brotli");
    out
}

/// A request whose answer is left as it came over the wire.
async fn raw(session: &Session<'_>, method: Method, path: &str, accept: Option<&str>) -> (u16, HeaderMap, Vec<u8>) {
    let client = Client::builder().no_gzip().build().expect("client");
    let request = client.request(method, format!("{}/{path}", session.app.base)).bearer_auth(&session.token);
    let request = accept.iter().fold(request, |request, accept| request.header("Accept-Encoding", *accept));
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.bytes().await.expect("a body").to_vec())
}

fn plain(coding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match coding {
        "gzip" => GzDecoder::new(bytes).read_to_end(&mut out),
        "br" => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut out),
        "" => return bytes.to_vec(),
        other => panic!("{other}"),
    }
    .expect("squeezed");
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn large_answers_are_squeezed_as_the_caller_takes_it() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    for n in 0..30 {
        let patient =
            json!({"resourceType": "Patient", "id": format!("p{n}"), "name": [{"family": format!("Name{n}")}]});
        assert_eq!(session.put(&format!("Patient/p{n}"), patient).await.status, 201);
    }
    let path = "Patient?_count=30&_sort=_id";
    for path in [path.to_owned(), format!("{path}&_format=xml")] {
        let (_, _, wanted) = raw(&session, Method::GET, &path, None).await;
        assert!(wanted.len() > 5_000);
        for (accept, coding) in [
            (None, ""),
            (Some("identity"), ""),
            (Some("gzip"), "gzip"),
            (Some("br"), "br"),
            (Some("br;q=0.1, gzip"), "gzip"),
            (Some("br, gzip;q=0.1"), "br"),
            (Some("gzip;q=0"), ""),
            (Some("zstd"), ""),
            (Some("zstd, br;q=0.5"), "br"),
        ] {
            let (status, headers, bytes) = raw(&session, Method::GET, &path, accept).await;
            let found = headers.get("content-encoding").map_or("", |value| value.to_str().expect("text"));
            assert_eq!((status, found), (200, coding), "{accept:?}");
            assert_eq!(plain(coding, &bytes), wanted, "{accept:?}");
            assert!(
                coding.is_empty() || bytes.len() * 3 < wanted.len(),
                "{accept:?}: {} of {}",
                bytes.len(),
                wanted.len()
            );
        }
        // Both as welcome: one of them, and it can be read.
        let (_, headers, bytes) = raw(&session, Method::GET, &path, Some("gzip, deflate, br")).await;
        let coding = headers["content-encoding"].to_str().expect("text").to_owned();
        println!("gzip, deflate, br: {coding}");
        assert_eq!(plain(&coding, &bytes), wanted);
        let (status, headers, bytes) = raw(&session, Method::HEAD, &path, Some("gzip")).await;
        assert_eq!((status, bytes.len()), (200, 0), "{headers:?}");
    }
    // What is small leaves as it is, with its length, and says nothing of a coding.
    for path in ["Patient/p1", "Patient/none"] {
        let (_, headers, bytes) = raw(&session, Method::GET, path, Some("br, gzip")).await;
        assert_eq!(headers.get("content-encoding"), None);
        assert_eq!(headers["content-length"], bytes.len().to_string());
        assert!(bytes.starts_with(b"{\"resourceType\""));
    }
}

async fn put(session: &Session<'_>, coding: &str, body: Vec<u8>) -> u16 {
    let request = session.request(Method::PUT, "Patient/p").header("Content-Type", "application/fhir+json");
    let reply = send(request.header("Content-Encoding", coding).body(body)).await;
    let refused = reply.status.is_client_error();
    assert!(!refused || reply.json()["resourceType"] == "OperationOutcome", "{coding}: {}", reply.text);
    assert_eq!(reply.headers.contains_key("accept-encoding"), reply.status == 415, "RFC 7694 §3");
    reply.status.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn squeezed_bodies_are_taken() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let body = br#"{"resourceType":"Patient","id":"p","active":true}"#;
    let (squeezed, other) = (gzip(body), brotli(body));
    let halves = [gzip(&body[..20]), gzip(&body[20..])].concat();
    for (coding, body, status) in [
        ("gzip", squeezed.clone(), 201),
        ("GZIP", squeezed.clone(), 200),
        ("x-gzip", squeezed.clone(), 200),
        ("gzip", halves, 200),
        ("br", other.clone(), 200),
        ("identity", body.to_vec(), 200),
        ("br", squeezed.clone(), 400),
        ("gzip", other.clone(), 400),
        ("gzip", body.to_vec(), 400),
        ("gzip", squeezed[..squeezed.len() - 9].to_vec(), 400),
        ("gzip", [squeezed.clone(), b"more".to_vec()].concat(), 400),
        ("gzip", Vec::new(), 400),
        ("br", other[..other.len() - 2].to_vec(), 400),
        ("br", Vec::new(), 400),
        ("deflate", squeezed.clone(), 415),
        ("zstd", squeezed.clone(), 415),
        ("gzip, gzip", gzip(&squeezed), 415),
        ("gzip, br", brotli(&squeezed), 415),
    ] {
        assert_eq!(put(&session, coding, body.clone()).await, status, "{coding} {} bytes", body.len());
    }
    let form = session.request(Method::POST, "Patient/_search").header("Content-Encoding", "gzip");
    let form = form.header("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(send(form.body(gzip(b"active=true"))).await.ids(), ["p"]);
    let xml = session.request(Method::PUT, "Patient/p").header("Content-Encoding", "br");
    let text = b"<Patient xmlns=\"http://hl7.org/fhir\"><id value=\"p\"/></Patient>";
    assert_eq!(send(xml.header("Content-Type", "text/xml").body(brotli(text))).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_bursts_at_the_limit() {
    let limits = RequestLimits { body: 1 << 20, ..RequestLimits::default() };
    let app = TestApp::with(Config { limits, ..Config::default() }).await;
    let session = app.source("a").await;
    let zeros = vec![b'0'; 10_000_000];
    let member = gzip(&zeros);
    assert!(member.len() * 900 < zeros.len(), "{}", member.len());
    // A gigabyte of zeros in a megabyte, and brotli's, which are closer still.
    let bomb = member.repeat(100);
    assert!(bomb.len() < 1 << 20);
    for (coding, body) in [("gzip", member), ("gzip", bomb), ("br", brotli(&zeros))] {
        let (size, start) = (body.len(), std::time::Instant::now());
        assert_eq!(put(&session, coding, body).await, 413, "{coding} {size}");
        assert!(start.elapsed().as_secs() < 30, "{coding} {size} took {:?}", start.elapsed());
    }
    // The limit is for what comes out, to the byte.
    for (length, status) in [(1 << 20, 200), ((1 << 20) + 1, 413)] {
        let start = r#"{"resourceType":"Patient","id":"p","active":true"#;
        let body = format!("{start}{}}}", " ".repeat(length - start.len() - 1));
        let status = if length == 1 << 20 && session.get("Patient/p").await.status == 404 { 201 } else { status };
        assert_eq!(put(&session, "gzip", gzip(body.as_bytes())).await, status, "{length}");
        let status = if status == 201 { 200 } else { status };
        assert_eq!(put(&session, "br", brotli(body.as_bytes())).await, status, "{length}");
    }
}
