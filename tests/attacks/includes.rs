//! Attacks that let hidden rows come along: includes in both directions, on and on, from one patient's record into
//! another's, and links between Patients.

use serde_json::json;

use crate::common::TestApp;
use crate::kit::{as_absent, finds};
use crate::world::{ELSEWHERE, FAR, GP_SOURCE, NEAR, about, full, patient, persona, put};

/// Rows of `near` that refer to rows of `far`, and rows of `far` that refer to rows of `near`.
async fn crossed() -> TestApp {
    let app = full().await;
    for (own, other, n, source) in [("near", "far", NEAR, GP_SOURCE), ("far", "near", FAR, ELSEWHERE)] {
        let session = app.source(source).await;
        let refer = |kind: &str| json!([{"reference": format!("{kind}/{other}-{kind}")}]);
        let mut plan = about("CarePlan", &format!("{own}-crossing"), own, n);
        plan["addresses"] = refer("Condition");
        plan["basedOn"] = refer("CarePlan");
        put(&session, &plan).await;
        let mut observation = about("Observation", &format!("{own}-crossing"), own, n);
        observation["hasMember"] = refer("Observation");
        observation["focus"] = json!([{"reference": format!("Patient/{other}")}]);
        observation["basedOn"] = json!([{"reference": format!("CarePlan/{own}-crossing")}]);
        put(&session, &observation).await;
    }
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn an_include_reaches_into_another_patients_record() {
    let app = crossed().await;
    let gp = persona(&app, "gp").await;
    for include in ["CarePlan:condition", "CarePlan:condition:Condition", "CarePlan:based-on", "CarePlan:*"] {
        let reply = gp.get(&format!("CarePlan?_id=near-crossing&_include={include}&_total=accurate")).await;
        let own: &[&str] = if include == "CarePlan:*" { &["near", "near-crossing"] } else { &["near-crossing"] };
        finds(&reply, own, Some(1));
    }
    for include in ["Observation:has-member", "Observation:focus", "Observation:focus:Patient"] {
        let reply = gp.get(&format!("Observation?_id=near-crossing&_include={include}&_total=accurate")).await;
        finds(&reply, &["near-crossing"], Some(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wildcard_include_reaches_into_another_patients_record() {
    let app = crossed().await;
    let gp = persona(&app, "gp").await;
    let reply = gp.get("Observation?_id=near-crossing&_include=*&_total=accurate").await;
    // The Patient, and the plan it is based on, which has the same id.
    finds(&reply, &["near", "near-crossing", "near-crossing"], Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reverse_include_brings_another_patients_rows() {
    let app = crossed().await;
    let gp = persona(&app, "gp").await;
    for reverse in ["CarePlan:condition", "CarePlan:*"] {
        let reply = gp.get(&format!("Condition?_id=near-Condition&_revinclude={reverse}&_total=accurate")).await;
        finds(&reply, &["near-Condition"], Some(1));
    }
    let reply = gp.get("Observation?_id=near-Observation&_revinclude=*&_total=accurate").await;
    finds(&reply, &["near-Observation"], Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wildcard_reverse_include_of_a_patient_brings_others_rows() {
    let app = crossed().await;
    let gp = persona(&app, "gp").await;
    let reply = gp.get("Patient?_id=near&_revinclude=*&_total=accurate").await;
    let own = [
        "near",
        "near-AllergyIntolerance",
        "near-CarePlan",
        "near-Condition",
        "near-MedicationStatement",
        "near-Observation",
        "near-crossing",
        "near-crossing",
    ];
    finds(&reply, &own, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn iteration_goes_round_through_hidden_rows() {
    let app = crossed().await;
    // From near's plan to far's Condition, from there to far, and back by far's plan to near's Condition.
    let gp = persona(&app, "gp").await;
    let path = "CarePlan?_id=near-crossing&_include:iterate=*&_revinclude:iterate=*&_total=accurate";
    let own = [
        "near",
        "near-AllergyIntolerance",
        "near-CarePlan",
        "near-Condition",
        "near-MedicationStatement",
        "near-Observation",
        "near-crossing",
        "near-crossing",
    ];
    finds(&gp.get(path).await, &own, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn iteration_starts_from_a_hidden_row() {
    let app = crossed().await;
    let gp = persona(&app, "gp").await;
    for path in [
        "CarePlan?_id=@&_include:iterate=*&_revinclude:iterate=*&_total=accurate",
        "CarePlan?_id=@&_include=CarePlan:condition&_include:iterate=Condition:patient&_total=accurate",
        "Condition?_id=@&_revinclude=CarePlan:condition&_total=accurate",
    ] {
        finds(&as_absent(&gp, path, "far-crossing", "non-crossing").await, &[], Some(0));
    }
}

/// `people`, where `near` has a twin of another number in the same care that links to the hidden `far`.
async fn linked() -> TestApp {
    let app = full().await;
    let mut twin = patient("twin", 3);
    twin["link"] = json!([{"other": {"reference": "Patient/far"}, "type": "seealso"}]);
    put(&app.source(GP_SOURCE).await, &twin).await;
    crate::world::relate(&app, 3, "organisation", "Y90001").await;
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_leads_to_a_hidden_patient() {
    let app = linked().await;
    let gp = persona(&app, "gp").await;
    for include in ["Patient:link", "Patient:link:Patient", "Patient:*", "*"] {
        finds(&gp.get(&format!("Patient?_id=twin&_include={include}&_total=accurate")).await, &["twin"], Some(1));
    }
    finds(&gp.get("Patient?_id=twin&_include:iterate=Patient:link&_total=accurate").await, &["twin"], Some(1));
    finds(&gp.get("Patient?_id=twin&_revinclude:iterate=*&_total=accurate").await, &["twin"], Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_a_chain_to_a_hidden_patient() {
    let app = linked().await;
    let gp = persona(&app, "gp").await;
    for chain in ["_id=far", "family=attwood", "gender=other", "birthdate=1950-05-05", "active:missing=true"] {
        let reply = gp.get(&format!("Patient?_id=twin&link:Patient.{chain}&_total=accurate")).await;
        finds(&reply, &[], Some(0));
    }
    let path = "Patient?_has:Patient:link:_id=twin&_id=@&_total=accurate";
    finds(&as_absent(&gp, path, "far", "nix").await, &[], Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_of_a_patient_who_links_to_a_hidden_one() {
    let app = linked().await;
    let gp = persona(&app, "gp").await;
    finds(&gp.get("Patient/twin/$everything").await, &["twin"], None);
    finds(&gp.get("Patient/twin/*?_total=accurate").await, &["twin"], Some(1));
    // The hidden one is as absent from its own side, where a row in reach names it.
    let answer = gp.get("Patient/far/$everything").await;
    crate::kit::refused(&answer, 404, &crate::kit::nothing());
}
