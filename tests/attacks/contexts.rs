//! Attacks by the context of a token: none, two at once, somebody else's, and a record in which nobody is in anybody's care.

use lcr_facade::access::Claims;

use crate::kit::{as_absent, behind_the_scenes, finds, forbidden, nothing, refused};
use crate::world::{ELSEWHERE, TYPES, about, claims, full, patient, persona, put, relate, session};

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_scope_without_a_patient() {
    let app = full().await;
    let words =
        "a patient/ scope needs a patient in the token's launch context, and there is none: launch with a patient";
    for claims in
        [Claims { patient: None, ..claims("patient") }, Claims { scope: "patient/*.rs".to_owned(), ..claims("gp") }]
    {
        let session = session(&app, &claims).await;
        for path in [
            "Condition/near-Condition",
            "Condition/none-Condition",
            "Condition",
            "Condition/_history",
            "Condition?patient=near&_summary=count",
            "Patient/near/$summary",
        ] {
            refused(&session.get(path).await, 403, &forbidden(words));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_without_a_patient_in_context() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    let words = "no patient was chosen at the launch: ask for one by id, GET [base]/Patient/[id]/$everything";
    refused(&gp.get("Patient/$everything").await, 400, &crate::kit::outcome("required", "INVALID_RESOURCE", words));
}

#[tokio::test(flavor = "multi_thread")]
async fn mixed_user_and_patient_scopes_do_not_add_up() {
    let app = full().await;
    let elsewhere = app.source(ELSEWHERE).await;
    put(&elsewhere, &patient("third", 3)).await;
    for kind in ["Condition", "Observation"] {
        put(&elsewhere, &about(kind, &format!("third-{kind}"), "third", 3)).await;
    }
    relate(&app, 3, "organisation", "Y90001").await;
    let mixed = Claims {
        scope: "user/Condition.rs patient/Observation.rs user/Patient.r patient/Patient.s".to_owned(),
        patient: Some("near".to_owned()),
        ..claims("gp")
    };
    let gp = session(&app, &mixed).await;
    // Conditions of everybody in her care, Observations of the launch patient alone.
    finds(&gp.get("Condition?_total=accurate").await, &["near-Condition", "third-Condition"], Some(2));
    finds(&gp.get("Observation?_total=accurate").await, &["near-Observation"], Some(1));
    refused(&as_absent(&gp, "Observation/@", "third-Observation", "never-Observation").await, 404, &nothing());
    // Each letter has the context of its own scope.
    assert_eq!(gp.get("Patient/third").await.status, 200);
    finds(&gp.get("Patient?_total=accurate").await, &["near", "near-Patient"], Some(2));
    // What a search enters, it enters in that type's context.
    finds(&gp.get("Condition?patient.family=attwood&_total=accurate").await, &["near-Condition"], Some(1));
    finds(
        &gp.get("Condition?_id=third-Condition&_include=Condition:patient&_total=accurate").await,
        &["third-Condition"],
        Some(1),
    );
    finds(&gp.get("Patient?_has:Observation:patient:status=final&_total=accurate").await, &["near"], Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_scope_for_one_type_widens_a_patient_scope_for_all() {
    let app = full().await;
    let claims =
        Claims { scope: "patient/*.rs user/CarePlan.rs".to_owned(), patient: Some("far".to_owned()), ..claims("gp") };
    let gp = session(&app, &claims).await;
    // Launched with somebody in whose care she is not: nothing but the plans of those in whose care she is.
    finds(&gp.get("CarePlan?_total=accurate").await, &["near-CarePlan"], Some(1));
    for kind in TYPES.into_iter().filter(|kind| *kind != "CarePlan") {
        finds(&gp.get(&format!("{kind}?_total=accurate")).await, &[], Some(0));
        refused(&gp.get(&format!("{kind}/near-{kind}")).await, 404, &nothing());
        refused(&gp.get(&format!("{kind}/far-{kind}")).await, 404, &nothing());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_looks_at_somebody_else() {
    let app = full().await;
    let patient = persona(&app, "patient").await;
    for path in ["Patient/@", "Patient/@/_history", "Patient/@/$everything", "Patient/@/$summary"] {
        refused(&as_absent(&patient, path, "far", "nix").await, 404, &nothing());
    }
    for path in ["Condition?patient=@&_total=accurate", "Patient?_id=@&_total=accurate", "Patient/@/*?_total=accurate"]
    {
        finds(&as_absent(&patient, path, "far", "nix").await, &[], Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_in_anybodys_care() {
    let app = full().await;
    behind_the_scenes(&app, "DELETE FROM care_relationship").await;
    for name in ["gp", "hospital-doctor", "nurse", "social-worker", "out-of-hours", "stranger"] {
        let session = persona(&app, name).await;
        for kind in ["Patient", "Condition", "CarePlan"] {
            finds(&session.get(&format!("{kind}?_total=accurate")).await, &[], Some(0));
            refused(&session.get(&format!("{kind}/near-{kind}")).await, 404, &nothing());
            refused(&session.get(&format!("{kind}/near-{kind}/_history/1")).await, 404, &nothing());
            let history = session.get(&format!("{kind}/_history")).await.json();
            assert_eq!((&history["total"], &history["entry"]), (&0.into(), &serde_json::Value::Null), "{name} {kind}");
        }
        finds(&session.get("?_total=accurate").await, &[], Some(0));
    }
    // Patients and sources need no relationship with themselves.
    finds(&persona(&app, "patient").await.get("Condition?_total=accurate").await, &["near-Condition"], Some(1));
    finds(&persona(&app, "gp-system").await.get("Condition?_total=accurate").await, &["near-Condition"], Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_without_user_team_and_organisation_is_in_nobodys_care() {
    let app = full().await;
    let claims = Claims { user: None, organisation: None, teams: Vec::new(), ..claims("gp") };
    let nobody = session(&app, &claims).await;
    finds(&nobody.get("Condition?_total=accurate").await, &[], Some(0));
    refused(&nobody.get("Condition/near-Condition").await, 404, &nothing());
    // Nor do odd names make it somebody's.
    for odd in ["", "%", "Y90001'", "*", "nurse", "/nurse", "Y90001,Y9R01"] {
        let claims = Claims { organisation: Some(odd.to_owned()), user: Some("none".to_owned()), ..claims.clone() };
        finds(&session(&app, &claims).await.get("Condition?_total=accurate").await, &[], Some(0));
    }
}
