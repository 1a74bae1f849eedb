//! What nobody waits for any more is stopped in PostgreSQL, too, and the connections are as good as new.

use lcr_facade::config::Load;

use crate::common::TestApp;
use crate::support::{Locked, dial, gp, head, held, number, refused, under, unhurried, until, waiting};
use crate::world::{GP_SOURCE, patient};
use tokio::io::AsyncWriteExt;

/// Every connection of the service serves; none is in the middle of anything.
async fn is_clean(app: &TestApp) {
    let gp = gp(app).await;
    for _ in 0..24 {
        assert_eq!(gp.get("Patient").await.ids(), ["near"]);
    }
    until("no connection is held", async || held(app).await == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_takes_its_statement_along() {
    let app = under(unhurried()).await;
    let (gp_session, source) = (gp(&app).await, app.source(GP_SOURCE).await);
    let locked = Locked::patients(&app).await;
    let (mut reads, mut writes) = (Vec::new(), Vec::new());
    for _ in 0..4 {
        let mut stream = dial(&app).await;
        stream.write_all(&head(&gp_session, "GET /fhir/Patient?name=attwood", "")).await.expect("sent");
        reads.push(stream);
    }
    let other = patient("other", 2).to_string();
    let more = format!("Content-Type: application/fhir+json\r\nContent-Length: {}\r\n", other.len());
    for _ in 0..2 {
        let mut stream = dial(&app).await;
        let mut bytes = head(&source, "PUT /fhir/Patient/other", &more);
        bytes.extend(other.as_bytes());
        stream.write_all(&bytes).await.expect("sent");
        writes.push(stream);
    }
    until("all of them wait in PostgreSQL", async || waiting(&app).await >= 5).await;
    drop((reads, writes));
    // The lock is still there: what waits for it was stopped.
    until("nothing waits in PostgreSQL", async || held(&app).await == 0).await;
    locked.release().await;
    is_clean(&app).await;
    let written = "SELECT count(*) FROM patient WHERE id = $1";
    assert_eq!(number(&app, written, "other").await, 0, "what was stopped was not written");
    let locks = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE l.locktype = $1 \
                 AND d.datname = current_database()";
    assert_eq!(number(&app, locks, "advisory").await, 0, "and holds no lock");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_takes_too_long_is_given_up_and_its_statement_is_stopped() {
    let app = under(Load { request_seconds: 1, ..unhurried() }).await;
    let (gp, locked) = (gp(&app).await, Locked::patients(&app).await);
    let reply = gp.get("Patient").await;
    refused(&reply, 504, "timeout", "load.request_seconds");
    assert_eq!(reply.header("cache-control"), "no-store");
    until("nothing waits in PostgreSQL", async || held(&app).await == 0).await;
    locked.release().await;
    is_clean(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_stopped_and_its_connection_kept() {
    let app = under(Load { statement_seconds: 1, ..unhurried() }).await;
    let (gp, locked) = (gp(&app).await, Locked::patients(&app).await);
    let connections =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1";
    refused(&gp.get("Patient").await, 504, "timeout", "load.statement_seconds");
    let before = number(&app, connections, "lcr").await;
    let change = app.source(GP_SOURCE).await.put("Patient/other", patient("other", 2)).await;
    refused(&change, 504, "timeout", "load.statement_seconds");
    locked.release().await;
    is_clean(&app).await;
    assert!(number(&app, connections, "lcr").await >= before, "connections were thrown away");
    assert_eq!(number(&app, "SELECT count(*) FROM patient WHERE id = $1", "other").await, 0);
}
