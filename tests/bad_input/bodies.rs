//! Small valid resources of each type with the id `kept`, to put faults into.

/// A type and its id, and these members.
pub fn bare(kind: &str, members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    format!(r#"{{"resourceType":"{kind}","id":"kept"{comma}{members}}}"#)
}

fn with(kind: &str, own: &str, members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    bare(kind, &format!("{own}{comma}{members}"))
}

pub fn patient(members: &str) -> String {
    bare("Patient", members)
}

pub fn observation(members: &str) -> String {
    with("Observation", r#""status":"final","code":{"text":"c"},"subject":{"reference":"Patient/kept"}"#, members)
}

pub fn condition(members: &str) -> String {
    with("Condition", r#""subject":{"reference":"Patient/kept"}"#, members)
}

pub fn allergy(members: &str) -> String {
    let own = format!(
        r#""clinicalStatus":{},"patient":{{"reference":"Patient/kept"}}"#,
        status("allergyintolerance-clinical", "active")
    );
    with("AllergyIntolerance", &own, members)
}

pub fn medication(members: &str) -> String {
    let own = r#""status":"active","medicationCodeableConcept":{"text":"m"},"subject":{"reference":"Patient/kept"}"#;
    with("MedicationStatement", own, members)
}

pub fn plan(members: &str) -> String {
    with("CarePlan", r#""status":"active","intent":"plan","subject":{"reference":"Patient/kept"}"#, members)
}

/// A CodeableConcept of one of HL7's own code systems.
pub fn status(system: &str, code: &str) -> String {
    format!(r#"{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/{system}","code":"{code}"}}]}}"#)
}

/// The NHS number of the patient that is stored.
const NHS_NUMBER: &str = "9434765919";

/// One of each type, the patient first.
pub fn all() -> Vec<(&'static str, String)> {
    let number = format!(r#""identifier":[{{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{NHS_NUMBER}"}}]"#);
    vec![
        ("Patient", patient(&number)),
        ("Condition", condition("")),
        ("Observation", observation("")),
        ("MedicationStatement", medication("")),
        ("AllergyIntolerance", allergy("")),
        ("CarePlan", plan("")),
    ]
}

/// A transaction of these entries.
pub fn transaction(entries: &[&str]) -> String {
    format!(r#"{{"resourceType":"Bundle","type":"transaction","entry":[{}]}}"#, entries.join(","))
}

/// An entry that by itself would be stored.
pub fn good_entry() -> String {
    r#"{"fullUrl":"urn:uuid:7a5d0f6e-6a0b-4d35-9d8e-2f1d9d0c3b11","resource":{"resourceType":"Patient","active":true},"request":{"method":"POST","url":"Patient"}}"#.to_owned()
}
