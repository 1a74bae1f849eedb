//! When the audit trail cannot be written, nothing is answered and nothing is changed.

// A look into the database itself, which no interaction shows.
#![allow(clippy::disallowed_types)]

use std::collections::BTreeSet;

use serde_json::json;
use sqlx::{Connection, PgConnection};

use crate::common::Reply;
use crate::world::{GP_SOURCE, NEAR, about, full, labelled, persona, put};

#[tokio::test(flavor = "multi_thread")]
async fn without_the_trail_nothing_is_answered_and_nothing_is_changed() {
    let app = full().await;
    let practice = app.source(GP_SOURCE).await;
    put(&practice, &labelled(about("CarePlan", "plan", "near", NEAR), "N")).await;
    let (gp, officer) = (persona(&app, "gp").await, persona(&app, "privacy-officer").await);
    let mut database = PgConnection::connect(&app.database).await.expect("the database");
    sqlx::query("ALTER TABLE audit RENAME TO audit_away").execute(&mut database).await.expect("renamed");
    let transaction = |entry| json!({"resourceType": "Bundle", "type": "transaction", "entry": [entry]});
    let plan = about("CarePlan", "plan", "near", NEAR);
    let replies: Vec<(&str, Reply)> = vec![
        ("read", gp.get("Patient/near").await),
        ("vread", gp.get("Patient/near/_history/1").await),
        ("history", gp.get("Patient/near/_history").await),
        ("type history", gp.get("Patient/_history").await),
        ("search", gp.get("Patient").await),
        ("count", gp.get("Patient?_count=0").await),
        ("empty search", gp.get("Patient?_id=absent").await),
        ("absent", gp.get("Patient/absent").await),
        ("hidden", gp.get("Patient/far").await),
        ("wrong parameter", gp.get("Patient?nonsense=1").await),
        ("denied", officer.get("Patient/near").await),
        ("create", gp.post("CarePlan", &plan).await),
        ("update", gp.put("CarePlan/plan", &plan).await),
        ("delete", gp.delete("CarePlan/plan").await),
        (
            "transaction",
            gp.post("", transaction(json!({"resource": plan, "request": {"method": "PUT", "url": "CarePlan/plan"}})))
                .await,
        ),
        (
            "transaction's read",
            gp.post("", transaction(json!({"request": {"method": "GET", "url": "Patient/near"}}))).await,
        ),
    ];
    let reads = ["Patient/near", "Patient/far", "Patient?_count=0"]
        .map(|url| json!({"request": {"method": "GET", "url": url}}));
    let batch = gp.post("", json!({"resourceType": "Bundle", "type": "batch", "entry": reads})).await;
    let changes = gp
        .post(
            "",
            json!({"resourceType": "Bundle", "type": "batch", "entry": [
                {"request": {"method": "DELETE", "url": "CarePlan/plan"}},
                {"resource": plan, "request": {"method": "POST", "url": "CarePlan"}},
            ]}),
        )
        .await;
    let statuses: BTreeSet<String> = [&batch, &changes]
        .iter()
        .flat_map(|reply| reply.json()["entry"].as_array().cloned().unwrap_or_default())
        .map(|entry| entry["response"]["status"].as_str().expect("status")[..3].to_owned())
        .collect();
    assert_eq!(statuses, ["503".to_owned()].into(), "entries of a batch");
    assert!(!batch.text.contains("Attwood") && !batch.text.contains("total"), "{}", batch.text);
    sqlx::query("ALTER TABLE audit_away RENAME TO audit").execute(&mut database).await.expect("renamed back");
    for (name, reply) in replies {
        assert_eq!(reply.status, 503, "{name}: {}", reply.text);
        assert_eq!(reply.json()["resourceType"], "OperationOutcome", "{name}");
        assert!(!reply.header("retry-after").is_empty(), "{name}");
        for word in ["Attwood", "near", "far", "audit", "relation", "total"] {
            assert!(!reply.text.contains(word), "{name} tells of {word}: {}", reply.text);
        }
        assert!(reply.header("etag").is_empty() && reply.header("location").is_empty(), "{name}");
    }
    assert_eq!(gp.get("Patient/near").await.status, 200, "and when it can be written again, all is well");
    assert_eq!(
        practice.get("CarePlan/plan").await.json()["meta"]["versionId"],
        "1",
        "nothing was changed without a row"
    );
    assert_eq!(gp.get("CarePlan?patient=near&_count=0").await.json()["total"], 2, "nothing was created without a row");
}
