//! Attacks on what another source shared: in reach it may be seen and not changed, out of reach it is not there; and every
//! attempt is in the trail, where the privacy officer finds it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Reply, Session, TestApp, send};
use crate::kit::{forbidden, nothing, refused};
use crate::world::{ELSEWHERE, FAR, GP_SOURCE, NEAR, about, full, persona};

const OTHERS: &str =
    "another source shared this resource, and only that source may change or delete it: share a resource of your own";

/// Every way to change a row.
async fn attempts(session: &Session<'_>, id: &str, subject: &str, n: usize) -> Vec<Reply> {
    let row = format!("Condition/{id}");
    let patch = session.request(Method::PATCH, &row).header("Content-Type", "application/json-patch+json");
    vec![
        session.put(&row, about("Condition", id, subject, n)).await,
        session.delete(&row).await,
        send(patch.body("[]")).await,
        send(session.request(Method::DELETE, &row).header("If-Match", "W/\"1\"")).await,
    ]
}

/// What the officer finds of refused changes by a client: action, outcome, who asked and what was asked.
async fn refusals(app: &TestApp, client: &str) -> Vec<[String; 4]> {
    let officer = persona(app, "privacy-officer").await;
    let mut lines = Vec::new();
    for (_, event) in officer.all(&format!("AuditEvent?outcome=4&agent:identifier={client}&_sort=date")).await {
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let entities = event["entity"].as_array().cloned().unwrap_or_default();
        let query = entities.iter().find_map(|entity| entity["description"].as_str()).unwrap_or_default().to_owned();
        lines.push([text("/action"), text("/outcome"), text("/agent/0/who/identifier/value"), query]);
    }
    lines
}

/// Those of these attempts.
fn lines(client: &str, attempts: &[(&str, &str)]) -> Vec<[String; 4]> {
    attempts.iter().map(|(action, row)| [*action, "4", client, *row].map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sources_resource_in_reach_is_changed() {
    let app = full().await;
    crate::world::put(&app.source(ELSEWHERE).await, &about("Condition", "theirs", "near", NEAR)).await;
    let system = persona(&app, "gp-system").await;
    for reply in attempts(&system, "theirs", "near", NEAR).await {
        refused(&reply, 403, &forbidden(OTHERS));
    }
    assert_eq!(
        refusals(&app, "gp-system").await,
        lines("gp-system", &["U", "D", "U", "D"].map(|action| (action, "Condition/theirs")))
    );
    let kept = app.source(ELSEWHERE).await.get("Condition/theirs").await;
    assert_eq!((kept.status.as_u16(), kept.json()["meta"]["versionId"].clone()), (200, json!("1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sources_resource_out_of_reach_is_changed() {
    let app = full().await;
    let system = persona(&app, "gp-system").await;
    let attempts = attempts(&system, "far-Condition", "far", FAR).await;
    // It may choose ids, so that an update of what is not there would make it: this one is taken, whoever has it.
    let words = "this id is in use: choose another, or let the server choose by POST";
    refused(&attempts[0], 409, &crate::kit::outcome("conflict", "CONFLICT", words));
    for reply in &attempts[1..] {
        refused(reply, 404, &nothing());
    }
    assert_eq!(
        refusals(&app, "gp-system").await,
        lines("gp-system", &["U", "D", "U", "D"].map(|action| (action, "Condition/far-Condition")))
    );
    let kept = app.source(ELSEWHERE).await.get("Condition/far-Condition").await;
    assert_eq!((kept.status.as_u16(), kept.json()["meta"]["versionId"].clone()), (200, json!("1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_changes_a_plan_of_another_source_in_reach() {
    let app = full().await;
    crate::world::put(&app.source(ELSEWHERE).await, &about("CarePlan", "theirs", "near", NEAR)).await;
    let gp = persona(&app, "gp").await;
    refused(&gp.put("CarePlan/theirs", about("CarePlan", "theirs", "near", NEAR)).await, 403, &forbidden(OTHERS));
    refused(&gp.delete("CarePlan/theirs").await, 403, &forbidden(OTHERS));
    let attempts = lines("sandbox-app", &[("U", "CarePlan/theirs"), ("D", "CarePlan/theirs")]);
    assert_eq!(refusals(&app, "sandbox-app").await, attempts);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_changes_a_plan_of_another_source_out_of_reach() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    for id in ["far-CarePlan", "non-CarePlan"] {
        let row = format!("CarePlan/{id}");
        refused(&gp.put(&row, about("CarePlan", id, "near", NEAR)).await, 404, &nothing());
        refused(&gp.delete(&row).await, 404, &nothing());
    }
    let attempts = [
        ("U", "CarePlan/far-CarePlan"),
        ("D", "CarePlan/far-CarePlan"),
        ("U", "CarePlan/non-CarePlan"),
        ("D", "CarePlan/non-CarePlan"),
    ];
    assert_eq!(refusals(&app, "sandbox-app").await, lines("sandbox-app", &attempts));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_change_of_a_row_in_reach_is_kept_from_the_persons_own_trail() {
    let app = full().await;
    crate::world::put(&app.source(ELSEWHERE).await, &about("Condition", "theirs", "near", NEAR)).await;
    let system = persona(&app, "gp-system").await;
    refused(&system.delete("Condition/theirs").await, 403, &forbidden(OTHERS));
    // The answer tells that the person has such a row: that is a look at them, as it is for a row that was deleted.
    let officer = persona(&app, "privacy-officer").await;
    let path = "AuditEvent?patient=Patient/near&outcome=4&agent:identifier=gp-system&_summary=count";
    crate::kit::finds(&officer.get(path).await, &[], Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sources_name_is_taken() {
    let app = full().await;
    // Named, so that the record knows whose URI it is.
    app.store.name_source(GP_SOURCE, Some(GP_SOURCE)).await.expect("a source");
    let mut row = about("Condition", "forged", "near", NEAR);
    row["meta"]["source"] = json!(GP_SOURCE);
    let reply = app.source(ELSEWHERE).await.put("Condition/forged", row).await;
    let words = "meta.source names another source of this record: leave it out, and yours is put in";
    refused(&reply, 422, &crate::kit::outcome_at("business-rule", "INVALID_RESOURCE", words, "meta.source"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_deletes_by_criteria_what_another_shared() {
    let app = full().await;
    crate::world::put(&app.source(ELSEWHERE).await, &about("Condition", "theirs", "near", NEAR)).await;
    let system = persona(&app, "gp-system").await;
    refused(&system.delete("Condition?_id=theirs").await, 403, &forbidden(OTHERS));
    // Out of reach there is nothing to delete, which is no fault.
    let (hidden, absent) =
        (system.delete("Condition?_id=far-Condition").await, system.delete("Condition?_id=non-Condition").await);
    assert_eq!((hidden.status.as_u16(), crate::world::visible(&hidden)), (204, crate::world::visible(&absent)));
    let kept = app.source(ELSEWHERE).await.get("Condition?_id=theirs,far-Condition&_total=accurate").await;
    crate::kit::finds(&kept, &["far-Condition", "theirs"], Some(2));
}
