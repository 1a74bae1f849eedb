//! `lcr import`: files into the record, and code systems and value sets beside it, with progress and a report of what was refused and why.
//!
//! Safe to run again: every resource has one id, its own or one made from where it came from, and a
//! resource equal to the stored one makes no new version.

mod check;
mod load;
mod read;
mod report;
mod terminology;

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::mpsc;

use super::Failure;
use crate::profile::Strictnesses;
use crate::store::Store;
use check::{Checked, Checker};
use load::Loader;
pub use report::Report;

/// Imports the files and folders. An error is of the database or the file system; refusals are in the report.
pub async fn run(
    store: &Store,
    paths: &[PathBuf],
    source: Option<&str>,
    base: &str,
    strictness: &Strictnesses,
) -> Result<Report, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if !path.exists() {
            return Err(format!("{} does not exist", path.display()).into());
        }
        collect(path, &mut files)?;
    }
    let bytes = files.iter().filter_map(|file| file.metadata().ok()).map(|data| data.len()).sum();
    let bar = progress(bytes);
    if let Some(source) = source {
        store.introduce_source(source).await?;
    }
    let checker = || Checker { source: source.map(str::to_owned), strictness: strictness.clone() };
    let (own, theirs) = (checker(), checker());
    let mut loader = Loader::new(store, &own, base);
    let (give, mut take) = mpsc::channel(AHEAD);
    let reader = tokio::task::spawn_blocking(move || read_all(&files, &theirs, &give));
    while let Some((documents, size)) = take.recv().await {
        for document in documents {
            loader.take(document).await?;
        }
        bar.inc(size);
    }
    reader.await??;
    loader.finish().await?;
    bar.finish_and_clear();
    Ok(loader.report)
}

/// Documents that are handed over together, and how many such lots are checked ahead of what is written.
const LOT: usize = 100;
const AHEAD: usize = 4;

/// Checked documents, and the bytes they took.
type Lot = (Vec<Checked>, u64);

/// Reads and checks all files, as far as what was checked is taken.
fn read_all(files: &[PathBuf], checker: &Checker, give: &mpsc::Sender<Lot>) -> io::Result<()> {
    let mut lot: Lot = (Vec::with_capacity(LOT), 0);
    for file in files {
        let name = file.display().to_string();
        let more = read::documents(file, &mut |document, size| {
            lot.0.push(checker.check(&name, document));
            lot.1 += size;
            if lot.0.len() < LOT {
                return ControlFlow::Continue(());
            }
            // Nobody takes any more where the writing has failed, which says why.
            give.blocking_send(std::mem::take(&mut lot)).map_or(ControlFlow::Break(()), ControlFlow::Continue)
        })?;
        if more.is_break() {
            return Ok(());
        }
    }
    let _ = give.blocking_send(lot);
    Ok(())
}

/// Imports text that the program carries, as if from a file of this name.
pub async fn run_ndjson(
    store: &Store,
    name: &str,
    text: &str,
    base: &str,
    strictness: &Strictnesses,
) -> Result<Report, Failure> {
    let bar = progress(text.len() as u64);
    let checker = Checker { source: None, strictness: strictness.clone() };
    let mut loader = Loader::new(store, &checker, base);
    for (at, line) in text.lines().enumerate() {
        let place = format!(":{}", at + 1);
        let document = read::json(line.as_bytes());
        let document = document.map(|object| (place.clone(), object)).map_err(|reason| (place, reason));
        loader.take(checker.check(name, document)).await?;
        bar.inc(line.len() as u64 + 1);
    }
    loader.finish().await?;
    bar.finish_and_clear();
    Ok(loader.report)
}

fn progress(bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("  {bar:40} {bytes}/{total_bytes}  {eta} left");
    let bar = ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}

/// The importable files of a path, in order of their names, so that two runs do the same.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut inside: Vec<PathBuf> =
        std::fs::read_dir(path)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    inside.sort();
    for path in inside {
        let known = path.extension().is_some_and(|ending| ending == "json" || ending == "ndjson" || ending == "xml");
        if path.is_dir() || known {
            collect(&path, files)?;
        }
    }
    Ok(())
}
