//! Every published example goes in and comes out as it was; what is refused is refused for a fault of its own.

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use common::{TestApp, shared};
use serde_json::Value;

const TYPES: [&str; 6] =
    ["AllergyIntolerance", "CarePlan", "Condition", "MedicationStatement", "Observation", "Patient"];

/// The resource without what the server owns.
fn plain(mut resource: Value) -> Value {
    if let Some(meta) = resource.get_mut("meta").and_then(Value::as_object_mut) {
        meta.shift_remove("versionId");
        meta.shift_remove("lastUpdated");
        if meta.is_empty() {
            resource.as_object_mut().expect("object").shift_remove("meta");
        }
    }
    resource
}

/// All that is served, by `Type/id`.
async fn served(app: &TestApp, source: &str) -> BTreeMap<String, Value> {
    let session = app.source(source).await;
    let mut all = BTreeMap::new();
    for kind in TYPES {
        for (id, resource) in session.all(&format!("{kind}?_count=200")).await {
            all.insert(format!("{kind}/{id}"), plain(resource));
        }
    }
    all
}

/// The kept resources that stand by themselves in files of a folder, by `Type/id`; of two of one name, the last.
fn in_files(folder: &Path, ending: &str) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("folder").map(|e| e.expect("entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            all.extend(in_files(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            let text = std::fs::read_to_string(&path).expect("text");
            let lines: Vec<&str> = if ending == "ndjson" { text.lines().collect() } else { vec![&text] };
            for resource in lines.into_iter().map(|line| serde_json::from_str::<Value>(line).expect("JSON")) {
                let kind = resource["resourceType"].as_str().unwrap_or_default();
                if TYPES.contains(&kind) {
                    let id = resource["id"].as_str().expect("an id");
                    all.insert(format!("{kind}/{id}"), plain(resource.clone()));
                }
            }
        }
    }
    all
}

fn compare(wanted: &BTreeMap<String, Value>, found: &BTreeMap<String, Value>) {
    for (name, resource) in wanted {
        // Compared as text too: a number keeps its digits.
        let there = found.get(name).unwrap_or_else(|| panic!("{name} is not in the record"));
        assert_eq!(there, resource, "{name}");
        let numbers = |value: &Value| value.to_string().matches(|c: char| c.is_ascii_digit()).count();
        assert_eq!(numbers(there), numbers(resource), "{name}");
    }
    let extra: Vec<&String> = found.keys().filter(|name| !wanted.contains_key(*name)).collect();
    assert!(extra.is_empty(), "in the record but not in the files: {extra:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_json_example_reads_back_as_it_was() {
    let Some(shared) = shared() else { return };
    for (folder, ending, refused, reason) in [
        ("hl7-r4-examples", "json", None, ""),
        // Its NHS number 9912003890 fails the Modulus 11 check.
        ("ukcore-examples/json", "json", Some("Patient/UKCore-Patient-BabyPatient-Example"), "check digit"),
        // A CodeSystem with a concept twice, which R4's csd-1 forbids.
        ("fhir-test-cases-r4-examples", "json", Some("CodeSystem/example"), "chol-mass is there twice"),
        ("bulk-export-ndjson-10-patients", "ndjson", None, ""),
    ] {
        let folder_path = shared.join("data").join(folder);
        let app = TestApp::start().await;
        // Resources inside Bundles other than transactions are not imported; a transaction file is judged below.
        let mut wanted = in_files(&folder_path, ending);
        refused.iter().for_each(|name| {
            wanted.remove(*name);
        });
        let files: Vec<PathBuf> = singles(&folder_path, ending);
        let report = app.import(&files, Some("files")).await;
        println!("{folder}: {} resources\n{report}", wanted.len());
        let reasons: Vec<&str> = report.refusals().iter().map(|(_, reason)| reason.as_str()).collect();
        assert_eq!(reasons.len(), usize::from(refused.is_some()), "{reasons:?}");
        assert!(reasons.iter().all(|found| found.contains(reason)), "{reasons:?}");
        compare(&wanted, &served(&app, "files").await);

        // Again: nothing changes, no new version.
        let again = app.import(&files, Some("files")).await;
        // Where two files have one name, each run writes the first over the second and the second over the first.
        let (created, updated, _) = again.totals();
        assert_eq!((created, updated), (0, 2 * report.totals().1), "{folder}: {again}");
    }
}

/// The files of a folder.
fn singles_and_bundles(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").path()).collect()
}

/// The files of a folder that hold no Bundle.
fn singles(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("folder").map(|e| e.expect("entry").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files.extend(singles(&path, ending));
        } else if path.extension().is_some_and(|e| e == ending) {
            let bundle = ending == "json"
                && serde_json::from_slice::<Value>(&std::fs::read(&path).expect("bytes")).expect("JSON")["resourceType"]
                    == "Bundle";
            if !bundle {
                files.push(path);
            }
        }
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn every_transaction_reads_back_with_its_references_resolved() {
    let Some(shared) = shared() else { return };
    let app = TestApp::start().await;
    let report = app.import(&[shared.join("data/synthea-r4-transactions")], Some("synthea")).await;
    println!("{report}");
    assert_eq!(report.refusals(), []);
    let mut wanted = BTreeMap::new();
    for path in singles_and_bundles(&shared.join("data/synthea-r4-transactions")) {
        let bundle: Value = serde_json::from_slice(&std::fs::read(path).expect("bytes")).expect("JSON");
        let entries: Vec<(String, String, Value)> = bundle["entry"]
            .as_array()
            .expect("entries")
            .iter()
            .map(|entry| {
                let url = entry["fullUrl"].as_str().expect("fullUrl").to_owned();
                let kind = entry["resource"]["resourceType"].as_str().expect("type").to_owned();
                (url, kind, entry["resource"].clone())
            })
            .filter(|(_, kind, _)| TYPES.contains(&kind.as_str()))
            .collect();
        for (url, kind, resource) in &entries {
            // A reference to another kept entry names it by type and id; one to what is not kept stays as it was.
            let mut text = resource.to_string();
            for (other, other_kind, _) in &entries {
                let id = other.trim_start_matches("urn:uuid:");
                text = text.replace(
                    &format!("{{\"reference\":\"{other}\""),
                    &format!("{{\"reference\":\"{other_kind}/{id}\""),
                );
            }
            let name = format!("{kind}/{}", url.trim_start_matches("urn:uuid:"));
            wanted.insert(name, plain(serde_json::from_str(&text).expect("JSON")));
        }
    }
    assert_eq!(wanted.len(), 24 + 123 + 2259 + 19 + 42, "the transactions hold what their README counts");
    compare(&wanted, &served(&app, "synthea").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn xml_reads_back_as_the_json_others_made_of_it() {
    let Some(shared) = shared() else { return };
    let app = TestApp::start().await;
    let report = app.import(&[shared.join("data/ukcore-examples/xml")], Some("xml")).await;
    println!("{report}");
    assert!(report.refusals().iter().all(|(_, reason)| reason.contains("check digit")), "{report}");
    let mut wanted = in_files(&shared.join("data/ukcore-examples/json"), "json");
    wanted.remove("Patient/UKCore-Patient-BabyPatient-Example").expect("the baby");
    compare(&wanted, &served(&app, "xml").await);

    let app = TestApp::start().await;
    let folder = shared.join("data/fhir-test-cases-r4-examples");
    let files: Vec<PathBuf> = singles(&folder, "xml");
    let report = app.import(&files, Some("xml")).await;
    println!("{report}");
    assert_eq!(report.refusals(), []);
    assert!(report.count("Patient") >= 3 && report.count("Observation") >= 2, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_cannot_be_whole_is_refused_whole_and_the_rest_goes_on() {
    let app = TestApp::start().await;
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("bundles-{}", uuid::Uuid::new_v4().simple()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let seen = r#"{"resourceType":"Observation","status":"final","code":{"text":"same"}}"#;
    let post = r#""request":{"method":"POST","url":"Observation"}"#;
    let good = format!(
        r#"{{"resource":{{"resourceType":"Observation","id":"good","status":"final","code":{{"text":"g"}}}},{post}}}"#
    );
    let entries = [
        ("1-twice", format!(r#"{{"resource":{seen},{post}}},{{"resource":{seen},{post}}},{good}"#), "twice"),
        ("2-no-resource", format!(r#"{good},{{{post}}}"#), "no resource"),
        ("3-no-object", format!("{good},7"), "no object"),
        (
            "4-other-type",
            format!(r#"{good},{{"resource":{seen},"request":{{"method":"PUT","url":"Condition/1"}}}}"#),
            "does not name the resource",
        ),
        (
            "5-conditional",
            format!(r#"{good},{{"resource":{seen},"request":{{"method":"PUT","url":"Observation?code=x"}}}}"#),
            "conditional",
        ),
    ];
    for (name, entries, _) in &entries {
        let text = format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{entries}]}}"#);
        std::fs::write(folder.join(format!("{name}.json")), text).expect("a file");
    }
    let alone = r#"{"resourceType":"Observation","id":"alone","status":"final","code":{"text":"a"}}"#;
    std::fs::write(folder.join("9-alone.json"), alone).expect("a file");
    let report = app.import(std::slice::from_ref(&folder), Some("files")).await;
    let refusals = report.refusals();
    assert_eq!(refusals.len(), entries.len(), "{report}");
    for ((name, _, words), (place, reason)) in entries.iter().zip(refusals) {
        assert!(place.contains(name) && reason.contains(words), "{name}: {place}: {reason}");
    }
    let found: Vec<String> = served(&app, "files").await.into_keys().collect();
    assert_eq!(found, ["Observation/alone"]);
    std::fs::remove_dir_all(folder).expect("tidy");
}

/// Files come in any order, so what a reference matches may come later: then the next import finds it.
#[tokio::test(flavor = "multi_thread")]
async fn a_conditional_reference_of_a_transaction_becomes_what_it_matches_once_that_is_there() {
    let app = TestApp::start().await;
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("criteria-{}", uuid::Uuid::new_v4().simple()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let observation = r#"{"fullUrl":"urn:uuid:3f0c6f0e-98d5-4f53-a2d6-1d7a3b4c5d61","request":{"method":"POST","url":"Observation"},
        "resource":{"resourceType":"Observation","status":"final","code":{"text":"c"},"performer":[
        {"reference":"Practitioner?identifier=http://x.example|1"},{"reference":"Practitioner?identifier=http://x.example|2"},
        {"reference":"Location?identifier=http://x.example|1"}]}}"#;
    let practitioner = r#"{"fullUrl":"urn:uuid:3f0c6f0e-98d5-4f53-a2d6-1d7a3b4c5d62","request":{"method":"POST","url":"Practitioner"},
        "resource":{"resourceType":"Practitioner","identifier":[{"system":"http://x.example","value":"1"}]}}"#;
    for (name, entry) in [("1-observation", observation), ("2-practitioner", practitioner)] {
        let text = format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{entry}]}}"#);
        std::fs::write(folder.join(format!("{name}.json")), text).expect("a file");
    }
    let performers = async || {
        let all = app.source("files").await.all("Observation").await;
        let list = all[0].1["performer"].as_array().expect("performers").clone();
        list.iter().map(|performer| performer["reference"].as_str().expect("text").to_owned()).collect::<Vec<_>>()
    };
    let as_sent = [
        "Practitioner?identifier=http://x.example|1",
        "Practitioner?identifier=http://x.example|2",
        "Location?identifier=http://x.example|1",
    ];
    let found = ["Practitioner/3f0c6f0e-98d5-4f53-a2d6-1d7a3b4c5d62", as_sent[1], as_sent[2]];
    for (totals, wanted) in [((2, 0, 0), as_sent), ((0, 1, 1), found), ((0, 0, 2), found)] {
        let report = app.import(std::slice::from_ref(&folder), Some("files")).await;
        assert_eq!((report.refusals(), report.totals()), (&[][..], totals), "{report}");
        assert_eq!(performers().await, wanted);
    }
    std::fs::remove_dir_all(folder).expect("tidy");
}
