//! People of the tests beside the sandbox's own: who is hard to show, and why.

use serde_json::{Value, json};

use crate::common::TestApp;

/// The practice, whose GP sees them all, and a hospital that shares about them too.
const PRACTICE: &str = "https://lcr.example/source/Y90001";
const HOSPITAL: &str = "https://lcr.example/source/Y9R01";

/// Whose rows are as poor as old systems' are: the app has to bear them.
pub const SOURCES: [&str; 2] = [PRACTICE, HOSPITAL];

/// What a browser would run if the app took text for markup.
const HOSTILE: &str = "<img src=x onerror=\"window.hacked=1\"><script>window.hacked=1</script>";

/// How many results the person has who has more than the app reads at once.
pub const MANY: usize = 330;

fn patient(id: &str, number: &str, more: &Value) -> Value {
    let mut patient = json!({"resourceType": "Patient", "id": id, "birthDate": "1950-05-05", "gender": "female",
        "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": number}],
        "name": [{"use": "official", "family": "Attwood", "given": ["Rowan", id]}]});
    for (name, value) in more.as_object().expect("members") {
        patient[name] = value.clone();
    }
    patient
}

fn coded(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": format!("http://terminology.hl7.org/CodeSystem/{system}"), "code": code}]})
}

/// Resources of one source, one after the other.
async fn share(app: &TestApp, source: &str, resources: &[Value]) {
    let session = app.source(source).await;
    for resource in resources {
        let at =
            format!("{}/{}", resource["resourceType"].as_str().expect("type"), resource["id"].as_str().expect("id"));
        let reply = session.put(&at, resource).await;
        assert!(reply.status.is_success(), "{at}: {}", reply.text);
    }
}

/// Loads them all, each in the care of the practice.
pub async fn load(app: &TestApp) {
    share(app, PRACTICE, &hostile()).await;
    share(app, PRACTICE, &of_few_words()).await;
    share(app, PRACTICE, &restricted()).await;
    let peanut = json!({"resourceType": "AllergyIntolerance", "id": "peanut", "patient": {"reference": "Patient/restricted"},
        "clinicalStatus": coded("allergyintolerance-clinical", "active"), "verificationStatus": coded("allergyintolerance-verification", "confirmed"),
        "type": "allergy", "category": ["food"], "criticality": "high", "recordedDate": "2026-11-26T10:00:00Z",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "91935009", "display": "Allergy to peanut"}]},
        "reaction": [{"manifestation": [{"text": "Anaphylaxis"}], "severity": "severe"}]});
    share(app, HOSPITAL, &[peanut]).await;
    share(app, PRACTICE, &[patient("many", "9990009945", &json!({}))]).await;
    share_many(app).await;
    for number in ["9990009902", "9990009910", "9990009929", "9990009945"] {
        relate(app, number).await;
    }
}

async fn relate(app: &TestApp, number: &str) {
    let relationship = lcr_facade::store::Relationship {
        nhs_number: number.to_owned(),
        holder_kind: "organisation".to_owned(),
        holder: "Y90001".to_owned(),
        basis: "gp_registered".to_owned(),
        valid_from: "2000-01-01T00:00:00Z".to_owned(),
        valid_to: None,
        source: "test".to_owned(),
        reason: "test".to_owned(),
    };
    assert!(app.store.relate(&[relationship]).await.expect("a relationship").is_empty());
}

/// Every text that the app shows is markup.
fn hostile() -> Vec<Value> {
    let subject = json!({"reference": "Patient/hostile", "display": HOSTILE});
    let text = json!({"text": HOSTILE});
    let note = json!([{"text": HOSTILE}]);
    vec![
        patient(
            "hostile",
            "9990009902",
            &json!({
            "name": [{"family": HOSTILE, "given": [HOSTILE], "prefix": [HOSTILE]}],
            "telecom": [{"system": "phone", "value": HOSTILE}], "address": [{"text": HOSTILE}],
            "generalPractitioner": [{"display": HOSTILE}]}),
        ),
        json!({"resourceType": "AllergyIntolerance", "id": "hostile-a", "patient": subject, "code": text, "note": note,
            "clinicalStatus": coded("allergyintolerance-clinical", "active"),
            "reaction": [{"manifestation": [text]}]}),
        json!({"resourceType": "Condition", "id": "hostile-c", "subject": subject, "code": text, "note": note, "severity": text,
            "clinicalStatus": coded("condition-clinical", "active"), "recorder": {"display": HOSTILE}}),
        json!({"resourceType": "MedicationStatement", "id": "hostile-m", "status": "active", "subject": subject,
            "medicationCodeableConcept": text, "dosage": [{"text": HOSTILE}], "reasonCode": [text], "category": text}),
        json!({"resourceType": "CarePlan", "id": "hostile-p", "status": "active", "intent": "plan", "subject": subject,
            "title": HOSTILE, "description": HOSTILE, "category": [text], "author": {"display": HOSTILE},
            "activity": [{"detail": {"status": "in-progress", "code": text, "description": HOSTILE}}]}),
        lab(
            "hostile",
            "hostile-1",
            "2026-01-01",
            &json!({"code": text, "valueQuantity": {"value": 1, "unit": HOSTILE}}),
        ),
        lab(
            "hostile",
            "hostile-2",
            "2026-02-01",
            &json!({"code": text, "valueQuantity": {"value": 2, "unit": HOSTILE}}),
        ),
        lab("hostile", "hostile-3", "2026-03-01", &json!({"code": {"text": "Culture"}, "valueString": HOSTILE})),
    ]
}

fn lab(patient: &str, id: &str, date: &str, more: &Value) -> Value {
    let mut row = json!({"resourceType": "Observation", "id": id, "status": "final", "effectiveDateTime": date,
        "subject": {"reference": format!("Patient/{patient}")}, "category": [coded("observation-category", "laboratory")]});
    for (name, value) in more.as_object().expect("members") {
        row[name] = value.clone();
    }
    row
}

/// One who died, of whom a name, a number that was not traced and nothing else was shared.
fn of_few_words() -> Vec<Value> {
    let status = json!({"url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus",
        "valueCodeableConcept": {"coding": [{"system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland",
            "code": "02", "display": "Number present but not traced"}]}});
    vec![patient(
        "few-words",
        "9990009910",
        &json!({"deceasedDateTime": "2026-03-04", "gender": "unknown",
        "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990009910", "extension": [status]}]}),
    )]
}

/// One whose whereabouts are restricted, with allergies that contradict each other, and mistakes.
fn restricted() -> Vec<Value> {
    let subject = json!({"reference": "Patient/restricted"});
    let label =
        json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]});
    let allergy = |id: &str, status: &str, code: Value| {
        json!({"resourceType": "AllergyIntolerance", "id": id, "patient": subject, "recordedDate": "2020-05-05", "code": code,
            "clinicalStatus": coded("allergyintolerance-clinical", "active"),
            "verificationStatus": coded("allergyintolerance-verification", status)})
    };
    let none =
        json!({"coding": [{"system": "http://snomed.info/sct", "code": "716186003", "display": "No known allergy"}]});
    let condition = |id: &str, status: &str, name: &str| {
        json!({"resourceType": "Condition", "id": id, "subject": subject, "code": {"text": name}, "recordedDate": "2026-11-28",
            "clinicalStatus": coded("condition-clinical", "active"), "verificationStatus": coded("condition-ver-status", status)})
    };
    let mistake = json!({"resourceType": "Condition", "id": "mistake", "subject": subject, "code": {"text": "Another patient's problem"},
        "verificationStatus": coded("condition-ver-status", "entered-in-error")});
    let mut abuse = condition("sensitive", "confirmed", "Domestic abuse");
    abuse["meta"] = label.clone();
    vec![
        patient(
            "restricted",
            "9990009929",
            &json!({"meta": label, "address": [{"postalCode": "SW1A 1AA", "line": ["1 Secret Street"]}],
            "telecom": [{"system": "phone", "value": "07700 900999"}]}),
        ),
        allergy("none", "confirmed", none),
        allergy("latex", "unconfirmed", json!({"text": "Latex"})),
        allergy("wasp", "refuted", json!({"text": "Wasp venom"})),
        condition("doubtful", "provisional", "Coeliac disease"),
        condition("refuted", "refuted", "Asthma"),
        json!({"resourceType": "Condition", "id": "unknown-code", "subject": subject, "recordedDate": "2026-11",
            "clinicalStatus": coded("condition-clinical", "active"), "code": {"coding": [{"system": "https://codes.example", "code": "XYZ9"}]}}),
        abuse,
        mistake,
        json!({"resourceType": "MedicationStatement", "id": "inhaler", "status": "active", "subject": subject,
            "medicationCodeableConcept": {"text": "Salbutamol 100micrograms/dose inhaler"}, "dosage": [{"text": "Two puffs when needed"}],
            "extension": [{"url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-MedicationStatementLastIssueDate",
                "valueDateTime": "2026-11-02"}]}),
        json!({"resourceType": "CarePlan", "id": "safety", "status": "active", "intent": "plan", "subject": subject, "title": "Safety plan",
            "category": [{"text": "Safeguarding"}], "period": {"start": "2026-10-01", "end": "2027-04-01"}, "created": "2026-10-01",
            "author": {"display": "North West London Sandbox Council"},
            "activity": [{"detail": {"status": "in-progress", "code": {"text": "Weekly call"}, "description": "by the named worker"}}]}),
        lab("restricted", "potassium-1", "2026-11-20T08:00:00Z", &potassium(6.1)),
        lab("restricted", "potassium-2", "2026-11-27T08:00:00Z", &potassium(4.1)),
        lab("restricted", "potassium-3", "2026-11-28T08:00:00Z", &potassium(3.1)),
    ]
}

/// The range without an interpretation: the app says itself that the number is outside.
fn potassium(value: f64) -> Value {
    json!({"code": {"coding": [{"system": "http://snomed.info/sct", "code": "1000651000000109", "display": "Serum potassium level"}]},
        "valueQuantity": {"value": value, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"},
        "referenceRange": [{"low": {"value": 3.5, "unit": "mmol/L"}, "high": {"value": 5.3, "unit": "mmol/L"}}]})
}

/// More results than the app reads before it asks, in one transaction.
async fn share_many(app: &TestApp) {
    let entries: Vec<Value> = (0..MANY)
        .map(|at| {
            let date = format!("{}-{:02}-{:02}", 1996 + at / 12, at % 12 + 1, at % 28 + 1);
            let row = lab(
                "many",
                &format!("many-{at}"),
                &date,
                &json!({"code": {"text": "Glucose"},
            "valueQuantity": {"value": 40 + at % 17, "unit": "mmol/mol"}}),
            );
            json!({"resource": row, "request": {"method": "PUT", "url": format!("Observation/many-{at}")}})
        })
        .collect();
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
    let reply = app.source(PRACTICE).await.post("", bundle).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}
