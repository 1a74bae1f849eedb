//! Scopes, launch context and role together: each narrows, none widens.

use lcr_facade::access::Claims;
use serde_json::json;

use crate::common::send;
use crate::world::{ELSEWHERE, GP_SOURCE, NEAR, about, claims, full, patient, people, put, session};

/// Dr Okafor, in whose care `near` is, with another scope.
fn gp(scope: &str) -> Claims {
    Claims { scope: scope.to_owned(), ..claims("gp") }
}

/// Scopes of Dr Okafor and what they answer to: read, search, instance history, type history, create of a CarePlan.
/// SMART App Launch 2.2 §3.0.2: `r` is read, vread and history of an instance; `s` is search and history of a type.
const SCOPES: &[(&str, [u16; 5])] = &[
    ("user/*.cruds", [200, 200, 200, 200, 201]),
    ("user/*.*", [200, 200, 200, 200, 201]),
    ("user/*.read", [200, 200, 200, 200, 403]),
    ("user/*.write", [403, 403, 403, 403, 201]),
    ("user/CarePlan.r", [200, 403, 200, 403, 403]),
    ("user/CarePlan.s", [403, 200, 403, 200, 403]),
    ("user/CarePlan.c", [403, 403, 403, 403, 201]),
    ("user/CarePlan.u", [403, 403, 403, 403, 403]),
    ("user/CarePlan.r user/CarePlan.s", [200, 200, 200, 200, 403]),
    ("openid fhirUser user/CarePlan.rs offline_access", [200, 200, 200, 200, 403]),
    ("user/Observation.cruds", [403; 5]),
    ("user/careplan.cruds", [403; 5]),
    ("user/CarePlan*.cruds", [403; 5]),
    ("user/Care.cruds", [403; 5]),
    ("user/*CarePlan.cruds", [403; 5]),
    ("user/.cruds", [403; 5]),
    ("user/CarePlan.", [403; 5]),
    ("user/CarePlan", [403; 5]),
    ("user/CarePlan.sr", [403; 5]),
    ("user/CarePlan.rx", [403; 5]),
    ("user/CarePlan.CRUDS", [403; 5]),
    ("user/CarePlan.rs?status=active", [200, 200, 200, 200, 403]),
    ("user/CarePlan,user/Patient.rs", [403; 5]),
    ("User/*.cruds", [403; 5]),
    ("admin/*.cruds", [403; 5]),
    ("*/*.*", [403; 5]),
    ("*", [403; 5]),
    ("launch/patient openid", [403; 5]),
    ("", [403; 5]),
    ("patient/*.cruds", [403; 5]),
    ("user/CarePlan.rs'; DROP TABLE token; --", [403; 5]),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_opens_its_type_and_interactions_and_no_more() {
    let app = people().await;
    put(&app.source(GP_SOURCE).await, &about("CarePlan", "plan", "near", NEAR)).await;
    let mut wrong = Vec::new();
    for (scope, expected) in SCOPES {
        let session = session(&app, &gp(scope)).await;
        let mut got = Vec::new();
        for path in ["CarePlan/plan", "CarePlan", "CarePlan/plan/_history", "CarePlan/_history"] {
            got.push(session.get(path).await.status.as_u16());
        }
        got.push(session.post("CarePlan", about("CarePlan", "new", "near", NEAR)).await.status.as_u16());
        if got != expected {
            wrong.push(format!("{scope:?}: got {got:?}, expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "read, search, history, type-history, create:\n{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_never_widens_the_role() {
    let app = full().await;
    for (role, scope) in [
        ("privacy-officer", "user/*.cruds system/*.cruds patient/*.cruds"),
        ("social-worker", "user/Observation.rs"),
        ("patient", "user/*.cruds"),
        ("wizard", "user/*.cruds"),
        ("", "user/*.cruds"),
        ("Doctor", "user/*.cruds"),
        ("doctor ", "user/*.cruds"),
        ("*", "system/*.cruds"),
    ] {
        let claims = Claims { role: role.to_owned(), ..gp(scope) };
        let session = session(&app, &claims).await;
        let reply = session.get("Observation/far-Observation").await;
        assert!(reply.status == 403 || reply.status == 404, "{role} {scope}: {}", reply.text);
        let expected = if role == "patient" { 200 } else { 403 };
        assert_eq!(session.get("Observation/near-Observation").await.status, expected, "{role} {scope}");
        assert_eq!(
            session.post("Observation", about("Observation", "n", "near", NEAR)).await.status,
            403,
            "{role} {scope}"
        );
    }
    // A system scope is for a client that is bound to a source.
    let unbound = Claims { source: None, user: None, ..claims("gp-system") };
    assert_eq!(session(&app, &unbound).await.get("Patient/near").await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_scope_shows_the_launch_patient_alone() {
    let app = full().await;
    // A second Patient of the same person, from another source, with a row about them.
    let elsewhere = app.source(ELSEWHERE).await;
    put(&elsewhere, &patient("twin", NEAR)).await;
    put(&elsewhere, &about("Condition", "twin-Condition", "twin", NEAR)).await;
    let own = |launch: &str| Claims { patient: Some(launch.to_owned()), ..claims("patient") };
    for launch in ["near", "twin"] {
        let session = session(&app, &own(launch)).await;
        let mut people = session.all("Patient").await.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        people.sort();
        assert_eq!(people, ["near", "near-Patient", "twin"], "launched with {launch}");
        let mut rows = session.all("Condition").await.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        rows.sort();
        assert_eq!(rows, ["near-Condition", "twin-Condition"], "launched with {launch}");
        for kind in crate::world::TYPES {
            let ids = session.get(&format!("{kind}/_history?_count=100")).await.ids();
            assert!(ids.iter().all(|id| id.starts_with("near") || id.starts_with("twin")), "{launch} {kind}: {ids:?}");
            assert_eq!(session.get(&format!("{kind}/far-{kind}")).await.status, 404, "{launch} {kind}");
        }
    }
    for launch in ["absent", "", "Near", "near ", "%", "near' OR '1'='1", "Patient/near", "near,far"] {
        let session = session(&app, &own(launch)).await;
        assert_eq!(session.get("Patient/near").await.status, 404, "launched with {launch:?}");
        assert_eq!(session.get("Condition?_count=0").await.json()["total"], 0, "launched with {launch:?}");
    }
    let none = Claims { patient: None, ..claims("patient") };
    assert_eq!(session(&app, &none).await.get("Patient/near").await.status, 403, "launched with nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clinicians_launch_needs_a_care_relationship_too() {
    let app = full().await;
    let launched = |name: &str, launch: &str| Claims {
        scope: "patient/*.rs".to_owned(),
        patient: Some(launch.to_owned()),
        ..claims(name)
    };
    let near = session(&app, &launched("gp", "near")).await;
    assert_eq!(near.get("Condition/near-Condition").await.status, 200, "in her care");
    assert_eq!(near.get("Condition/far-Condition").await.status, 404, "another patient");
    // DESIGN §6: effective access = scope ∩ launch context ∩ care relationship, decided per request.
    for (name, launch) in [("gp", "far"), ("stranger", "near"), ("stranger", "far")] {
        let session = session(&app, &launched(name, launch)).await;
        let got = session.get(&format!("Condition/{launch}-Condition")).await;
        assert_eq!(got.status, 404, "{name} launched with {launch}, in whose care {name} is not: {}", got.text);
        assert_eq!(session.all("Patient").await, [], "{name} launched with {launch}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_entry_of_a_transaction_is_judged_by_its_own_scope() {
    let app = people().await;
    let elsewhere = app.source(ELSEWHERE).await;
    put(&elsewhere, &patient("other", 3)).await;
    crate::world::relate(&app, 3, "organisation", "Y90001").await;
    put(&app.source(GP_SOURCE).await, &about("CarePlan", "plan", "near", NEAR)).await;
    // Creates for every patient in her care, changes for the launch patient only.
    let mixed = Claims { patient: Some("near".to_owned()), ..gp("user/CarePlan.c patient/CarePlan.u") };
    let session = session(&app, &mixed).await;
    let moving = about("CarePlan", "plan", "other", 3);
    assert_eq!(session.put("CarePlan/plan", &moving).await.status, 422, "alone");
    let update = json!({"resource": moving, "request": {"method": "PUT", "url": "CarePlan/plan"}});
    let create =
        json!({"resource": about("CarePlan", "new", "other", 3), "request": {"method": "POST", "url": "CarePlan"}});
    for entries in [vec![update.clone(), create.clone()], vec![create.clone(), update.clone()]] {
        let reply = session.post("", json!({"resourceType": "Bundle", "type": "transaction", "entry": entries})).await;
        assert_eq!(reply.status, 422, "with a create beside it: {}", reply.text);
    }
    let reply = session.post("", json!({"resourceType": "Bundle", "type": "transaction", "entry": [create]})).await;
    assert_eq!(reply.status, 200, "the create alone: {}", reply.text);
    // A write the token has no scope for fails the whole before anything is looked at.
    let read_only = crate::world::session(&app, &gp("user/*.rs")).await;
    for id in ["plan", "absent"] {
        let entry = json!({"request": {"method": "DELETE", "url": format!("CarePlan/{id}")}});
        let reply = send(crate::common::json(
            read_only.request(reqwest::Method::POST, ""),
            json!({"resourceType": "Bundle", "type": "transaction", "entry": [entry]}),
        ));
        assert_eq!(reply.await.status, 403, "{id}");
    }
}
