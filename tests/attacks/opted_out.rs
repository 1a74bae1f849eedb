//! Attacks on a person who has opted out: to staff they are as absent, by whatever way staff ask; to themselves, and to a
//! source its own rows, they are there.

use serde_json::json;

use crate::common::Session;
use crate::kit::{as_absent, finds, nothing, opted_out, protect, refused, renamed};
use crate::world::{ELSEWHERE, NEAR, about, nhs, persona};

/// The staff in whose care the person is.
const STAFF: [&str; 4] = ["gp", "hospital-doctor", "nurse", "out-of-hours"];

#[tokio::test(flavor = "multi_thread")]
async fn staff_read_who_has_opted_out() {
    let app = opted_out().await;
    for name in STAFF {
        let session = persona(&app, name).await;
        for path in
            ["Patient/@", "Patient/@/_history", "Patient/@/_history/1", "Patient/@/$summary", "Patient/@/$everything"]
        {
            refused(&as_absent(&session, path, "near", "nemo").await, 404, &nothing());
        }
        for path in ["Condition/@", "Condition/@/_history", "Condition/@/_history/1"] {
            refused(&as_absent(&session, path, "near-Condition", "none-Condition").await, 404, &nothing());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_search_for_who_has_opted_out() {
    let app = opted_out().await;
    for name in STAFF {
        let session = persona(&app, name).await;
        for path in [
            "Patient?_id=@&_total=accurate",
            "Patient?_id=@&_summary=count",
            "Condition?patient=@&_total=accurate",
            "Condition?subject=Patient/@&_summary=count",
            "Observation?patient=@&_revinclude=*&_total=accurate",
            "Patient/@/Condition?_total=accurate",
            "Patient/@/*?_total=accurate",
            "?_type=Patient,Condition&_id=@&_total=accurate",
            "Patient?_has:Condition:patient:_id=@-Condition&_total=accurate",
            "Condition?patient._id=@&_total=accurate",
            "Observation/$lastn?patient=@&code=38341003",
        ] {
            finds(&as_absent(&session, path, "near", "nemo").await, &[], Some(0));
        }
        for path in
            ["Patient?family=attwood", "Condition?code=38341003", "Observation?_sort=-date", "Condition?code:not=1"]
        {
            finds(&session.get(&format!("{path}&_total=accurate")).await, &[], Some(0));
        }
        for kind in ["Patient", "Condition", "Observation", "CarePlan"] {
            finds(&session.get(&format!("{kind}/_history")).await, &[], Some(0));
        }
        finds(&session.get("_history").await, &[], Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_search_by_the_nhs_number_of_who_has_opted_out() {
    let app = opted_out().await;
    for name in STAFF {
        let session = persona(&app, name).await;
        for path in [
            "Patient?identifier=https://fhir.nhs.uk/Id/nhs-number%7C@&_total=accurate",
            "Patient?identifier=@&_summary=count",
            "Observation?patient.identifier=@&_total=accurate",
        ] {
            finds(&as_absent(&session, path, &nhs(NEAR), &nhs(40)).await, &[], Some(0));
        }
    }
}

/// $match, asked for the person with this number.
async fn matched(session: &Session<'_>, n: usize) -> crate::common::Reply {
    let patient = crate::world::patient("asked", n);
    let body = json!({"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": patient}]});
    session.post("Patient/$match", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn match_finds_who_has_opted_out() {
    let app = opted_out().await;
    for name in STAFF {
        let session = persona(&app, name).await;
        let hidden = matched(&session, NEAR).await;
        finds(&hidden, &[], Some(0));
        assert_eq!(renamed(&hidden, "", ""), renamed(&matched(&session, 40).await, "", ""), "{name}");
    }
    finds(&matched(&persona(&app, "patient").await, NEAR).await, &["near"], Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_made_for_who_has_opted_out() {
    let app = opted_out().await;
    let gp = persona(&app, "gp").await;
    let hidden = gp.post("CarePlan", about("CarePlan", "x", "near", NEAR)).await;
    assert_eq!(hidden.status, 422, "{}", hidden.text);
    let absent = gp.post("CarePlan", about("CarePlan", "x", "nemo", NEAR)).await;
    assert_eq!(renamed(&hidden, "near", "@"), renamed(&absent, "nemo", "@"));
    // A user's own source keeps the plan, and the user does not get at it.
    let row = "CarePlan/near-CarePlan";
    refused(&gp.put(row, about("CarePlan", "near-CarePlan", "near", NEAR)).await, 404, &nothing());
    refused(&gp.delete(row).await, 404, &nothing());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_and_xml_reach_who_has_opted_out() {
    let app = opted_out().await;
    let gp = persona(&app, "gp").await;
    let get = |url: &str| json!({"request": {"method": "GET", "url": url}});
    let entries =
        json!([get("Patient/near"), get("Condition?patient=near&_total=accurate"), get("Patient/near/Condition")]);
    let reply = gp.post("", json!({"resourceType": "Bundle", "type": "batch", "entry": entries})).await;
    let body = reply.json();
    assert_eq!(body["entry"][0]["response"]["status"], "404 Not Found", "{body}");
    assert_eq!(body["entry"][1]["resource"]["total"], 0, "{body}");
    for at in [1, 2] {
        assert_eq!(body["entry"][at]["resource"].get("entry"), None, "{body}");
    }
    let xml = gp.request(reqwest::Method::GET, "Patient/near").header("Accept", "application/fhir+xml");
    let xml = crate::common::send(xml).await;
    assert_eq!(xml.status, 404);
    assert!(xml.text.contains("there is no such resource") && !xml.text.contains("Attwood"), "{}", xml.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_patients_row_leads_to_who_has_opted_out() {
    let app = opted_out().await;
    let elsewhere = app.source(ELSEWHERE).await;
    crate::world::put(&elsewhere, &crate::world::patient("third", 3)).await;
    let mut observation = about("Observation", "third-Observation", "third", 3);
    observation["focus"] = json!([{"reference": "Patient/near"}]);
    observation["hasMember"] = json!([{"reference": "Observation/near-Observation"}]);
    crate::world::put(&elsewhere, &observation).await;
    crate::world::relate(&app, 3, "organisation", "Y90001").await;
    let gp = persona(&app, "gp").await;
    finds(
        &gp.get("Observation?patient=third&_include=*&_total=accurate").await,
        &["third", "third-Observation"],
        Some(1),
    );
    finds(&gp.get("Observation?focus:Patient.family=attwood&_total=accurate").await, &[], Some(0));
    finds(&gp.get("Observation?has-member.status=final&_total=accurate").await, &[], Some(0));
    finds(&gp.get("Patient?_has:Observation:focus:_id=third-Observation&_total=accurate").await, &[], Some(0));
    finds(&gp.get("Patient?_total=accurate&_revinclude=Observation:focus").await, &["third"], Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opt_out_hides_a_person_from_themselves_or_a_source_from_its_own() {
    let app = opted_out().await;
    let patient = persona(&app, "patient").await;
    assert_eq!(patient.get("Patient/near").await.status, 200);
    finds(&patient.get("Observation?_total=accurate").await, &["near-Observation", "other-Observation"], Some(2));
    finds(&patient.get("Patient?_id=near&_revinclude=Condition:patient").await, &["near", "near-Condition"], None);
    // The practice's system has what it shared, and nothing of what others did, whose organisation's care it is.
    let system = persona(&app, "gp-system").await;
    assert_eq!(system.get("Patient/near").await.status, 200);
    finds(&system.get("Observation?patient=near&_total=accurate").await, &["near-Observation"], Some(1));
    refused(&system.get("Observation/other-Observation").await, 404, &nothing());
    let elsewhere = app.source(ELSEWHERE).await;
    finds(&elsewhere.get("Observation?patient=near&_total=accurate").await, &["other-Observation"], Some(1));
    refused(&elsewhere.get("Patient/near").await, 404, &nothing());
    // Lifted, all is as before.
    protect(&app, &nhs(NEAR), "opted-out", false).await;
    let gp = persona(&app, "gp").await;
    assert_eq!(gp.get("Patient/near").await.status, 200);
    finds(&gp.get("Observation?_total=accurate").await, &["near-Observation", "other-Observation"], Some(2));
    finds(&system.get("Observation?_total=accurate").await, &["near-Observation", "other-Observation"], Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_goes_on_after_an_opt_out() {
    let app = crate::world::people().await;
    let elsewhere = app.source(ELSEWHERE).await;
    for n in 1..=3 {
        crate::world::put(&elsewhere, &about("Condition", &format!("c{n}"), "near", NEAR)).await;
    }
    let gp = persona(&app, "gp").await;
    let next = gp.get("Condition?_count=1&_sort=_id&_total=accurate").await.link("next").expect("a next page");
    protect(&app, &nhs(NEAR), "opted-out", true).await;
    finds(&gp.get(&next).await, &[], Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_patient_of_who_has_opted_out_is_shared_in_later() {
    let app = opted_out().await;
    // Another source shares a Patient with the same number, and a row about it: they are the same person's.
    let elsewhere = app.source(ELSEWHERE).await;
    crate::world::put(&elsewhere, &crate::world::patient("twin", NEAR)).await;
    crate::world::put(&elsewhere, &about("Condition", "twin-Condition", "twin", NEAR)).await;
    let gp = persona(&app, "gp").await;
    refused(&as_absent(&gp, "Patient/@", "twin", "nemo").await, 404, &nothing());
    finds(&as_absent(&gp, "Condition?patient=@&_total=accurate", "twin", "nemo").await, &[], Some(0));
    // One whose number comes later goes with its rows to the person who has opted out.
    let mut late = crate::world::patient("late", NEAR);
    let number = late.as_object_mut().and_then(|late| late.remove("identifier")).expect("a number");
    crate::world::put(&elsewhere, &late).await;
    crate::world::put(&elsewhere, &about("Condition", "late-Condition", "late", NEAR)).await;
    late["identifier"] = number;
    crate::world::put(&elsewhere, &late).await;
    refused(&as_absent(&gp, "Patient/@", "late", "nemo").await, 404, &nothing());
    refused(&as_absent(&gp, "Condition/@", "late-Condition", "none-Condition").await, 404, &nothing());
}
