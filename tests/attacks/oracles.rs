//! Attacks that ask about hidden rows without asking for them: totals, counts, orders, absence, negation, and questions that
//! disagree with themselves.

use crate::common::send;
use crate::kit::{as_absent, finds, outcome_at, refused};
use crate::world::{FAR, full, nhs, persona};

#[tokio::test(flavor = "multi_thread")]
async fn total_counts_hidden_rows() {
    let app = full().await;
    let nurse = persona(&app, "nurse").await;
    finds(&nurse.get("Condition?_total=accurate").await, &["near-Condition"], Some(1));
    finds(&nurse.get("Condition?_total=estimate").await, &["near-Condition"], Some(1));
    finds(&nurse.get("Condition?_count=0").await, &[], Some(1));
    let reply = as_absent(&nurse, "Condition?_id=@&_total=accurate", "far-Condition", "non-Condition").await;
    finds(&reply, &[], Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_alone_counts_hidden_rows() {
    let app = full().await;
    let nurse = persona(&app, "nurse").await;
    finds(&nurse.get("Condition?_summary=count").await, &[], Some(1));
    finds(&nurse.get("Condition?code=38341003&_summary=count&_count=50").await, &[], Some(1));
    let reply = as_absent(&nurse, "Condition?patient=@&_summary=count", "far", "nix").await;
    finds(&reply, &[], Some(0));
    let reply = as_absent(&nurse, "Condition?_id=@&_summary=count", "veil-Condition", "none-Condition").await;
    finds(&reply, &[], Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_makes_room_for_hidden_rows() {
    let app = full().await;
    let nurse = persona(&app, "nurse").await;
    for sort in ["_id", "-_id", "_lastUpdated", "-_lastUpdated", "code", "-patient", "_security"] {
        let reply = nurse.get(&format!("Condition?_sort={sort}&_count=1&_total=accurate")).await;
        finds(&reply, &["near-Condition"], Some(1));
        assert_eq!((reply.link("next"), reply.link("previous")), (None, None), "pages that only hidden rows fill");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn absence_of_a_value_finds_hidden_rows() {
    let app = full().await;
    let nurse = persona(&app, "nurse").await;
    finds(&nurse.get("Condition?_security:missing=false&_total=accurate").await, &[], Some(0));
    finds(&nurse.get("Condition?_security:missing=true&_total=accurate").await, &["near-Condition"], Some(1));
    finds(&nurse.get("Condition?onset-date:missing=true&_total=accurate").await, &["near-Condition"], Some(1));
    let path = "Condition?patient=@&code:missing=false&_total=accurate";
    finds(&as_absent(&nurse, path, "far", "nix").await, &[], Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn negation_finds_hidden_rows() {
    let app = full().await;
    let nurse = persona(&app, "nurse").await;
    finds(&nurse.get("Condition?code:not=1&_total=accurate").await, &["near-Condition"], Some(1));
    finds(&nurse.get("Condition?_security:not=N&_total=accurate").await, &["near-Condition"], Some(1));
    finds(&nurse.get("Condition?_id:not=near-Condition&_total=accurate").await, &[], Some(0));
    finds(&nurse.get("Patient?_id:not=near&_total=accurate").await, &["near-Patient"], Some(1));
    let path = "Condition?_id:not=@&_total=accurate";
    finds(&as_absent(&nurse, path, "far-Condition", "non-Condition").await, &["near-Condition"], Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_nhs_number_tells_whether_a_hidden_person_is_here() {
    let app = full().await;
    for name in ["gp", "nurse", "stranger", "patient", "out-of-hours"] {
        let session = persona(&app, name).await;
        for path in [
            "Patient?identifier=https://fhir.nhs.uk/Id/nhs-number%7C@&_total=accurate",
            "Patient?identifier=@&_total=accurate",
            "Condition?patient.identifier=@&_total=accurate",
            "Condition?patient:identifier=@&_total=accurate",
        ] {
            finds(&as_absent(&session, path, &nhs(FAR), &nhs(40)).await, &[], Some(0));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn subject_and_patient_disagree() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    for path in [
        "Condition?patient=near&subject=Patient/@&_total=accurate",
        "Condition?subject=Patient/near&patient=@&_total=accurate",
        "Condition?patient=near&patient=@&_total=accurate",
        "Condition?patient=Patient/@&subject:Patient=near&_total=accurate",
        "Patient/near/Condition?patient=@&_total=accurate",
        "Patient/@/Condition?subject=Patient/near&_total=accurate",
    ] {
        finds(&as_absent(&gp, path, "far", "nix").await, &[], Some(0));
    }
    // Alternatives are another matter: those within reach are found, and no more.
    finds(
        &as_absent(&gp, "Condition?patient=near,@&_total=accurate", "far", "nix").await,
        &["near-Condition"],
        Some(1),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_body_of_a_search_contradicts_its_address() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    let post = async |path: &str, body: String| {
        let request = gp.request(reqwest::Method::POST, path);
        send(request.header("Content-Type", "application/x-www-form-urlencoded").body(body)).await
    };
    for (path, body) in [
        ("Condition/_search?patient=near", "patient=@&_total=accurate"),
        ("Condition/_search?patient=@&_total=accurate", "patient=near"),
        ("Condition/_search?_total=accurate", "patient=near&subject=Patient/@"),
        ("Patient/near/Condition/_search", "patient=@&_total=accurate"),
    ] {
        let hidden = post(&path.replace('@', "far"), body.replace('@', "far")).await;
        let absent = post(&path.replace('@', "nix"), body.replace('@', "nix")).await;
        assert_eq!(hidden.text, absent.text.replace("nix", "far"), "{path} {body}");
        finds(&hidden, &[], Some(0));
    }
    // A scope in the body is no scope, and a type in the body is no type.
    let reply = post("Condition/_search", "_type=Patient".to_owned()).await;
    let issue = reply.json()["issue"][0].clone();
    assert_eq!((reply.status.as_u16(), &issue["expression"][0]), (400, &"http._type".into()), "{issue}");
    let words = issue["diagnostics"].as_str().unwrap_or_default();
    assert!(words.starts_with("Condition has no search parameter \"_type\"; it has "), "{words}");
    let reply = post("Condition/_search?_id=near-Condition", "_id=far-Condition&_total=accurate".to_owned()).await;
    finds(&reply, &[], Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_compartment_of_a_hidden_patient() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    for path in ["Patient/@/Condition?_total=accurate", "Patient/@/*?_total=accurate", "Patient/@/Observation?_count=0"]
    {
        finds(&as_absent(&gp, path, "far", "nix").await, &[], Some(0));
    }
    refused(&as_absent(&gp, "Patient/@/$everything", "far", "nix").await, 404, &crate::kit::nothing());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_or_has_finds_through_hidden_rows() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    for path in [
        "Patient?_has:Condition:patient:_id=@-Condition&_total=accurate",
        "Observation?patient._has:Condition:patient:_id=@-Condition&_total=accurate",
        "Condition?patient._id=@&_total=accurate",
        "Condition?patient._has:CarePlan:patient:_id=@-CarePlan&_total=accurate",
    ] {
        finds(&as_absent(&gp, path, "far", "nix").await, &[], Some(0));
        finds(&as_absent(&gp, path, "veil", "nemo").await, &[], Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_error_for_a_wrong_question_depends_on_what_is_there() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    let reply = as_absent(&gp, "Condition?patient=@&onset-date=tomorrow", "far", "nix").await;
    let words = "onset-date: \"tomorrow\" is not a date: YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss[.sss]][Z|+hh:mm], \
                 with eq, ne, gt, lt, ge, le, sa, eb or ap before it";
    refused(&reply, 400, &outcome_at("value", "INVALID_VALUE", words, "http.onset-date"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_of_each_code_leave_room_for_hidden_ones() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    let path = "Observation/$lastn?patient=@&code=38341003&max=3";
    finds(&as_absent(&gp, path, "far", "nix").await, &[], Some(0));
    // A hidden row of the same code takes nobody's place.
    finds(&gp.get("Observation/$lastn?patient=near&code=38341003").await, &["near-Observation"], Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_or_a_condition_tells_what_is_there() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    for (name, value) in
        [("If-None-Match", "*"), ("If-None-Match", "W/\"1\""), ("If-Modified-Since", "Thu, 01 Jan 2099 00:00:00 GMT")]
    {
        for method in [reqwest::Method::GET, reqwest::Method::HEAD] {
            let ask =
                async |id: &str| send(gp.request(method.clone(), &format!("Condition/{id}")).header(name, value)).await;
            let hidden = ask("far-Condition").await;
            assert_eq!(hidden.status, 404);
            assert_eq!(
                crate::world::visible(&hidden),
                crate::world::visible(&ask("non-Condition").await),
                "{method} {name}"
            );
        }
    }
}
