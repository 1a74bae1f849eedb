//! A clock that jumps: libfaketime stands between the service and the system's time.

use std::path::{Path, PathBuf};
use std::time::Instant;

use lcr_facade::smart;
use lcr_facade::store::Store;
use reqwest::StatusCode;
use serde_json::Value;

use crate::common::source_claims;
use crate::load::Load;
use crate::oracle::{self, Counts};
use crate::parts::{Postgres, RECORD, Service, folder};
use crate::table::{self, Seen};

/// Where Debian, Fedora and others put it.
fn library() -> Option<PathBuf> {
    let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
    let paths = folders.iter().flat_map(|folder| [format!("{folder}/faketime"), (*folder).to_owned()]);
    let found = paths.map(|folder| Path::new(&folder).join("libfaketime.so.1")).find(|path| path.exists());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "libfaketime is not here, and this is CI");
        println!("skipped: libfaketime is not here (package faketime)");
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_ends_no_token_and_turns_no_order_round() {
    let Some(library) = library() else { return };
    let place = folder("clock");
    let postgres = Postgres::start(place.join("home")).await;
    let clock = place.join("clock");
    std::fs::write(&clock, "+0").expect("a clock");
    let store = Store::connect(&postgres.url(RECORD), 1).expect("a store");
    let good = smart::issue(&store, &source_claims("faults"), 3600).await.expect("a token of an hour");
    let over = smart::issue(&store, &source_claims("faults"), -60).await.expect("one that is over");
    let surroundings = [
        ("LD_PRELOAD", library.to_str().expect("a path")),
        ("FAKETIME_TIMESTAMP_FILE", clock.to_str().expect("a path")),
        ("FAKETIME_NO_CACHE", "1"),
        // A clock that is set does not turn the time since the start round.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    let service = Service::start(&postgres.url(RECORD), "clock", &surroundings).await;
    let (mut counts, mut jumps) = (Counts::default(), 0);
    for round in 0..table::rounds(1, 20) {
        let load = Load::begin(&service.base, &good, &format!("clock{round}")).await;
        load.back(Instant::now()).await;
        let path = format!("{}/fhir/Observation?patient={}&_count=2", service.base, load.patient);
        let mut next = page(&path, &good).await;
        for time in ["+1d", "-1d", "+400d", "+0"] {
            std::fs::write(&clock, time).expect("the clock");
            jumps += 1;
            load.back(Instant::now()).await;
            next = page(&next, &good).await;
            assert_eq!(status(&path, &over).await, 401, "a token that is over stays so at {time}");
        }
        let (journal, patient) = load.end().await;
        counts.add(oracle::judge(&mut postgres.sql().await, &journal, &patient).await);
    }
    let back = "SELECT count(*) FROM observation_history n JOIN observation_history o ON o.id = n.id AND o.version = n.version - 1 \
                WHERE n.updated_at <= o.updated_at";
    let back: i64 = sqlx::query_scalar(back).fetch_one(&mut postgres.sql().await).await.expect("a count");
    assert_eq!(back, 0, "versions whose time is not after that of the one before");
    oracle::trail(&mut postgres.sql().await, &postgres.url(RECORD)).await;
    let more = format!("{jumps} jumps of one day or 400");
    table::saw("clock", Seen { rounds: jumps / 4, counts, back: Vec::new(), more });
}

async fn status(url: &str, token: &str) -> StatusCode {
    reqwest::Client::new().get(url).bearer_auth(token).send().await.expect("an answer").status()
}

/// The page at this address; the address of the next, or of this one where it is the last.
async fn page(url: &str, token: &str) -> String {
    let answer = reqwest::Client::new().get(url).bearer_auth(token).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "a page");
    let bundle: Value = answer.json().await.expect("JSON");
    let links = bundle["link"].as_array().expect("links");
    let next = links.iter().find(|link| link["relation"] == "next").map(|link| &link["url"]);
    next.and_then(Value::as_str).unwrap_or(url).to_owned()
}
