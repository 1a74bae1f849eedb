//! Attacks by changing: criteria that match hidden rows, patches that ask instead of changing, and rows put into somebody
//! else's record.

use lcr_facade::access::Claims;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Reply, Session, send};
use crate::kit::{finds, forbidden, nothing, outcome, refused, renamed};
use crate::world::{
    ELSEWHERE, FAR, HOSPITAL_SOURCE, NEAR, about, claims, full, patient, people, persona, put, relate, session,
};

const JSON_PATCH: &str = "application/json-patch+json";

async fn patch(session: &Session<'_>, path: &str, operations: Value) -> Reply {
    let request = session.request(Method::PATCH, path).header("Content-Type", JSON_PATCH);
    send(request.body(operations.to_string())).await
}

async fn create_if_none(session: &Session<'_>, criteria: &str, resource: &Value) -> Reply {
    let kind = resource["resourceType"].as_str().expect("type");
    let request = crate::common::json(session.request(Method::POST, kind), resource);
    send(request.header("If-None-Exist", criteria)).await
}

/// A resource with an identifier of its sender.
fn marked(mut resource: Value, mark: &str) -> Value {
    resource["identifier"] = json!([{"system": "http://example.org/marks", "value": mark}]);
    resource
}

#[tokio::test(flavor = "multi_thread")]
async fn if_none_exist_matches_a_hidden_row() {
    let app = full().await;
    put(&app.source(ELSEWHERE).await, &marked(about("Condition", "marked", "far", FAR), "hidden")).await;
    let hospital = app.source(HOSPITAL_SOURCE).await;
    let mut statuses = Vec::new();
    for criteria in ["identifier=hidden", "identifier=neverr", "_id=far-Condition", "_id=non-Condition"] {
        let reply = create_if_none(&hospital, criteria, &about("Condition", "x", "near", NEAR)).await;
        statuses.push((reply.status.as_u16(), reply.json()["meta"]["versionId"].clone()));
    }
    assert_eq!(statuses, vec![(201, json!("1")); 4], "a hidden match is no match");
    let elsewhere = app.source(ELSEWHERE).await;
    assert_eq!(elsewhere.get("Condition/marked").await.json()["meta"]["versionId"], "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn if_none_exist_of_a_user_matches_a_hidden_plan() {
    let app = full().await;
    put(&app.source(ELSEWHERE).await, &marked(about("CarePlan", "marked", "far", FAR), "hidden")).await;
    let gp = persona(&app, "gp").await;
    for criteria in ["identifier=hidden", "identifier=neverr"] {
        let reply = create_if_none(&gp, criteria, &about("CarePlan", "x", "near", NEAR)).await;
        assert_eq!((reply.status.as_u16(), reply.json()["subject"]["reference"].clone()), (201, json!("Patient/near")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_with_u_but_not_r_asks_what_is_there() {
    let app = people().await;
    let mut plan = about("CarePlan", "x", "near", NEAR);
    plan["description"] = json!("secret");
    let made = persona(&app, "gp").await.post("CarePlan", &plan).await;
    let row = format!("CarePlan/{}", made.json()["id"].as_str().expect("id"));
    let writer = session(&app, &Claims { scope: "user/CarePlan.cud".to_owned(), ..claims("gp") }).await;
    let words = "the token's scopes do not allow read of CarePlan: ask for a scope such as user/CarePlan.r";
    for value in ["secret", "guess"] {
        let test = json!([{"op": "test", "path": "/description", "value": value}]);
        refused(&patch(&writer, &row, test.clone()).await, 403, &forbidden(words));
        refused(&patch(&writer, "CarePlan/none", test).await, 403, &forbidden(words));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_asks_what_a_hidden_row_says() {
    let app = full().await;
    let (gp, hospital) = (persona(&app, "gp").await, app.source(HOSPITAL_SOURCE).await);
    for session in [&gp, &hospital] {
        for id in ["far-CarePlan", "veil-CarePlan", "none-CarePlan"] {
            for value in ["active", "draft"] {
                let test = json!([{"op": "test", "path": "/status", "value": value}]);
                refused(&patch(session, &format!("CarePlan/{id}"), test).await, 404, &nothing());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_is_created_in_a_hidden_patients_record() {
    let app = full().await;
    for name in ["gp", "nurse", "out-of-hours"] {
        let session = persona(&app, name).await;
        let words = "the subject must be a patient you are in a care relationship with; Patient/far is not one";
        let hidden = session.post("CarePlan", about("CarePlan", "x", "far", FAR)).await;
        refused(&hidden, 422, &outcome("business-rule", "INVALID_RESOURCE", words));
        let absent = session.post("CarePlan", about("CarePlan", "x", "nix", FAR)).await;
        assert_eq!(renamed(&hidden, "far", "@"), renamed(&absent, "nix", "@"));
    }
    finds(&app.source(ELSEWHERE).await.get("CarePlan?patient=far&_total=accurate").await, &["far-CarePlan"], Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_is_moved_into_a_hidden_patients_record() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    let made = gp.post("CarePlan", about("CarePlan", "x", "near", NEAR)).await;
    let id = made.json()["id"].as_str().expect("id").to_owned();
    let row = format!("CarePlan/{id}");
    let words = "the subject must be a patient you are in a care relationship with; Patient/far is not one";
    let body = outcome("business-rule", "INVALID_RESOURCE", words);
    refused(&gp.put(&row, about("CarePlan", &id, "far", FAR)).await, 422, &body);
    let to = |id: &str| json!([{"op": "replace", "path": "/subject/reference", "value": format!("Patient/{id}")}]);
    let hidden = patch(&gp, &row, to("far")).await;
    refused(&hidden, 422, &body);
    assert_eq!(renamed(&hidden, "far", "@"), renamed(&patch(&gp, &row, to("nix")).await, "nix", "@"));
    let kept = gp.get(&row).await.json();
    assert_eq!((&kept["meta"]["versionId"], &kept["subject"]["reference"]), (&json!("1"), &json!("Patient/near")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_read_whose_subject_was_another_patient() {
    let app = people().await;
    let elsewhere = app.source(ELSEWHERE).await;
    put(&elsewhere, &patient("third", 3)).await;
    relate(&app, 3, "practitioner", "nurse").await;
    // Version 1 was about far, version 2 about near, version 3 is about third.
    for (subject, n) in [("far", FAR), ("near", NEAR), ("third", 3)] {
        put(&elsewhere, &about("Condition", "moved", subject, n)).await;
    }
    let (gp, nurse) = (persona(&app, "gp").await, persona(&app, "nurse").await);
    refused(&gp.get("Condition/moved").await, 404, &nothing());
    refused(&gp.get("Condition/moved/_history/1").await, 404, &nothing());
    assert_eq!(gp.get("Condition/moved/_history/2").await.json()["subject"]["reference"], "Patient/near");
    refused(&gp.get("Condition/moved/_history/3").await, 404, &nothing());
    refused(&nurse.get("Condition/moved/_history/1").await, 404, &nothing());
    assert_eq!(nurse.get("Condition/moved/_history/3").await.json()["subject"]["reference"], "Patient/third");
    finds(&gp.get("Condition/moved/_history").await, &["moved"], Some(1));
    finds(&nurse.get("Condition/moved/_history").await, &["moved", "moved"], Some(2));
    finds(&gp.get("Condition?_id=moved&_total=accurate").await, &[], Some(0));
    // In a batch too.
    let entry =
        |version: u32| json!({"request": {"method": "GET", "url": format!("Condition/moved/_history/{version}")}});
    let bundle = json!({"resourceType": "Bundle", "type": "batch", "entry": [entry(1), entry(3), entry(4)]});
    let reply = gp.post("", bundle).await.json();
    let statuses: Vec<&Value> = (0..3).map(|at| &reply["entry"][at]["response"]["status"]).collect();
    assert_eq!(statuses, ["404 Not Found"; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conditional_reference_resolves_to_a_hidden_patient() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    for criteria in [format!("identifier={}", crate::world::nhs(FAR)), "_id=far".to_owned(), "_id=nix".to_owned()] {
        let mut plan = about("CarePlan", "x", "near", NEAR);
        plan["subject"]["reference"] = json!(format!("Patient?{criteria}"));
        let entry = json!({"resource": plan, "request": {"method": "POST", "url": "CarePlan"}});
        let reply = gp.post("", json!({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})).await;
        let words = "a conditional reference to Patient matches nothing: it has to match one";
        refused(&reply, 412, &crate::kit::outcome_at("not-found", "RESOURCE_NOT_FOUND", words, "Bundle.entry[0]"));
    }
}
