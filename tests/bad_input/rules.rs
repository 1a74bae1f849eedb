//! R4's own rules on combinations, and this record's on NHS numbers.

use super::bodies::{allergy, bare, condition, medication, observation, patient, plan, status};
use super::table::{Judge, Row, resource};
use crate::common::TestApp;

#[rustfmt::skip]
fn invariants() -> Vec<Row> {
    let in_error = |system: &str| format!(r#""verificationStatus":{}"#, status(system, "entered-in-error"));
    let clinical = |code: &str| format!(r#""clinicalStatus":{}"#, status("condition-clinical", code));
    let coded = r#"{"coding":[{"system":"http://s","code":"c"}]}"#;
    let subject = r#""subject":{"reference":"Patient/kept"}"#;
    let panel = |members: &str| bare("Observation", &format!(r#""status":"final","code":{coded},{subject},{members}"#));
    let mut rows = Vec::new();
    for (rule, kind, body, expression) in [
        ("con-4", "Condition", condition(&format!(r#"{},"abatementDateTime":"2020""#, clinical("active"))), "Condition"),
        ("con-4", "Condition", condition(r#""abatementString":"gone""#), "Condition"),
        ("con-5", "Condition", condition(&format!("{},{}", clinical("active"), in_error("condition-ver-status"))), "Condition"),
        ("con-5", "Condition", condition(&format!("{},{}", in_error("condition-ver-status"), clinical("resolved"))), "Condition"),
        ("con-1", "Condition", condition(r#""stage":[{"type":{"text":"a"}}]"#), "Condition"),
        ("con-2", "Condition", condition(r#""evidence":[{"id":"a"}]"#), "Condition"),
        ("ait-1", "AllergyIntolerance", bare("AllergyIntolerance", r#""patient":{"reference":"Patient/kept"}"#), "AllergyIntolerance"),
        ("ait-1", "AllergyIntolerance", bare("AllergyIntolerance", &format!(r#""patient":{{"reference":"Patient/kept"}},"verificationStatus":{}"#, status("allergyintolerance-verification", "confirmed"))), "AllergyIntolerance"),
        ("ait-2", "AllergyIntolerance", allergy(&in_error("allergyintolerance-verification")), "AllergyIntolerance"),
        ("obs-3", "Observation", observation(r#""referenceRange":[{"type":{"text":"a"}}]"#), "Observation"),
        ("obs-6", "Observation", observation(r#""valueString":"a","dataAbsentReason":{"text":"b"}"#), "Observation"),
        ("obs-6", "Observation", observation(r#""dataAbsentReason":{"text":"b"},"valueBoolean":false"#), "Observation"),
        ("obs-7", "Observation", panel(&format!(r#""valueString":"a","component":[{{"code":{coded},"valueString":"b"}}]"#)), "Observation"),
        ("pat-1", "Patient", patient(r#""contact":[{"name":{"text":"a"}},{"gender":"male"}]"#), "Patient"),
        ("per-1", "Patient", patient(r#""name":[{"text":"a","period":{"start":"2021","end":"2020"}}]"#), "Patient.name[0].period"),
        ("per-1", "Observation", observation(r#""effectivePeriod":{"start":"2020-01-01T12:00:00+01:00","end":"2020-01-01T10:59:59Z"}"#), "Observation.effectivePeriod"),
        ("per-1", "Observation", observation(r#""effectivePeriod":{"start":"2020-03","end":"2020-02-29"}"#), "Observation.effectivePeriod"),
        ("qty-3", "Observation", observation(r#""valueQuantity":{"value":1,"code":"mg"}"#), "Observation.valueQuantity"),
        ("qty-3", "Condition", condition(r#""onsetAge":{"value":1,"code":"a"}"#), "Condition.onsetAge"),
        ("ext-1", "Patient", patient(r#""extension":[{"url":"http://x"}]"#), "Patient.extension[0]"),
        ("ext-1", "Patient", patient(r#""extension":[{"url":"http://x","valueString":"a","extension":[{"url":"y","valueString":"b"}]}]"#), "Patient.extension[0]"),
        ("ext-1", "Patient", patient(r#""extension":[{"url":"http://x","extension":[{"url":"y"}]}]"#), "Patient.extension[0].extension[0]"),
        ("ext-1", "Patient", patient(r#""birthDate":"1970","_birthDate":{"extension":[{"url":"http://x"}]}"#), "Patient.birthDate.extension[0]"),
        ("ref-1", "Patient", patient(r##""managingOrganization":{"reference":"#o"}"##), "Patient"),
        ("ref-1", "Patient", patient(r##""contained":[{"resourceType":"Organization","id":"p"}],"managingOrganization":{"reference":"#o"},"generalPractitioner":[{"reference":"#p"}]"##), "Patient"),
        ("ref-1", "Observation", observation(r##""extension":[{"url":"http://x","valueReference":{"reference":"#o"}}]"##), "Observation"),
        ("dom-2", "Patient", patient(r##""contained":[{"resourceType":"Organization","id":"o","contained":[{"resourceType":"Organization","id":"p"}],"partOf":{"reference":"#p"}}],"managingOrganization":{"reference":"#o"}"##), "Patient.contained[0]"),
        ("dom-4", "Patient", patient(r##""contained":[{"resourceType":"Organization","id":"o","meta":{"versionId":"1"}}],"managingOrganization":{"reference":"#o"}"##), "Patient.contained[0]"),
        ("dom-5", "Patient", patient(r##""contained":[{"resourceType":"Organization","id":"o","meta":{"security":[{"code":"R"}]}}],"managingOrganization":{"reference":"#o"}"##), "Patient.contained[0]"),
        ("cpt-2", "Patient", patient(r#""telecom":[{"value":"a"}]"#), "Patient.telecom[0]"),
        ("att-1", "Patient", patient(r#""photo":[{"data":"AAAA"}]"#), "Patient.photo[0]"),
        ("rat-1", "Observation", observation(r#""valueRatio":{"numerator":{"value":1}}"#), "Observation.valueRatio"),
        ("cpl-3", "CarePlan", plan(r#""activity":[{"detail":{"status":"scheduled"},"reference":{"reference":"Task/t"}}]"#), "CarePlan"),
    ] {
        rows.extend(resource(&format!("{rule} broken"), kind, body, 422, "invariant", expression, &[rule]));
    }
    rows
}

/// The NHS number of a second person.
const OTHER_NHS_NUMBER: &str = "4010232137";

/// Rules of R4's data types that the six types can break, each an error in the specification.
#[rustfmt::skip]
fn more_invariants() -> Vec<Row> {
    let dose = |repeat: &str| medication(&format!(r#""dosage":[{{"timing":{{"repeat":{{{repeat}}}}}}}]"#));
    let mut rows = Vec::new();
    for (rule, kind, body, expression) in [
        ("dom-3", "Patient", patient(r#""contained":[{"resourceType":"Organization","id":"o"}]"#), "Patient"),
        ("rng-2", "Observation", observation(r#""valueRange":{"low":{"value":2},"high":{"value":1}}"#), "Observation.valueRange"),
        ("tim-1", "MedicationStatement", dose(r#""duration":1"#), "MedicationStatement.dosage[0].timing.repeat"),
        ("tim-2", "MedicationStatement", dose(r#""period":1"#), "MedicationStatement.dosage[0].timing.repeat"),
        ("tim-4", "MedicationStatement", dose(r#""duration":-1,"durationUnit":"h""#), "MedicationStatement.dosage[0].timing.repeat"),
        ("tim-5", "MedicationStatement", dose(r#""period":-1,"periodUnit":"h""#), "MedicationStatement.dosage[0].timing.repeat"),
        ("tim-6", "MedicationStatement", dose(r#""periodMax":2,"periodUnit":"h""#), "MedicationStatement.dosage[0].timing.repeat"),
        ("tim-7", "MedicationStatement", dose(r#""durationMax":2,"durationUnit":"h""#), "MedicationStatement.dosage[0].timing.repeat"),
        ("tim-8", "MedicationStatement", dose(r#""countMax":2"#), "MedicationStatement.dosage[0].timing.repeat"),
        ("tim-9", "MedicationStatement", dose(r#""offset":30,"when":["C"]"#), "MedicationStatement.dosage[0].timing.repeat"),
        ("tim-10", "MedicationStatement", dose(r#""timeOfDay":["10:00:00"],"when":["AC"]"#), "MedicationStatement.dosage[0].timing.repeat"),
        ("age-1", "Condition", condition(r#""onsetAge":{"value":1}"#), "Condition.onsetAge"),
        ("age-1", "Condition", condition(r#""onsetAge":{"value":-1,"system":"http://unitsofmeasure.org","code":"a"}"#), "Condition.onsetAge"),
    ] {
        rows.extend(resource(&format!("{rule} broken"), kind, body, 422, "invariant", expression, &[rule]).into_iter().take(1));
    }
    rows
}

fn nhs_numbers() -> Vec<Row> {
    let with = |number: &str| format!(r#"{{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{number}"}}"#);
    let mut rows = Vec::new();
    for (name, number) in [
        ("a wrong check digit", "9434765918"),
        ("two digits changed about", "9437465919"),
        ("nine digits", "943476591"),
        ("eleven digits", "94347659190"),
        ("spaces", "943 476 5919"),
        ("dashes", "943-476-5919"),
        ("one digit ten times", "1111111111"),
        ("zeros", "0000000000"),
        ("a check digit of ten", "9912003890"),
        ("letters", "94347659lO"),
        ("digits of another script", "943476591９"),
        ("digits of another script only", "９４３４７６５９１９"),
    ] {
        let body = patient(&format!(r#""identifier":[{}]"#, with(number)));
        rows.extend(resource(
            &format!("an NHS number with {name}"),
            "Patient",
            body,
            422,
            "business-rule",
            "Patient.identifier[0].value",
            &["NHS number"],
        ));
    }
    let second = patient(&format!(r#""identifier":[{{"system":"http://x","value":"1"}},{}]"#, with("9434765918")));
    rows.extend(resource(
        "a bad NHS number second",
        "Patient",
        second,
        422,
        "business-rule",
        "Patient.identifier[1].value",
        &["NHS number"],
    ));
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_a_rule_of_r4_is_refused() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    judge.ask(invariants()).await;
    judge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_a_rule_of_a_data_type_is_refused() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    judge.ask(more_invariants()).await;
    judge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_a_rule_of_this_record_is_refused() {
    let app = TestApp::start().await;
    let other = format!(
        r#"{{"resourceType":"Patient","id":"other","identifier":[{{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{OTHER_NHS_NUMBER}"}}]}}"#
    );
    assert_eq!(app.source("x").await.put("Patient/other", other).await.status, 201);
    let mut judge = Judge::start(&app).await;
    judge.ask(nhs_numbers()).await;
    judge.finish().await;
}
