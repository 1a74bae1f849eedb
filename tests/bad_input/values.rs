//! Values of the wrong JSON type, in the wrong form, out of range, or outside the codes R4 requires.

use super::bodies::{allergy, bare, condition, medication, observation, patient, plan, status};
use super::table::{Judge, Row, resource};
use crate::common::TestApp;

#[rustfmt::skip]
fn json_types() -> Vec<Row> {
    let mut rows = Vec::new();
    for (members, expression) in [
        (r#""active":"true""#, "Patient.active"),
        (r#""active":1"#, "Patient.active"),
        (r#""active":{"value":true}"#, "Patient.active"),
        (r#""birthDate":1970"#, "Patient.birthDate"),
        (r#""birthDate":true"#, "Patient.birthDate"),
        (r#""birthDate":{"value":"1970"}"#, "Patient.birthDate"),
        (r#""gender":true"#, "Patient.gender"),
        (r#""gender":{"coding":[{"code":"male"}]}"#, "Patient.gender"),
        (r#""multipleBirthInteger":"2""#, "Patient.multipleBirthInteger"),
        (r#""multipleBirthInteger":true"#, "Patient.multipleBirthInteger"),
        (r#""multipleBirthInteger":{}"#, "Patient.multipleBirthInteger"),
        (r#""name":[{"family":5}]"#, "Patient.name[0].family"),
        (r#""name":[{"given":["a",5]}]"#, "Patient.name[0].given[1]"),
        (r#""name":[{"given":[{"value":"a"}]}]"#, "Patient.name[0].given[0]"),
        (r#""telecom":[{"system":"phone","value":2079460000}]"#, "Patient.telecom[0].value"),
        (r#""telecom":[{"system":"phone","value":"a","rank":"1"}]"#, "Patient.telecom[0].rank"),
        (r#""text":{"status":"generated","div":1}"#, "Patient.text.div"),
        (r#""implicitRules":1"#, "Patient.implicitRules"),
        (r#""extension":[{"url":1,"valueString":"a"}]"#, "Patient.extension[0].url"),
        (r#""extension":[{"url":"http://x","valueBoolean":"false"}]"#, "Patient.extension[0].valueBoolean"),
        (r#""extension":[{"url":"http://x","valueDecimal":"1.00"}]"#, "Patient.extension[0].valueDecimal"),
        (r#""extension":[{"url":"http://x","valueInstant":1577836800}]"#, "Patient.extension[0].valueInstant"),
        (r#""extension":[{"url":"http://x","valueBase64Binary":1}]"#, "Patient.extension[0].valueBase64Binary"),
    ] {
        rows.extend(resource(members, "Patient", patient(members), 400, "value", expression, &[]));
    }
    for (members, expression) in [
        (r#""maritalStatus":"M""#, "Patient.maritalStatus"),
        (r#""maritalStatus":5"#, "Patient.maritalStatus"),
        (r#""name":["Smith"]"#, "Patient.name[0]"),
        (r#""name":"Smith""#, "Patient.name"),
        (r#""managingOrganization":"Organization/o""#, "Patient.managingOrganization"),
        (r#""contact":[true]"#, "Patient.contact[0]"),
        (r#""meta":"x""#, "Patient.meta"),
        (r#""text":"<div>a</div>""#, "Patient.text"),
        (r#""contained":["Organization/o"]"#, "Patient.contained[0]"),
        (r#""_birthDate":"1970""#, "Patient.birthDate"),
        (r#""name":[{"given":["a"],"_given":["b"]}]"#, "Patient.name[0].given[0]"),
        (r#""extension":["http://x"]"#, "Patient.extension[0]"),
    ] {
        rows.extend(resource(members, "Patient", patient(members), 400, "structure", expression, &[]));
    }
    for (members, expression) in [
        (r#""valueQuantity":{"value":"1.00"}"#, "Observation.valueQuantity.value"),
        (r#""valueQuantity":{"value":true}"#, "Observation.valueQuantity.value"),
        (r#""valueBoolean":"true""#, "Observation.valueBoolean"),
        (r#""valueInteger":"1""#, "Observation.valueInteger"),
        (r#""valueString":1"#, "Observation.valueString"),
    ] {
        rows.extend(resource(members, "Observation", observation(members), 400, "value", expression, &[]));
    }
    rows
}

/// A member with a place for the value, where it is, and texts that are none of its type.
type Form = (&'static str, &'static str, &'static [&'static str]);

#[rustfmt::skip]
const FORMS: &[Form] = &[
    (r#""birthDate":@"#, "Patient.birthDate", &["2020-13-01", "2020-00-01", "2020-01-00", "2020-02-30", "2023-02-29", "1900-02-29", "20200101", "2020-1-1", "01/02/2020", "2020-01-01T10:00:00Z", "0000", "20", "02020", "2020-", "-2020", " 2020", "2020 ", "", "today", "2020-01-01 ", "٢٠٢٠"]),
    (r#""deceasedDateTime":@"#, "Patient.deceasedDateTime", &["2020-01-01T10:00:00", "2020-01-01T10:00Z", "2020-01-01T10Z", "2020-01-01T25:00:00Z", "2020-01-01T24:00:00Z", "2020-01-01T10:60:00Z", "2020-01-01T10:00:61Z", "2020-01-01 10:00:00Z", "2020-01T10:00:00Z", "T10:00:00Z", "2020-01-01T10:00:00+1:00", "2020-01-01T10:00:00+15:00", "2020-01-01T10:00:00+14:01", "2020-01-01T10:00:00.Z", "2020-01-01T10:00:00,5Z", "2020-01-01T10:00:00 Z", "2020-02-30T10:00:00Z", ""]),
    (r#""extension":[{"url":"http://x","valueInstant":@}]"#, "Patient.extension[0].valueInstant", &["2020-01-01", "2020", "2020-01-01T10:00:00", "2020-01-01T10:00Z", ""]),
    (r#""extension":[{"url":"http://x","valueTime":@}]"#, "Patient.extension[0].valueTime", &["24:00:00", "10:00", "1:00:00", "10:00:00Z", "10:60:00", "10:00:61", "10:00:00.", ""]),
    (r#""contained":[{"resourceType":"Organization","id":@,"name":"a"}]"#, "Patient.contained[0].id", &["a_b", "a b", "", "é", "a/b", "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff12345"]),
    (r#""name":[{"id":@,"family":"a"}]"#, "Patient.name[0].id", &["a b", ""]),
    (r#""meta":{"tag":[{"code":@}]}"#, "Patient.meta.tag[0].code", &["", " a", "a ", "a  b", "a\\tb", "a\\nb", "a\\u0007b", " "]),
    (r#""implicitRules":@"#, "Patient.implicitRules", &["", "a b", " http://x", "http://x ", "http://x/\\n", "http://x/\\u0007"]),
    (r#""identifier":[{"system":@,"value":"a"}]"#, "Patient.identifier[0].system", &["", "NHS number", "\\t"]),
    (r#""extension":[{"url":@,"valueString":"a"}]"#, "Patient.extension[0].url", &["", "a b"]),
    (r#""meta":{"profile":[@]}"#, "Patient.meta.profile[0]", &["", "a b"]),
    (r#""extension":[{"url":"http://x","valueOid":@}]"#, "Patient.extension[0].valueOid", &["1.2.3", "urn:oid:", "urn:oid:1", "urn:oid:3.1", "urn:oid:1.02", "urn:oid:1..2", "urn:oid:1.2.", "urn:oid:1.a", "URN:OID:1.2", ""]),
    (r#""extension":[{"url":"http://x","valueUuid":@}]"#, "Patient.extension[0].valueUuid", &["c757873d-ec9a-4326-a141-556f43239520", "urn:uuid:c757873d", "urn:uuid:c757873dec9a4326a141556f43239520", "urn:uuid:g757873d-ec9a-4326-a141-556f43239520", "urn:uuid:{c757873d-ec9a-4326-a141-556f43239520}", ""]),
    (r#""photo":[{"contentType":"image/png","data":@}]"#, "Patient.photo[0].data", &["AAE", "A===", "A", "@@@@", "AA=A", "AAAA=", "AAAA====", "=AAA", "AAA-", "", "é="]),
    (r#""name":[{"family":@}]"#, "Patient.name[0].family", &["", "a\\u0007b", "\\u001b[31m", "\\u0001"]),
    (r#""gender":@"#, "Patient.gender", &["", " male", "male "]),
];

fn forms() -> Vec<Row> {
    let mut rows = Vec::new();
    for (member, expression, texts) in FORMS {
        for text in *texts {
            let members = member.replace('@', &format!("\"{text}\""));
            rows.extend(resource(
                &format!("{expression} \"{text}\""),
                "Patient",
                patient(&members),
                400,
                "value",
                expression,
                &[],
            ));
        }
    }
    let long = "a".repeat((1 << 20) + 1);
    rows.extend(resource(
        "a string of more than 1 MiB",
        "Patient",
        patient(&format!(r#""name":[{{"text":"{long}"}}]"#)),
        400,
        "value",
        "Patient.name[0].text",
        &["1 MiB"],
    ));
    for (element, kind, numbers) in [
        (
            "valueInteger",
            "32",
            &["4294967301", "2147483648", "-2147483649", "1.0", "1.5", "1e2", "99999999999999999999"][..],
        ),
        ("valuePositiveInt", "1", &["0", "-1", "1.5", "2147483648", "4294967301", "1e2"]),
        ("valueUnsignedInt", "0", &["-1", "0.5", "2147483648", "4294967301"]),
        ("valueDecimal", "", &["1e99999", "1e-99999", "1e999999999999999999999"]),
    ] {
        for number in numbers {
            let members = format!(r#""extension":[{{"url":"http://x","{element}":{number}}}]"#);
            rows.extend(resource(
                &format!("{element} {number}"),
                "Patient",
                patient(&members),
                400,
                "value",
                "Patient.extension[0]",
                &[kind],
            ));
        }
    }
    rows
}

#[rustfmt::skip]
fn codes() -> Vec<Row> {
    let mut rows = Vec::new();
    let active = |system: &str, code: &str| condition(&format!(r#""clinicalStatus":{}"#, status(system, code)));
    for (name, kind, body, expression, words) in [
        ("status done", "Observation", bare("Observation", r#""status":"done","code":{"text":"c"}"#), "Observation.status", &["done", "final"][..]),
        ("status Final", "Observation", bare("Observation", r#""status":"Final","code":{"text":"c"}"#), "Observation.status", &["Final"]),
        ("gender M", "Patient", patient(r#""gender":"M""#), "Patient.gender", &["M", "male"]),
        ("intent wish", "CarePlan", bare("CarePlan", r#""status":"active","intent":"wish","subject":{"reference":"Patient/kept"}"#), "CarePlan.intent", &["wish", "plan"]),
        ("status open", "CarePlan", bare("CarePlan", r#""status":"open","intent":"plan","subject":{"reference":"Patient/kept"}"#), "CarePlan.status", &["open", "active"]),
        ("an intent of another request", "CarePlan", bare("CarePlan", r#""status":"active","intent":"original-order","subject":{"reference":"Patient/kept"}"#), "CarePlan.intent", &["original-order"]),
        ("status taking", "MedicationStatement", bare("MedicationStatement", r#""status":"taking","medicationCodeableConcept":{"text":"m"},"subject":{"reference":"Patient/kept"}"#), "MedicationStatement.status", &["taking", "active"]),
        ("clinicalStatus well", "Condition", active("condition-clinical", "well"), "Condition.clinicalStatus", &["active"]),
        ("clinicalStatus of another system", "Condition", active("allergyintolerance-clinical", "active"), "Condition.clinicalStatus", &["active"]),
        ("clinicalStatus without a system", "Condition", condition(r#""clinicalStatus":{"coding":[{"code":"active"}]}"#), "Condition.clinicalStatus", &["active"]),
        ("clinicalStatus as text alone", "Condition", condition(r#""clinicalStatus":{"text":"active"}"#), "Condition.clinicalStatus", &["active"]),
        ("verificationStatus maybe", "Condition", condition(&format!(r#""verificationStatus":{}"#, status("condition-ver-status", "maybe"))), "Condition.verificationStatus", &["confirmed"]),
        ("an allergy's clinicalStatus of a condition", "AllergyIntolerance", bare("AllergyIntolerance", &format!(r#""clinicalStatus":{},"patient":{{"reference":"Patient/kept"}}"#, status("condition-clinical", "active"))), "AllergyIntolerance.clinicalStatus", &["active"]),
        ("category pollen", "AllergyIntolerance", allergy(r#""category":["food","pollen"]"#), "AllergyIntolerance.category[1]", &["pollen", "environment"]),
        ("criticality very", "AllergyIntolerance", allergy(r#""criticality":"very""#), "AllergyIntolerance.criticality", &["very", "high"]),
        ("severity bad", "AllergyIntolerance", allergy(r#""reaction":[{"manifestation":[{"text":"a"}],"severity":"bad"}]"#), "AllergyIntolerance.reaction[0].severity", &["bad", "severe"]),
        ("use nickname2", "Patient", patient(r#""name":[{"use":"nickname2","text":"a"}]"#), "Patient.name[0].use", &["nickname2", "nickname"]),
        ("system telegraph", "Patient", patient(r#""telecom":[{"system":"telegraph","value":"a"}]"#), "Patient.telecom[0].system", &["telegraph", "phone"]),
        ("link sibling", "Patient", patient(r#""link":[{"other":{"reference":"Patient/o"},"type":"sibling"}]"#), "Patient.link[0].type", &["sibling", "seealso"]),
        ("narrative made-up", "Patient", patient(r#""text":{"status":"made-up","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a</div>"}"#), "Patient.text.status", &["made-up", "generated"]),
        ("comparator ~", "Observation", observation(r#""valueQuantity":{"value":1,"comparator":"~"}"#), "Observation.valueQuantity.comparator", &["~"]),
        ("unit of time year", "MedicationStatement", medication(r#""dosage":[{"timing":{"repeat":{"period":1,"periodUnit":"year"}}}]"#), "MedicationStatement.dosage[0].timing.repeat.periodUnit", &["year"]),
        ("day Monday", "MedicationStatement", medication(r#""dosage":[{"timing":{"repeat":{"dayOfWeek":["mon","Monday"]}}}]"#), "MedicationStatement.dosage[0].timing.repeat.dayOfWeek[1]", &["Monday"]),
        ("activity planned", "CarePlan", plan(r#""activity":[{"detail":{"status":"planned"}}]"#), "CarePlan.activity[0].detail.status", &["planned", "scheduled"]),
        ("a code of a contained resource", "Patient", patient(r##""contained":[{"resourceType":"Practitioner","id":"p","gender":"F"}],"generalPractitioner":[{"reference":"#p"}]"##), "Patient.contained[0].gender", &["F", "female"]),
        ("a code of an extension's value", "Patient", patient(r#""extension":[{"url":"http://x","valueIdentifier":{"use":"mine","value":"a"}}]"#), "Patient.extension[0].valueIdentifier.use", &["mine", "official"]),
    ] {
        rows.extend(resource(name, kind, body, 400, "code-invalid", expression, words));
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_the_wrong_type_and_codes_that_are_none_are_refused() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    judge.ask(json_types()).await;
    judge.ask(codes()).await;
    judge.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_in_the_wrong_form_are_refused() {
    let app = TestApp::start().await;
    let mut judge = Judge::start(&app).await;
    judge.ask(forms()).await;
    judge.finish().await;
}
