//! What these tests share: a small record, bytes of our own on a socket, a table that is locked so that statements wait, and
//! a look at what PostgreSQL is doing.

// A look into the database itself, which no interaction shows.
#![allow(clippy::disallowed_types)]

use std::time::{Duration, Instant};

use lcr_facade::config::{Config, Load};
use sqlx::{Connection, PgConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::common::{Reply, Session, TestApp};
use crate::world::{CARERS, GP_SOURCE, labelled, patient, persona, put, relate};

/// Nothing here takes so long, on however busy a machine.
pub const LONG: Duration = Duration::from_secs(60);

/// A load under which nothing is given up by itself.
pub fn unhurried() -> Load {
    Load { request_seconds: 3_600, statement_seconds: 3_600, ..Load::default() }
}

/// A service under this load, with one patient who is in the GP's care.
pub async fn under(load: Load) -> TestApp {
    let app = TestApp::with(Config { load, ..Config::default() }).await;
    put(&app.source(GP_SOURCE).await, &labelled(patient("near", 1), "N")).await;
    for (kind, holder) in CARERS {
        relate(&app, 1, kind, holder).await;
    }
    app
}

/// Who may see that patient.
pub async fn gp(app: &TestApp) -> Session<'_> {
    persona(app, "gp").await
}

/// Asserts a refusal of this status and issue code, whose words name something.
pub fn refused(reply: &Reply, status: u16, code: &str, names: &str) {
    assert_eq!(reply.status, status, "{}", reply.text);
    let outcome = reply.json();
    assert_eq!(outcome["resourceType"], "OperationOutcome", "{}", reply.text);
    assert_eq!(outcome["issue"][0]["code"], code, "{}", reply.text);
    let words = outcome["issue"][0]["diagnostics"].as_str().expect("diagnostics");
    assert!(words.contains(names), "{words} does not name {names}");
    assert!(!reply.header("x-request-id").is_empty(), "no request id");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
}

/// A connection to the service.
pub async fn dial(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.url.trim_start_matches("http://")).await.expect("a connection")
}

/// The head of a request.
pub fn head(session: &Session<'_>, line: &str, more: &str) -> Vec<u8> {
    format!("{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n{more}\r\n", session.token).into_bytes()
}

/// Sends bytes, and the first bytes of what comes back; empty: nothing came in time, or the connection was closed.
pub async fn send(stream: &mut TcpStream, bytes: &[u8], wait: Duration) -> String {
    // A service that has heard enough may stop listening.
    let _ = stream.write_all(bytes).await;
    let mut buffer = [0; 2048];
    let read = tokio::time::timeout(wait, stream.read(&mut buffer)).await;
    let read = read.ok().and_then(Result::ok).unwrap_or(0);
    String::from_utf8_lossy(&buffer[..read]).into_owned()
}

/// A lock on the patients: every statement that reads them waits until it is let go.
pub struct Locked(PgConnection);

impl Locked {
    /// Takes it.
    pub async fn patients(app: &TestApp) -> Locked {
        let mut connection = PgConnection::connect(&app.database).await.expect("the database");
        for statement in ["BEGIN", "LOCK TABLE patient IN ACCESS EXCLUSIVE MODE"] {
            sqlx::query(statement).execute(&mut connection).await.expect(statement);
        }
        Locked(connection)
    }

    /// Lets it go.
    pub async fn release(mut self) {
        sqlx::query("ROLLBACK").execute(&mut self.0).await.expect("let go");
    }
}

/// How many connections of the service PostgreSQL sees waiting for a lock in the middle of a statement.
pub async fn waiting(app: &TestApp) -> i64 {
    count(
        app,
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'lcr' \
         AND state = 'active' AND wait_event_type = 'Lock'",
    )
    .await
}

/// How many connections of the service are not idle, or are idle within a transaction.
pub async fn held(app: &TestApp) -> i64 {
    count(
        app,
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'lcr' \
         AND state <> 'idle' AND pid <> pg_backend_pid()",
    )
    .await
}

async fn count(app: &TestApp, statement: &'static str) -> i64 {
    let mut connection = PgConnection::connect(&app.database).await.expect("the database");
    sqlx::query_scalar(statement).fetch_one(&mut connection).await.expect(statement)
}

/// A number from the database, with one text to look for.
pub async fn number(app: &TestApp, statement: &'static str, text: &str) -> i64 {
    let mut connection = PgConnection::connect(&app.database).await.expect("the database");
    sqlx::query_scalar(statement).bind(text).fetch_one(&mut connection).await.expect(statement)
}

/// Waits until a look says so.
pub async fn until(what: &str, mut look: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !look().await {
        assert!(began.elapsed() < LONG, "it did not come to pass: {what}");
        tokio::task::yield_now().await;
    }
}
