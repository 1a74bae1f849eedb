//! Practitioners, their roles and organisations are nobody's record: whoever has leave for the type sees them, their source
//! alone changes them, and nothing of a patient is learnt by way of them.

use serde_json::{Value, json};

use crate::common::Session;
use crate::world::{FAR, GP_SOURCE, HOSPITAL_SOURCE, about, address, full, labelled, persona, put};

fn professionals() -> [Value; 3] {
    [
        json!({"resourceType": "Practitioner", "id": "dr-a", "name": [{"family": "Adeyemi"}]}),
        json!({"resourceType": "Organization", "id": "ward-a", "name": "Ward A"}),
        json!({"resourceType": "PractitionerRole", "id": "role-a", "practitioner": {"reference": "Practitioner/dr-a"},
            "organization": {"reference": "Organization/ward-a"}}),
    ]
}

async fn total(session: &Session<'_>, query: &str) -> u64 {
    let reply = session.get(query).await;
    assert_eq!(reply.status, 200, "{query}: {}", reply.text);
    reply.json()["total"].as_u64().expect("total")
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_with_leave_sees_professionals_and_only_their_source_changes_them() {
    let app = full().await;
    let hospital = app.source(HOSPITAL_SOURCE).await;
    for resource in professionals() {
        put(&hospital, &resource).await;
    }
    for name in ["gp", "nurse", "social-worker", "stranger", "patient", "privacy-officer", "gp-system"] {
        let session = persona(&app, name).await;
        for resource in professionals() {
            let (row, kind) = (address(&resource), resource["resourceType"].as_str().expect("type"));
            assert_eq!(session.get(&row).await.status, 200, "{name} {row}");
            assert_eq!(session.get(&format!("{row}/_history")).await.ids(), [&row[kind.len() + 1..]], "{name} {row}");
            assert_eq!(total(&session, &format!("{kind}?_total=accurate")).await, 1, "{name} {kind}");
            assert_eq!(session.put(&row, &resource).await.status, 403, "{name} changes {row}");
            assert_eq!(session.delete(&row).await.status, 403, "{name} deletes {row}");
        }
    }
    // The lab's client has a scope for Observation alone.
    let lab = persona(&app, "lab-feed").await;
    assert_eq!(lab.get("Practitioner/dr-a").await.status, 403);
    assert_eq!(lab.get("Observation?performer:Practitioner.name=Adeyemi").await.status, 403, "nor through a chain");
    // What is labelled is hidden from those below the label, here as anywhere.
    put(&hospital, &labelled(professionals()[0].clone(), "R")).await;
    assert_eq!(persona(&app, "gp").await.get("Practitioner/dr-a").await.status, 200);
    for name in ["nurse", "social-worker", "privacy-officer"] {
        assert_eq!(persona(&app, name).await.get("Practitioner/dr-a").await.status, 404, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn professionals_tell_nothing_of_patients_out_of_reach() {
    let app = full().await;
    let hospital = app.source(HOSPITAL_SOURCE).await;
    for resource in professionals() {
        put(&hospital, &resource).await;
    }
    let mut far = about("Observation", "by-dr-a", "far", FAR);
    far["performer"] = json!([{"reference": "Practitioner/dr-a"}]);
    put(&hospital, &far).await;
    for name in ["gp", "stranger", "patient"] {
        let session = persona(&app, name).await;
        for query in [
            "Practitioner?_total=accurate&_has:Observation:performer:code=38341003",
            "Practitioner?_total=accurate&_has:Observation:performer:_id=by-dr-a",
            "Observation?_total=accurate&performer:Practitioner.name=Adeyemi",
            "PractitionerRole?_total=accurate&practitioner._has:Observation:performer:code=38341003",
        ] {
            assert_eq!(total(&session, query).await, 0, "{name} {query}");
        }
        let along = session.get("Practitioner?_revinclude=Observation:performer").await;
        assert_eq!(along.ids(), ["dr-a"], "{name}: {}", along.text);
    }
    // Who may see the patient finds the row by its performer, and has the performer along.
    let mut near = about("Observation", "near-by-dr-a", "near", 1);
    near["performer"] = json!([{"reference": "Practitioner/dr-a"}]);
    put(&app.source(GP_SOURCE).await, &near).await;
    let gp = persona(&app, "gp").await;
    let along = gp.get("Observation?performer:Practitioner.family=ade&_include=Observation:performer").await;
    assert_eq!(along.ids(), ["near-by-dr-a", "dr-a"], "{}", along.text);
    assert_eq!(total(&gp, "Practitioner?_total=accurate&_has:Observation:performer:code=38341003").await, 1);
    let inner = "PractitionerRole?_total=accurate&practitioner.family=Adeyemi&organization.name=ward";
    assert_eq!(total(&gp, inner).await, 1);
}
