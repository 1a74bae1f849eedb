//! Samples that are no commands: TOML is read as the configuration, JSON is JSON, and a resource of FHIR is valid here.

use std::process::Command;

use lcr_facade::config::Config;
use serde_json::Value;

use crate::demo::Folder;
use crate::page::{Block, Note, Page, all};
use crate::shell::Shell;

/// The languages of blocks. One without a language would be nobody's.
const LANGUAGES: [&str; 8] = ["sh", "text", "toml", "json", "csv", "js", "html", "http"];

fn is_part(block: &Block) -> bool {
    block.notes.iter().any(|note| matches!(note, Note::Part(_)))
}

#[test]
fn samples_can_be_read() {
    let mut faults = Vec::new();
    for (page, block) in all().iter().flat_map(|page| page.blocks.iter().map(move |block| (page, block))) {
        let text = block.text.join("\n");
        let place = format!("{}:{}", page.name, block.line);
        match block.language.as_str() {
            "toml" => {
                // A secret's file is read later; the rest of a table is judged.
                if let Err(error) = Config::of(&text, &|_| None) {
                    faults.push(format!("{place}: {error}"));
                }
            }
            "json" if !is_part(block) => {
                if let Err(error) = serde_json::from_str::<Value>(&text) {
                    faults.push(format!("{place}: {error}"));
                }
            }
            "js" => faults.extend(not_script(&text).map(|words| format!("{place}: {words}"))),
            "csv" => faults.extend(uneven(&text).map(|words| format!("{place}: {words}"))),
            language if LANGUAGES.contains(&language) => {}
            language => faults.push(format!("{place}: \"{language}\" is not one of {LANGUAGES:?}")),
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// What node has against a script, where there is a node.
fn not_script(text: &str) -> Option<String> {
    let folder = Folder::new();
    let file = folder.0.join("sample.mjs");
    std::fs::write(&file, text).expect("a file");
    let Ok(judged) = Command::new("node").arg("--check").arg(&file).output() else {
        println!("passed over: there is no node to read scripts with");
        return None;
    };
    (!judged.status.success()).then(|| String::from_utf8_lossy(&judged.stderr).into_owned())
}

/// The line of a CSV sample that has not as many columns as the first.
fn uneven(text: &str) -> Option<String> {
    let mut lines = csv::Reader::from_reader(text.as_bytes()).into_records();
    lines.find_map(|line| line.err().map(|error| error.to_string()))
}

/// The resources of a page that the service has something against. Needs the variables TOKEN and FHIR, which every page with
/// commands sets.
pub fn invalid(page: &Page, shell: &mut Shell) -> Vec<String> {
    let mut faults = Vec::new();
    for block in page.blocks.iter().filter(|block| block.language == "json" && !is_part(block)) {
        let Ok(sample) = serde_json::from_str::<Value>(&block.text.join("\n")) else { continue };
        for resource in resources(&sample) {
            let kind = resource["resourceType"].as_str().unwrap_or_default();
            let body = resource.to_string().replace('\'', "'\\''");
            let ran = shell.run(&format!(
                "curl -s -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/fhir+json' \"$FHIR/{kind}/\\$validate\" -d '{body}'"
            ));
            let reply: Value = serde_json::from_str(&ran.out).unwrap_or_default();
            // Information, such as that a narrative would be good, is nothing against it.
            let against =
                reply["issue"].as_array().is_none_or(|all| all.iter().any(|issue| issue["severity"] != "information"));
            if against {
                faults.push(format!("{}:{}: this {kind} is not valid\n{}{}", page.name, block.line, ran.out, ran.err));
            }
        }
    }
    faults
}

/// A sample's resources of types that the record keeps: itself, or the entries of a Bundle.
fn resources(sample: &Value) -> Vec<&Value> {
    let own = sample["entry"].as_array().into_iter().flatten().map(|entry| &entry["resource"]);
    let all = std::iter::once(sample).chain(own);
    all.filter(|one| one["resourceType"].as_str().is_some_and(|kind| lcr_facade::resources::kept(kind).is_some()))
        .collect()
}
