//! Every example of `fhir-profiles/examples`: the good ones break nothing, each bad one breaks just what `expected.txt` says. The
//! table is HAPI's verdict too: another test compares it with that.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lcr_facade::fhir::outcome::Issue;
use lcr_facade::profile::{self, Strictness};

use crate::support::{line, object};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fhir-profiles/examples")
}

/// The profile that an example's name begins with.
fn canonical(name: &str) -> String {
    let profile = name.trim_end_matches(".json").split("--").next().expect("name");
    format!("{}/StructureDefinition/{profile}", profile::CANONICAL)
}

fn issues(path: &Path) -> Vec<Issue> {
    let resource = object(&std::fs::read_to_string(path).expect("text"));
    let name = path.file_name().expect("name").to_string_lossy().into_owned();
    profile::validate(&resource, Some(&canonical(&name)), Strictness::Enforce).expect("a known profile")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("folder").map(|e| e.expect("entry").path()).collect();
    found.sort();
    found
}

/// Severity, kind of rule, rule and place, as the table has them: what is too few or too many is told of the element around it.
fn row(issue: &Issue) -> Option<[String; 4]> {
    let rule = issue.rule.as_ref()?;
    let element = rule.source.split_once('#').expect("an element").1.to_owned();
    let place = issue.expression.clone().unwrap_or_default();
    let counts = ["min", "max"].contains(&rule.code.as_str());
    let place = if counts { place.rsplit_once('.').expect("an element").0.to_owned() } else { place };
    let kinds = ["min", "max", "type", "fixed", "pattern", "slice", "binding"];
    let kind = if kinds.contains(&rule.code.as_str()) { rule.code.as_str() } else { "constraint" };
    let name = if kind == "constraint" { rule.code.clone() } else { element };
    Some([issue.severity.to_owned(), kind.to_owned(), name, place])
}

/// FHIRPath tells a choice's type where this service does not.
fn plain(place: &str) -> String {
    place.split('.').filter(|step| !step.starts_with("ofType(")).collect::<Vec<_>>().join(".")
}

#[test]
fn the_good_ones_break_nothing() {
    let mut wrong = Vec::new();
    for path in files(&folder().join("good")) {
        let found = issues(&path);
        let told = found.iter().filter(|issue| issue.severity != "information").map(line);
        wrong.extend(told.map(|line| format!("{}: {line}", path.display())));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_bad_one_breaks_what_the_table_says_and_nothing_else() {
    let mut expected: BTreeMap<String, Vec<[String; 4]>> = BTreeMap::new();
    for line in std::fs::read_to_string(folder().join("expected.txt")).expect("the table").lines() {
        let cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
        if let [file, severity, kind, rule, place] = &cells[..] {
            let row = [severity.clone(), kind.clone(), rule.clone(), plain(place)];
            expected.entry(file.clone()).or_default().push(row);
        }
    }
    let mut wrong = Vec::new();
    for path in files(&folder().join("bad")) {
        let name = path.file_name().expect("name").to_string_lossy().into_owned();
        let all = issues(&path);
        let mut found: Vec<[String; 4]> =
            all.iter().filter(|issue| issue.severity != "information").filter_map(row).collect();
        found.sort();
        let mut wanted = expected.remove(&name).unwrap_or_default();
        wanted.sort();
        if found != wanted {
            wrong.push(format!("{name}\n  found  {found:?}\n  wanted {wanted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(expected.is_empty(), "the table has files that are not there: {:?}", expected.keys());
}
