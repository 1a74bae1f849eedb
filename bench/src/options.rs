//! What a run is to do: how much data, how long, how often.

use std::path::{Path, PathBuf};

use clap::Parser;

/// How fast the service is, beside the limit of what PostgreSQL and actix can do with the same rows.
#[derive(Debug, Parser)]
#[command(name = "lcr-bench", version, max_term_width = 100)]
pub struct Arguments {
    /// A look in two minutes: 120 patients, short runs, two rounds; the report goes beside the data, not into bench/
    #[arg(long)]
    quick: bool,
    /// Everything, at 1,200 and at 12,000 patients
    #[arg(long, conflicts_with = "quick")]
    full: bool,
    /// Other numbers of patients than these; may be repeated, smaller first
    #[arg(long = "patients")]
    patients: Vec<u32>,
    /// Take the record as the last run left it, with its figures of import and COPY
    #[arg(long)]
    reuse: bool,
    /// Rounds of each measurement
    #[arg(long)]
    rounds: Option<usize>,
    /// Only the view and its limit
    #[arg(long)]
    view: bool,
    /// Only the view and these kinds of request: identifier, medicines, results, results-since, trend, page, read, include; may be repeated
    #[arg(long = "kind")]
    kinds: Vec<String>,
    /// Where data and the report of a quick run go
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
}

/// A run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Numbers of patients, smaller first; all is measured at the first, the view again at the others.
    pub patients: Vec<u32>,
    pub reuse: bool,
    /// Whether all is wanted, or the view and these kinds alone.
    pub everything: bool,
    pub kinds: Vec<String>,
    pub rounds: usize,
    /// Seconds of a closed-loop run of the view.
    pub view_seconds: u64,
    /// Seconds of a closed-loop run of one kind.
    pub kind_seconds: u64,
    /// Seconds of an open-loop run.
    pub open_seconds: u64,
    /// Views that are drawn at least: each a patient and a user in a care relationship with them.
    views: usize,
    /// Views whose statements are recorded.
    pub recorded: usize,
    /// Observations of the heavy patient.
    pub heavy: usize,
    /// Connections of a closed loop, to the service and to PostgreSQL alike.
    pub connections: usize,
    pub folder: PathBuf,
    /// Where the report goes.
    pub report: PathBuf,
    /// How the run was asked for, for the report.
    pub name: &'static str,
}

impl Options {
    /// What the arguments ask for.
    pub fn of(arguments: Arguments) -> Options {
        let Arguments { quick, full, patients, reuse, rounds, view, kinds, folder } = arguments;
        let standard: &[u32] = match (quick, full) {
            (true, _) => &[120],
            (_, true) => &[1_200, 12_000],
            _ => &[1_200],
        };
        let everything = !view && kinds.is_empty();
        let committed = !quick && everything && patients.is_empty();
        Options {
            patients: if patients.is_empty() { standard.to_vec() } else { patients },
            reuse,
            everything,
            kinds,
            rounds: rounds.unwrap_or(if quick { 2 } else { 3 }),
            view_seconds: if quick { 3 } else { 6 },
            kind_seconds: if quick { 1 } else { 2 },
            open_seconds: if quick { 4 } else { 10 },
            views: if quick { 100 } else { 300 },
            recorded: if quick { 40 } else { 80 },
            heavy: if quick { 5_000 } else { 50_000 },
            connections: 16,
            report: if committed { Path::new("bench").to_owned() } else { folder.clone() },
            folder,
            name: match (quick, full) {
                (true, _) => "make bench-quick",
                (_, true) => "make bench-full",
                _ => "make bench",
            },
        }
    }

    /// How many views are drawn of so many patients: more of more, so that it is not the same few rows that are read.
    pub fn views(&self, patients: u32) -> usize {
        let share = usize::try_from(patients / 8).unwrap_or_default();
        self.views.max(share.min(2_000))
    }
}
