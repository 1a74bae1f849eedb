//! SIGTERM under load, and again.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::net::TcpStream;

use crate::load::Load;
use crate::oracle::{self, Counts};
use crate::parts::{Dice, Postgres, RECORD, Service, folder, until};
use crate::table::{self, Seen};

/// The grace time of the service here.
const GRACE: u64 = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_told_to_stop_finishes_what_it_took() {
    let postgres = Postgres::start(folder("stopping")).await;
    let token = postgres.token().await;
    let grace = [("LCR_GRACE_SECONDS", GRACE.to_string())];
    let grace: Vec<(&str, &str)> = grace.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut service = Service::start(&postgres.url(RECORD), "stopping", &grace).await;
    let mut dice = Dice(17);
    let (mut counts, mut times) = (Counts::default(), Vec::new());
    for round in 0..table::rounds(2, 200) {
        let load = Load::begin(&service.base, &token, &format!("term{round}")).await;
        load.back(Instant::now()).await;
        dice.moment(200).await;
        service.signal(Signal::TERM);
        let (status, took) = service.end().await;
        assert_eq!(status.code(), Some(0), "it ends as if nothing were wrong");
        assert!(took < Duration::from_secs(GRACE), "within its grace time, not after {took:?}");
        times.push(took);
        let (journal, patient) = load.end().await;
        let own = oracle::judge(&mut postgres.sql().await, &journal, &patient).await;
        assert_eq!(own.whole, 0, "a write was made and its client was told nothing");
        counts.add(own);
        service.again().await;
    }
    times.sort();
    let most = times.last().map_or(0.0, Duration::as_secs_f32);
    let more = format!("it ended with 0 after {most:.1} s at most");
    table::saw("term", Seen { rounds: times.len(), counts, back: Vec::new(), more });
    twice(&postgres, &mut service, &token).await;
    oracle::trail(&mut postgres.sql().await, &postgres.url(RECORD)).await;
}

async fn twice(postgres: &Postgres, service: &mut Service, token: &str) {
    let (rounds, mut most) = (table::rounds(1, 20), Duration::ZERO);
    let address = service.base.trim_start_matches("http://").to_owned();
    for _ in 0..rounds {
        let mut lock = postgres.sql().await;
        sqlx::raw_sql("BEGIN; LOCK TABLE patient IN ACCESS EXCLUSIVE MODE").execute(&mut lock).await.expect("a lock");
        let read = reqwest::Client::new().get(format!("{}/fhir/Patient", service.base)).bearer_auth(token);
        let hangs = tokio::spawn(read.send());
        until("the request waits for the lock", async || {
            let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'lcr' AND wait_event_type = 'Lock')";
            sqlx::query_scalar(waits).fetch_one(&mut postgres.sql().await).await.expect("activity")
        })
        .await;
        service.signal(Signal::TERM);
        until("it takes no more", async || TcpStream::connect(&address).await.is_err()).await;
        assert!(service.ended().is_none(), "a request is under way");
        service.signal(Signal::TERM);
        let (_, took) = service.end().await;
        assert!(took < Duration::from_secs(5), "it ended after {took:?}");
        most = most.max(took);
        drop(lock);
        assert!(hangs.await.expect("a task").is_err(), "nobody answers a request that was given up");
        service.again().await;
    }
    let more = format!("it ended after {:.1} s at most", most.as_secs_f32());
    table::saw("term-twice", Seen { rounds, counts: Counts::default(), back: Vec::new(), more });
}
