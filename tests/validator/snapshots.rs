//! The snapshots of our profiles are what HAPI's generator makes of their differentials, letter by letter.

use crate::{common, examples, hapi};
use std::path::PathBuf;

#[test]
fn the_committed_snapshots_are_the_generators() {
    let Some(shared) = common::shared() else { return };
    if !hapi::is_there() {
        return;
    }
    let ours = hapi::root().join("fhir-profiles");
    let uk_core = shared.join("spec/ukcore");
    if std::env::var("LCR_GENERATE").is_ok_and(|value| value == "1") {
        hapi::snapshots(&ours, &uk_core);
        return;
    }
    let copy = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("snapshots-{}", uuid::Uuid::new_v4().simple()));
    let folder = copy.join("StructureDefinition");
    std::fs::create_dir_all(&folder).expect("a folder");
    let committed = examples::files(&ours.join("StructureDefinition"));
    assert!(committed.len() >= 15, "{} profiles", committed.len());
    for (name, text) in &committed {
        std::fs::write(folder.join(name), text).expect("a copy");
    }
    hapi::snapshots(&copy, &uk_core);
    for ((name, before), (_, after)) in committed.iter().zip(examples::files(&folder)) {
        assert!(*before == after, "the snapshot of {name} is not that of its differential: run `make generate`");
    }
    std::fs::remove_dir_all(copy).expect("tidy");
}
