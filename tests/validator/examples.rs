//! The examples of `fhir-profiles/examples`: good ones conform, and each bad one breaks what `expected.txt` says and no other
//! rule of ours. Every rule that our differentials make has a bad example.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::hapi::{Found, Item, root};
use crate::{held, judged};

fn folder() -> PathBuf {
    root().join("fhir-profiles/examples")
}

/// The files of a folder that are JSON, in order: name and text.
pub fn files(folder: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let named = |path: &PathBuf| {
        let name = path.file_name().expect("name").to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).expect("text"))
    };
    files.iter().map(named).collect()
}

/// Both folders, each file held to the profile that its name begins with.
pub fn items() -> Vec<Item> {
    let of = |kind: &'static str| {
        files(&folder().join(kind)).into_iter().map(move |(name, text)| {
            let profile = held::canonical(name.split("--").next().expect("a profile"));
            Item::new(format!("{kind}/{name}"), &[&profile], text)
        })
    };
    of("good").chain(of("bad")).collect()
}

/// A line of expected.txt.
struct Expected {
    file: String,
    severity: String,
    kind: String,
    rule: String,
    expression: String,
}

fn expected() -> Vec<Expected> {
    let text = std::fs::read_to_string(folder().join("expected.txt")).expect("expected.txt");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let parts: Vec<&str> = line.split('\t').collect();
            let [file, severity, kind, rule, expression] = parts[..] else { panic!("expected.txt: {line}") };
            let [file, severity, kind, rule, expression] = [file, severity, kind, rule, expression].map(str::to_owned);
            Expected { file, severity, kind, rule, expression }
        })
        .collect()
}

impl Expected {
    /// Whether HAPI's finding is this one, in its own words.
    fn is(&self, found: &Found) -> bool {
        let slice = self.rule.split('.').any(|part| part.contains(':'));
        let words = match self.kind.as_str() {
            "constraint" => found.constraint() == Some(&self.rule),
            "min" if slice => {
                found.id.starts_with("Validation_VAL_Profile_Minimum") && found.message.contains(&self.rule)
            }
            "min" => found.message.starts_with(&format!("{}: minimum required", self.rule)),
            "max" => found.message.starts_with(&format!("{}: max allowed", self.rule)),
            "type" => found.id.starts_with("Reference_REF_"),
            "binding" => found.id.starts_with("Terminology_TX_NoValid_1"),
            other => panic!("expected.txt: the kind {other}"),
        };
        words && found.severity == self.severity && found.at == self.expression
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn good_examples_conform() {
    let Some(judged) = judged().await else { return };
    judged.all_right("good", 20);
    let names = judged.names("good");
    let warned = names.iter().flat_map(|name| judged.of(name));
    let warned: Vec<String> = warned.filter(|found| ours(found)).map(Found::to_string).collect();
    assert!(warned.is_empty(), "{}", warned.join("\n"));
}

/// Whether it is the breach of a constraint of ours.
fn ours(found: &Found) -> bool {
    found.constraint().is_some_and(|key| key.starts_with("lcr-"))
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_examples_break_the_rule_that_they_are_made_for() {
    let Some(judged) = judged().await else { return };
    let expected = expected();
    let mut wrong = Vec::new();
    for expected in &expected {
        let found = judged.of(&format!("bad/{}", expected.file));
        if !found.iter().any(|found| expected.is(found)) {
            let said: Vec<String> = found.iter().map(ToString::to_string).collect();
            wrong.push(format!("{} {}: not found, but\n{}", expected.file, expected.rule, said.join("\n")));
        }
        let others = found.iter().filter(|found| ours(found) && found.constraint() != Some(&expected.rule));
        wrong.extend(others.map(|found| format!("{}: this too\n{found}", expected.file)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let files: BTreeSet<&str> = judged.names("bad").iter().map(|name| &name[4..]).collect();
    assert_eq!(files, expected.iter().map(|expected| expected.file.as_str()).collect(), "expected.txt and bad/");
}

#[test]
fn every_rule_of_a_differential_has_a_bad_example() {
    let broken: BTreeSet<(String, String)> =
        expected().into_iter().map(|expected| (expected.kind, expected.rule)).collect();
    let mut unbroken = Vec::new();
    for (_, text) in files(&root().join("fhir-profiles/StructureDefinition")) {
        let profile: Value = serde_json::from_str(&text).expect("JSON");
        for element in profile["differential"]["element"].as_array().expect("elements") {
            let id = element["id"].as_str().expect("id");
            let constraints = element["constraint"].as_array().into_iter().flatten();
            let mut rules: Vec<(&str, &str)> =
                constraints.map(|constraint| ("constraint", constraint["key"].as_str().expect("key"))).collect();
            rules.extend(element["min"].as_u64().filter(|min| *min > 0).map(|_| ("min", id)));
            rules.extend(element.get("max").map(|_| ("max", id)));
            rules.extend(element.get("type").map(|_| ("type", id)));
            rules.extend((element["binding"]["strength"] == "required").then_some(("binding", id)));
            let missing =
                rules.iter().filter(|(kind, rule)| !broken.contains(&((*kind).to_owned(), (*rule).to_owned())));
            unbroken.extend(missing.map(|(kind, rule)| format!("{} {kind} {rule}", profile["id"])));
        }
    }
    assert!(unbroken.is_empty(), "no example breaks:\n{}", unbroken.join("\n"));
}
