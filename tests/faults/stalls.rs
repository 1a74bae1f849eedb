//! A network that stands still, and a database that is gone without a word.

use std::time::{Duration, Instant};

use crate::load::Load;
use crate::oracle::{self, Counts};
use crate::parts::{Dice, Postgres, RECORD, Service, folder};
use crate::proxy::Proxy;
use crate::table::{self, Seen};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_goes_on_by_itself_when_bytes_flow_again() {
    let postgres = Postgres::start(folder("stalls")).await;
    let token = postgres.token().await;
    let proxy = Proxy::before(postgres.cluster().socket_dir()).await;
    let service = Service::start(&proxy.url(RECORD), "stalls", &[]).await;
    let mut dice = Dice(13);
    for key in ["stall", "silence"] {
        let (mut counts, mut times) = (Counts::default(), Vec::new());
        for round in 0..table::rounds(1, 20) {
            let load = Load::begin(&service.base, &token, &format!("{key}{round}")).await;
            dice.moment(300).await;
            if key == "stall" {
                proxy.stall(true);
                tokio::time::sleep(Duration::from_millis(1_000 + dice.below(6_000))).await;
                proxy.stall(false);
            } else {
                proxy.silence();
            }
            times.push(load.back(Instant::now()).await);
            let (journal, patient) = load.end().await;
            counts.add(oracle::judge(&mut postgres.sql().await, &journal, &patient).await);
        }
        table::saw(key, Seen { rounds: times.len(), counts, back: times, more: String::new() });
    }
    oracle::trail(&mut postgres.sql().await, &postgres.url(RECORD)).await;
}
