//! What an import did: counts by type, and every refusal with its reason.

use std::collections::BTreeMap;
use std::fmt;

/// The tally of an import.
#[derive(Debug, Default)]
pub struct Report {
    kept: BTreeMap<String, Kept>,
    not_kept: BTreeMap<String, usize>,
    refusals: Vec<(String, String)>,
    marks: BTreeMap<String, usize>,
}

#[derive(Debug, Default)]
struct Kept {
    created: usize,
    updated: usize,
    unchanged: usize,
}

impl Report {
    /// A resource that is in the record now.
    pub fn keep(&mut self, kind: &str, created: bool, changed: bool) {
        let kept = self.kept.entry(kind.to_owned()).or_default();
        match (changed, created) {
            (false, _) => kept.unchanged += 1,
            (true, true) => kept.created += 1,
            (true, false) => kept.updated += 1,
        }
    }

    /// The marks of what a resource that is kept lacks.
    pub fn mark(&mut self, codes: &[String]) {
        codes.iter().for_each(|code| *self.marks.entry(code.clone()).or_default() += 1);
    }

    /// A resource of a type the record does not keep.
    pub fn pass(&mut self, kind: &str) {
        *self.not_kept.entry(kind.to_owned()).or_default() += 1;
    }

    /// A resource, or a whole transaction, that was refused.
    pub fn refuse(&mut self, place: &str, reason: &str) {
        self.refusals.push((place.to_owned(), reason.to_owned()));
    }

    /// How many were refused.
    pub fn refused(&self) -> usize {
        self.refusals.len()
    }

    /// Place and reason of each refusal.
    pub fn refusals(&self) -> &[(String, String)] {
        &self.refusals
    }

    /// How many resources of the type are in the record by this import, new or known.
    pub fn count(&self, kind: &str) -> usize {
        self.kept.get(kind).map_or(0, |kept| kept.created + kept.updated + kept.unchanged)
    }

    /// Created, updated and unchanged, over all types.
    pub fn totals(&self) -> (usize, usize, usize) {
        self.kept.values().fold((0, 0, 0), |(c, u, n), kept| (c + kept.created, u + kept.updated, n + kept.unchanged))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<22}{:>10}{:>10}{:>11}", "", "created", "updated", "unchanged")?;
        for (kind, kept) in &self.kept {
            writeln!(f, "{kind:<22}{:>10}{:>10}{:>11}", kept.created, kept.updated, kept.unchanged)?;
        }
        if !self.not_kept.is_empty() {
            let list: Vec<String> = self.not_kept.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
            writeln!(f, "Types this record does not keep: {}", list.join(", "))?;
        }
        if !self.marks.is_empty() {
            let list: Vec<String> = self.marks.iter().map(|(code, count)| format!("{code} {count}")).collect();
            writeln!(f, "Kept and marked (meta.tag): {}", list.join(", "))?;
        }
        if !self.refusals.is_empty() {
            writeln!(f, "Refused: {}", self.refusals.len())?;
            for (place, reason) in &self.refusals {
                writeln!(f, "  {place}\n    {reason}")?;
            }
        }
        Ok(())
    }
}
