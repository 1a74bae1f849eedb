//! JSON that is no resource, or not the one the address is for; elements R4 does not know; too many or too few of them.

use reqwest::Method;

use super::bodies::{allergy, bare, condition, medication, observation, patient, plan};
use super::table::{Judge, Row, resource};
use crate::common::TestApp;

fn patient_row(
    name: &str,
    members: &str,
    code: &'static str,
    expression: &'static str,
    words: &[&'static str],
) -> Vec<Row> {
    resource(name, "Patient", patient(members), 400, code, expression, words)
}

#[rustfmt::skip]
fn identity() -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(resource("another type than the address", "Observation", patient(""), 400, "invalid", "resourceType", &["Patient", "Observation"]));
    for (name, body, words) in [
        ("no resourceType", r#"{"id":"kept","active":true}"#, &["resourceType"][..]),
        ("an empty object", "{}", &["resourceType"]),
        ("resourceType null", r#"{"resourceType":null,"id":"kept"}"#, &["resourceType"]),
        ("resourceType a number", r#"{"resourceType":5,"id":"kept"}"#, &["resourceType", "5"]),
        ("resourceType an array", r#"{"resourceType":["Patient"],"id":"kept"}"#, &["resourceType"]),
        ("resourceType in another case", r#"{"resourceType":"patient","id":"kept"}"#, &["patient"]),
        ("resourceType that R4 has not", r#"{"resourceType":"Banana","id":"kept"}"#, &["Banana"]),
        ("resourceType that is a data type", r#"{"resourceType":"HumanName","id":"kept"}"#, &["HumanName"]),
    ] {
        // In a transaction the missing id of an empty object may be named first.
        let ways = if body == "{}" { 2 } else { 3 };
        rows.extend(resource(name, "Patient", body, 400, "", "resourceType", words).into_iter().take(ways));
    }
    let put = |name: &str, path: &str, body: &str, code, words: &[&'static str]| {
        Row::new(Method::PUT, path, 400, code, "id", words).body(body).named(name)
    };
    rows.extend([
        put("another id than the address", "Patient/kept", r#"{"resourceType":"Patient","id":"other"}"#, "invalid", &["other", "kept"]),
        put("the id in another case", "Patient/kept", r#"{"resourceType":"Patient","id":"Kept"}"#, "invalid", &["Kept", "kept"]),
        put("no id", "Patient/kept", r#"{"resourceType":"Patient","active":true}"#, "required", &["id", "kept"]),
        put("no id where nothing is stored", "Patient/new", r#"{"resourceType":"Patient","active":true}"#, "required", &["id", "new"]),
        put("only an _id", "Patient/kept", r#"{"resourceType":"Patient","_id":{"extension":[{"url":"http://x","valueString":"a"}]}}"#, "", &["id"]),
        put("an id that is a number", "Patient/5", r#"{"resourceType":"Patient","id":5}"#, "", &[]),
        put("an id with an underscore", "Patient/a_b", r#"{"resourceType":"Patient","id":"a_b"}"#, "value", &["id"]),
        put("an id of 65 letters", &format!("Patient/{}", "a".repeat(65)), &format!(r#"{{"resourceType":"Patient","id":"{}"}}"#, "a".repeat(65)), "value", &["id"]),
    ]);
    rows
}

#[rustfmt::skip]
fn unknown() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, members, expression, words) in [
        ("an unknown element", r#""banana":1"#, "Patient.banana", &["banana"][..]),
        ("an unknown element holding an array", r#""banana":[1,2,3]"#, "Patient.banana", &["banana"]),
        ("an unknown element holding arrays of objects", r#""banana":[[{"a":[]}],[],[{}]]"#, "Patient.banana", &["banana"]),
        ("another type's element", r#""subject":{"reference":"Patient/kept"}"#, "Patient.subject", &["subject"]),
        ("an unknown element two levels down", r#""name":[{"family":"a"},{"surname":"b"}]"#, "Patient.name[1].surname", &["surname", "HumanName"]),
        ("an unknown element in a backbone element", r#""contact":[{"name":{"text":"a"},"banana":[]}]"#, "Patient.contact[0].banana", &["banana"]),
        ("an unknown element in an extension", r#""extension":[{"url":"http://x","valueString":"a","banana":1}]"#, "Patient.extension[0].banana", &["banana"]),
        ("an unknown value type in an extension", r#""extension":[{"url":"http://x","valueBanana":"a"}]"#, "Patient.extension[0].valueBanana", &["valueBanana"]),
        ("a choice without its type", r#""extension":[{"url":"http://x","value":"a"}]"#, "Patient.extension[0].value", &["value"]),
        ("an unknown element beside a primitive", r#""_birthDate":{"banana":1}"#, "Patient.birthDate.banana", &["banana"]),
        ("an unknown element in an extension of a primitive", r#""birthDate":"1970","_birthDate":{"extension":[{"url":"http://x","valueString":"a","b":1}]}"#, "Patient.birthDate.extension[0].b", &["\"b\""]),
        ("an unknown element in a contained resource", r##""contained":[{"resourceType":"Organization","id":"o","banana":1}],"managingOrganization":{"reference":"#o"}"##, "Patient.contained[0].banana", &["banana", "Organization"]),
        ("an element in the wrong case", r#""birthdate":"1970-01-01""#, "Patient.birthdate", &["birthdate", "birthDate"]),
        ("a nested element in the wrong case", r#""name":[{"Family":"a"}]"#, "Patient.name[0].Family", &["Family", "did you mean family"]),
        ("an underscore before an object's name", r#""_name":[{"id":"a"}]"#, "Patient._name", &["_name"]),
        ("resourceType within a data type", r#""maritalStatus":{"resourceType":"CodeableConcept","text":"a"}"#, "Patient.maritalStatus.resourceType", &["resourceType"]),
        ("the comments of an older FHIR", r#""fhir_comments":["a"]"#, "Patient.fhir_comments", &["fhir_comments"]),
        ("an element with no name", r#""":1"#, "Patient", &["element"]),
    ] {
        rows.extend(patient_row(name, members, "structure", expression, words));
    }
    // Found by a name that is known but not for its type there.
    rows.extend(resource("a choice of a type R4 does not offer", "Observation", observation(r#""valueAddress":{"text":"a"}"#), 400, "structure", "Observation.valueAddress", &["valueAddress"]));
    rows
}

#[rustfmt::skip]
fn how_many() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, members, expression, words) in [
        ("an array for one value", r#""birthDate":["1970-01-01"]"#, "Patient.birthDate", &["array"][..]),
        ("an array for one code", r#""gender":["male"]"#, "Patient.gender", &["array"]),
        ("an array for one object", r#""maritalStatus":[{"text":"a"}]"#, "Patient.maritalStatus", &["array"]),
        ("an array of arrays", r#""name":[[{"text":"a"}]]"#, "Patient.name[0]", &["array"]),
        ("one object for an array", r#""name":{"text":"a"}"#, "Patient.name", &["array"]),
        ("one empty object for an array", r#""name":{}"#, "Patient.name", &["array"]),
        ("one string for an array", r#""name":[{"given":"a"}]"#, "Patient.name[0].given", &["array"]),
        ("one extension for an array", r#""extension":{"url":"http://x","valueString":"a"}"#, "Patient.extension", &["array"]),
        ("an empty array", r#""name":[]"#, "Patient.name", &["empty"]),
        ("an empty array two levels down", r#""name":[{"family":"a","given":[]}]"#, "Patient.name[0].given", &["empty"]),
        ("an empty array of contained resources", r#""contained":[]"#, "Patient.contained", &["empty"]),
        ("an empty array of extensions beside strings", r#""name":[{"given":["a"],"_given":[]}]"#, "Patient.name[0].given", &[]),
        ("an empty object in an array", r#""name":[{}]"#, "Patient.name[0]", &["empty"]),
        ("an empty object", r#""maritalStatus":{}"#, "Patient.maritalStatus", &["empty"]),
        ("an empty object beside a primitive", r#""birthDate":"1970","_birthDate":{}"#, "Patient.birthDate", &["empty"]),
        ("null", r#""birthDate":null"#, "Patient.birthDate", &["null"]),
        ("null for an object", r#""maritalStatus":null"#, "Patient.maritalStatus", &["null"]),
        ("null for an array", r#""name":null"#, "Patient.name", &["array"]),
        ("null in an array of objects", r#""name":[{"text":"a"},null]"#, "Patient.name[1]", &["null"]),
        ("null in an array of strings", r#""name":[{"given":["a",null]}]"#, "Patient.name[0].given[1]", &["null"]),
        ("null beside a primitive", r#""birthDate":"1970","_birthDate":null"#, "Patient.birthDate", &["null"]),
        ("nothing but null in an array", r#""name":[{"given":[null]}]"#, "Patient.name[0].given[0]", &["null"]),
        ("null in both arrays", r#""name":[{"given":[null],"_given":[null]}]"#, "Patient.name[0].given", &[]),
        ("null instead of a resource", r#""contained":[null]"#, "Patient.contained[0]", &[]),
    ] {
        rows.extend(patient_row(name, members, "structure", expression, words));
    }
    for (name, kind, body, expression) in [
        ("no status", "Observation", bare("Observation", r#""code":{"text":"c"}"#), "Observation.status"),
        ("no code", "Observation", bare("Observation", r#""status":"final""#), "Observation.code"),
        ("no subject", "Condition", bare("Condition", ""), "Condition.subject"),
        ("no patient", "AllergyIntolerance", bare("AllergyIntolerance", ""), "AllergyIntolerance.patient"),
        ("no intent", "CarePlan", bare("CarePlan", r#""status":"active","subject":{"reference":"Patient/kept"}"#), "CarePlan.intent"),
        ("no status", "CarePlan", bare("CarePlan", r#""intent":"plan","subject":{"reference":"Patient/kept"}"#), "CarePlan.status"),
        ("no subject", "CarePlan", bare("CarePlan", r#""status":"active","intent":"plan""#), "CarePlan.subject"),
        ("no status", "MedicationStatement", bare("MedicationStatement", r#""medicationCodeableConcept":{"text":"m"},"subject":{"reference":"Patient/kept"}"#), "MedicationStatement.status"),
        ("no medication", "MedicationStatement", bare("MedicationStatement", r#""status":"active","subject":{"reference":"Patient/kept"}"#), "MedicationStatement.medication"),
        ("no subject", "MedicationStatement", bare("MedicationStatement", r#""status":"active","medicationCodeableConcept":{"text":"m"}"#), "MedicationStatement.subject"),
        ("no code of a component", "Observation", observation(r#""component":[{"valueString":"a"}]"#), "Observation.component[0].code"),
        ("no manifestation of a reaction", "AllergyIntolerance", allergy(r#""reaction":[{"description":"a"}]"#), "AllergyIntolerance.reaction[0].manifestation"),
        ("no status of an activity", "CarePlan", plan(r#""activity":[{"detail":{"description":"a"}}]"#), "CarePlan.activity[0].detail.status"),
        ("no url of an extension", "Patient", patient(r#""extension":[{"valueString":"a"}]"#), "Patient.extension[0].url"),
        ("no type of a link", "Patient", patient(r#""link":[{"other":{"reference":"Patient/o"}}]"#), "Patient.link[0].type"),
        ("no div of a narrative", "Patient", patient(r#""text":{"status":"empty"}"#), "Patient.text.div"),
        ("no text of a note", "Condition", condition(r#""note":[{"authorString":"a"}]"#), "Condition.note[0].text"),
        ("no origin of samples", "Observation", observation(r#""valueSampledData":{"period":1,"dimensions":1}"#), "Observation.valueSampledData.origin"),
        ("no text of a dosage's extension value", "MedicationStatement", medication(r#""dosage":[{"modifierExtension":[{"valueString":"a"}]}]"#), "MedicationStatement.dosage[0].modifierExtension[0].url"),
        ("no element of a contained resource", "Observation", observation(r##""contained":[{"resourceType":"Observation","id":"o","code":{"text":"c"}}],"hasMember":[{"reference":"#o"}]"##), "Observation.contained[0].status"),
    ] {
        rows.extend(resource(name, kind, body, 400, "required", expression, &["required"]));
    }
    rows
}

#[rustfmt::skip]
fn choices() -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, kind, body, expression, words) in [
        ("two values", "Observation", observation(r#""valueString":"a","valueInteger":1"#), "Observation", &["valueString", "valueInteger"][..]),
        ("two effectives", "Observation", observation(r#""effectiveDateTime":"2020","effectivePeriod":{"start":"2020"}"#), "Observation", &["effectiveDateTime", "effectivePeriod"]),
        ("two values of a component", "Observation", observation(r#""component":[{"code":{"text":"d"},"valueBoolean":true,"valueString":"a"}]"#), "Observation.component[0]", &["valueBoolean", "valueString"]),
        ("dead by truth and by date", "Patient", patient(r#""deceasedBoolean":true,"deceasedDateTime":"2020""#), "Patient", &["deceasedBoolean", "deceasedDateTime"]),
        ("one as value, one as extension", "Patient", patient(r#""deceasedBoolean":true,"_deceasedDateTime":{"extension":[{"url":"http://x","valueString":"a"}]}"#), "Patient", &["deceased"]),
        ("two medications", "MedicationStatement", medication(r#""medicationReference":{"display":"a"}"#), "MedicationStatement", &["medicationCodeableConcept", "medicationReference"]),
        ("three onsets", "Condition", condition(r#""onsetString":"a","onsetAge":{"value":1},"onsetDateTime":"2020""#), "Condition", &["onset"]),
        ("two values of an extension", "Patient", patient(r#""extension":[{"url":"http://x","valueString":"a","valueCode":"b"}]"#), "Patient.extension[0]", &["valueString", "valueCode"]),
        ("two authors of a note", "Condition", condition(r#""note":[{"text":"a","authorString":"b","authorReference":{"display":"c"}}]"#), "Condition.note[0]", &["author"]),
    ] {
        rows.extend(resource(name, kind, body, 400, "structure", expression, words));
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_that_is_another_is_refused() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    judge.ask(identity()).await;
    judge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn elements_that_r4_does_not_have_are_refused() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    judge.ask(unknown()).await;
    judge.ask(choices()).await;
    judge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_and_too_few_are_refused() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    judge.ask(how_many()).await;
    judge.finish().await;
}
