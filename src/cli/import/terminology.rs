//! Code systems and value sets on their way in. A code system is kept as it comes; value sets wait for the end, when all that
//! they may take in has come.

use super::report::Report;
use crate::cli::Failure;
use crate::fhir::json::{Json, Object};
use crate::fhir::terminology::{CodeSystem, ValueSet};
use crate::profile::{self, Strictness};
use crate::store::{Kept, Store};

/// The types that say what codes mean, and are not themselves part of the record.
pub const KINDS: [&str; 2] = ["CodeSystem", "ValueSet"];

/// The value sets that wait, each with the place it came from.
#[derive(Default)]
pub struct Waiting(Vec<(String, ValueSet)>);

impl Waiting {
    /// Takes one resource of these types.
    pub async fn take(
        &mut self,
        store: &Store,
        report: &mut Report,
        place: &str,
        resource: Object,
    ) -> Result<(), Failure> {
        let issues = profile::check(&resource, Strictness::Off).errors;
        if !issues.is_empty() {
            report.refuse(place, &super::check::words(&issues));
            return Ok(());
        }
        if resource.text("resourceType") == Some("ValueSet") {
            match ValueSet::read(&resource) {
                Ok(set) => self.0.push((place.to_owned(), set)),
                Err(reason) => report.refuse(place, &reason),
            }
            return Ok(());
        }
        match CodeSystem::read(&resource) {
            Ok(system) => {
                let text = Json::Object(resource).to_string();
                tally(report, "CodeSystem", place, store.keep_code_system(&system, &text).await?);
            }
            Err(reason) => report.refuse(place, &reason),
        }
        Ok(())
    }

    /// Expands what waits, each after those it takes in.
    pub async fn finish(&mut self, store: &Store, report: &mut Report) -> Result<(), Failure> {
        let mut waiting = std::mem::take(&mut self.0);
        while !waiting.is_empty() {
            let urls: Vec<String> = waiting.iter().map(|(_, set)| set.url.clone()).collect();
            let (later, now): (Vec<_>, Vec<_>) = waiting
                .into_iter()
                .partition(|(_, set)| set.needs().any(|needed| urls.iter().any(|url| url == needed)));
            if now.is_empty() {
                for (place, _) in later {
                    report.refuse(&place, "it takes in itself, by way of the value sets it names");
                }
                return Ok(());
            }
            for (place, set) in now {
                tally(report, "ValueSet", &place, store.keep_value_set(&set).await?);
            }
            waiting = later;
        }
        Ok(())
    }
}

fn tally(report: &mut Report, kind: &str, place: &str, outcome: Result<Kept, String>) {
    match outcome {
        Ok(kept) => report.keep(kind, kept.created, kept.changed),
        Err(reason) => report.refuse(place, &reason),
    }
}
