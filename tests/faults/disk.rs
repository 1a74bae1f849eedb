//! A disk that is full: PostgreSQL's data is on a file system of its own, of memory, which a file fills.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use sqlx::{Connection, PgConnection};

use crate::load::Load;
use crate::oracle::{self, Counts};
use crate::parts::{PATIENCE, Postgres, RECORD, Service, folder, until};
use crate::table::{self, Seen};

/// A file system of its own; gone when dropped.
struct Small(PathBuf);

impl Small {
    /// None where this user may mount nothing.
    fn mount() -> Option<Small> {
        let place = folder("disk");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=400m,mode=0755", "lcr-faults"]).arg(&place);
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        if !mounted {
            println!("skipped: a small file system can be mounted by root alone, where the kernel lets it");
        }
        mounted.then_some(Small(place))
    }

    /// Takes all that is left.
    fn fill(&self) {
        let mut file = std::fs::File::create(self.0.join("filler")).expect("a file");
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    fn empty(&self) {
        std::fs::remove_file(self.0.join("filler")).expect("the file");
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_and_forgets_nothing() {
    let Some(disk) = Small::mount() else { return };
    let mut postgres = Postgres::start(disk.0.join("home")).await;
    let token = postgres.token().await;
    let service = Service::start(&postgres.url(RECORD), "disk", &[]).await;
    let (mut counts, mut times) = (Counts::default(), Vec::new());
    for round in 0..table::rounds(1, 20) {
        let load = Load::begin(&service.base, &token, &format!("disk{round}")).await;
        load.back(Instant::now()).await;
        disk.fill();
        // Space that PostgreSQL had before goes first.
        until("writes are refused", async || refused(&service.base, &token, &load.patient).await).await;
        disk.empty();
        let began = Instant::now();
        while PgConnection::connect(&postgres.url(RECORD)).await.is_err() {
            assert!(began.elapsed() < PATIENCE, "PostgreSQL is not back");
            // Where its log of changes finds no space it ends, and its supervisor starts it.
            if !alive(&postgres) {
                postgres.again().await;
            }
        }
        times.push(load.back(Instant::now()).await);
        let (journal, patient) = load.end().await;
        counts.add(oracle::judge(&mut postgres.sql().await, &journal, &patient).await);
    }
    oracle::trail(&mut postgres.sql().await, &postgres.url(RECORD)).await;
    table::saw("disk-full", Seen { rounds: times.len(), counts, back: times, more: String::new() });
    drop((service, postgres));
}

/// Whether a read and so its row in the trail is refused.
async fn refused(base: &str, token: &str, patient: &str) -> bool {
    let read = reqwest::Client::new().get(format!("{base}/fhir/Patient/{patient}")).bearer_auth(token);
    read.send().await.expect("an answer").status() == 503
}

fn alive(postgres: &Postgres) -> bool {
    let process = format!("/proc/{}/stat", postgres.cluster().pid());
    std::fs::read_to_string(Path::new(&process)).is_ok_and(|stat| !stat.contains(") Z "))
}
