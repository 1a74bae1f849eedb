//! Attacks on the audit trail: by who may not see it, by who would change it, and as a way into the record.

use lcr_facade::access::Claims;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Session, TestApp, send};
use crate::kit::{as_absent, finds, forbidden, outcome, outcome_at, refused};
use crate::world::{claims, full, people, persona, session};

/// The id of some event about `near`.
async fn event(app: &TestApp) -> String {
    assert_eq!(persona(app, "gp").await.get("Patient/near").await.status, 200);
    let found = persona(app, "privacy-officer").await.get("AuditEvent?patient=Patient/near&_count=1&_sort=-date").await;
    found.ids().first().expect("an event").clone()
}

/// An id that no event has, as long as this.
fn never(id: &str) -> String {
    "9".repeat(id.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_and_systems_read_the_trail() {
    let app = people().await;
    let id = event(&app).await;
    for name in ["gp", "nurse", "stranger", "receptionist", "gp-system"] {
        let own = claims(name);
        let wide = Claims { scope: "user/*.cruds system/*.cruds user/AuditEvent.rs".to_owned(), ..own.clone() };
        let session = session(&app, &wide).await;
        let search = format!("the role {} may not search AuditEvent in this record", own.role);
        let read = format!("the role {} may not read AuditEvent in this record", own.role);
        for path in
            ["AuditEvent", "AuditEvent?patient=near&_summary=count", "AuditEvent/_history", "Patient/near/AuditEvent"]
        {
            refused(&session.get(path).await, 403, &forbidden(&search));
        }
        for path in ["AuditEvent/@", "AuditEvent/@/_history", "AuditEvent/@/_history/1"] {
            refused(&as_absent(&session, path, &id, &never(&id)).await, 403, &forbidden(&read));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_is_read_without_its_scope() {
    let app = people().await;
    let officer = Claims { scope: "user/Practitioner.rs __review".to_owned(), ..claims("privacy-officer") };
    let words = "the token's scopes do not allow search of AuditEvent: ask for a scope such as user/AuditEvent.s";
    refused(&session(&app, &officer).await.get("AuditEvent").await, 403, &forbidden(words));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_trail_is_read_under_a_patient_scope() {
    let app = people().await;
    event(&app).await;
    // A patient/ scope is for the patient of the launch, whoever holds the token.
    let officer = Claims { scope: "patient/AuditEvent.rs".to_owned(), ..claims("privacy-officer") };
    let words =
        "a patient/ scope needs a patient in the token's launch context, and there is none: launch with a patient";
    refused(&session(&app, &officer).await.get("AuditEvent?_summary=count").await, 403, &forbidden(words));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_of_another_is_read_in_the_context_of_a_launch() {
    let app = full().await;
    assert_eq!(app.source(crate::world::ELSEWHERE).await.get("Patient/far").await.status, 200);
    let officer = Claims {
        scope: "patient/AuditEvent.rs".to_owned(),
        patient: Some("near".to_owned()),
        ..claims("privacy-officer")
    };
    let officer = session(&app, &officer).await;
    finds(&officer.get("AuditEvent?patient=Patient/far&_summary=count").await, &[], Some(0));
}

/// Every way to write an event.
async fn writes(session: &Session<'_>, id: &str) -> Vec<(&'static str, crate::common::Reply)> {
    let mut body = json!({"resourceType": "AuditEvent", "id": id, "type": {"code": "rest"}, "recorded": "2024-01-01T00:00:00Z",
        "agent": [{"requestor": true}], "source": {"observer": {"display": "x"}}});
    let row = format!("AuditEvent/{id}");
    let update = session.put(&row, &body).await;
    body.as_object_mut().expect("object").remove("id");
    let patch = |path: &str| {
        session.request(Method::PATCH, path).header("Content-Type", "application/json-patch+json").body("[]")
    };
    vec![
        ("create", session.post("AuditEvent", &body).await),
        ("update", update),
        ("update", send(patch(&row)).await),
        ("delete", session.delete(&row).await),
        ("delete", session.delete("AuditEvent?outcome=4").await),
        ("update", session.put("AuditEvent?outcome=4", &body).await),
        ("update", send(patch("AuditEvent?outcome=4")).await),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_written_changed_or_deleted() {
    let app = people().await;
    let id = event(&app).await;
    for name in ["gp", "patient", "privacy-officer", "gp-system"] {
        let scope = "user/*.cruds system/*.cruds patient/*.cruds user/AuditEvent.cruds".to_owned();
        let wide = Claims { scope, source: Some("elsewhere".to_owned()), ..crate::world::claims(name) };
        let session = session(&app, &wide).await;
        for (what, reply) in writes(&session, &id).await {
            assert_eq!(reply.status, 403, "{name} {what}: {}", reply.text);
            let words = "AuditEvent is written by this service alone: it can be read and searched";
            refused(&reply, 403, &forbidden(words));
        }
        let entry = json!([{"request": {"method": "DELETE", "url": format!("AuditEvent/{id}")}}]);
        let reply = session.post("", json!({"resourceType": "Bundle", "type": "transaction", "entry": entry})).await;
        let words = "AuditEvent is written by this service alone: it can be read and searched";
        refused(&reply, 403, &outcome_at("forbidden", "ACCESS_DENIED", words, "Bundle.entry[0]"));
    }
    let officer = persona(&app, "privacy-officer").await;
    assert_eq!(officer.get(&format!("AuditEvent/{id}")).await.json()["meta"]["versionId"], "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_comes_along_with_a_patient() {
    let app = people().await;
    event(&app).await;
    let gp = persona(&app, "gp").await;
    let words = "the role doctor may not search AuditEvent in this record";
    for (name, value) in [
        ("_revinclude", "AuditEvent:patient"),
        ("_revinclude", "AuditEvent:*"),
        ("_revinclude:iterate", "AuditEvent:patient"),
        ("_has:AuditEvent:patient:altid", "gp"),
        ("_has:AuditEvent:patient:_id", "1"),
        ("_has:AuditEvent:entity:outcome", "0"),
    ] {
        let reply = gp.get(&format!("Patient?{name}={value}")).await;
        refused(&reply, 403, &outcome_at("forbidden", "ACCESS_DENIED", words, &format!("http.{name}")));
    }
    let none = "entity of AuditEvent does not refer to Patient";
    let reply = gp.get("Patient?_revinclude=AuditEvent:entity").await;
    refused(&reply, 400, &outcome_at("value", "INVALID_VALUE", none, "http._revinclude"));
    finds(&gp.get("Patient?_revinclude=*").await, &["near"], None);
    finds(&gp.get("Patient/near/*?_total=accurate").await, &["near"], Some(1));
    finds(&gp.get("Patient/near/$everything").await, &["near"], None);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_types_at_once_bring_the_trail() {
    let app = people().await;
    event(&app).await;
    let words = "the role doctor may not search AuditEvent in this record";
    let gp = persona(&app, "gp").await;
    for path in ["?_type=Patient,AuditEvent", "?_type=AuditEvent", "Patient/near/*?_type=AuditEvent"] {
        refused(&gp.get(path).await, 403, &outcome_at("forbidden", "ACCESS_DENIED", words, "http._type"));
    }
    finds(&gp.get("?_total=accurate").await, &["near"], Some(1));
    let words = "the role privacy-officer may not search Patient in this record";
    let officer = persona(&app, "privacy-officer").await;
    let reply = officer.get("?_type=Patient,AuditEvent").await;
    refused(&reply, 403, &outcome_at("forbidden", "ACCESS_DENIED", words, "http._type"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_officer_goes_from_the_trail_into_the_record() {
    let app = full().await;
    event(&app).await;
    let officer = persona(&app, "privacy-officer").await;
    let words = "the role privacy-officer may not search Patient in this record";
    for name in
        ["patient.family", "patient:Patient.birthdate", "entity:Patient.family", "patient.identifier", "patient._id"]
    {
        let reply = officer.get(&format!("AuditEvent?{name}=attwood&_summary=count")).await;
        refused(&reply, 403, &outcome_at("forbidden", "ACCESS_DENIED", words, &format!("http.{name}")));
    }
    let reply = officer.get("AuditEvent?_include=AuditEvent:patient:Patient").await;
    refused(&reply, 403, &outcome_at("forbidden", "ACCESS_DENIED", words, "http._include"));
    for include in ["AuditEvent:patient", "AuditEvent:entity", "AuditEvent:*", "*"] {
        let reply = officer.get(&format!("AuditEvent?_count=50&_include={include}")).await;
        assert_eq!(reply.status, 200, "{include}: {}", reply.text);
        let entries = reply.json()["entry"].as_array().cloned().unwrap_or_default();
        let kinds = entries.iter().map(|entry| entry["resource"]["resourceType"].clone());
        assert!(kinds.into_iter().all(|kind| kind == "AuditEvent"), "{include}: {}", reply.text);
    }
    for kind in ["Patient", "Condition", "CarePlan"] {
        let words = format!("the role privacy-officer may not read {kind} in this record");
        for id in ["near", "near-Condition", "none"] {
            refused(&officer.get(&format!("{kind}/{id}")).await, 403, &forbidden(&words));
        }
    }
    let words = "the role privacy-officer may not read Patient in this record";
    refused(&officer.get("Patient/near/$everything").await, 403, &forbidden(words));
    refused(&officer.get("Patient/near/$summary").await, 403, &forbidden(words));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_of_the_whole_record_tells_more_than_its_searches() {
    let app = full().await;
    let listed = |reply: &crate::common::Reply| {
        let bundle = reply.json();
        let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
        let mut urls: Vec<String> = entries
            .iter()
            .filter_map(|entry| Some(entry["fullUrl"].as_str()?.rsplit_once("/fhir/")?.1.to_owned()))
            .collect();
        urls.sort();
        (urls, bundle["total"].as_u64())
    };
    let own = [
        "AllergyIntolerance/near-AllergyIntolerance",
        "CarePlan/near-CarePlan",
        "Condition/near-Condition",
        "MedicationStatement/near-MedicationStatement",
        "Observation/near-Observation",
        "Patient/near",
        "Patient/near-Patient",
    ];
    for name in ["gp", "patient", "nurse"] {
        let reply = persona(&app, name).await.get("_history?_count=100").await;
        assert_eq!(listed(&reply), (own.map(str::to_owned).to_vec(), Some(7)), "{name}");
    }
    for name in ["stranger", "privacy-officer"] {
        let reply = persona(&app, name).await.get("_history?_count=100").await;
        assert_eq!(listed(&reply), (vec![], Some(0)), "{name}");
    }
    let lab = persona(&app, "lab-feed").await.get("_history").await;
    assert_eq!(listed(&lab), (vec![], Some(0)));
    let none = session(&app, &Claims { scope: "openid".to_owned(), ..claims("gp") }).await.get("_history").await;
    let words = "the token's scopes do not allow search of Organization: ask for a scope such as user/Organization.s";
    refused(&none, 403, &forbidden(words));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_not_there_is_read() {
    let app = people().await;
    let id = event(&app).await;
    let officer = persona(&app, "privacy-officer").await;
    for odd in [never(&id), "1".to_owned(), "0-0-0".to_owned()] {
        for path in
            [format!("AuditEvent/{odd}"), format!("AuditEvent/{odd}/_history"), format!("AuditEvent/{odd}/_history/1")]
        {
            refused(
                &officer.get(&path).await,
                404,
                &outcome("not-found", "RESOURCE_NOT_FOUND", "there is no such resource"),
            );
        }
    }
    let shown: Value = officer.get(&format!("AuditEvent/{id}")).await.json();
    assert_eq!((&shown["id"], &shown["resourceType"]), (&json!(id), &json!("AuditEvent")));
}
