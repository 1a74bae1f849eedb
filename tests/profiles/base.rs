//! R4 itself, with profiles off: every constraint of severity error and every required binding that HL7's definitions have for the
//! served types and the data types they are made of is kept. The list is HL7's; the broken examples are here.

use std::collections::{BTreeMap, BTreeSet};

use lcr_facade::fhir::elements::{Shape, type_def};
use lcr_facade::profile::{self, Strictness};
use lcr_facade::resources;
use serde_json::{Value, json};

use crate::support::object;

/// Rules of what nobody sends: the trail is the service's own, and a Bundle is taken apart, not kept.
const NOT_RECEIVED: [&str; 3] = ["AuditEvent", "Bundle", "OperationOutcome"];

/// Required bindings whose codes no list has: a rule of a standard says what is one, or there are too many.
const UNLISTED: &[(&str, &str)] = &[
    ("http://hl7.org/fhir/ValueSet/mimetypes", "BCP 13: media types are what is registered"),
    ("http://hl7.org/fhir/ValueSet/currencies", "ISO 4217, which HL7's files do not list"),
];

fn definitions() -> Option<BTreeMap<String, Value>> {
    let text = std::fs::read_to_string(crate::common::shared()?.join("spec/hl7-r4/StructureDefinition.ndjson"));
    let all =
        text.expect("R4").lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")).collect::<Vec<_>>();
    let plain = all.into_iter().filter(|definition| definition["derivation"] != "constraint");
    Some(plain.map(|definition| (definition["type"].as_str().expect("type").to_owned(), definition)).collect())
}

/// The types that sources send, and those these are made of.
fn reached(definitions: &BTreeMap<String, Value>) -> BTreeSet<String> {
    let mut waiting: Vec<String> = resources::ALL.iter().map(|spec| spec.name.to_owned()).collect();
    waiting.retain(|kind| !NOT_RECEIVED.contains(&kind.as_str()));
    let mut found = BTreeSet::new();
    while let Some(kind) = waiting.pop() {
        let Some(definition) = definitions.get(&kind) else { continue };
        if !found.insert(kind) {
            continue;
        }
        let elements = definition["snapshot"]["element"].as_array().expect("a snapshot");
        let types = elements.iter().flat_map(|element| element["type"].as_array().into_iter().flatten());
        let names = types.filter_map(|kind| kind["code"].as_str()).map(str::to_owned);
        waiting.extend(names.filter(|name| name != "Resource"));
    }
    found
}

/// A Patient with this value in an extension.
fn with(kind: &str, value: Value) -> Value {
    let mut extension = json!({"url": "https://example.org/extension"});
    extension[format!("value{kind}")] = value;
    json!({"resourceType": "Patient", "extension": [extension]})
}

fn timing(repeat: Value) -> Value {
    with("Timing", json!({ "repeat": repeat }))
}

fn trigger(value: Value) -> Value {
    with("TriggerDefinition", value)
}

fn narrative(div: &str) -> Value {
    json!({"resourceType": "Patient", "text": {"status": "generated", "div": format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{div}</div>")}})
}

fn status(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": format!("http://terminology.hl7.org/CodeSystem/{system}"), "code": code}]})
}

fn organization(member: &str, value: Value) -> Value {
    let mut organization = json!({"resourceType": "Organization", "name": "x"});
    organization[member] = value;
    organization
}

/// A broken example of each rule.
fn broken() -> Vec<(&'static str, Value)> {
    let subject = json!({"reference": "Patient/1"});
    let condition = |member: &str, value: Value| {
        let mut condition = json!({"resourceType": "Condition", "subject": subject});
        condition[member] = value;
        condition
    };
    let observation = |more: Value| {
        let mut observation = json!({"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": "s:x", "code": "a"}]}, "valueString": "x"});
        more.as_object().expect("object").iter().for_each(|(name, value)| observation[name] = value.clone());
        observation
    };
    let allergy = |more: Value| {
        let mut allergy = json!({"resourceType": "AllergyIntolerance", "patient": subject});
        more.as_object().expect("object").iter().for_each(|(name, value)| allergy[name] = value.clone());
        allergy
    };
    let inner = json!({"resourceType": "Organization", "id": "a", "name": "x"});
    let contained = |member: &str, value: Value| {
        let mut inner = inner.clone();
        inner[member] = value;
        json!({"resourceType": "Patient", "contained": [inner], "managingOrganization": {"reference": "#a"}})
    };
    let verified = status("allergyintolerance-verification", "entered-in-error");
    let mut retracted = condition("clinicalStatus", status("condition-clinical", "active"));
    retracted["verificationStatus"] = status("condition-ver-status", "entered-in-error");
    vec![
        ("age-1", with("Age", json!({"value": 5}))),
        ("ait-1", allergy(json!({}))),
        (
            "ait-2",
            allergy(
                json!({"verificationStatus": verified, "clinicalStatus": status("allergyintolerance-clinical", "active")}),
            ),
        ),
        ("att-1", with("Attachment", json!({"data": "AAAA"}))),
        ("cnt-3", with("Count", json!({"value": 1.5, "code": "1", "system": "http://unitsofmeasure.org"}))),
        ("con-1", condition("stage", json!([{"type": {"text": "x"}}]))),
        ("con-2", condition("evidence", json!([{"extension": [{"url": "u:x", "valueString": "x"}]}]))),
        ("con-4", condition("abatementString", json!("gone"))),
        ("con-5", retracted),
        (
            "cpl-3",
            json!({"resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": subject,
                "activity": [{"reference": {"display": "x"}, "detail": {"status": "scheduled"}}]}),
        ),
        ("cpt-2", with("ContactPoint", json!({"value": "020"}))),
        ("dis-1", with("Distance", json!({"value": 5}))),
        ("dom-2", contained("contained", json!([{"resourceType": "Organization", "id": "b", "name": "x"}]))),
        ("dom-3", json!({"resourceType": "Patient", "contained": [inner]})),
        ("dom-4", contained("meta", json!({"versionId": "1"}))),
        ("dom-5", contained("meta", json!({"security": [{"code": "R"}]}))),
        ("drq-1", with("DataRequirement", json!({"type": "Patient", "codeFilter": [{"code": [{"code": "x"}]}]}))),
        (
            "drq-2",
            with(
                "DataRequirement",
                json!({"type": "Patient", "dateFilter": [{"path": "a", "searchParam": "b", "valueDateTime": "2020"}]}),
            ),
        ),
        ("drt-1", with("Duration", json!({"value": 1, "code": "h", "system": "https://example.org"}))),
        ("ele-1", json!({"resourceType": "Patient", "name": [{"id": "a"}]})),
        ("exp-1", with("Expression", json!({"language": "text/cql"}))),
        ("ext-1", json!({"resourceType": "Patient", "extension": [{"url": "u:x"}]})),
        ("obs-3", observation(json!({"referenceRange": [{"age": {"low": {"value": 1}}}]}))),
        ("obs-6", observation(json!({"dataAbsentReason": {"text": "x"}}))),
        ("obs-7", observation(json!({"component": [{"code": {"coding": [{"system": "s:x", "code": "a"}]}}]}))),
        ("org-1", json!({"resourceType": "Organization", "active": true})),
        ("org-2", organization("address", json!([{"use": "home"}]))),
        ("org-3", organization("telecom", json!([{"use": "home"}]))),
        ("pat-1", json!({"resourceType": "Patient", "contact": [{"gender": "male"}]})),
        ("per-1", with("Period", json!({"start": "2020", "end": "2019"}))),
        ("qty-3", with("Quantity", json!({"value": 1, "code": "mg"}))),
        ("rat-1", with("Ratio", json!({"numerator": {"value": 1}}))),
        ("ref-1", json!({"resourceType": "Patient", "managingOrganization": {"reference": "#a"}})),
        ("rng-2", with("Range", json!({"low": {"value": 2}, "high": {"value": 1}}))),
        ("tim-1", timing(json!({"duration": 1}))),
        ("tim-2", timing(json!({"period": 1}))),
        ("tim-4", timing(json!({"duration": -1, "durationUnit": "h"}))),
        ("tim-5", timing(json!({"period": -1, "periodUnit": "h"}))),
        ("tim-6", timing(json!({"periodMax": 1}))),
        ("tim-7", timing(json!({"durationMax": 1}))),
        ("tim-8", timing(json!({"countMax": 1}))),
        ("tim-9", timing(json!({"offset": 1, "when": ["C"]}))),
        ("tim-10", timing(json!({"timeOfDay": ["10:00:00"], "when": ["AC"]}))),
        ("trd-1", trigger(json!({"type": "periodic", "timingDate": "2020", "data": [{"type": "Patient"}]}))),
        (
            "trd-2",
            trigger(
                json!({"type": "named-event", "name": "x", "condition": {"language": "text/cql", "expression": "x"}}),
            ),
        ),
        ("trd-3", trigger(json!({"type": "named-event"}))),
        ("txt-1", narrative("<script>1</script>")),
        ("txt-2", narrative("  ")),
    ]
}

fn told(resource: &Value) -> Vec<String> {
    let errors = profile::check(&object(&resource.to_string()), Strictness::Off).errors;
    errors
        .iter()
        .map(|issue| format!("{} at {}", issue.diagnostics, issue.expression.as_deref().unwrap_or("-")))
        .collect()
}

#[test]
fn every_constraint_of_r4_is_kept_and_named() {
    let Some(definitions) = definitions() else { return };
    let broken: BTreeMap<&str, Value> = broken().into_iter().collect();
    let mut wanted = BTreeSet::new();
    for kind in reached(&definitions) {
        for element in definitions[&kind]["snapshot"]["element"].as_array().expect("a snapshot") {
            let constraints = element["constraint"].as_array().into_iter().flatten();
            wanted.extend(constraints.filter(|c| c["severity"] == "error").filter_map(|c| c["key"].as_str()));
        }
    }
    let mut wrong = Vec::new();
    for key in &wanted {
        match broken.get(key) {
            None => wrong.push(format!("{key}: no broken example")),
            Some(resource) => {
                let told = told(resource);
                let named =
                    |words: &String| words.split(|c: char| !c.is_alphanumeric() && c != '-').any(|word| word == *key);
                if !told.iter().any(named) {
                    wrong.push(format!("{key} is not named: {told:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let known: BTreeSet<&str> = lcr_facade::fhir::invariants::KEYS.iter().copied().collect();
    assert_eq!(known, wanted, "the keys that profiles take for kept");
    assert!(wanted.len() > 45, "{wanted:?}");
}

/// A value with codes of nowhere, of this type.
fn nowhere(kind: &str) -> Option<Value> {
    let coding = json!({"system": "https://nowhere.example", "code": "none-such"});
    match kind {
        "code" | "string" | "uri" => Some(json!("none-such")),
        "Coding" => Some(coding),
        "CodeableConcept" => Some(json!({"coding": [coding]})),
        "Quantity" => Some(json!({"value": 1, "system": "https://nowhere.example", "code": "none-such"})),
        _ => None,
    }
}

#[test]
fn every_required_binding_of_r4_is_kept() {
    let Some(definitions) = definitions() else { return };
    let (mut count, mut wrong) = (0, BTreeSet::new());
    for kind in reached(&definitions) {
        for element in definitions[&kind]["snapshot"]["element"].as_array().expect("a snapshot") {
            let binding = &element["binding"];
            if binding["strength"] != "required" || element["max"] == "0" {
                continue;
            }
            let set = binding["valueSet"].as_str().unwrap_or_default().split('|').next().unwrap_or_default();
            if UNLISTED.iter().any(|(unlisted, _)| *unlisted == set) {
                continue;
            }
            let path: Vec<&str> = element["path"].as_str().expect("path").split('.').collect();
            let Some(value) = nowhere(element["type"][0]["code"].as_str().unwrap_or_default()) else { continue };
            count += 1;
            let mut value = value;
            for at in (1..path.len()).rev() {
                let around = type_def(&path[..at].join("."));
                let own = around.and_then(|around| around.child(path[at])).unwrap_or_else(|| panic!("{path:?}"));
                value = if own.many { json!([value]) } else { value };
                value = json!({ path[at]: value });
            }
            let is_resource = type_def(&kind).is_some_and(|def| def.shape == Shape::Resource);
            let resource = match is_resource {
                true => {
                    value["resourceType"] = json!(kind);
                    value
                }
                // An extension holds no narrative.
                false if kind == "Narrative" => json!({"resourceType": "Patient", "text": value}),
                false => with(&kind, value),
            };
            let errors = profile::check(&object(&resource.to_string()), Strictness::Off).errors;
            let last = path[path.len() - 1];
            let is_it = |issue: &lcr_facade::fhir::outcome::Issue| {
                issue.code.code() == "code-invalid"
                    && issue.expression.as_deref().is_some_and(|place| place.contains(last))
            };
            if !errors.iter().any(is_it) {
                let told: Vec<&str> = errors.iter().map(|issue| issue.diagnostics.as_str()).collect();
                wrong.insert(format!("{} {set}: {told:?}", path.join(".")));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(count > 40, "{count} bindings only");
}
