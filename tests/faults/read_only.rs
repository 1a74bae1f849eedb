//! A database that takes no writes: nothing can be logged, so nothing is answered.

use std::time::Instant;

use crate::load::Load;
use crate::oracle::{self, Counts};
use crate::parts::{Postgres, RECORD, Service, folder, until};
use crate::table::{self, Seen};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_are_refused_too_where_they_cannot_be_logged() {
    let postgres = Postgres::start(folder("read-only")).await;
    let token = postgres.token().await;
    let service = Service::start(&postgres.url(RECORD), "read-only", &[]).await;
    let (mut counts, mut times) = (Counts::default(), Vec::new());
    for round in 0..table::rounds(1, 20) {
        let load = Load::begin(&service.base, &token, &format!("readonly{round}")).await;
        load.back(Instant::now()).await;
        turn(&postgres, "ALTER DATABASE record SET default_transaction_read_only = on").await;
        until("/health/ready says so", async || service.health().await == Some(503)).await;
        let client = reqwest::Client::new();
        let read = client.get(format!("{}/fhir/Patient/{}", service.base, load.patient)).bearer_auth(&token);
        let read = read.send().await.expect("an answer");
        assert_eq!(read.status(), 503, "a read that cannot be logged");
        assert!(!read.text().await.expect("a body").contains("Faults"), "and it shows nothing");
        turn(&postgres, "ALTER DATABASE record SET default_transaction_read_only = off").await;
        times.push(load.back(Instant::now()).await);
        // Probes that come within a second share an answer.
        until("/health/ready is well", async || service.health().await == Some(200)).await;
        let (journal, patient) = load.end().await;
        counts.add(oracle::judge(&mut postgres.sql().await, &journal, &patient).await);
    }
    oracle::trail(&mut postgres.sql().await, &postgres.url(RECORD)).await;
    table::saw("read-only", Seen { rounds: times.len(), counts, back: times, more: String::new() });
}

/// Changes it for connections to come, and ends those there are.
async fn turn(postgres: &Postgres, statement: &'static str) {
    use sqlx::Connection;
    let mut sql = sqlx::PgConnection::connect(&postgres.url("postgres")).await.expect("a connection");
    sqlx::raw_sql(statement).execute(&mut sql).await.expect(statement);
    let all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lcr'";
    sqlx::raw_sql(all).execute(&mut sql).await.expect(all);
}
