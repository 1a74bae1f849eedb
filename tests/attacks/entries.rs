//! Attacks by entries of a Bundle: addresses that lead elsewhere, and rights that one entry lends another.

use lcr_facade::access::Claims;
use serde_json::{Value, json};

use crate::common::{Session, TestApp};
use crate::kit::{nothing, outcome_at, refused};
use crate::world::{FAR, NEAR, about, claims, full, persona, session};

async fn bundle(session: &Session<'_>, kind: &str, entries: Value) -> crate::common::Reply {
    session.post("", json!({"resourceType": "Bundle", "type": kind, "entry": entries})).await
}

/// The response of a batch's one entry.
async fn one(session: &Session<'_>, method: &str, url: &str) -> Value {
    let mut entry = json!({"request": {"method": method, "url": url}});
    if method != "GET" && method != "DELETE" {
        entry["resource"] = about("CarePlan", "near-CarePlan", "near", NEAR);
    }
    let reply = bundle(session, "batch", json!([entry])).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()["entry"][0]["response"].clone()
}

const NO_TYPE: &str = "it keeps Patient, Condition, Observation, MedicationStatement, AllergyIntolerance, CarePlan, \
                       Practitioner, PractitionerRole, Organization, AuditEvent";

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_reads_at_an_absolute_address() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    let own = format!("{}/Patient/far", app.base);
    for url in [own.as_str(), "http://127.0.0.1:1/fhir/Patient/far", "https://elsewhere.example/Patient/near"] {
        let words = format!("\"{url}\" is not a read or a search: Type/id or Type?…");
        let outcome = outcome_at("value", "INVALID_VALUE", &words, "Bundle.entry[0].request.url");
        assert_eq!(one(&gp, "GET", url).await, json!({"status": "400 Bad Request", "outcome": outcome}), "{url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_climbs_out_of_its_path() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    for url in
        ["../Patient/far", "Patient/../Patient/far", "CarePlan/../../metadata", "/fhir/Patient/far", "./Patient/far"]
    {
        let words = format!("\"{url}\" is not a read or a search: Type/id or Type?…");
        let outcome = outcome_at("value", "INVALID_VALUE", &words, "Bundle.entry[0].request.url");
        assert_eq!(one(&gp, "GET", url).await, json!({"status": "400 Bad Request", "outcome": outcome}), "{url}");
    }
    let mut absent = nothing();
    absent["issue"][0]["expression"] = json!(["Bundle.entry[0]"]);
    assert_eq!(one(&gp, "GET", "CarePlan/..").await, json!({"status": "404 Not Found", "outcome": absent}));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_writes_at_an_absolute_address() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    let own = format!("{}/CarePlan/near-CarePlan", app.base);
    for (method, url) in [("PUT", own.as_str()), ("DELETE", own.as_str()), ("DELETE", "http://127.0.0.1:1/CarePlan/1")]
    {
        let words = format!("this record keeps no resource type \"http:\"; {NO_TYPE}");
        let outcome = outcome_at("not-supported", "NOT_IMPLEMENTED", &words, "Bundle.entry[0].request.url");
        assert_eq!(
            one(&gp, method, url).await,
            json!({"status": "404 Not Found", "outcome": outcome}),
            "{method} {url}"
        );
        let whole = bundle(
            &gp,
            "transaction",
            json!([{"request": {"method": method, "url": url},
            "resource": about("CarePlan", "near-CarePlan", "near", NEAR)}]),
        );
        refused(&whole.await, 404, &outcome);
    }
    assert_eq!(gp.get("CarePlan/near-CarePlan").await.json()["meta"]["versionId"], "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_writes_by_climbing_out_of_its_path() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    let words = format!("this record keeps no resource type \"..\"; {NO_TYPE}");
    let outcome = outcome_at("not-supported", "NOT_IMPLEMENTED", &words, "Bundle.entry[0].request.url");
    let response = one(&gp, "DELETE", "../CarePlan/near-CarePlan").await;
    assert_eq!(response, json!({"status": "404 Not Found", "outcome": outcome}));
    let words = "\"CarePlan/../CarePlan/near-CarePlan\" is not Type, Type/id or Type?criteria";
    let outcome = outcome_at("value", "INVALID_VALUE", words, "Bundle.entry[0].request.url");
    let response = one(&gp, "DELETE", "CarePlan/../CarePlan/near-CarePlan").await;
    assert_eq!(response, json!({"status": "400 Bad Request", "outcome": outcome}));
    assert_eq!(gp.get("CarePlan/near-CarePlan").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_opens_a_record() {
    let app = full().await;
    let stranger = persona(&app, "stranger").await;
    // Operations are not for Bundles: none opens, claims or protects by way of one.
    for name in ["break-glass", "self-claim", "protect", "relate", "review"] {
        let entry = json!({"request": {"method": "POST", "url": format!("Patient/${name}")},
            "resource": crate::kit::parameters(&[("nhs-number", &crate::world::nhs(FAR))])});
        let response = bundle(&stranger, "batch", json!([entry])).await.json()["entry"][0]["response"].clone();
        let words = format!("\"Patient/${name}\" is not Type, Type/id or Type?criteria");
        let outcome = outcome_at("value", "INVALID_VALUE", &words, "Bundle.entry[0].request.url");
        assert_eq!(response, json!({"status": "400 Bad Request", "outcome": outcome}), "{name}");
    }
    crate::kit::finds(&stranger.get("Patient?_total=accurate").await, &[], Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_entry_lends_another_its_reach() {
    let app = full().await;
    // Reads for the launch patient, writes for everybody in her care.
    let mixed = Claims {
        scope: "user/CarePlan.c patient/Condition.rs".to_owned(),
        patient: Some("near".to_owned()),
        ..claims("gp")
    };
    let gp = session(&app, &mixed).await;
    let create =
        json!({"resource": about("CarePlan", "x", "near", NEAR), "request": {"method": "POST", "url": "CarePlan"}});
    let read = |url: &str| json!({"request": {"method": "GET", "url": url}});
    let reply = bundle(&gp, "transaction", json!([create, read("Condition/far-Condition")])).await;
    let mut absent = nothing();
    absent["issue"][0]["expression"] = json!(["Bundle.entry[1]"]);
    refused(&reply, 404, &absent);
    let reply = bundle(&gp, "transaction", json!([create, read("CarePlan?_count=0")])).await;
    let words = "the token's scopes do not allow search of CarePlan: ask for a scope such as user/CarePlan.s";
    refused(&reply, 403, &outcome_at("forbidden", "ACCESS_DENIED", words, "Bundle.entry[1]"));
    crate::kit::finds(&persona(&app, "gp").await.get("CarePlan?_total=accurate").await, &["near-CarePlan"], Some(1));
}

/// Rows of the trail that a request left.
async fn rows(app: &TestApp, reply: &crate::common::Reply) -> i64 {
    let request: uuid::Uuid = reply.header("x-request-id").parse().expect("a request id");
    let count = sqlx::query_scalar("SELECT count(*) FROM audit WHERE request_id = $1").bind(request);
    count.fetch_one(&mut crate::kit::database(app).await).await.expect("a count")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_leads_elsewhere_leaves_no_trace() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    // By itself each of these is a refusal with its row; within a Bundle too.
    let mut untold = Vec::new();
    for url in ["Nonsense/1", "../Patient/far", "http://127.0.0.1:1/Patient/far"] {
        for method in ["GET", "DELETE"] {
            let reply = bundle(&gp, "batch", json!([{"request": {"method": method, "url": url}}])).await;
            assert_eq!(reply.status, 200, "{}", reply.text);
            if rows(&app, &reply).await != 1 {
                untold.push(format!("{method} {url}"));
            }
        }
    }
    assert_eq!(untold, Vec::<String>::new(), "these left no row in the trail");
}
