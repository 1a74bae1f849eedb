//! The table of docs/reliability.md: what is promised stands here, what was seen is what the tests of a run put beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::oracle::Counts;

/// A fault: its key, what fails, how that is made, and what is promised.
struct Fault(&'static str, &'static str, &'static str, &'static str);

const WRITES: &str =
    "No acknowledged write lost; what was not acknowledged is there as a whole or not at all; the trail is whole";

#[rustfmt::skip]
const FAULTS: &[Fault] = &[
    Fault("kill-service", "The service is killed", "`kill -9` at a random moment under load; started again", WRITES),
    Fault("kill-postgres", "PostgreSQL is killed", "`kill -9` of the postmaster; started again", WRITES),
    Fault("kill-immediate", "PostgreSQL is shut down at once", "SIGQUIT, without a checkpoint; started again", WRITES),
    Fault("kill-backend", "A process of PostgreSQL dies", "`kill -9` of one that serves a connection; PostgreSQL starts anew by itself", WRITES),
    Fault("kill-both", "The machine with both fails", "`kill -9` of service and postmaster; both started again", WRITES),
    Fault("kill-import", "An import is killed", "`kill -9` of `lcr import` at a random moment, four times, then once to its end", "All of the files is there, each resource in one version, each version in the trail"),
    Fault("terminate", "Connections are ended by the database", "`pg_terminate_backend` of all of the service's, under load", WRITES),
    Fault("cut", "Connections are reset", "A proxy resets all at a random moment, under load", WRITES),
    Fault("cut-bytes", "A connection breaks within a message", "The proxy resets one after a random number of bytes, to or from the server", WRITES),
    Fault("in-doubt", "A connection breaks while a change is committed", "The commit reaches PostgreSQL, its answer is cut off", "503 that says that the change may have been made; it is there as a whole, with its row in the trail"),
    Fault("refuse", "The database cannot be reached", "Connections are reset and new ones refused for two seconds", WRITES),
    Fault("silence", "The database's machine is gone without a word", "Connections stay open and lead nowhere; new ones are answered", WRITES),
    Fault("stall", "The network stands still", "The proxy holds every byte back for seconds, then lets them flow", WRITES),
    Fault("failover", "The primary is killed, a standby takes its place", "Synchronous streaming replication; `kill -9` of the primary, `pg_promote`; the URL names both", WRITES),
    Fault("disk-full", "PostgreSQL's disk is full", "A file fills its file system; then the file is removed", "503, nothing answered that is not logged; then as before"),
    Fault("read-only", "The database takes no writes", "`default_transaction_read_only`, as on a standby; then off again", "Reads too are 503, since they cannot be logged; `/health/ready` is 503"),
    Fault("clock", "The clock jumps", "libfaketime sets the service's clock a day forth and back, under load", "Tokens last as long as they should; versions follow each other in `meta.lastUpdated`; pages go on; the trail is whole"),
    Fault("term", "The service is told to stop under load", "SIGTERM", "Every request that was taken gets its answer, others do nothing; exit 0 within the grace time"),
    Fault("term-twice", "It is told twice", "SIGTERM, and again while a request hangs", "It ends at once"),
];

/// What was seen of one fault.
pub struct Seen {
    pub rounds: usize,
    pub counts: Counts,
    /// How long after the fault was over reads and writes were acknowledged again, in each round.
    pub back: Vec<Duration>,
    pub more: String,
}

/// How often to make a fault: a few times, or as often as `make faults` wants.
pub fn rounds(few: usize, many: usize) -> usize {
    let Ok(text) = std::env::var("LCR_FAULTS_ROUNDS") else { return few };
    let kills: usize = text.parse().expect("LCR_FAULTS_ROUNDS is a number: how often to make each kill");
    (kills * many / 200).max(1)
}

fn kept() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults-seen")
}

/// Keeps what was seen of a fault.
pub fn saw(key: &str, seen: Seen) {
    assert!(FAULTS.iter().any(|fault| fault.0 == key), "{key} has no row");
    let Counts { writes, reads, whole, absent } = seen.counts;
    let mut words = Vec::new();
    if writes + reads > 0 {
        words.push(format!("{writes} writes and {reads} reads acknowledged, none lost, all in the trail"));
    }
    if whole + absent > 0 {
        words.push(format!(
            "of {} writes without an answer {whole} whole, {absent} absent, none in part",
            whole + absent
        ));
    }
    if !seen.more.is_empty() {
        words.push(seen.more);
    }
    let mut back = seen.back;
    back.sort();
    if let (Some(half), Some(most)) = (back.get(back.len() / 2), back.last()) {
        words.push(format!(
            "served again after {:.1} s in half of the rounds, {:.1} s at most",
            half.as_secs_f32(),
            most.as_secs_f32()
        ));
    }
    let words = words.join("; ");
    println!("{key}: {} rounds: {words}", seen.rounds);
    std::fs::create_dir_all(kept()).expect("a folder");
    let line = json!({"rounds": seen.rounds, "seen": words}).to_string();
    std::fs::write(kept().join(format!("{key}.json")), line).expect("what was seen");
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reliability.md")
}

/// The rows of the page, by what fails.
fn rows() -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string(page()).expect("docs/reliability.md");
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what fails"));
    let cells = |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    rows.map(cells).map(|cells| (cells[0].clone(), cells)).collect()
}

/// The page has a row for each fault that is made here, with what is promised, and no other.
#[test]
fn the_page_says_what_is_made_and_promised_here() {
    if std::env::var_os("LCR_GENERATE").is_some() {
        generate();
    }
    let mut rows = rows();
    for Fault(_, what, how, promise) in FAULTS {
        let row = rows.remove(*what).unwrap_or_else(|| panic!("docs/reliability.md lacks \"{what}\": make faults"));
        assert_eq!(&row[..3], &[*what, *how, *promise], "make faults");
    }
    assert!(rows.is_empty(), "{rows:?}");
}

/// Writes the table anew: what this run saw, and for what it did not make, what stood there.
fn generate() {
    let (before, text) = (rows(), std::fs::read_to_string(page()).expect("docs/reliability.md"));
    let (front, rest) = text.split_once("| what fails").expect("the table");
    let after = rest.split_once("\n\n").map_or("", |(_, after)| after);
    let mut table =
        "| what fails | how it is made | what is promised | rounds | what was seen |\n|---|---|---|---|---|\n"
            .to_owned();
    for Fault(key, what, how, promise) in FAULTS {
        let kept = std::fs::read_to_string(kept().join(format!("{key}.json"))).ok();
        let kept: Option<Value> = kept.map(|text| serde_json::from_str(&text).expect("what was seen"));
        let old = before.get(*what).filter(|row| row.len() == 5);
        let seen = match (&kept, old) {
            (Some(seen), _) => format!("{} | {}", seen["rounds"], seen["seen"].as_str().unwrap_or_default()),
            (None, Some(row)) => format!("{} | {}", row[3], row[4]),
            (None, None) => "0 | not made yet".to_owned(),
        };
        table.push_str(&format!("| {what} | {how} | {promise} | {seen} |\n"));
    }
    std::fs::write(page(), format!("{front}{table}\n{after}")).expect("docs/reliability.md");
}
