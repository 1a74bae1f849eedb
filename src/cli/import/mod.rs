//! `lcr import`: files into the record, and code systems and value sets beside it, with progress and a report of what was refused and why.
//!
//! Safe to run again: every resource has one id, its own or one made from where it came from, and a
//! resource equal to the stored one makes no new version.

mod load;
mod read;
mod report;
mod terminology;

use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::Failure;
use crate::profile::Strictnesses;
use crate::store::Store;
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
    let mut loader = Loader::new(store, source, base, strictness);
    for file in &files {
        let name = file.display().to_string();
        read::documents(file, &mut async |document, size| {
            let step = match document {
                Ok((place, document)) => loader.take(&format!("{name}{place}"), document).await,
                Err((place, reason)) => {
                    loader.report.refuse(&format!("{name}{place}"), &reason);
                    Ok(())
                }
            };
            bar.inc(size);
            step
        })
        .await?;
    }
    loader.finish().await?;
    bar.finish_and_clear();
    Ok(loader.report)
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
    let mut loader = Loader::new(store, None, base, strictness);
    for (at, line) in text.lines().enumerate() {
        let place = format!("{name}:{}", at + 1);
        match read::json(line.as_bytes()) {
            Ok(document) => loader.take(&place, document).await?,
            Err(reason) => loader.report.refuse(&place, &reason),
        }
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
