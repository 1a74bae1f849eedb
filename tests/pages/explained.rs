//! What the sandbox says of a refusal is so: for every persona and patient, an explanation agrees with what the service
//! answers; each kind of reason is named for a request that has it; and the look is in the audit trail.

use reqwest::Method;
use serde_json::json;

use crate::browser::{FAR, NEAR};
use crate::common::{Session, TestApp, send};
use crate::sandbox::sandbox;

/// The page of the last requests of this token.
async fn page(session: &Session<'_>) -> String {
    let request = session.app.open(Method::POST, "/sandbox/denials");
    let form = format!("token={}", session.token);
    let reply = send(request.header("Content-Type", "application/x-www-form-urlencoded").body(form)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.text
}

/// What the page says of the newest request with these words.
async fn said(session: &Session<'_>, asked: &str) -> String {
    let page = page(session).await;
    let asked = asked.replace('&', "&amp;");
    let item = page.split("<li").find(|item| item.contains(&format!("<code>{asked}</code>")));
    item.unwrap_or_else(|| panic!("{asked} is not in {page}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_explanation_agrees_with_the_answer() {
    let app = sandbox(&[]).await;
    let patients = [NEAR, FAR, "7b21deea-eb42-462d-9c51-bbf7bd0a2076", "never-was"];
    for (name, persona) in lcr_facade::sandbox::personas().expect("personas") {
        if persona.claims.user.is_none() {
            continue;
        }
        let session = app.persona(&name).await;
        for patient in patients {
            let status = session.get(&format!("Patient/{patient}")).await.status.as_u16();
            let said = said(&session, &format!("read Patient/{patient}")).await;
            match status {
                200 => assert!(said.contains("<strong>Answered</strong>"), "{name} {patient}: {said}"),
                403 => {
                    assert!(said.contains("Refused: 403") && said.contains("<dt>Role</dt>"), "{name} {patient}: {said}")
                }
                404 => {
                    let reason = if patient == "never-was" {
                        "Does not exist"
                    } else if name == "patient" {
                        "Another patient"
                    } else {
                        "No care relationship"
                    };
                    assert!(said.contains("Refused: 404") && said.contains(reason), "{name} {patient}: {said}");
                }
                other => panic!("{name} {patient}: {other}"),
            }
            assert!(!said.contains("<dt>Open</dt>"), "{name} {patient}: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_reason_is_named() {
    // What is said here is about access: the rows need no more than that takes.
    let app = sandbox(&["https://lcr.example/source/Y90001", "https://lcr.example/source/Y9C01"]).await;
    let source = app.source("https://lcr.example/source/Y90001").await;
    let sealed = json!({"resourceType": "Condition", "id": "sealed", "subject": {"reference": format!("Patient/{NEAR}")},
        "meta": {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]},
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]},
        "code": {"text": "something"}});
    assert!(source.put("Condition/sealed", &sealed).await.status.is_success());
    let plan = json!({"resourceType": "CarePlan", "id": "theirs", "status": "active", "intent": "plan", "subject": {"reference": format!("Patient/{NEAR}")}});
    assert!(
        app.source("https://lcr.example/source/Y9C01").await.put("CarePlan/theirs", &plan).await.status.is_success()
    );
    let gone = json!({"resourceType": "Condition", "id": "gone", "subject": {"reference": format!("Patient/{NEAR}")},
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}, "code": {"text": "x"}});
    assert!(source.put("Condition/gone", &gone).await.status.is_success());
    assert!(source.delete("Condition/gone").await.status.is_success());

    let nurse = app.persona("nurse").await;
    assert_eq!(nurse.get("Condition/sealed").await.status, 404);
    let words = said(&nurse, "read Condition/sealed").await;
    assert!(words.contains("<dt>Label</dt>") && words.contains("up to Normal"), "{words}");
    assert!(!words.contains("No care relationship"), "{words}");

    let gp = app.persona("gp").await;
    let mut change = plan.clone();
    change["status"] = json!("completed");
    assert_eq!(gp.put("CarePlan/theirs", &change).await.status, 403);
    let words = said(&gp, "update CarePlan/theirs").await;
    assert!(words.contains("<dt>Source</dt>") && words.contains("source/Y9C01 shared it"), "{words}");
    assert_eq!(gp.get("Condition/gone").await.status, 410);
    assert!(said(&gp, "read Condition/gone").await.contains("<dt>Deleted</dt>"));
    assert_eq!(
        gp.get("Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|9993496405").await.ids(),
        Vec::<String>::new()
    );
    let words = said(&gp, "search Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|9993496405").await;
    assert!(words.contains("No care relationship") && words.contains("organisation/Y91001"), "{words}");

    // Whose relationship has ended is told when.
    let claims = lcr_facade::access::Claims {
        organisation: Some("Y9R02".into()),
        ..lcr_facade::sandbox::persona("hospital-doctor").expect("persona")
    };
    let once = Session { app: &app, token: app.token(&claims).await };
    assert_eq!(once.get(&format!("Patient/{FAR}")).await.status, 404);
    let words = said(&once, &format!("read Patient/{FAR}")).await;
    assert!(words.contains("organisation/Y9R02 was until 2026-02-06"), "{words}");

    // An opt-out goes before every relationship.
    let officer = app.persona("privacy-officer").await;
    let protect = json!({"resourceType": "Parameters", "parameter": [{"name": "nhs-number", "valueString": "9990791902"},
        {"name": "opted-out", "valueBoolean": true}, {"name": "reason", "valueString": "the person asked for it"}]});
    let reply = officer.post("Patient/$protect", &protect).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(gp.get(&format!("Patient/{NEAR}")).await.status, 404);
    let words = said(&gp, &format!("read Patient/{NEAR}")).await;
    assert!(words.contains("<dt>Opted out</dt>") && !words.contains("No care relationship"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_is_in_the_trail_and_of_nobody_elses_requests() {
    let app = sandbox(&[]).await;
    let (gp, stranger) = (app.persona("gp").await, app.persona("stranger").await);
    assert_eq!(stranger.get(&format!("Patient/{NEAR}")).await.status, 404);
    let told = page(&gp).await;
    assert!(!told.contains(NEAR), "of the stranger's requests the GP is told nothing: {told}");
    page(&stranger).await;
    let officer = app.persona("privacy-officer").await;
    let looks = officer.get(&format!("AuditEvent?patient=Patient/{NEAR}&altid=stranger")).await;
    assert!(looks.text.contains("the sandbox explains the last requests"), "{}", looks.text);

    let form = "token=nobody-has-this-token";
    let request =
        app.open(Method::POST, "/sandbox/denials").header("Content-Type", "application/x-www-form-urlencoded");
    let refused = send(request.body(form)).await;
    assert!(refused.status == 400 && refused.text.contains("unknown or has expired"), "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_no_sandbox_explains_nothing() {
    let app = TestApp::with(lcr_facade::config::Config { sandbox: true, ..Default::default() }).await;
    let source = app.source("s").await;
    assert!(source.put("Patient/near", json!({"resourceType": "Patient", "id": "near"})).await.status.is_success());
    let gp = app.persona("gp").await;
    assert_eq!(gp.get("Patient/near").await.status, 404);
    assert!(page(&gp).await.contains("Nothing was asked yet"));
    assert!(app.store.sandbox_patients().await.expect("patients").is_empty());
    let spec = lcr_facade::resources::find("Patient").expect("Patient");
    assert!(app.store.known(spec, "near").await.expect("known").is_none());
}
