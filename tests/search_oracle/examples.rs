//! The resources to search: published examples, and a few made by hand for what no example holds.

use super::definitions::{lines, text};
use super::oracle::TYPES;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Where the shared data is: `LCR_SHARED`, else beside the crate.
pub fn shared() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    std::env::var_os("LCR_SHARED").map_or_else(beside, PathBuf::from)
}

/// HL7's definitions.
pub fn spec() -> PathBuf {
    shared().join("spec/hl7-r4")
}

/// The top-level example resources of the types, by file name; of two with one id the first stands.
pub fn load_examples(shared: &Path) -> Vec<(String, Value)> {
    let data = shared.join("data");
    let mut files = Vec::new();
    for ty in TYPES {
        files.extend(files_in(&data.join("hl7-r4-examples").join(ty), "json"));
    }
    files.extend(files_in(&data.join("ukcore-examples/json"), "json"));
    files.extend(files_in(&data.join("fhir-test-cases-r4-examples"), "json"));
    files.extend(files_in(&data.join("bulk-export-ndjson-10-patients"), "ndjson"));
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    for file in files {
        let one_a_line = file.extension().is_some_and(|e| e == "ndjson");
        let texts = if one_a_line { lines(&file) } else { vec![read(&file)] };
        for source in texts {
            let resource = parse(&file, &source);
            let ty = text(&resource, "resourceType").unwrap_or_default().to_string();
            let id = text(&resource, "id").unwrap_or_default().to_string();
            if TYPES.contains(&ty.as_str()) && seen.insert((ty, id)) {
                let name = file.strip_prefix(&data).unwrap_or(&file).display().to_string();
                out.push((name, resource));
            }
        }
    }
    out
}

/// The hand-made resources: between them they hold a value for every parameter.
pub fn extra_resources() -> Vec<Value> {
    let files = [
        include_str!("extras/Patient.json"),
        include_str!("extras/Condition.json"),
        include_str!("extras/Observation.json"),
        include_str!("extras/MedicationStatement.json"),
        include_str!("extras/AllergyIntolerance.json"),
        include_str!("extras/CarePlan.json"),
        include_str!("extras/Practitioner.json"),
        include_str!("extras/PractitionerRole.json"),
        include_str!("extras/Organization.json"),
        include_str!("extras/more.json"),
    ];
    files.iter().flat_map(|f| serde_json::from_str::<Vec<Value>>(f).expect("an array of resources")).collect()
}

/// One entry of a transaction.
pub struct Entry {
    pub full_url: String,
    pub resource: Value,
}

/// The six types' entries of each Synthea transaction, under the ids of their full URLs, with the references
/// among them made relative; references to other entries stay `urn:uuid:`.
pub fn load_synthea(shared: &Path) -> Vec<(String, Vec<Entry>)> {
    let folder = shared.join("data/synthea-r4-transactions");
    let mut out = Vec::new();
    for file in files_in(&folder, "json") {
        let bundle = parse(&file, &read(&file));
        let mut entries = Vec::new();
        let mut relative = BTreeMap::new();
        for entry in super::definitions::array(&bundle["entry"]) {
            let full_url = text(entry, "fullUrl").unwrap_or_default().to_string();
            let ty = text(&entry["resource"], "resourceType").unwrap_or_default();
            let Some(id) = full_url.strip_prefix("urn:uuid:").filter(|_| TYPES.contains(&ty)) else {
                continue;
            };
            let mut resource = entry["resource"].clone();
            resource["id"] = Value::String(id.to_string());
            relative.insert(full_url.clone(), format!("{ty}/{id}"));
            entries.push(Entry { full_url, resource });
        }
        entries.iter_mut().for_each(|e| rewrite(&mut e.resource, &relative));
        if !entries.is_empty() {
            let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            out.push((name, entries));
        }
    }
    out
}

fn rewrite(value: &mut Value, relative: &BTreeMap<String, String>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|v| rewrite(v, relative)),
        Value::Object(fields) => {
            for (name, field) in fields {
                let new = field.as_str().filter(|_| name == "reference").and_then(|r| relative.get(r));
                match new {
                    Some(new) => *field = Value::String(new.clone()),
                    None => rewrite(field, relative),
                }
            }
        }
        _ => {}
    }
}

fn files_in(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == extension));
    files.sort();
    files
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

fn parse(file: &Path, source: &str) -> Value {
    serde_json::from_str(source).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}
