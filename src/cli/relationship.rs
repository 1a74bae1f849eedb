//! `lcr relationship`: who is involved in whose care, from files or by hand.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};

use super::Failure;
use crate::access::relationship::{Relationship, checked};
use crate::store::{AuditRow, Store};

/// Relationships that are added by one statement.
const BATCH: usize = 1_000;

/// What there is to do with relationships.
#[derive(Debug, Subcommand)]
pub enum RelationshipCommand {
    /// Add those of CSV files: nhs_number, holder_kind, holder, basis, valid_from, valid_to, source, reason. Running it again changes nothing
    Import {
        /// CSV files with these columns in their first line
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// End all of a holder's relationships with a person, now
    End {
        /// The person's NHS number
        nhs_number: String,
        /// practitioner/…, team/… or organisation/…
        holder: String,
    },
}

/// What an import of relationships did.
#[derive(Debug, Default)]
pub struct Report {
    pub kept: usize,
    /// Place and reason of each refusal.
    pub refusals: Vec<(String, String)>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Relationships in the record: {}", self.kept)?;
        if !self.refusals.is_empty() {
            writeln!(f, "Refused: {}", self.refusals.len())?;
        }
        self.refusals.iter().try_for_each(|(place, reason)| writeln!(f, "  {place}\n    {reason}"))
    }
}

/// Runs one of them. Whether all of it was done.
pub async fn run(store: &Store, command: RelationshipCommand) -> Result<bool, Failure> {
    match command {
        RelationshipCommand::Import { files } => {
            let report = import(store, &files).await?;
            print!("{report}");
            Ok(report.refusals.is_empty())
        }
        RelationshipCommand::End { nhs_number, holder } => {
            let ended = store.end_relationships(&nhs_number, &holder).await?;
            store.record_audit(&audit_row("lcr relationship end", &format!("{holder}: {ended} ended"))).await?;
            println!("Ended: {ended}");
            Ok(ended > 0)
        }
    }
}

/// Adds the relationships of files. An error is of the database or the file system; refusals are in the report.
pub async fn import(store: &Store, files: &[PathBuf]) -> Result<Report, Failure> {
    let mut report = Report::default();
    let bytes = files.iter().filter_map(|file| file.metadata().ok()).map(|data| data.len()).sum();
    let style = ProgressStyle::with_template("  {bar:40} {bytes}/{total_bytes}  {eta} left");
    let bar = ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(500));
    for path in files {
        let name = path.display().to_string();
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_path(path)
            .map_err(|error| format!("{name} cannot be read: {error}"))?;
        let (mut waiting, mut before) = (Vec::new(), bar.position());
        let headers = reader.headers().map_err(|error| format!("{name} cannot be read: {error}"))?.clone();
        let mut line = csv::StringRecord::new();
        loop {
            let place = format!("{name}:{}", reader.position().line());
            let told = match reader.read_record(&mut line) {
                Ok(false) => break,
                Ok(true) => line.deserialize::<Relationship>(Some(&headers)).map_err(|error| words(&error)),
                Err(error) if error.is_io_error() => return Err(format!("{name} cannot be read: {error}").into()),
                Err(error) => Err(words(&error)),
            };
            match told.and_then(checked) {
                Ok(relationship) => waiting.push((place, relationship)),
                Err(reason) => report.refusals.push((place, reason)),
            }
            if waiting.len() == BATCH {
                flush(store, &mut waiting, &mut report).await?;
                let here = reader.position().byte();
                bar.set_position(before + here);
            }
        }
        flush(store, &mut waiting, &mut report).await?;
        let words = format!("{name}: {} told so far, {} refused", report.kept, report.refusals.len());
        store.record_audit(&audit_row("lcr relationship import", &words)).await?;
        before += reader.position().byte();
        bar.set_position(before);
    }
    bar.finish_and_clear();
    Ok(report)
}

async fn flush(store: &Store, waiting: &mut Vec<(String, Relationship)>, report: &mut Report) -> Result<(), Failure> {
    if waiting.is_empty() {
        return Ok(());
    }
    let (places, relationships): (Vec<String>, Vec<Relationship>) = std::mem::take(waiting).into_iter().unzip();
    let nobody = store.relate(&relationships).await?;
    report.kept += relationships.len() - nobody.len();
    let unknown = "this record knows nobody with this NHS number: import their Patient first";
    report.refusals.extend(nobody.into_iter().filter_map(|at| Some((places.get(at)?.clone(), unknown.to_owned()))));
    Ok(())
}

/// An operator's doing, in the trail.
fn audit_row(client: &str, query: &str) -> AuditRow {
    AuditRow::of_operator(client, "E", "relationships", query)
}

/// What is wrong with a line, without the line.
fn words(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("it has {len} columns, and the first line {expected_len}")
        }
        csv::ErrorKind::Deserialize { err, .. } => format!("it cannot be read: {}", err.kind()),
        csv::ErrorKind::Utf8 { .. } => "it is not UTF-8".to_owned(),
        _ => "it cannot be read as CSV".to_owned(),
    }
}
