//! What every patient summary must be: R4's rules of documents, the structure that the International Patient Summary
//! (STU 2) requires, and narratives that are text and nothing else. Judged over records that nobody made for it.

use std::collections::BTreeSet;

use lcr_facade::fhir::json::Json;
use lcr_facade::fhir::{decode, narrative};
use serde_json::{Value, json};

use crate::common::{Reply, Session, TestApp, shared};
use crate::support::run;
use crate::world::persona;

/// Section codes, with whether the guide requires the section and what its entries may be.
const SECTIONS: [(&str, bool, &[&str]); 8] = [
    ("48765-2", true, &["AllergyIntolerance"]),
    ("11450-4", true, &["Condition"]),
    ("10160-0", true, &["MedicationStatement"]),
    ("30954-2", false, &["Observation"]),
    ("8716-3", false, &["Observation"]),
    ("29762-2", false, &["Observation"]),
    ("11348-0", false, &["Condition"]),
    ("18776-5", false, &["CarePlan"]),
];

/// One section.
pub fn section<'a>(bundle: &'a Value, code: &str) -> &'a Value {
    let sections = bundle["entry"][0]["resource"]["section"].as_array().expect("sections");
    let found = sections.iter().find(|section| section["code"]["coding"][0]["code"] == code);
    found.unwrap_or(&Value::Null)
}

/// The ids of a section's entries, in order.
pub fn ids(bundle: &Value, code: &str) -> Vec<String> {
    let entries = section(bundle, code)["entry"].as_array().cloned().unwrap_or_default();
    let id = |entry: &Value| entry["reference"].as_str().expect("reference").rsplit('/').next().expect("id").to_owned();
    entries.iter().map(id).collect()
}

/// The code for why a section is empty.
pub fn empty_reason(bundle: &Value, code: &str) -> String {
    section(bundle, code)["emptyReason"]["coding"][0]["code"].as_str().unwrap_or("").to_owned()
}

/// A section's narrative.
pub fn text(bundle: &Value, code: &str) -> String {
    section(bundle, code)["text"]["div"].as_str().unwrap_or("").to_owned()
}

/// The document, which is all that it must be.
pub fn document(reply: &Reply, base: &str) -> Value {
    assert_eq!(reply.status, 200, "{}", reply.text);
    let Ok(Json::Object(strict)) = Json::parse(reply.text.as_bytes()) else { panic!("{}", reply.text) };
    assert_eq!(decode::check(&strict), [], "R4");
    let bundle = reply.json();
    let faults = faults(&bundle, base);
    assert!(faults.is_empty(), "{faults:#?}\n{}", reply.text);
    bundle
}

fn coded(value: &Value, system: &str, code: &str) -> bool {
    value["coding"].as_array().is_some_and(|all| all.iter().any(|c| c["system"] == system && c["code"] == code))
}

/// What is wrong with a document, by the rules that R4's table of elements does not hold.
fn faults(bundle: &Value, base: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut rule = |holds: bool, words: &str| {
        if !holds {
            faults.push(words.to_owned());
        }
    };
    rule(
        bundle["type"] == "document" && bundle.get("total").is_none() && bundle.get("link").is_none(),
        "bdl-1: a document",
    );
    rule(
        bundle["identifier"]["system"].is_string() && bundle["identifier"]["value"].is_string(),
        "bdl-9: an identifier",
    );
    rule(bundle["timestamp"].is_string(), "bdl-10: a timestamp");
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    let urls: Vec<&str> = entries.iter().filter_map(|entry| entry["fullUrl"].as_str()).collect();
    rule(urls.len() == entries.len(), "every entry has a fullUrl (IPS)");
    rule(urls.iter().collect::<BTreeSet<_>>().len() == urls.len(), "bdl-7: no fullUrl twice");
    rule(!urls.iter().any(|url| url.contains("/_history/")), "bdl-8");
    rule(
        entries.iter().all(|entry| entry.as_object().is_some_and(|e| e.len() == 2)),
        "no search, request or response (IPS)",
    );
    for (url, entry) in urls.iter().zip(&entries) {
        let (kind, id) =
            (entry["resource"]["resourceType"].as_str().unwrap_or(""), entry["resource"]["id"].as_str().unwrap_or(""));
        rule(
            *url == format!("{base}/{kind}/{id}") || *url == format!("urn:uuid:{id}"),
            "a fullUrl agrees with the id in it",
        );
    }
    let of = |kind: &str| entries.iter().filter(|entry| entry["resource"]["resourceType"] == kind).count();
    rule(
        entries[0]["resource"]["resourceType"] == "Composition" && of("Composition") == 1,
        "bdl-11: one Composition, first",
    );
    rule(of("Patient") == 1, "one Patient (IPS)");
    let composition = &entries[0]["resource"];
    rule(
        composition["meta"]["profile"] == json!(["http://hl7.org/fhir/uv/ips/StructureDefinition/Composition-uv-ips"]),
        "the profile",
    );
    rule(coded(&composition["type"], "http://loinc.org", "60591-5"), "Composition.type");
    rule(
        composition["status"] == "final" && composition["date"].is_string() && composition["title"].is_string(),
        "status, date, title",
    );
    rule(composition["text"]["div"].is_string(), "dom-6: a narrative");
    let mut references = vec![&composition["subject"]["reference"], &composition["author"][0]["reference"]];
    let sections = composition["section"].as_array().cloned().unwrap_or_default();
    let mut codes = Vec::new();
    for section in &sections {
        let code = section["code"]["coding"][0]["code"].as_str().unwrap_or("").to_owned();
        let known = SECTIONS.iter().find(|(known, _, _)| *known == code);
        let Some((_, _, kinds)) = known else {
            rule(false, &format!("a section {code} that nobody asked for"));
            continue;
        };
        rule(
            coded(&section["code"], "http://loinc.org", &code) && section["title"].is_string(),
            "code and title (IPS)",
        );
        let div = section["text"]["div"].as_str().unwrap_or("");
        rule(
            section["text"]["status"] == "generated" && narrative::fault(div).is_none(),
            &format!("narrative of {code}: {div}"),
        );
        rule(section.get("section").is_none(), "no section within (IPS)");
        let filled = section["entry"].as_array().is_some_and(|entries| !entries.is_empty());
        rule(filled != section["emptyReason"].is_object(), "ips-comp-1, cmp-2: entries or why there are none");
        let reason = &section["emptyReason"];
        rule(
            filled
                || ["withheld", "unavailable"]
                    .iter()
                    .any(|code| coded(reason, "http://terminology.hl7.org/CodeSystem/list-empty-reason", code)),
            "emptyReason",
        );
        for entry in section["entry"].as_array().into_iter().flatten() {
            let target = entry["reference"].as_str().unwrap_or("");
            let found = entries.iter().find(|entry| entry["fullUrl"] == target);
            rule(
                found.is_some_and(|entry| kinds.contains(&entry["resource"]["resourceType"].as_str().unwrap_or(""))),
                &format!("{target} of {code}"),
            );
        }
        codes.push(code);
    }
    for section in composition["section"].as_array().into_iter().flatten() {
        references.extend(section["entry"].as_array().into_iter().flatten().map(|entry| &entry["reference"]));
    }
    let named: BTreeSet<&str> = references.iter().filter_map(|reference| reference.as_str()).collect();
    rule(
        named.iter().all(|reference| urls.contains(reference)),
        "every reference of the Composition is in the document",
    );
    rule(named.len() == references.len(), "no resource in two sections");
    rule(urls[1..].iter().all(|url| named.contains(url)), "nothing that the Composition does not lead to");
    for (code, required, _) in SECTIONS {
        let count = codes.iter().filter(|known| *known == code).count();
        rule(count <= 1 && (!required || count == 1), &format!("section {code}, {count} times"));
    }
    faults
}

/// Every resource is, to the byte, what a read gives.
async fn copied(session: &Session<'_>, reply: &Reply) {
    for entry in reply.json()["entry"].as_array().expect("entries").iter().skip(1) {
        let (kind, id) =
            (entry["resource"]["resourceType"].as_str().expect("type"), entry["resource"]["id"].as_str().expect("id"));
        if kind != "Device" {
            let read = session.get(&format!("{kind}/{id}")).await;
            assert!(read.status == 200 && reply.text.contains(&read.text), "{kind}/{id}");
        }
    }
}

/// Whether a CodeableConcept has one of these codes.
fn is(value: &Value, codes: &[&str]) -> bool {
    value["coding"].as_array().is_some_and(|all| all.iter().any(|c| codes.contains(&c["code"].as_str().unwrap_or(""))))
}

/// Which section a row belongs to, read plainly; none for what is in no summary. Medicines that ended depend on the day.
fn home(r: &Value) -> Option<&'static str> {
    let wrong = is(&r["verificationStatus"], &["entered-in-error", "refuted"]);
    let status = r["status"].as_str().unwrap_or("");
    match r["resourceType"].as_str().unwrap_or("") {
        "Condition" if wrong => None,
        "Condition" if is(&r["clinicalStatus"], &["inactive", "remission", "resolved"]) => Some("11348-0"),
        "Condition" => Some("11450-4"),
        "AllergyIntolerance" => (!wrong).then_some("48765-2"),
        "CarePlan" => ["draft", "active", "on-hold", "unknown"].contains(&status).then_some("18776-5"),
        "MedicationStatement" => {
            ["active", "intended", "on-hold", "unknown", "not-taken"].contains(&status).then_some("10160-0")
        }
        _ => None,
    }
}

/// Everything that a search finds is in its section.
async fn complete(session: &Session<'_>, patient: &str, bundle: &Value) {
    for kind in ["Condition", "AllergyIntolerance", "CarePlan", "MedicationStatement"] {
        for (id, resource) in session.all(&format!("{kind}?patient={patient}&_count=500")).await {
            let is_in = |code: &str| ids(bundle, code).contains(&id);
            let wanted = home(&resource);
            for (code, _, kinds) in SECTIONS.iter().filter(|(_, _, kinds)| kinds.contains(&kind)) {
                let ended = kinds.contains(&"MedicationStatement") && wanted.is_none();
                let full = ids(bundle, code).len() == 200;
                assert!(ended || full || is_in(code) == (wanted == Some(code)), "{patient}: {kind}/{id} in {code}");
            }
        }
    }
}

/// Everybody of the record is in the GP's care.
const CARE: &str = "INSERT INTO care_relationship (patient_id, holder_kind, holder, basis, valid_from, source, reason) \
    SELECT DISTINCT patient_id, 'practitioner', 'gp', 'caseload', '2000-01-01'::timestamptz, 'test', 'test' FROM patient_key";

async fn summaries(app: &TestApp, most_copied: usize) -> Vec<Value> {
    run(app, CARE).await;
    let gp = persona(app, "gp").await;
    let patients = gp.all("Patient?_count=200").await;
    let mut found = Vec::new();
    for (at, (id, _)) in patients.iter().enumerate() {
        let reply = gp.get(&format!("Patient/{id}/$summary")).await;
        let bundle = document(&reply, &app.base);
        complete(&gp, id, &bundle).await;
        found.push(bundle);
        if at < most_copied {
            copied(&gp, &reply).await;
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_patient_of_the_sandbox_has_one() {
    let app = TestApp::start().await;
    let record = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sandbox/record.ndjson");
    app.import(&[record], None).await;
    let all = summaries(&app, 3).await;
    assert_eq!(all.len(), 21);
    let filled = |code: &str| all.iter().filter(|bundle| !ids(bundle, code).is_empty()).count();
    for (code, least) in [
        ("48765-2", 15),
        ("11450-4", 15),
        ("10160-0", 15),
        ("30954-2", 15),
        ("8716-3", 15),
        ("29762-2", 8),
        ("11348-0", 15),
        ("18776-5", 2),
    ] {
        assert!(filled(code) >= least, "{code}: {}", filled(code));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn published_records_have_one() {
    let Some(shared) = shared() else { return };
    let app = TestApp::start().await;
    app.import(
        &[shared.join("data/synthea-r4-transactions"), shared.join("data/bulk-export-ndjson-10-patients")],
        Some("synthea"),
    )
    .await;
    app.import(&[shared.join("data/ukcore-examples/json")], Some("ukcore")).await;
    app.import(&[shared.join("data/hl7-r4-examples"), shared.join("data/fhir-test-cases-r4-examples")], Some("hl7"))
        .await;
    let all = summaries(&app, 2).await;
    println!("{} patients", all.len());
    assert!(all.len() >= 40, "{}", all.len());
}
