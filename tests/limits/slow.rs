//! Clients that are slow to send or to read: they keep nobody from working, and hold no connection of the database.

use lcr_facade::config::Load;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{dial, gp, head, held, under, until};
use crate::world::{GP_SOURCE, about, labelled, put};

#[tokio::test(flavor = "multi_thread")]
async fn slow_senders_keep_nobody_from_working() {
    let app = under(Load { turns: 1, queue: 1, queue_ms: 1_000, ..Load::default() }).await;
    let (gp_session, source) = (gp(&app).await, app.source(GP_SOURCE).await);
    let (form, fhir) = ("application/x-www-form-urlencoded", "application/fhir+json");
    let mut senders = Vec::new();
    for (session, line, kind) in [
        (&gp_session, "POST /fhir/Patient/_search", form),
        (&source, "POST /fhir", fhir),
        (&source, "PUT /fhir/Patient/near", fhir),
        (&gp_session, "POST /fhir/Patient/$match", fhir),
        (&source, "PATCH /fhir/Patient/near", "application/json-patch+json"),
        (&gp_session, "POST /oauth/token", form),
        (&gp_session, "POST /oauth/revoke", form),
        (&gp_session, "POST /oauth/introspect", form),
    ] {
        let mut stream = dial(&app).await;
        let bytes = head(session, line, &format!("Content-Type: {kind}\r\nContent-Length: 5000\r\n"));
        stream.write_all(&bytes).await.expect("sent");
        stream.write_all(b"{").await.expect("sent");
        senders.push(stream);
        // Its token was looked up; what it does now is to wait for its body.
        until("it holds no connection", async || held(&app).await == 0).await;
    }
    for _ in 0..10 {
        let reply = gp_session.get("Patient").await;
        assert_eq!((reply.status.as_u16(), reply.ids()), (200, vec!["near".to_owned()]), "{}", reply.text);
    }
    assert_eq!(held(&app).await, 0);
    drop(senders);
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_readers_keep_nobody_from_working() {
    let app = under(Load { turns: 1, queue: 1, queue_ms: 1_000, ..Load::default() }).await;
    let (gp_session, source) = (gp(&app).await, app.source(GP_SOURCE).await);
    // More than the system's buffers take.
    for at in 0..24 {
        let mut large = labelled(about("Observation", &format!("large-{at}"), "near", 1), "N");
        large["note"] = json!([{"text": "so much to say ".repeat(40_000)}]);
        put(&source, &large).await;
    }
    let mut readers = Vec::new();
    for path in ["Observation?_count=24", "Patient/near/$everything", "Observation/_history?_count=24"] {
        for _ in 0..3 {
            let mut stream = dial(&app).await;
            stream.write_all(&head(&gp_session, &format!("GET /fhir/{path}"), "")).await.expect("sent");
            let mut begin = [0; 12];
            stream.read_exact(&mut begin).await.expect("the answer begins");
            assert_eq!(&begin, b"HTTP/1.1 200", "{path}");
            readers.push(stream);
        }
    }
    until("they hold no connection", async || held(&app).await == 0).await;
    for _ in 0..10 {
        let reply = gp_session.get("Patient").await;
        assert_eq!((reply.status.as_u16(), reply.ids()), (200, vec!["near".to_owned()]), "{}", reply.text);
    }
    // And a slow reader gets all of it in the end.
    let mut rest = Vec::new();
    let read = tokio::time::timeout(crate::support::LONG, async {
        let mut buffer = vec![0; 1 << 16];
        while !rest.ends_with(b"\r\n0\r\n\r\n") {
            match readers[3].read(&mut buffer).await.expect("more") {
                0 => break,
                read => rest.extend_from_slice(&buffer[..read]),
            }
        }
    });
    read.await.expect("the end");
    assert!(rest.len() > 24 * 600_000, "{} bytes came", rest.len());
}
