//! `kill -9` of the service and of PostgreSQL at random moments, under load.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::load::Load;
use crate::oracle::{self, Counts};
use crate::parts::{Dice, PATIENCE, Postgres, RECORD, Service, folder, send};
use crate::table::{self, Seen};

/// What dies.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Victim {
    Service,
    Postgres,
    /// An immediate shutdown: no checkpoint, recovery at the next start.
    Immediate,
    /// One process of PostgreSQL, after which it starts anew by itself.
    Backend,
    Both,
}

/// Each with its row of the table.
const VICTIMS: [(Victim, &str); 5] = [
    (Victim::Service, "kill-service"),
    (Victim::Postgres, "kill-postgres"),
    (Victim::Immediate, "kill-immediate"),
    (Victim::Backend, "kill-backend"),
    (Victim::Both, "kill-both"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_the_service_or_postgresql_is_killed() {
    let mut postgres = Postgres::start(folder("kills")).await;
    let token = postgres.token().await;
    let mut service = Service::start(&postgres.url(RECORD), "kills", &[]).await;
    let mut dice = Dice(7);
    for (victim, key) in VICTIMS {
        let (mut counts, mut times) = (Counts::default(), Vec::new());
        for round in 0..table::rounds(1, 200) {
            let load = Load::begin(&service.base, &token, &format!("{key}{round}")).await;
            dice.moment(400).await;
            kill(victim, &mut postgres, &mut service).await;
            let over = Instant::now();
            times.push(load.back(over).await);
            let (journal, patient) = load.end().await;
            counts.add(oracle::judge(&mut postgres.sql().await, &journal, &patient).await);
        }
        assert!(counts.writes > times.len(), "{key}: hardly anything was written, {counts:?}");
        oracle::trail(&mut postgres.sql().await, &postgres.url(RECORD)).await;
        table::saw(key, Seen { rounds: times.len(), counts, back: times, more: String::new() });
    }
}

async fn kill(victim: Victim, postgres: &mut Postgres, service: &mut Service) {
    if matches!(victim, Victim::Service | Victim::Both) {
        service.signal(Signal::KILL);
    }
    match victim {
        Victim::Service => {}
        Victim::Postgres | Victim::Both => postgres.signal(Signal::KILL),
        Victim::Immediate => postgres.signal(Signal::QUIT),
        Victim::Backend => {
            let busy = "SELECT pid FROM pg_stat_activity WHERE application_name = 'lcr' ORDER BY random() LIMIT 1";
            let busy: Option<i32> =
                sqlx::query_scalar(busy).fetch_optional(&mut postgres.sql().await).await.expect("backends");
            let mut witness = postgres.sql().await;
            send(busy.expect("a backend").unsigned_abs(), Signal::KILL);
            // PostgreSQL ends all others, and recovers by itself.
            let began = Instant::now();
            while sqlx::raw_sql("SELECT 1").execute(&mut witness).await.is_ok() {
                assert!(began.elapsed() < PATIENCE, "PostgreSQL goes on as if nothing had happened");
            }
            return;
        }
    }
    if victim != Victim::Service {
        // Its supervisor takes a moment to notice.
        tokio::time::sleep(Duration::from_millis(100)).await;
        postgres.again().await;
    }
    if matches!(victim, Victim::Service | Victim::Both) {
        service.end().await;
        service.again().await;
    }
}
