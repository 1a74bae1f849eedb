//! What clients of a source write and see: their own rows, others' only by a relationship, and nothing by the way a write fails.

use crate::common::{Session, TestApp, send};
use crate::world::{ELSEWHERE, FAR, GP_SOURCE, HOSPITAL_SOURCE, LAB_SOURCE, NEAR, TYPES};
use crate::world::{about, address, full, patient, people, persona, put, relate, visible};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_source_reads_and_changes_its_own_and_nothing_of_others() {
    let app = full().await;
    let hospital = app.source(HOSPITAL_SOURCE).await;
    let elsewhere = app.source(ELSEWHERE).await;
    put(&hospital, &about("Condition", "mine", "far", FAR)).await;
    assert_eq!(hospital.get("Condition/mine").await.status, 200, "its own, about anybody");
    for kind in TYPES {
        let theirs = about(kind, &format!("far-{kind}"), "far", FAR);
        let row = address(&theirs);
        for path in [row.clone(), format!("{row}/_history"), format!("{row}/_history/1")] {
            assert_eq!(hospital.get(&path).await.status, 404, "{path}");
        }
        let ids = hospital.get(&format!("{kind}?_count=100&_total=accurate")).await;
        let expected = if kind == "Condition" { vec!["mine".to_owned()] } else { vec![] };
        assert_eq!(
            (ids.ids(), ids.json()["total"].as_u64()),
            (expected.clone(), Some(expected.len() as u64)),
            "{kind}"
        );
        assert_eq!(hospital.get(&format!("{kind}/_history")).await.ids(), expected, "history of {kind}");
        assert_eq!(hospital.delete(&row).await.status, 404, "delete {row}");
        assert_eq!(hospital.put(&row, &theirs).await.status, 409, "put {row}");
        assert_eq!(elsewhere.get(&row).await.json()["meta"]["versionId"], "1", "{row}");
    }
    // With a relationship of its organisation it reads theirs, and still changes nothing.
    relate(&app, FAR, "organisation", "Y90001").await;
    let gp_system = persona(&app, "gp-system").await;
    for kind in TYPES {
        let theirs = about(kind, &format!("far-{kind}"), "far", FAR);
        assert_eq!(gp_system.get(&address(&theirs)).await.status, 200, "{kind}");
        assert_eq!(gp_system.put(&address(&theirs), &theirs).await.status, 403, "{kind}");
        assert_eq!(gp_system.delete(&address(&theirs)).await.status, 403, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_about_nobody_are_seen_by_their_source_alone() {
    let app = people().await;
    let lab = app.source(LAB_SOURCE).await;
    let mut sample = about("Observation", "control-sample", "x", 0);
    sample["subject"]["reference"] = "Device/analyser".into();
    put(&lab, &sample).await;
    assert_eq!(lab.get("Observation/control-sample").await.status, 200);
    for name in ["gp", "hospital-doctor", "patient", "gp-system"] {
        assert_eq!(persona(&app, name).await.get("Observation/control-sample").await.status, 404, "{name}");
    }
    assert_eq!(app.source(GP_SOURCE).await.get("Observation?_count=0").await.json()["total"], 0);
}

/// PUT with `If-Match: W/"1"`.
async fn put_if_match(
    session: &Session<'_>,
    row: &str,
    id: &str,
) -> (u16, std::collections::BTreeMap<String, String>, String) {
    let request = session.request(reqwest::Method::PUT, row).header("If-Match", "W/\"1\"");
    visible(&send(crate::common::json(request, about("Observation", id, "near", NEAR))).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_if_match_does_not_tell_a_hidden_id_from_an_absent_one() {
    let app = full().await;
    let lab = app.source(LAB_SOURCE).await;
    let absent = put_if_match(&lab, "Observation/nil-Observation", "nil-Observation").await;
    assert_eq!(absent.0, 412, "{}", absent.2);
    for id in ["far-Observation", "gone-Observation", "veil-Observation"] {
        assert_eq!(put_if_match(&lab, &format!("Observation/{id}"), id).await, absent, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_write_tells_whether_an_nhs_number_is_in_the_record() {
    let app = people().await;
    let hospital = app.source(HOSPITAL_SOURCE).await;
    put(&app.source(ELSEWHERE).await, &patient("further", 3)).await;
    // Numbers 2 and 3 are people of another source, 50 and 51 are nobody's yet.
    let mut answers = Vec::new();
    for (id, number, another) in [("a", FAR, 3), ("b", 50, 51)] {
        let bare = serde_json::json!({"resourceType": "Patient", "id": id, "gender": "other"});
        put(&hospital, &bare).await;
        let numbered = hospital.put(&format!("Patient/{id}"), patient(id, number)).await;
        let changed = {
            let other = format!("{id}{id}");
            put(&hospital, &patient(&other, 60 + number)).await;
            hospital.put(&format!("Patient/{other}"), patient(&other, another)).await
        };
        answers.push((numbered.status, changed.status));
    }
    assert_eq!(
        answers[0], answers[1],
        "(number added, number corrected) to one of a hidden person, and to one of nobody"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_nhs_number_does_not_carry_relationships_to_its_true_owner() {
    let app = TestApp::start().await;
    let practice = app.source(GP_SOURCE).await;
    let hospital = app.source(HOSPITAL_SOURCE).await;
    // A mistyped number: the relationship that was stated is one with the person of number 1.
    put(&practice, &patient("mistyped", 1)).await;
    relate(&app, 1, "practitioner", "nurse").await;
    let nurse = persona(&app, "nurse").await;
    assert_eq!(nurse.get("Patient/mistyped").await.status, 200);
    put(&practice, &patient("mistyped", 2)).await;
    // The hospital shares what it holds of the person of number 2, whose care the nurse has nothing to do with.
    put(&hospital, &patient("true-owner", 2)).await;
    put(&hospital, &about("Condition", "theirs", "true-owner", 2)).await;
    assert_eq!(nurse.get("Condition/theirs").await.status, 404, "nobody related the nurse to the person of number 2");
    assert_eq!(nurse.get("Patient/true-owner").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn results_that_come_before_their_patient_do_not_take_the_patients_place() {
    let app = people().await;
    let lab = app.source(LAB_SOURCE).await;
    let practice = app.source(GP_SOURCE).await;
    // The laboratory's row names a Patient that has not come; when it comes, its number is one the record knows.
    put(&lab, &about("Observation", "early", "late", NEAR)).await;
    let reply = practice.put("Patient/late", patient("late", NEAR)).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let gp = persona(&app, "gp").await;
    assert_eq!(gp.get("Patient/late").await.status, 200, "the person is one in her care");
    assert_eq!(gp.get("Observation/early").await.status, 200, "and so is the result");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_of_a_sources_rows_does_not_show_who_came_before() {
    let mut orders = Vec::new();
    for known_before in [false, true] {
        let app = TestApp::start().await;
        let lab = app.source(LAB_SOURCE).await;
        if known_before {
            put(&app.source(ELSEWHERE).await, &patient("second", 2)).await;
        }
        for (id, about_whom) in [("o1", "first"), ("o2", "second"), ("o3", "first")] {
            put(&lab, &about("Observation", id, about_whom, 0)).await;
        }
        orders.push(lab.all("Observation").await.into_iter().map(|(id, _)| id).collect::<Vec<_>>());
    }
    let sorted = |ids: &[String]| {
        let mut ids = ids.to_vec();
        ids.sort();
        ids
    };
    assert_eq!(sorted(&orders[0]), sorted(&orders[1]));
    // Either order may be the record's own, but it may not be the one in which other sources made people known.
    assert_eq!(orders[0], orders[1], "another source's hidden Patient changed the order");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_writes_in_another_sources_name() {
    let app = TestApp::start().await;
    let uri = "https://lcr.example/source/lab";
    app.store.name_source("lab", Some(uri)).await.expect("source");
    let (lab, other) = (app.source("lab").await, app.source("other").await);
    let named = json!({"resourceType": "Observation", "id": "named", "meta": {"source": uri}, "status": "final", "code": {"text": "c"}});
    let reply = other.put("Observation/named", &named).await;
    assert_eq!(reply.status, 422, "{}", reply.text);
    assert!(reply.text.contains("meta.source"), "{}", reply.text);
    assert_eq!(lab.put("Observation/named", &named).await.status, 201, "its own");
    // Where the sender names none, its own is put in; one that nobody here has is kept.
    let plain = json!({"resourceType": "Observation", "id": "plain", "status": "final", "code": {"text": "c"}});
    assert_eq!(lab.put("Observation/plain", &plain).await.json()["meta"]["source"], uri);
    let far = json!({"resourceType": "Observation", "id": "far", "meta": {"source": "urn:far"}, "status": "final", "code": {"text": "c"}});
    assert_eq!(other.put("Observation/far", &far).await.json()["meta"]["source"], "urn:far");
}
