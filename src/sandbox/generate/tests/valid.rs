//! What R4 and UK Core ask of a resource.

use std::collections::HashSet;
use std::iter::successors;

use super::*;

#[test]
fn every_resource_has_what_r4_and_uk_core_require() {
    let always = ["resourceType", "id", "meta.source", "meta.profile.0", "identifier.0.system", "identifier.0.value"];
    let mut ids = HashSet::new();
    let mut identifiers = HashSet::new();
    for record in run(100, 11, 80) {
        let patient = at(&record.resources[0], "id").expect("an id").to_owned();
        assert_eq!(kind(&record.resources[0]), "Patient");
        for resource in &record.resources {
            let required: &[&str] = match kind(resource) {
                "Patient" => &["name.0.family", "name.0.given.0", "gender", "birthDate", "address.0.postalCode"],
                "Condition" => {
                    &["code.coding.0.code", "subject.reference", "recordedDate", "verificationStatus.coding.0.code"]
                }
                "Observation" => &["status", "category.0.coding.0.code", "code.coding.0.code", "subject.reference"],
                "MedicationStatement" => &[
                    "status",
                    "medicationCodeableConcept.coding.0.code",
                    "subject.reference",
                    "dateAsserted",
                    "dosage.0.text",
                ],
                "AllergyIntolerance" => {
                    &["code.coding.0.code", "patient.reference", "verificationStatus.coding.0.code"]
                }
                "CarePlan" => &[
                    "status",
                    "intent",
                    "subject.reference",
                    "title",
                    "period.start",
                    "author.identifier.value",
                    "activity.0.detail.status",
                ],
                other => panic!("unexpected {other}"),
            };
            for path in always.iter().chain(required) {
                assert!(at(resource, path).is_some_and(|found| !found.is_empty()), "{path} of {resource}");
            }
            let reference = at(resource, "subject.reference").or_else(|| at(resource, "patient.reference"));
            let own = format!("Patient/{patient}");
            assert!(kind(resource) == "Patient" || reference == Some(own.as_str()), "{resource}");
            let profile = format!("https://fhir.hl7.org.uk/StructureDefinition/UKCore-{}", kind(resource));
            assert_eq!(at(resource, "meta.profile.0"), Some(profile.as_str()));
            assert!(ids.insert(at(resource, "id").unwrap_or_default().to_owned()), "id twice: {resource}");
            let last = resource["identifier"].as_array().and_then(|all| all.last()).expect("an identifier");
            assert!(identifiers.insert(last.to_string()), "identifier twice: {resource}");
            for value in walk(resource) {
                let empty = match value {
                    Value::Null => true,
                    Value::String(text) => text.is_empty() || text.trim() != text,
                    Value::Array(items) => items.is_empty(),
                    Value::Object(fields) => fields.is_empty(),
                    _ => false,
                };
                assert!(!empty, "something empty in {resource}");
            }
        }
    }
}

#[test]
fn invariants_of_r4_hold() {
    for record in run(200, 12, 60) {
        let mut ids: HashSet<String> = HashSet::new();
        for resource in &record.resources {
            let verification = code(resource, "verificationStatus");
            let clinical = code(resource, "clinicalStatus");
            match kind(resource) {
                "Condition" => {
                    let error = verification == Some("entered-in-error");
                    assert_eq!(clinical.is_none(), error, "con-3, con-5: {resource}");
                    let abated = resource.get("abatementDateTime").is_some();
                    let over = matches!(clinical, Some("inactive" | "resolved" | "remission"));
                    assert!(!abated || over, "con-4: {resource}");
                }
                "AllergyIntolerance" => {
                    let error = verification == Some("entered-in-error");
                    assert_eq!(clinical.is_none(), error, "ait-1, ait-2: {resource}");
                }
                "Observation" => {
                    let value = resource.as_object().is_some_and(|all| all.keys().any(|key| key.starts_with("value")));
                    let parts = ["dataAbsentReason", "component", "hasMember"]
                        .iter()
                        .filter(|part| resource.get(**part).is_some())
                        .count();
                    assert_eq!(usize::from(value) + parts, 1, "obs-6 and sense: {resource}");
                    let members = resource.get("hasMember").and_then(Value::as_array);
                    for member in members.into_iter().flatten() {
                        let id = at(member, "reference")
                            .and_then(|text| text.strip_prefix("Observation/"))
                            .expect("an observation");
                        let found = record.resources.iter().any(|other| at(other, "id") == Some(id));
                        assert!(found, "a member is missing: {resource}");
                    }
                }
                "MedicationStatement" | "CarePlan" => {
                    for path in ["reasonReference.0.reference", "addresses.0.reference"] {
                        if let Some(id) = at(resource, path).and_then(|text| text.strip_prefix("Condition/")) {
                            assert!(ids.contains(id), "{path}: {resource}");
                        }
                    }
                }
                _ => {}
            }
            ids.insert(at(resource, "id").unwrap_or_default().to_owned());
        }
    }
}

#[test]
fn no_number_loses_a_zero() {
    let mut kept = HashSet::new();
    for record in run(40, 16, 150) {
        for observation in of(&record, "Observation") {
            let text = observation.to_string();
            let again: Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!(text, again.to_string());
            let test = code(observation, "code").unwrap_or_default().to_owned();
            let Some(number) = observation["valueQuantity"].get("value").map(Value::to_string) else {
                continue;
            };
            let scale = number.split_once('.').map_or(0, |(_, part)| part.len());
            // Each test is always written with as many places; babies' weights have one more.
            if test != "27113001" {
                kept.insert((test, scale));
            }
            assert!(!number.contains(['e', 'E']), "{number}");
        }
    }
    let tests: HashSet<_> = kept.iter().map(|(test, _)| test).collect();
    assert_eq!(tests.len(), kept.len(), "a test with two scales: {kept:?}");
    assert!(kept.iter().any(|(_, scale)| *scale == 2) && kept.iter().any(|(_, scale)| *scale == 0));
}

#[test]
fn snomed_and_dmd_codes_have_their_check_digit() {
    let mut codes = HashSet::new();
    for record in run(200, 17, 80) {
        for resource in &record.resources {
            for value in walk(resource) {
                if matches!(at(value, "system"), Some("http://snomed.info/sct" | "https://dmd.nhs.uk")) {
                    codes.insert(at(value, "code").expect("a code").to_owned());
                }
            }
        }
    }
    assert!(!verhoeff("38341004") && !verhoeff("38314003"));
    assert!(codes.len() > 150, "{}", codes.len());
    for code in codes {
        assert!(verhoeff(&code), "{code}");
    }
}

/// The check that ends every SNOMED CT identifier: digits as symmetries of the pentagon, of which
/// each position is permuted once more than the one to its right.
fn verhoeff(code: &str) -> bool {
    const STEP: [usize; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    fn times(a: usize, b: usize) -> usize {
        match (a < 5, b < 5) {
            (true, true) => (a + b) % 5,
            (true, false) => 5 + (a + b - 5) % 5,
            (false, true) => 5 + (a - b) % 5,
            (false, false) => (a + 5 - b) % 5,
        }
    }
    let permuted = |digit: usize, position: usize| {
        successors(Some(digit), |digit| Some(STEP[*digit])).nth(position % 8).unwrap_or(0)
    };
    let digits = code.bytes().rev().map(|byte| usize::from(byte - b'0'));
    digits.enumerate().fold(0, |sum, (position, digit)| times(sum, permuted(digit, position))) == 0
}
