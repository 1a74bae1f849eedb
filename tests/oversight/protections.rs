//! What protects a person: an opt-out, a restriction, and the label of a Patient.

use serde_json::{Value, json};

use crate::common::{Session, TestApp};
use crate::support::{REASON, ask, done, run, values};
use crate::world::{GP_SOURCE, NEAR, about, labelled, nhs, people, persona, put};

/// What must not be shown or found.
const SECRETS: [&str; 5] = ["1 Hidden Lane", "SE1 7PB", "07700900123", "rowan@example.org", "Dr Practice"];

/// `near` with an address, telecom, a practice and a contact, in elements, narrative, extension and contained resource.
fn located(id: &str) -> Value {
    json!({
        "resourceType": "Patient", "id": id,
        "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">1 Hidden Lane SE1 7PB</div>"},
        "contained": [{"resourceType": "Organization", "id": "practice", "name": "Dr Practice"}],
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", "valueAddress": {"postalCode": "SE1 7PB"}}],
        "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": nhs(NEAR)}],
        "name": [{"family": "Attwood", "given": ["Rowan"]}],
        "telecom": [{"system": "phone", "value": "07700900123"}, {"system": "email", "value": "rowan@example.org"}],
        "gender": "other", "birthDate": "1950-05-05",
        "address": [{"line": ["1 Hidden Lane"], "postalCode": "SE1 7PB"}],
        "contact": [{"name": {"text": "Sam"}, "telecom": [{"system": "phone", "value": "07700900123"}]}],
        "generalPractitioner": [{"reference": "#practice", "display": "Dr Practice"}]
    })
}

async fn protect(session: &Session<'_>, what: &str, value: &str) {
    let number = nhs(NEAR);
    done(session, "protect", &[("nhs-number", &number), (what, value), ("reason", REASON)]).await;
}

/// Every way a Patient's text comes out.
const WAYS: [&str; 9] = [
    "Patient/near",
    "Patient/near/_history/2",
    "Patient/near/_history",
    "Patient/_history",
    "_history",
    "Patient?_id=near",
    "Condition?_id=near-condition&_include=Condition:subject",
    "Patient/near/$summary",
    "Patient/near/$everything",
];

/// Searches by what is not shown.
const FINDS: [&str; 11] = [
    "Patient?address=1 hidden lane",
    "Patient?address-postalcode=SE1 7PB",
    "Patient?phone=07700900123",
    "Patient?email=rowan@example.org",
    "Patient?telecom=07700900123",
    "Patient?_text=hidden",
    "Patient?_content=hidden",
    "Patient?address:missing=false",
    "Patient?telecom:missing=false",
    "Condition?patient.address-postalcode=SE1 7PB",
    "Patient?_has:Condition:patient:code=38341003&address-postalcode=SE1 7PB",
];

async fn shows(session: &Session<'_>, path: &str) -> bool {
    let reply = session.get(path).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    assert!(reply.text.contains("Attwood"), "{path}: the Patient is there: {}", reply.text);
    SECRETS.iter().any(|secret| reply.text.contains(secret))
}

async fn record() -> TestApp {
    let app = people().await;
    let gp = app.source(GP_SOURCE).await;
    put(&gp, &located("near")).await;
    put(&gp, &about("Condition", "near-condition", "near", NEAR)).await;
    app
}

async fn judge(app: &TestApp, redacted: bool) {
    for name in ["gp", "hospital-doctor", "nurse", "social-worker"] {
        let session = persona(app, name).await;
        for way in WAYS {
            assert_eq!(shows(&session, way).await, !redacted, "{name} {way}");
        }
        for find in FINDS {
            assert_eq!(session.get(find).await.ids().is_empty(), redacted, "{name} {find}");
        }
        let marked = session.get("Patient/near").await.text.contains("REDACTED");
        assert_eq!(marked, redacted, "redaction is marked");
    }
    let own = persona(app, "patient").await;
    let source = app.source(GP_SOURCE).await;
    for way in ["Patient/near", "Patient?_id=near", "Patient/near/_history"] {
        assert!(shows(&own, way).await && shows(&source, way).await, "the person and the source see all: {way}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_restricted_person_lives_is_not_shown_and_finds_nobody() {
    let app = record().await;
    let officer = persona(&app, "privacy-officer").await;
    judge(&app, false).await;
    protect(&officer, "restricted", "true").await;
    judge(&app, true).await;
    // A new version, and a Patient that another source shares of the same person, are redacted from the start.
    put(&app.source(GP_SOURCE).await, &located("near")).await;
    judge(&app, true).await;
    put(&app.source("another").await, &located("twin")).await;
    let gp = persona(&app, "gp").await;
    assert!(!shows(&gp, "Patient/twin").await);
    assert_eq!(gp.get(FINDS[1]).await.ids(), Vec::<String>::new());
    let number = format!("Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|{}", nhs(NEAR));
    assert_eq!(gp.get(&number).await.ids().len(), 2, "by NHS number and name they are found as ever");
    protect(&officer, "restricted", "false").await;
    assert_eq!(app.source("another").await.delete("Patient/twin").await.status, 204);
    judge(&app, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_r_on_any_patient_of_the_person_restricts_all_of_them() {
    let app = record().await;
    let other = app.source("spine").await;
    put(&other, &labelled(located("spine"), "R")).await;
    judge(&app, true).await;
    put(&other, &labelled(located("spine"), "N")).await;
    assert_eq!(other.delete("Patient/spine").await.status, 204);
    judge(&app, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_from_before_there_were_protections_protect_once_the_schema_is_up_to_date() {
    let app = record().await;
    put(&app.source("spine").await, &labelled(located("spine"), "R")).await;
    // As an earlier version left it.
    for statement in [
        "DELETE FROM person_protection",
        "UPDATE patient SET redacted = NULL",
        "UPDATE patient_history SET redacted = NULL",
    ] {
        run(&app, statement).await;
    }
    let gp = persona(&app, "gp").await;
    assert!(shows(&gp, "Patient/near").await);
    app.store.protect_labelled(&app.base).await.expect("protected");
    judge(&app, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opened_seal_shows_where_a_restricted_person_lives() {
    let app = record().await;
    protect(&persona(&app, "privacy-officer").await, "restricted", "true").await;
    let doctor = persona(&app, "gp").await;
    assert!(!shows(&doctor, "Patient/near").await);
    let number = nhs(NEAR);
    let said = [("nhs-number", number.as_str()), ("birth-date", "1950-05-05"), ("over", "seal"), ("reason", REASON)];
    done(&doctor, "break-glass", &said).await;
    for way in WAYS {
        assert!(shows(&doctor, way).await, "{way}");
    }
    assert!(!shows(&persona(&app, "hospital-doctor").await, "Patient/near").await, "to nobody else");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_protects_themselves_and_nobody_else() {
    let app = record().await;
    let own = persona(&app, "patient").await;
    let reply = ask(&own, "protect", &[("nhs-number", &nhs(NEAR)), ("opted-out", "true"), ("reason", REASON)]).await;
    assert_eq!(reply.status, 400, "a patient names nobody: {}", reply.text);
    let now = done(&own, "protect", &[("opted-out", "true"), ("reason", REASON)]).await;
    assert_eq!((values(&now, "opted-out"), values(&now, "restricted")), (vec![json!(true)], vec![json!(false)]));
    let gp = persona(&app, "gp").await;
    assert_eq!(gp.get("Patient/near").await.status, 404);
    assert_eq!(gp.get("Condition?patient=near&_total=accurate").await.json()["total"], 0);
    assert_eq!(own.get("Condition/near-condition").await.status, 200, "their own record is theirs");
    assert_eq!(app.source(GP_SOURCE).await.get("Condition/near-condition").await.status, 200, "and its source's");
    let number = nhs(NEAR);
    let said = [("nhs-number", number.as_str()), ("opted-out", "false"), ("reason", REASON)];
    for name in ["gp", "nurse", "stranger"] {
        assert_eq!(ask(&persona(&app, name).await, "protect", &said).await.status, 403, "{name}");
    }
    let officer = persona(&app, "privacy-officer").await;
    let reply =
        ask(&officer, "protect", &[("nhs-number", "9990000018"), ("restricted", "true"), ("reason", REASON)]).await;
    assert_eq!(reply.status, 404, "{}", reply.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_who_is_written_while_they_are_restricted_is_redacted() {
    let app = record().await;
    let (officer, source, gp) =
        (persona(&app, "privacy-officer").await, app.source(GP_SOURCE).await, persona(&app, "gp").await);
    for round in 0..12 {
        let change = async {
            for _ in 0..4 {
                put(&source, &located("near")).await;
            }
        };
        tokio::join!(change, protect(&officer, "restricted", "true"));
        for way in ["Patient/near", "Patient?_id=near", "Patient/near/_history"] {
            assert!(!shows(&gp, way).await, "round {round}: {way}");
        }
        let again = located("near");
        tokio::join!(put(&source, &again), protect(&officer, "restricted", "false"));
        assert!(shows(&gp, "Patient/near").await, "round {round}: lifted");
    }
}
