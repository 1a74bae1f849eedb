//! Keeps `elements.txt`, `codes.txt` and `terminology.txt` of `src/fhir/r4/` equal to what HL7's R4 definitions
//! say: derives them and compares, or writes them when `LCR_GENERATE=1` (`make generate`).
//! Owns the derivation; the product reads the files and never the definitions.

#[path = "generated/codes.rs"]
mod codes;
#[path = "generated/elements.rs"]
mod elements;
#[path = "generated/terminology.rs"]
mod terminology;

use codes::{Bindings, Terminology};
use serde_json::Value;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[test]
fn generated_files_are_current() {
    let spec = shared().join("spec/hl7-r4");
    if !spec.is_dir() {
        println!("skipped: no HL7 definitions at {} (set LCR_SHARED)", spec.display());
        return;
    }
    let terminology = Terminology {
        value_sets: by_url(read(&spec.join("ValueSet.ndjson"))),
        code_systems: by_url(read(&spec.join("CodeSystem.ndjson"))),
    };
    let mut bindings = Bindings::new(terminology);
    let definitions = read(&spec.join("StructureDefinition.ndjson"));
    let elements = elements::file(definitions.clone(), &mut bindings);
    check_or_write("elements.txt", &elements);
    check_or_write("codes.txt", &codes::file(&bindings));
    check_or_write("terminology.txt", &terminology::file(&definitions, &bindings));
}

fn shared() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    env::var_os("LCR_SHARED").map_or_else(beside, PathBuf::from)
}

/// One JSON resource a line.
fn read(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn by_url(resources: Vec<Value>) -> HashMap<String, Value> {
    resources.into_iter().map(|r| (text(&r, "url").to_owned(), r)).collect()
}

fn check_or_write(name: &str, derived: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/fhir/r4").join(name);
    if env::var("LCR_GENERATE").is_ok_and(|v| v == "1") {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, derived).unwrap();
        return;
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    if committed == derived {
        return;
    }
    // Split, not lines(): a missing last newline or a CR must show as a difference too.
    let (old, new): (Vec<_>, Vec<_>) = (committed.split('\n').collect(), derived.split('\n').collect());
    let at = (0..).find(|&i| old.get(i) != new.get(i)).unwrap();
    panic!(
        "{name} is out of date, run `make generate`; line {} is {:?}, should be {:?}",
        at + 1,
        old.get(at).unwrap_or(&"(absent)"),
        new.get(at).unwrap_or(&"(absent)"),
    );
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key}: {value}"))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// A canonical may end in `|version`.
fn without_version(canonical: &str) -> &str {
    canonical.split('|').next().unwrap_or(canonical)
}

fn last_segment(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}
