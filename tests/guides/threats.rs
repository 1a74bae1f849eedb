//! SECURITY.md names, for each threat, what would fail if nothing stood against it. That what it names is there is judged here.

use std::fs;
use std::path::Path;

use crate::page::{Page, root};

/// The text of every Rust file below a folder.
fn sources(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder of tests") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            // What tools put there is not ours.
            if !["node_modules", "target"].contains(&name) {
                sources(&path, into);
            }
        } else if path.extension().is_some_and(|end| end == "rs") {
            into.push_str(&fs::read_to_string(&path).expect("a source"));
        }
    }
}

#[test]
fn every_threat_names_a_test_that_is_there() {
    let mut tests = String::new();
    sources(&root().join("tests"), &mut tests);
    let page = Page::read("SECURITY.md");
    let rows = page.prose.iter().filter(|(_, line)| line.starts_with("| ") && line.matches('|').count() == 4);
    let mut named = 0;
    for (number, row) in rows.filter(|(_, row)| !row.starts_with("| threat |")) {
        let last = row.split('|').nth(3).unwrap_or_default();
        let names: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "SECURITY.md:{number} names no test: {row}");
        for name in names {
            named += 1;
            let there = if name.contains('/') || name.contains('.') {
                root().join(name).exists()
            } else {
                tests.contains(&format!("fn {name}("))
            };
            assert!(there, "SECURITY.md:{number}: there is no {name}");
        }
    }
    assert!(named > 30, "only {named} names were read");
}
