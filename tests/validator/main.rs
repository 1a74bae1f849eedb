//! An outside validator, HAPI's, over all that this project says in FHIR: the files of `fhir-profiles/`, their examples, the
//! sandbox's record, and what the service answers. Where UK Core is at hand, over its examples too, as a second opinion.
//!
//! SNOMED CT, dm+d and LOINC are in no file here: HAPI gives a warning for each code of theirs and does not judge it.

#[path = "../common/mod.rs"]
mod common;
mod emitted;
mod examples;
mod hapi;
mod held;
mod snapshots;
mod ukcore;

use hapi::{Found, Item, root};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use tokio::sync::OnceCell;

/// What HAPI found in what, by name. It starts once: most of its time is for reading definitions.
struct Judged {
    names: Vec<String>,
    found: HashMap<String, Vec<Found>>,
}

impl Judged {
    /// The names of one kind of item: what stands before their first slash.
    fn names(&self, kind: &str) -> Vec<&str> {
        let names = self.names.iter().map(String::as_str);
        names.filter(|name| name.split_once('/').is_some_and(|(before, _)| before == kind)).collect()
    }

    /// What was found in one item.
    fn of(&self, name: &str) -> &[Found] {
        self.found.get(name).map_or(&[], Vec::as_slice)
    }

    /// No item of this kind is wrong; and there are some.
    fn all_right(&self, kind: &str, least: usize) {
        let names = self.names(kind);
        assert!(names.len() >= least, "{} items of {kind}", names.len());
        let wrong: Vec<String> = names
            .iter()
            .flat_map(|name| self.of(name))
            .filter(|found| found.is_error() && !(found.is_lack() && found.name.ends_with(held::PART)))
            .map(Found::to_string)
            .collect();
        assert!(wrong.is_empty(), "{} errors in {} items:\n{}", wrong.len(), names.len(), wrong.join("\n"));
        println!("{kind}: HAPI found no error in {}", names.len());
    }
}

/// All of it, judged. None: HAPI is not there.
async fn judged() -> Option<&'static Judged> {
    static JUDGED: OnceCell<Judged> = OnceCell::const_new();
    if !hapi::is_there() {
        return None;
    }
    let judge = async || {
        let mut items = definitions();
        items.extend(examples::items());
        items.extend(sandbox());
        items.extend(ukcore::items());
        items.extend(emitted::items().await);
        items.extend(emitted::kept());
        let mut folders: Vec<PathBuf> = ["StructureDefinition", "ValueSet", "CodeSystem"]
            .map(|kind| root().join("fhir-profiles").join(kind))
            .into();
        if let Some(shared) = common::shared() {
            folders.extend(
                ["structuredefinitions", "valuesets", "codesystems"].map(|kind| shared.join("spec/ukcore").join(kind)),
            );
        }
        let run = move || {
            let mut found: HashMap<String, Vec<Found>> = HashMap::new();
            for one in hapi::validate(&folders, &items) {
                found.entry(one.name.clone()).or_default().push(one);
            }
            Judged { names: items.into_iter().map(|item| item.name).collect(), found }
        };
        tokio::task::spawn_blocking(run).await.expect("HAPI's findings")
    };
    Some(JUDGED.get_or_init(judge).await)
}

/// The files of fhir-profiles, the examples apart.
fn definitions() -> Vec<Item> {
    let mut items = Vec::new();
    for folder in std::fs::read_dir(root().join("fhir-profiles")).expect("fhir-profiles") {
        let folder = folder.expect("entry").path();
        let kind = folder.file_name().expect("name").to_string_lossy().into_owned();
        if folder.is_dir() && kind != "examples" {
            items.extend(
                examples::files(&folder)
                    .into_iter()
                    .map(|(name, text)| Item::new(format!("definitions/{kind}/{name}"), &[], text)),
            );
        }
    }
    items
}

/// The sandbox's record and staff, each held to the profile of its type. Of those that differ in nothing but numbers, ids and
/// names one is enough: the generator makes them by one rule.
fn sandbox() -> Vec<Item> {
    let lines = lcr_facade::sandbox::RECORD.lines().chain(lcr_facade::sandbox::STAFF.lines());
    let mut known = HashSet::new();
    let new = lines.filter(|line| known.insert(held::shape(&serde_json::from_str(line).expect("JSON"))));
    new.flat_map(|line| held::each("sandbox", "record", line)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn our_definitions_are_valid_fhir() {
    let Some(judged) = judged().await else { return };
    judged.all_right("definitions", 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandboxs_record_conforms() {
    let Some(judged) = judged().await else { return };
    judged.all_right("sandbox", 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_service_answers_is_valid_fhir_and_conforms() {
    let Some(judged) = judged().await else { return };
    judged.all_right("emitted", 100);
    emitted::every_kind_is_there(&judged.names("emitted"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_other_tests_were_answered_is_valid_fhir() {
    let Some(judged) = judged().await else { return };
    judged.all_right("kept", 0);
}
