//! UK Core's own examples: what our profiles find in each, written down without their data. `make generate` writes the table anew;
//! a change of it is a change of what sources may send.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use crate::support::{object, told};

const TABLE: &str = "tests/profiles/ukcore.txt";

#[test]
fn every_example_of_uk_core_has_the_verdict_that_is_written_down() {
    let Some(shared) = crate::common::shared() else { return };
    let folder = shared.join("data/ukcore-examples/json");
    let mut verdicts: BTreeMap<String, String> = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        let resource = object(&std::fs::read_to_string(&path).expect("text"));
        let kind = resource.text("resourceType").expect("type").to_owned();
        if lcr_facade::profile::of_type(&kind).is_empty() {
            continue;
        }
        let mut lines = String::new();
        for line in told(&resource, None) {
            writeln!(lines, "  {line}").expect("text");
        }
        let name = path.file_stem().expect("name").to_string_lossy().into_owned();
        verdicts.insert(name, lines);
    }
    assert!(verdicts.len() > 40, "{} examples only", verdicts.len());
    let now: String = verdicts.iter().map(|(name, lines)| format!("{name}\n{lines}")).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(TABLE);
    if std::env::var_os("LCR_GENERATE").is_some() {
        std::fs::write(&path, &now).expect("written");
    }
    let before = std::fs::read_to_string(&path).expect("the table");
    let (mut gone, mut come) = (String::new(), String::new());
    let of = |text: &str| -> Vec<String> {
        let mut name = "";
        let mut lines = Vec::new();
        for line in text.lines() {
            match line.strip_prefix("  ") {
                Some(finding) => lines.push(format!("{name}: {finding}")),
                None => {
                    name = line;
                    lines.push(name.to_owned());
                }
            }
        }
        lines
    };
    let (old, new) = (of(&before), of(&now));
    old.iter().filter(|line| !new.contains(line)).for_each(|line| writeln!(gone, "- {line}").expect("text"));
    new.iter().filter(|line| !old.contains(line)).for_each(|line| writeln!(come, "+ {line}").expect("text"));
    assert!(before == now, "the verdicts are not those of {TABLE}:\n{gone}{come}");
}
