//! What random queries are asked of: the hand-made resources, a part of the published ones, and a terminology made of
//! their codes.

use super::super::definitions::array;
use super::super::examples::{extra_resources, load_examples, load_synthea};
use super::super::oracle::TYPES;
use super::super::query::terminology::Terminology;
use super::super::query::world::name;
use super::tables::spread;
use crate::common::{TestApp, shared};
use lcr_facade::store::Relationship;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The sources that share the corpus in, each a part of it; a source sees its own.
pub const SOURCES: [&str; 2] = ["judge", "other"];

/// A doctor who sees the patients referred to her trust, whichever source has shared them.
pub const DOCTOR: &str = "hospital-doctor";
const TRUST: &str = "Y9R01";

const NHS_NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number";

/// The resources with whose they are.
pub fn corpus() -> Vec<(usize, Value)> {
    let mut all: Vec<Value> = extra_resources();
    if let Some(shared) = shared() {
        let examples = load_examples(&shared);
        for ty in TYPES {
            let most = if ty == "Observation" { 110 } else { 45 };
            let own: Vec<&Value> = examples.iter().map(|(_, r)| r).filter(|r| r["resourceType"] == ty).collect();
            all.extend(spread(&own, most).into_iter().cloned());
        }
        for (_, entries) in load_synthea(&shared).iter().take(1) {
            let own: Vec<Value> = entries.iter().map(|entry| entry.resource.clone()).collect();
            all.extend(spread(&own, 60));
        }
    }
    let mut seen = BTreeSet::new();
    all.retain(|resource| seen.insert(name(resource)));
    for (at, patient) in all.iter_mut().filter(|r| r["resourceType"] == "Patient").enumerate() {
        let own = array(&patient["identifier"]).iter().any(|i| i["system"] == NHS_NUMBER);
        if !own {
            let mut identifiers = array(&patient["identifier"]).to_vec();
            identifiers.push(json!({"system": NHS_NUMBER, "value": number(at)}));
            patient["identifier"] = identifiers.into();
        }
    }
    // A fourth is another's, so that references lead to what is not this caller's to see.
    let whose = |resource: &Value| usize::from(name(resource).bytes().map(u32::from).sum::<u32>() % 4 == 1);
    all.into_iter().map(|resource| (whose(&resource), resource)).collect()
}

/// The `n`th number of the 999 test range: nine digits and their Modulus 11 check digit.
fn number(n: usize) -> String {
    let whole = |nine: u32| {
        let digits = nine.to_string();
        let sum: u32 = digits.bytes().zip((2..=10).rev()).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        let check = (11 - sum % 11) % 11;
        (check < 10).then(|| format!("{digits}{check}"))
    };
    (999_500_000_u32..).filter_map(whole).nth(n).expect("a number")
}

/// Refers every other patient to the doctor's trust.
pub async fn refer(app: &TestApp, corpus: &[(usize, Value)]) {
    let patients = corpus.iter().map(|(_, r)| r).filter(|r| r["resourceType"] == "Patient");
    let numbers = patients.flat_map(|p| array(&p["identifier"])).filter(|i| i["system"] == NHS_NUMBER);
    for number in numbers.step_by(2).filter_map(|i| i["value"].as_str()) {
        let relationship = Relationship {
            nhs_number: number.to_owned(),
            holder_kind: "organisation".to_owned(),
            holder: TRUST.to_owned(),
            basis: "referral".to_owned(),
            valid_from: "2000-01-01T00:00:00Z".to_owned(),
            valid_to: None,
            source: "test".to_owned(),
            reason: "test".to_owned(),
        };
        app.store.relate(&[relationship]).await.expect("a relationship");
    }
}

/// Loads the corpus, each source its part, after the terminology.
pub async fn load(app: &TestApp, corpus: &[(usize, Value)], terminology: &Terminology) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("grammar-{}", uuid::Uuid::new_v4().simple()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("terminology.ndjson");
    std::fs::write(&file, terminology.resources.iter().map(|r| format!("{r}\n")).collect::<String>()).expect("a file");
    let report = app.import(&[file], None).await;
    assert_eq!(report.refusals(), []);
    for (at, source) in SOURCES.iter().enumerate() {
        let own = corpus.iter().filter(|(whose, _)| *whose == at).map(|(_, resource)| format!("{resource}\n"));
        let file = folder.join(format!("{source}.ndjson"));
        std::fs::write(&file, own.collect::<String>()).expect("a file");
        let report = app.import(&[file], Some(source)).await;
        println!("{source}: {report}");
    }
    std::fs::remove_dir_all(folder).expect("tidy");
}

/// Two code systems whose codes are those that occur, each below another, and value sets of every sort made of them.
pub fn terminology(corpus: &[(usize, Value)]) -> Terminology {
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    corpus.iter().for_each(|(_, resource)| codings(resource, &mut used));
    let mut resources = Vec::new();
    for (name, url) in [("loinc", "http://loinc.org"), ("sct", "http://snomed.info/sct")] {
        let codes: Vec<&String> = used.get(url).into_iter().flatten().collect();
        if codes.len() < 3 {
            continue;
        }
        // The second and third stand below the first, and so on: a tree of every depth.
        let concept = |(at, code): (usize, &&String)| match at {
            0 => json!({"code": code}),
            _ => json!({"code": code, "property": [{"code": "parent", "valueCode": codes[(at - 1) / 2]}]}),
        };
        let concepts: Vec<Value> = codes.iter().enumerate().map(concept).collect();
        let property =
            json!([{"code": "parent", "type": "code", "uri": "http://hl7.org/fhir/concept-properties#parent"}]);
        resources.push(json!({"resourceType": "CodeSystem", "id": name, "url": url, "status": "active",
            "hierarchyMeaning": "is-a", "content": "complete", "property": property, "concept": concepts}));
        let set = |part: &str, compose: Value| {
            json!({"resourceType": "ValueSet", "id": format!("{name}-{part}"), "status": "active",
                "url": format!("http://example.org/vs/{name}-{part}"), "compose": compose})
        };
        let some: Vec<Value> = codes.iter().step_by(3).map(|code| json!({"code": code})).collect();
        let filter = |op: &str| json!([{"property": "concept", "op": op, "value": codes[1]}]);
        resources.push(set("all", json!({"include": [{"system": url}]})));
        resources.push(set("some", json!({"include": [{"system": url, "concept": some}]})));
        resources.push(set("is-a", json!({"include": [{"system": url, "filter": filter("is-a")}]})));
        resources.push(set("below", json!({"include": [{"system": url, "filter": filter("descendent-of")}]})));
        resources.push(set(
            "others",
            json!({"include": [{"valueSet": [format!("http://example.org/vs/{name}-all")]}],
                "exclude": [{"system": url, "filter": filter("is-a")}]}),
        ));
    }
    Terminology::new(resources)
}

fn codings(value: &Value, used: &mut BTreeMap<String, BTreeSet<String>>) {
    match value {
        Value::Object(members) => {
            if let (Some(system), Some(code)) = (value["system"].as_str(), value["code"].as_str()) {
                used.entry(system.to_string()).or_default().insert(code.to_string());
            }
            members.values().for_each(|member| codings(member, used));
        }
        Value::Array(items) => items.iter().for_each(|item| codings(item, used)),
        _ => {}
    }
}
