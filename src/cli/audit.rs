//! `lcr audit`: the proof that the audit trail is whole, and its export.

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};

use super::Failure;
use crate::fhir::date;
use crate::store::{Anchor, Store, Verified};

/// What there is to do with the audit trail.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Check that no row was changed, taken out or put out of order; prints the heads of the chains, to be kept elsewhere
    Verify {
        /// A file with heads that were printed before: each has to be in the trail still
        #[arg(long)]
        anchors: Option<PathBuf>,
    },
    /// Write the trail as AuditEvents, one a line, the oldest first
    Export {
        /// The first moment: a date or a time such as 2026-11-01
        #[arg(long)]
        from: Option<String>,
        /// The moment to stop before
        #[arg(long)]
        to: Option<String>,
        /// A file; without it, standard output
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

/// Runs one of them. Whether nothing is wrong.
pub async fn run(store: &Store, command: AuditCommand) -> Result<bool, Failure> {
    match command {
        AuditCommand::Verify { anchors } => {
            let verified = verify(store, anchors).await?;
            report(&verified);
            Ok(verified.faults.is_empty())
        }
        AuditCommand::Export { from, to, out } => {
            let moment = |text: Option<String>, otherwise| match text {
                None => Ok(otherwise),
                Some(text) => date::parse_search(&text)
                    .map(|span| span.lo)
                    .ok_or_else(|| format!("\"{text}\" is not a date or a time such as 2026-11-01")),
            };
            let (from, to) = (moment(from, date::EARLIEST)?, moment(to, date::LATEST)?);
            let mut to_write: Box<dyn Write + Send> = match &out {
                Some(path) => Box::new(BufWriter::new(std::fs::File::create(path)?)),
                None => Box::new(BufWriter::new(std::io::stdout())),
            };
            let mut failed = None;
            let rows = store
                .export_audit(from, to, &mut |event| {
                    let written = writeln!(to_write, "{event}");
                    failed = written.err();
                    failed.is_none()
                })
                .await?;
            match failed {
                // Whoever reads it has had enough.
                Some(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
                Some(error) => return Err(error.into()),
                None => to_write.flush()?,
            }
            eprintln!("{rows} AuditEvents");
            Ok(true)
        }
    }
}

async fn verify(store: &Store, anchors: Option<PathBuf>) -> Result<Verified, Failure> {
    let text = match &anchors {
        Some(path) => {
            std::fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?
        }
        None => String::new(),
    };
    // The file may be what an earlier run printed: other lines are passed over.
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix("anchor "));
    let anchors: Vec<Anchor> = lines.map(str::parse).collect::<Result<_, _>>()?;
    let bar = ProgressBar::new_spinner();
    bar.set_style(
        ProgressStyle::with_template("  {pos} rows  {per_sec}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    bar.enable_steady_tick(Duration::from_millis(500));
    let verified = store.verify_audit(&anchors, &mut || bar.inc(1)).await?;
    bar.finish_and_clear();
    Ok(verified)
}

fn report(verified: &Verified) {
    println!("{} rows in {} links are sealed", verified.rows, verified.links);
    if verified.unsealed > 0 {
        println!("{} rows are from before there were seals: nothing vouches for them", verified.unsealed);
    }
    for head in verified.heads.iter().filter(|head| head.link > 0) {
        println!("anchor {head}");
    }
    for fault in &verified.faults.shown {
        println!("FAULT {fault}");
    }
    if verified.faults.more > 0 {
        println!("FAULT and {} more", verified.faults.more);
    }
    println!("{}", if verified.faults.is_empty() { "The trail is whole." } else { "The trail is NOT whole." });
}
