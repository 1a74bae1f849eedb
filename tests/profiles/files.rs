//! The files that the program carries are those of `fhir-profiles/`, and can be used.

use std::path::Path;

use lcr_facade::profile;

#[test]
fn every_profile_is_carried_and_compiles() {
    let library = profile::library().expect("profiles");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fhir-profiles");
    let mut canonicals: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(folder.join("StructureDefinition")).expect("folder") {
        let text = std::fs::read_to_string(entry.expect("entry").path()).expect("text");
        let definition: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let url = definition["url"].as_str().expect("url");
        assert!(library.profile(url).is_some(), "{url} is not carried");
        let version = definition["version"].as_str().expect("version");
        assert!(library.profile(&format!("{url}|{version}")).is_some(), "{url}|{version}");
        assert!(library.profile(&format!("{url}|0.0.0")).is_none(), "another version of {url}");
        canonicals.push(url.to_owned());
    }
    assert!(canonicals.len() >= 9, "{canonicals:?}");
    for folder in ["CodeSystem", "ValueSet", "StructureDefinition"].map(|name| folder.join(name)) {
        for entry in std::fs::read_dir(folder).expect("folder") {
            let path = entry.expect("entry").path();
            let text = std::fs::read_to_string(&path).expect("text");
            assert!(profile::FILES.contains(&text.as_str()), "{} is not in src/profile/files.rs", path.display());
        }
    }
}
