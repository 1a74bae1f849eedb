//! What users write: about patients in reach, under their organisation's name, never under an id of their choice.

use crate::world::{ELSEWHERE, GP_SOURCE, HOSPITAL_SOURCE, NEAR, about, full, persona, put, relate, visible};

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_about_a_patient_out_of_reach_is_one_about_nobody() {
    let app = full().await;
    for name in ["gp", "hospital-doctor", "nurse", "social-worker", "out-of-hours"] {
        let session = persona(&app, name).await;
        let create = async |reference: &str| {
            let mut plan = about("CarePlan", "x", "near", NEAR);
            plan["subject"]["reference"] = reference.into();
            visible(&session.post("CarePlan", plan).await)
        };
        let (absent_status, absent_headers, absent_text) = create("Patient/nil").await;
        assert_eq!(absent_status, 422, "{name}: {absent_text}");
        let (status, headers, text) = create("Patient/far").await;
        let text = text.replace("Patient/far", "Patient/nil");
        assert_eq!((status, &headers, &text), (422, &absent_headers, &absent_text), "{name}");
        for odd in [
            "Group/near",
            "Practitioner/near",
            "Patient/Near",
            "Patient/near/x",
            "urn:uuid:7c9e6679-7425-40de-944b-e07fc1f90ae7",
            "http://elsewhere.example/fhir/Patient/near",
            "#near",
            "Patient/near'--",
        ] {
            let (status, _, text) = create(odd).await;
            assert!((400..500).contains(&status), "{name} about {odd}: {status} {text}");
        }
        let whole = format!("{}/Patient/near/_history/1", app.base);
        for usual in ["Patient/near", whole.as_str()] {
            assert_eq!(create(usual).await.0, 201, "{name} about {usual}");
        }
    }
    assert_eq!(app.source(ELSEWHERE).await.get("CarePlan?patient=far&_total=accurate").await.json()["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_about_a_patient_who_is_hidden_by_label_is_one_about_nobody() {
    let app = full().await;
    // Another source keeps a Patient of the same person that no doctor may see.
    let gp = persona(&app, "gp").await;
    assert_eq!(gp.get("Patient/veil-Patient").await.status, 404);
    let hidden = gp.post("CarePlan", about("CarePlan", "x", "veil-Patient", NEAR)).await;
    let absent = gp.post("CarePlan", about("CarePlan", "x", "nope-Patient", NEAR)).await;
    assert_eq!(hidden.status, absent.status, "{}", hidden.text);
    assert_eq!(hidden.text.replace("veil-Patient", "nope-Patient"), absent.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_does_not_choose_ids() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    let chosen = gp.put("CarePlan/chosen", about("CarePlan", "chosen", "near", NEAR)).await;
    assert_eq!(chosen.status, 404, "{}", chosen.text);
    let made = gp.post("CarePlan", about("CarePlan", "chosen", "near", NEAR)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_ne!(made.json()["id"], "chosen");
    assert_eq!(app.source(GP_SOURCE).await.get("CarePlan/chosen").await.status, 404, "nothing was created");
    // Nor does a user bring back what was deleted.
    let id = made.json()["id"].as_str().expect("id").to_owned();
    assert_eq!(gp.delete(&format!("CarePlan/{id}")).await.status, 204);
    let again = gp.put(&format!("CarePlan/{id}"), about("CarePlan", &id, "near", NEAR)).await;
    assert!(again.status.is_client_error(), "{} {}", again.status, again.text);
    assert_eq!(gp.get(&format!("CarePlan/{id}")).await.status, 410);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_organisation_wrote_is_read_and_not_changed() {
    let app = full().await;
    let doctor = persona(&app, "hospital-doctor").await;
    let gp = persona(&app, "gp").await;
    put(&app.source(HOSPITAL_SOURCE).await, &about("CarePlan", "hospital", "near", NEAR)).await;
    let row = "CarePlan/hospital";
    assert_eq!(gp.get(row).await.status, 200);
    for reply in [gp.put(row, about("CarePlan", "hospital", "near", NEAR)).await, gp.delete(row).await] {
        assert_eq!(reply.status, 403, "{}", reply.text);
        assert!(!reply.text.contains("Y9R01"), "the refusal names the owner: {}", reply.text);
    }
    // A version in If-Match makes no difference, right or wrong.
    for etag in ["W/\"1\"", "W/\"9\""] {
        let request = gp.request(reqwest::Method::PUT, row).header("If-Match", etag);
        let reply =
            crate::common::send(crate::common::json(request, about("CarePlan", "hospital", "near", NEAR))).await;
        assert_eq!(reply.status, 403, "If-Match {etag}: {}", reply.text);
    }
    assert_eq!(doctor.put(row, about("CarePlan", "hospital", "near", NEAR)).await.status, 200, "its own may");
    assert_eq!(doctor.delete(row).await.status, 204);
    assert_eq!(gp.delete(row).await.status, 403, "also when it is deleted");
    assert_eq!(gp.put(row, about("CarePlan", "hospital", "near", NEAR)).await.status.as_u16() / 100, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_loses_the_relationship_loses_what_they_wrote() {
    let app = full().await;
    let ooh = persona(&app, "out-of-hours").await;
    relate(&app, crate::world::FAR, "practitioner", "out-of-hours").await;
    let made = ooh.post("CarePlan", about("CarePlan", "x", "far", 2)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let row = format!("CarePlan/{}", made.json()["id"].as_str().expect("id"));
    crate::world::relate_for(
        &app,
        2,
        "practitioner",
        "out-of-hours",
        "2000-01-01T00:00:00Z",
        Some("2001-01-01T00:00:00Z"),
    )
    .await;
    let absent = "CarePlan/00000000-0000-7000-8000-000000000000";
    assert_eq!(visible(&ooh.get(&row).await), visible(&ooh.get(absent).await));
    assert_eq!(visible(&ooh.delete(&row).await), visible(&ooh.delete(absent).await));
    assert_eq!(ooh.get(&format!("{row}/_history")).await.status, 404);
}
