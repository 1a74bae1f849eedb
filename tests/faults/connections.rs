//! Connections to PostgreSQL that are ended, reset within a message, reset after a commit, or refused.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::load::Load;
use crate::oracle::{self, Counts};
use crate::parts::{Dice, Postgres, RECORD, Service, folder, until};
use crate::proxy::{Proxy, Trap};
use crate::table::{self, Seen};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_connections_break() {
    let postgres = Postgres::start(folder("connections")).await;
    let token = postgres.token().await;
    let proxy = Proxy::before(postgres.cluster().socket_dir()).await;
    let service = Service::start(&proxy.url(RECORD), "connections", &[]).await;
    let mut dice = Dice(11);
    for key in ["terminate", "cut", "cut-bytes", "refuse"] {
        let (mut counts, mut times) = (Counts::default(), Vec::new());
        for round in 0..table::rounds(1, 200) {
            let load = Load::begin(&service.base, &token, &format!("{key}{round}")).await;
            dice.moment(200).await;
            match key {
                "terminate" => {
                    let all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lcr'";
                    postgres.run(all).await;
                }
                "cut" => proxy.cut(),
                "cut-bytes" => cut_within(&proxy, &mut dice).await,
                _ => {
                    proxy.refuse(true);
                    proxy.cut();
                    tokio::time::sleep(Duration::from_secs(2)).await;
                    proxy.refuse(false);
                }
            }
            times.push(load.back(Instant::now()).await);
            let (journal, patient) = load.end().await;
            counts.add(oracle::judge(&mut postgres.sql().await, &journal, &patient).await);
        }
        assert!(counts.writes > times.len(), "{key}: hardly anything was written, {counts:?}");
        table::saw(key, Seen { rounds: times.len(), counts, back: times, more: String::new() });
    }
    in_doubt(&postgres, &proxy, &service.base, &token).await;
    oracle::trail(&mut postgres.sql().await, &postgres.url(RECORD)).await;
}

/// A few connections, each reset after a number of bytes.
async fn cut_within(proxy: &Proxy, dice: &mut Dice) {
    for _ in 0..3 {
        let bytes = usize::try_from(1 + dice.below(6_000)).expect("a number");
        let before = proxy.sprung();
        proxy.set(if dice.below(2) == 0 { Trap::BytesIn(bytes) } else { Trap::BytesOut(bytes) });
        until("a connection meets the trap", async || proxy.sprung() > before).await;
    }
}

/// A commit whose answer does not come: the client is told so, and finds the change by looking.
async fn in_doubt(postgres: &Postgres, proxy: &Proxy, base: &str, token: &str) {
    let client = reqwest::Client::new();
    let rounds = table::rounds(3, 200);
    for round in 0..rounds {
        let patient = json!({"resourceType": "Patient", "identifier": [{"system": "urn:faults", "value": format!("doubt{round}")}]});
        let before = proxy.sprung();
        proxy.set(Trap::CommitAnswer);
        let request = client.post(format!("{base}/fhir/Patient")).bearer_auth(token);
        let answer = request.header("Content-Type", "application/fhir+json").body(patient.to_string());
        let answer = answer.send().await.expect("an answer");
        assert_eq!((answer.status().as_u16(), proxy.sprung()), (503, before + 1));
        let request: uuid::Uuid =
            answer.headers()["x-request-id"].to_str().expect("text").parse().expect("a request's id");
        let outcome: Value = answer.json().await.expect("JSON");
        let words = outcome["issue"][0]["diagnostics"].as_str().unwrap_or_default();
        assert!(words.contains("may have been made"), "{words}");
        let there = "SELECT count(*), count(a.request_id) FROM patient p LEFT JOIN audit a ON a.what COLLATE \"C\" = 'Patient/' || p.id || '/_history/1' \
                     AND a.request_id = $2 WHERE p.resource LIKE '%\"doubt' || $1 || '\"%'";
        let there: (i64, i64) = sqlx::query_as(there)
            .bind(round.to_string())
            .bind(request)
            .fetch_one(&mut postgres.sql().await)
            .await
            .expect("rows");
        assert_eq!(there, (1, 1), "it was committed, with its row in the trail");
    }
    let more =
        format!("{rounds} answers of 503 with these words; {rounds} changes there, each with its row in the trail");
    table::saw("in-doubt", Seen { rounds, counts: Counts::default(), back: Vec::new(), more });
}
