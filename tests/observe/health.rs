//! Each part that can fail is broken in the database, and readiness names it, and that one alone.

// A look into the database itself, which no interaction shows.
#![allow(clippy::disallowed_types)]

use std::time::{Duration, Instant};

use reqwest::Method;
use sqlx::{Connection, PgConnection};

use crate::common::{Reply, TestApp, send};
use crate::service::until;

async fn ready(app: &TestApp) -> Reply {
    send(app.open(Method::GET, "/health/ready")).await
}

async fn owner(app: &TestApp) -> PgConnection {
    PgConnection::connect(&app.database).await.expect("the database")
}

async fn run(app: &TestApp, statement: &'static str) {
    sqlx::raw_sql(statement).execute(&mut owner(app).await).await.expect(statement);
}

/// Breaks and mends; what is not well is what is named.
async fn named(app: &TestApp, part: &str, breaks: &'static str, mends: &'static str) {
    run(app, breaks).await;
    let reply = until(part, async || Some(ready(app).await).filter(|reply| reply.status == 503)).await;
    let mut lines = reply.text.lines();
    assert_eq!(lines.next(), Some("not ready"), "{}", reply.text);
    let rest: Vec<&str> = lines.collect();
    assert!(rest.len() == 1 && rest[0].starts_with(&format!("{part}: ")), "{part}: {}", reply.text);
    assert_eq!(send(app.open(Method::GET, "/health/live")).await.status, 200, "{part}");
    run(app, mends).await;
    until(part, async || Some(ready(app).await).filter(|reply| reply.status == 200)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_names_what_fails_and_recovers_by_itself() {
    let app = TestApp::start().await;
    assert_eq!(ready(&app).await.text, "ready\n");
    let flip = "UPDATE _sqlx_migrations SET checksum = sha384(checksum) WHERE version = 11";
    let keep = "CREATE TABLE kept AS SELECT * FROM _sqlx_migrations; UPDATE _sqlx_migrations SET success = false WHERE version = 11";
    let back = "UPDATE _sqlx_migrations m SET checksum = k.checksum, success = k.success FROM kept k WHERE k.version = m.version";
    named(&app, "migrations", keep, back).await;
    named(&app, "migrations", flip, back).await;
    named(
        &app,
        "keys",
        "CREATE TABLE old AS SELECT secret FROM service_key WHERE name = 'cursor'; UPDATE service_key SET secret = sha256(secret) WHERE name = 'cursor'",
        "UPDATE service_key SET secret = (SELECT secret FROM old) WHERE name = 'cursor'",
    )
    .await;
    named(
        &app,
        "keys",
        "INSERT INTO signing_key (kid, private_pem, public_jwk) VALUES ('k', 'no key', '{}')",
        "DELETE FROM signing_key",
    )
    .await;
    let owned = "ALTER TABLE condition OWNER TO lcr_service";
    named(&app, "second lock", owned, "ALTER TABLE condition OWNER TO CURRENT_USER").await;
    named(
        &app,
        "audit",
        "REVOKE EXECUTE ON FUNCTION audit_append(audit_said[], bytea) FROM lcr_service",
        "GRANT EXECUTE ON FUNCTION audit_append(audit_said[], bytea) TO lcr_service",
    )
    .await;
    // A table that cannot be written is found by writing: the right to call the function says nothing of it.
    named(
        &app,
        "audit",
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no space''; END'; \
         CREATE TRIGGER full_disk BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION full_disk()",
        "DROP TRIGGER full_disk ON audit",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_hangs_is_not_waited_for() {
    let app = TestApp::start().await;
    assert_eq!(ready(&app).await.status, 200);
    let mut other = owner(&app).await;
    let mut tx = other.begin().await.expect("a transaction");
    sqlx::query("LOCK TABLE patient_key IN ACCESS EXCLUSIVE MODE").execute(&mut *tx).await.expect("a lock");
    let began = Instant::now();
    let reply = until("not ready", async || Some(ready(&app).await).filter(|reply| reply.status == 503)).await;
    // Two seconds of patience, one of memory, and what a busy machine adds.
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(reply.text.starts_with("not ready\ndatabase: "), "{}", reply.text);
    assert_eq!(send(app.open(Method::GET, "/health/live")).await.text, "live\n");
    tx.rollback().await.expect("its end");
    until("ready again", async || Some(ready(&app).await).filter(|reply| reply.status == 200)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_leave_nothing_behind_and_share_an_answer() {
    let app = TestApp::start().await;
    let mut owner = owner(&app).await;
    let trail = "SELECT (SELECT count(*) FROM audit), (SELECT sum(link)::bigint FROM audit_chain)";
    let before: (i64, i64) = sqlx::query_as(trail).fetch_one(&mut owner).await.expect("the trail");
    // A sequence is not taken back with the transaction that moved it.
    run(
        &app,
        "CREATE SEQUENCE probes; \
         CREATE FUNCTION counted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM nextval(''probes''); RETURN NEW; END'; \
         CREATE TRIGGER counted BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION counted()",
    )
    .await;
    let began = Instant::now();
    for _ in 0..300 {
        assert_eq!(ready(&app).await.status, 200);
    }
    let seconds = i64::try_from(began.elapsed().as_secs()).expect("seconds");
    let after: (i64, i64) = sqlx::query_as(trail).fetch_one(&mut owner).await.expect("the trail");
    assert_eq!(before, after, "a probe added to the trail");
    let count = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM probes";
    let looked: i64 = sqlx::query_scalar(count).fetch_one(&mut owner).await.expect("the sequence");
    assert!((1..=seconds + 2).contains(&looked), "300 probes in {seconds} s looked {looked} times");
}
