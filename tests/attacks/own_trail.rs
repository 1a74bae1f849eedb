//! Attacks by a patient on the audit trail: they see who looked at them, and nothing of others, of what was asked, or of what
//! is hidden from themselves.

use lcr_facade::access::Claims;
use serde_json::Value;

use crate::common::TestApp;
use crate::kit::{as_absent, finds, outcome, refused};
use crate::world::{ELSEWHERE, FAR, NEAR, claims, full, nhs, persona, relate, session};

/// `full`, where the GP has looked at near's Conditions, at both patients at once, and at what is not there; and where the
/// source of the veiled Condition has looked at it.
async fn looked() -> TestApp {
    let app = full().await;
    relate(&app, FAR, "organisation", "Y90001").await;
    let gp = persona(&app, "gp").await;
    finds(&gp.get("Condition?patient=near&code=38341003&_total=accurate").await, &["near-Condition"], Some(1));
    finds(&gp.get("Condition?patient=near,far&_total=accurate").await, &["far-Condition", "near-Condition"], Some(2));
    assert_eq!(gp.get("Patient/secret-mistake").await.status, 404);
    let elsewhere = app.source(ELSEWHERE).await;
    assert_eq!(elsewhere.get("Condition/veil-Condition").await.status, 200);
    assert_eq!(elsewhere.get("Patient/far").await.status, 200);
    app
}

/// The patient's own events.
async fn own(app: &TestApp, query: &str) -> Vec<Value> {
    let patient = persona(app, "patient").await;
    let found = patient.all(&format!("AuditEvent?_count=20{query}")).await;
    found.into_iter().map(|(_, event)| event).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_reads_the_trail_of_another() {
    let app = looked().await;
    let events = own(&app, "").await;
    assert!(!events.is_empty());
    for event in &events {
        let about: Vec<&str> = event["entity"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|entity| entity["what"]["reference"].as_str())
            .collect();
        assert_eq!(about, ["Patient/near"], "{event}");
    }
    let patient = persona(&app, "patient").await;
    for path in [
        "AuditEvent?patient=Patient/@&_total=accurate",
        "Patient/@/AuditEvent?_total=accurate",
        "AuditEvent?entity=Patient/@&_total=accurate",
    ] {
        finds(&as_absent(&patient, path, "far", "nix").await, &[], Some(0));
    }
    for path in ["AuditEvent?patient:identifier=@&_total=accurate", "AuditEvent?patient.identifier=@&_total=accurate"] {
        finds(&as_absent(&patient, path, &nhs(FAR), &nhs(40)).await, &[], Some(0));
    }
    // By id, too.
    let officer = persona(&app, "privacy-officer").await;
    let others = officer.get("AuditEvent?patient=Patient/far&_count=1").await.ids().remove(0);
    for path in ["AuditEvent/@", "AuditEvent/@/_history/1", "AuditEvent/@/_history"] {
        let reply = as_absent(&patient, path, &others, &"9".repeat(others.len())).await;
        refused(&reply, 404, &outcome("not-found", "RESOURCE_NOT_FOUND", "there is no such resource"));
    }
    finds(
        &as_absent(&patient, "AuditEvent?_id=@&_total=accurate", &others, &"9".repeat(others.len())).await,
        &[],
        Some(0),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_reads_what_was_asked_about_them() {
    let app = looked().await;
    let events = own(&app, "").await;
    for event in &events {
        let text = event.to_string();
        for word in
            ["38341003", "code=", "near,far", "far", "veil", "near-Condition", "query", "description", "_history"]
        {
            assert!(!text.contains(word), "the event holds {word}: {text}");
        }
        let redacted = event["meta"]["security"].to_string().contains("REDACTED");
        assert!(redacted, "{text}");
    }
    // By every way to look at one.
    let id = events[0]["id"].as_str().expect("an id").to_owned();
    let patient = persona(&app, "patient").await;
    let shown = patient.get(&format!("AuditEvent/{id}")).await.json();
    for path in [
        format!("AuditEvent/{id}/_history/1"),
        format!("AuditEvent/{id}?_elements=entity,type"),
        "AuditEvent/_history".to_owned(),
    ] {
        let reply = patient.get(&path).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert!(!reply.text.contains("\"query\"") && !reply.text.contains("38341003"), "{path}: {}", reply.text);
    }
    assert_eq!(shown, events[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_finds_events_by_what_is_not_shown_in_them() {
    let app = looked().await;
    let patient = persona(&app, "patient").await;
    // What is labelled V is hidden from the patient; that it was read must not tell that it is there.
    for path in ["AuditEvent?entity=Condition/@&_total=accurate", "AuditEvent?entity=Condition/@&_summary=count"] {
        finds(&as_absent(&patient, path, "veil-Condition", "none-Condition").await, &[], Some(0));
    }
}

/// `full`, where two sealed Patients of near, which the patient may not see, were looked at by their source.
async fn sealed_twins() -> TestApp {
    let app = full().await;
    let elsewhere = app.source(ELSEWHERE).await;
    for id in ["aa-veil", "zz-veil"] {
        let twin = crate::world::patient(id, NEAR);
        crate::world::put(&elsewhere, &crate::world::labelled(twin, "V")).await;
        assert_eq!(elsewhere.get(&format!("Patient/{id}")).await.status, 200);
    }
    refused(&persona(&app, "patient").await.get("Patient/aa-veil").await, 404, &crate::kit::nothing());
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_sorts_events_by_what_is_not_shown_in_them() {
    let app = sealed_twins().await;
    let patient = persona(&app, "patient").await;
    for sort in ["entity", "-entity", "patient", "-patient"] {
        let path = format!("AuditEvent?agent:identifier=client-elsewhere&_count=1&_sort={sort}");
        let link = patient.get(&path).await.link("next").expect("a next page");
        // The place where a page ends is the value it is sorted by.
        use base64::Engine;
        let payload = link.split("_cursor=").nth(1).and_then(|cursor| cursor.split('.').next()).expect("a cursor");
        let keys = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).expect("base64");
        let keys = String::from_utf8_lossy(&keys).into_owned();
        assert!(!keys.contains("veil"), "_sort={sort}: {keys}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_names_a_patient_that_is_hidden_from_the_person() {
    let app = sealed_twins().await;
    for event in own(&app, "").await {
        assert!(!event.to_string().contains("veil"), "{event}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_found_by_a_patient_that_is_hidden_from_the_person() {
    let app = sealed_twins().await;
    let patient = persona(&app, "patient").await;
    for path in ["AuditEvent?patient=Patient/@&_total=accurate", "Patient/@/AuditEvent?_total=accurate"] {
        finds(&as_absent(&patient, path, "zz-veil", "zz-none").await, &[], Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_includes_from_the_trail() {
    let app = looked().await;
    let patient = persona(&app, "patient").await;
    let themselves: &[&str] = &["near"];
    for (include, wanted) in [
        ("AuditEvent:patient", themselves),
        ("AuditEvent:patient:Patient", themselves),
        ("AuditEvent:*", themselves),
        ("*", themselves),
        ("AuditEvent:entity", &[]),
        ("AuditEvent:entity:Condition", &[]),
    ] {
        let reply = patient.get(&format!("AuditEvent?_count=50&_include={include}")).await;
        assert_eq!(reply.status, 200, "{include}: {}", reply.text);
        let bundle = reply.json();
        let entries = bundle["entry"].as_array().into_iter().flatten();
        let along = entries.filter(|entry| entry["search"]["mode"] == "include");
        let mut along: Vec<&str> = along.filter_map(|entry| entry["resource"]["id"].as_str()).collect();
        along.sort_unstable();
        assert_eq!(along, wanted, "{include}");
    }
    // The chain leads to the patient themselves, and to nobody else.
    finds(&patient.get("AuditEvent?patient.birthdate=1950-05-06&_total=accurate").await, &[], Some(0));
    finds(&patient.get("Patient?_has:AuditEvent:patient:altid=nobody&_total=accurate").await, &[], Some(0));
    let reply = patient.get("Patient?_has:AuditEvent:patient:altid=gp&_total=accurate").await;
    finds(&reply, &["near"], Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_without_a_record_reads_the_trail() {
    let app = looked().await;
    for launch in ["nix", "", "Patient/near", "near' OR '1'='1", "%"] {
        let session = session(&app, &Claims { patient: Some(launch.to_owned()), ..claims("patient") }).await;
        finds(&session.get("AuditEvent?_total=accurate").await, &[], Some(0));
    }
    // Nor are events about nobody somebody's: the mistakes, the refusals.
    let refusals = own(&app, "&outcome=4").await;
    assert_eq!(refusals, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_launched_with_a_patient_read_the_patients_trail() {
    let app = looked().await;
    for name in ["gp", "nurse", "social-worker"] {
        let launched = Claims { scope: "patient/*.rs".to_owned(), patient: Some("near".to_owned()), ..claims(name) };
        let session = session(&app, &launched).await;
        let words = format!("the role {} may not search AuditEvent in this record", launched.role);
        refused(&session.get("AuditEvent").await, 403, &crate::kit::forbidden(&words));
    }
}
