//! The record these tests attack: who is in it, who is involved in whose care, and small resources of each type.

use std::collections::BTreeMap;

use lcr_facade::access::Claims;
use lcr_facade::store::Relationship;
use serde_json::{Value, json};

use crate::common::{Reply, Session, TestApp};

/// The types of a person's record.
pub const TYPES: [&str; 6] =
    ["Patient", "Condition", "Observation", "MedicationStatement", "AllergyIntolerance", "CarePlan"];

/// Everybody a token can be printed for.
pub const PERSONAS: [&str; 10] = [
    "gp",
    "hospital-doctor",
    "nurse",
    "social-worker",
    "out-of-hours",
    "stranger",
    "patient",
    "privacy-officer",
    "gp-system",
    "lab-feed",
];

/// The sources of the personas' organisations, and one that has nothing to do with any of them.
pub const GP_SOURCE: &str = "https://lcr.example/source/Y90001";
pub const HOSPITAL_SOURCE: &str = "https://lcr.example/source/Y9R01";
pub const NURSE_SOURCE: &str = "https://lcr.example/source/Y9C01";
pub const LAB_SOURCE: &str = "https://lcr.example/source/lab";
pub const ELSEWHERE: &str = "elsewhere";

/// The `n`th NHS number of the 999 test range: nine digits and their Modulus 11 check digit.
pub fn nhs(n: usize) -> String {
    let mut numbers = (999_000_000_u32..).filter_map(|nine| {
        let digits = nine.to_string();
        let sum: u32 = digits.bytes().zip((2..=10).rev()).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        let check = (11 - sum % 11) % 11;
        (check < 10).then(|| format!("{digits}{check}"))
    });
    numbers.nth(n).expect("a number")
}

/// A Patient with the `n`th number.
pub fn patient(id: &str, n: usize) -> Value {
    json!({
        "resourceType": "Patient", "id": id,
        "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": nhs(n)}],
        "name": [{"family": "Attwood", "given": ["Rowan"]}], "gender": "other", "birthDate": "1950-05-05"
    })
}

/// A small resource of this type about a patient; a Patient is that patient under another id, with their number.
pub fn about(kind: &str, id: &str, patient_id: &str, n: usize) -> Value {
    let subject = json!({"reference": format!("Patient/{patient_id}")});
    let code = json!({"coding": [{"system": "http://snomed.info/sct", "code": "38341003"}]});
    match kind {
        "Patient" => patient(id, n),
        "Condition" => json!({"resourceType": kind, "id": id, "code": code, "subject": subject,
            "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}}),
        "Observation" => json!({"resourceType": kind, "id": id, "code": code, "subject": subject, "status": "final",
            "effectiveDateTime": "2024-02-03", "valueQuantity": {"value": 5.5, "system": "http://unitsofmeasure.org", "code": "mmol/L"}}),
        "MedicationStatement" => {
            json!({"resourceType": kind, "id": id, "medicationCodeableConcept": code, "subject": subject,
            "status": "active", "effectiveDateTime": "2024-02-03"})
        }
        "AllergyIntolerance" => json!({"resourceType": kind, "id": id, "code": code, "patient": subject,
            "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]}}),
        "CarePlan" => json!({"resourceType": kind, "id": id, "subject": subject, "status": "active", "intent": "plan"}),
        other => panic!("no {other}"),
    }
}

/// With a confidentiality label.
pub fn labelled(mut resource: Value, code: &str) -> Value {
    let label = json!({"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": code});
    resource["meta"]["security"] = json!([label]);
    resource
}

/// `Type/id` of a resource.
pub fn address(resource: &Value) -> String {
    format!("{}/{}", resource["resourceType"].as_str().expect("type"), resource["id"].as_str().expect("id"))
}

/// Puts a resource, which must succeed.
pub async fn put(session: &Session<'_>, resource: &Value) -> Reply {
    let reply = session.put(&address(resource), resource).await;
    assert!(reply.status.is_success(), "{}: {} {}", address(resource), reply.status, reply.text);
    reply
}

/// Relates the holder of this kind to the person with the `n`th number, over this time.
pub async fn relate_for(app: &TestApp, n: usize, kind: &str, holder: &str, from: &str, to: Option<&str>) {
    let relationship = Relationship {
        nhs_number: nhs(n),
        holder_kind: kind.to_owned(),
        holder: holder.to_owned(),
        basis: "referral".to_owned(),
        valid_from: from.to_owned(),
        valid_to: to.map(str::to_owned),
        source: "test".to_owned(),
        reason: "test".to_owned(),
    };
    let nobody = app.store.relate(&[relationship]).await.expect("a relationship");
    assert!(nobody.is_empty(), "nobody has the number {n}");
}

/// Relates from long ago to no end.
pub async fn relate(app: &TestApp, n: usize, kind: &str, holder: &str) {
    relate_for(app, n, kind, holder, "2000-01-01T00:00:00Z", None).await;
}

/// What a persona's token says; the patient's own is for `Patient/near`.
pub fn claims(name: &str) -> Claims {
    let mut claims = lcr_facade::sandbox::persona(name).expect("persona");
    if name == "patient" {
        claims.patient = Some("near".to_owned());
    }
    claims
}

/// A session with these claims.
pub async fn session<'a>(app: &'a TestApp, claims: &Claims) -> Session<'a> {
    Session { app, token: app.token(claims).await }
}

/// A session of a persona.
pub async fn persona<'a>(app: &'a TestApp, name: &str) -> Session<'a> {
    session(app, &claims(name)).await
}

/// Numbers of the two patients that `people` makes.
pub const NEAR: usize = 1;
pub const FAR: usize = 2;
/// The number of a third, `veil-Patient`: all are involved in their care, and a label hides them.
pub const VEILED: usize = 9;

/// Those who are involved in the care of `near`: kind of holder and holder.
pub const CARERS: [(&str, &str); 5] = [
    ("organisation", "Y90001"),
    ("organisation", "Y9R01"),
    ("practitioner", "nurse"),
    ("practitioner", "social-worker"),
    ("organisation", "Y9OOH"),
];

/// A service that keeps two patients: `near`, in whose care every persona but the stranger is involved, and `far`,
/// shared by another source, in whose care none is.
pub async fn people() -> TestApp {
    let app = TestApp::start().await;
    put(&app.source(GP_SOURCE).await, &patient("near", NEAR)).await;
    put(&app.source(ELSEWHERE).await, &patient("far", FAR)).await;
    for (kind, holder) in CARERS {
        relate(&app, NEAR, kind, holder).await;
    }
    app
}

/// The same, with a row of each type about each of them: `near-Condition`, `far-Condition`, of `far` also a deleted
/// one (`gone-Condition`), and of `near` one nobody but its source may see (`veil-Condition`).
pub async fn full() -> TestApp {
    let app = people().await;
    let gp = app.source(GP_SOURCE).await;
    let elsewhere = app.source(ELSEWHERE).await;
    for kind in TYPES {
        put(&gp, &about(kind, &format!("near-{kind}"), "near", NEAR)).await;
        put(&elsewhere, &about(kind, &format!("far-{kind}"), "far", FAR)).await;
        let number = if kind == "Patient" { VEILED } else { NEAR };
        put(&elsewhere, &labelled(about(kind, &format!("veil-{kind}"), "near", number), "V")).await;
        let gone = about(kind, &format!("gone-{kind}"), "far", FAR);
        put(&elsewhere, &gone).await;
        assert_eq!(elsewhere.delete(&address(&gone)).await.status, 204);
    }
    for (kind, holder) in CARERS {
        relate(&app, VEILED, kind, holder).await;
    }
    app
}

/// The ids in a history, newest first, deleted versions too.
pub fn listed(history: &Reply) -> Vec<String> {
    let bundle = history.json();
    let urls = bundle["entry"].as_array().into_iter().flatten().filter_map(|entry| entry["fullUrl"].as_str());
    urls.map(|url| url.rsplit('/').next().expect("an id").to_owned()).collect()
}

/// An answer as a caller can tell it from another: all but what every answer has of its own.
pub fn visible(reply: &Reply) -> (u16, BTreeMap<String, String>, String) {
    // Whether the connection stays open depends on how much of a refused body was read.
    let own = ["date", "x-request-id", "transfer-encoding", "connection"];
    let headers = reply.headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let headers =
        headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    (reply.status.as_u16(), headers.collect(), reply.text.clone())
}
