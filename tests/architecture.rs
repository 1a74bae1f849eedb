//! The rules of ARCHITECTURE.md that types cannot keep: who may import whom, and what may not be in the source.

use std::fs;
use std::path::{Path, PathBuf};

/// Each layer with the layers it may use. `http`, `app`, `cli`, `error`, `sandbox` and `cluster` stand above or beside.
const LAYERS: &[(&str, &[&str])] = &[
    ("fhir", &[]),
    ("resources", &["fhir"]),
    ("fhirpath", &["fhir"]),
    ("profile", &["fhir", "fhirpath", "resources"]),
    ("patch", &["fhir"]),
    ("matching", &["fhir"]),
    ("summary", &["fhir"]),
    ("access", &["fhir", "resources"]),
    ("search", &["fhir", "resources", "access"]),
    ("telemetry", &["config"]),
    ("store", &["fhir", "resources", "access", "search", "summary", "telemetry"]),
    ("smart", &["fhir", "resources", "access", "search", "store", "config", "telemetry"]),
    ("cluster", &[]),
    ("operations", &["resources", "access", "profile", "summary"]),
    ("openapi", &["fhir", "resources", "access", "search", "patch", "smart", "operations", "sandbox"]),
    ("limits", &[]),
    ("tls", &[]),
    ("alerts", &["store", "config", "telemetry"]),
    ("config", &["search", "access", "profile"]),
];

fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("text");
            found.push((path, text));
        }
    }
    found
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The code of a file without its comments and its test module.
fn code(text: &str) -> String {
    let product = text.split("#[cfg(test)]").next().expect("text");
    product.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn layers_import_only_what_is_below_them() {
    let mut wrong = Vec::new();
    for (layer, below) in LAYERS {
        let folder = src().join(layer);
        let mut files = if folder.is_dir() { sources(&folder) } else { Vec::new() };
        let file = src().join(format!("{layer}.rs"));
        files.extend(fs::read_to_string(&file).map(|text| (file, text)));
        assert!(!files.is_empty(), "there is no layer {layer}");
        for (path, text) in files {
            for piece in code(&text).split("crate::").skip(1) {
                let used: String = piece.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if used != *layer && !below.contains(&used.as_str()) {
                    wrong.push(format!("{} uses {used}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn sql_and_http_stay_in_their_places() {
    for (path, text) in sources(&src()) {
        let name = path.strip_prefix(src()).expect("below src").display().to_string();
        let text = code(&text);
        let web = name.starts_with("http/") || name == "app.rs" || name == "error.rs";
        assert!(web || !text.contains("actix_web"), "{name} uses actix");
        assert!(name.starts_with("store/") || !text.contains("sqlx::"), "{name} uses sqlx");
        for word in ["SELECT ", "INSERT INTO", "DELETE FROM"] {
            assert!(name.starts_with("store/") || !text.contains(word), "{name} holds SQL: {word}");
        }
        assert!(name == "store/sql.rs" || !text.contains("AssertSqlSafe"), "{name} makes SQL of text");
    }
}

#[test]
fn every_file_says_what_it_owns_and_can_be_read_in_one_sitting() {
    for (path, text) in sources(&src()) {
        let name = path.display();
        assert!(text.starts_with("//!"), "{name} has no head");
        let lines = text.lines().count();
        assert!(lines <= 350, "{name} has {lines} lines");
        for word in [".unwrap()", "todo!(", "unimplemented!("] {
            assert!(!code(&text).contains(word), "{name} has {word}");
        }
    }
}

#[test]
fn a_grant_and_what_follows_from_it_have_one_maker_each() {
    let all: String = sources(&src()).into_iter().map(|(_, text)| code(&text)).collect();
    // Their fields are private, so a struct literal in another module does not compile; these count the literals.
    for (literal, count) in [
        ("Ok(Grant {", 1),
        ("Plan { search, sql }", 2),
        ("Known { claims, scopes, policy }", 1),
        ("Ok(Leave {", 1),
        ("Ok(Unproven(", 1),
        ("map(Proved)", 1),
        ("Proved(make(self.0))", 1),
    ] {
        assert_eq!(all.matches(literal).count(), count, "{literal}");
    }
}
