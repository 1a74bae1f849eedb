//! Confidentiality labels: what each role sees, and what a change of label does.

use crate::common::TestApp;
use crate::world::{ELSEWHERE, GP_SOURCE, NEAR, about, address, labelled, listed, people, persona, put, visible};

/// Labels, and who sees a row of another source that bears them: nurse, doctor, patient, client of the patient's practice.
const LABELS: &[(&[&str], [bool; 4])] = &[
    (&[], [true, true, true, true]),
    (&["U"], [true, true, true, true]),
    (&["L"], [true, true, true, true]),
    (&["M"], [true, true, true, true]),
    (&["N"], [true, true, true, true]),
    (&["R"], [false, true, true, true]),
    (&["V"], [false, false, false, false]),
    (&["N", "R"], [false, true, true, true]),
    (&["V", "U"], [false, false, false, false]),
];

async fn sees(app: &TestApp, name: &str, row: &str) -> bool {
    let session = persona(app, name).await;
    let (kind, id) = row.split_once('/').expect("an address");
    let read = session.get(row).await.status;
    let found = !session.get(&format!("{kind}?_id={id}")).await.ids().is_empty();
    assert_eq!(read == 200, found, "{name} {row}: read and search differ");
    assert!(read == 200 || read == 404, "{name} {row}: {read}");
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_sees_up_to_its_label() {
    let app = people().await;
    let elsewhere = app.source(ELSEWHERE).await;
    for (at, (codes, expected)) in LABELS.iter().enumerate() {
        for kind in ["Condition", "CarePlan"] {
            let mut row = about(kind, &format!("label-{at}-{kind}"), "near", NEAR);
            let system = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
            let mut labels = vec![
                serde_json::json!({"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"}),
            ];
            labels.extend(codes.iter().map(|code| serde_json::json!({"system": system, "code": code})));
            row["meta"]["security"] = labels.into();
            put(&elsewhere, &row).await;
            for (name, expected) in ["nurse", "gp", "patient", "gp-system"].iter().zip(expected) {
                assert_eq!(sees(&app, name, &address(&row)).await, *expected, "{name} {kind} labelled {codes:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_that_is_not_understood_opens_nothing() {
    let app = people().await;
    let elsewhere = app.source(ELSEWHERE).await;
    const R4: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
    for (at, (system, code)) in [
        (R4, "X"),
        (R4, "v"),
        (R4, "V "),
        ("urn:oid:2.16.840.1.113883.5.25", "V"),
        ("http://hl7.org/fhir/v3/Confidentiality", "V"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut row = about("Condition", &format!("odd-{at}"), "near", NEAR);
        row["meta"]["security"] = serde_json::json!([{"system": system, "code": code}]);
        let kept = elsewhere.put(&address(&row), &row).await;
        // To refuse it is as good: what counts is that nobody reads what its source meant to restrict.
        let hidden = kept.status.is_client_error() || !sees(&app, "nurse", &address(&row)).await;
        assert!(hidden, "a nurse sees a row labelled {system} {code:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_raised_label_hides_the_resource_with_its_past() {
    let app = people().await;
    let elsewhere = app.source(ELSEWHERE).await;
    let nurse = persona(&app, "nurse").await;
    let row = about("Condition", "raised", "near", NEAR);
    put(&elsewhere, &row).await;
    assert!(sees(&app, "nurse", "Condition/raised").await);
    put(&elsewhere, &labelled(row, "R")).await;
    assert!(!sees(&app, "nurse", "Condition/raised").await, "the current version");
    assert!(sees(&app, "gp", "Condition/raised").await, "a doctor still sees it");
    assert_eq!(nurse.get("Condition/raised/_history/2").await.status, 404, "the restricted version");
    // The older version says the same thing about the same person: restricting the resource has to restrict it too.
    let history = nurse.get("Condition/_history").await;
    assert_eq!(listed(&history), Vec::<String>::new(), "the type's history still lists what has been restricted");
    assert_eq!(nurse.get("Condition/raised/_history/1").await.status, 404, "the version before the restriction");
    assert_eq!(nurse.get("Condition/raised/_history").await.status, 404, "the history of what has been restricted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lowered_label_shows_the_resource_and_not_its_restricted_past() {
    let app = people().await;
    let elsewhere = app.source(ELSEWHERE).await;
    let nurse = persona(&app, "nurse").await;
    let row = about("Condition", "lowered", "near", NEAR);
    put(&elsewhere, &labelled(row.clone(), "R")).await;
    assert!(!sees(&app, "nurse", "Condition/lowered").await);
    put(&elsewhere, &row).await;
    assert!(sees(&app, "nurse", "Condition/lowered").await);
    assert_eq!(nurse.get("Condition/lowered/_history/2").await.status, 200);
    assert_eq!(nurse.get("Condition/lowered/_history/1").await.status, 404, "the version that was restricted");
    let history = nurse.get("Condition/lowered/_history").await;
    assert_eq!((listed(&history).len(), history.json()["total"].as_u64()), (1, Some(1)), "{}", history.text);
    assert_eq!(
        listed(&persona(&app, "gp").await.get("Condition/lowered/_history").await).len(),
        2,
        "a doctor sees both"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_plan_cannot_be_changed_by_who_cannot_see_it() {
    let app = people().await;
    let source = app.source(crate::world::NURSE_SOURCE).await;
    let nurse = persona(&app, "nurse").await;
    // Of the nurse's own organisation, so nothing but the label keeps her from it.
    put(&source, &labelled(about("CarePlan", "locked", "near", NEAR), "R")).await;
    put(&source, &labelled(about("CarePlan", "erased", "near", NEAR), "R")).await;
    assert_eq!(source.delete("CarePlan/erased").await.status, 204);
    for id in ["locked", "erased"] {
        let absent = "absent";
        for method in [reqwest::Method::GET, reqwest::Method::DELETE, reqwest::Method::PUT] {
            let ask = async |id: &str| {
                let request = nurse.request(method.clone(), &format!("CarePlan/{id}"));
                let request = crate::common::json(request, about("CarePlan", id, "near", NEAR));
                visible(&crate::common::send(request).await)
            };
            assert_eq!(ask(id).await, ask(absent).await, "{method} {id}");
        }
    }
    assert_eq!(source.get("CarePlan/locked").await.json()["meta"]["versionId"], "1");
    // A doctor of the practice may restrict a plan of the practice.
    let gp = persona(&app, "gp").await;
    put(&app.source(GP_SOURCE).await, &about("CarePlan", "to-lock", "near", NEAR)).await;
    put(&gp, &labelled(about("CarePlan", "to-lock", "near", NEAR), "R")).await;
    assert!(sees(&app, "gp", "CarePlan/to-lock").await && !sees(&app, "nurse", "CarePlan/to-lock").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_raised_after_a_deletion_covers_what_was_before() {
    let app = people().await;
    let elsewhere = app.source(ELSEWHERE).await;
    let plain = about("Condition", "back", "near", NEAR);
    put(&elsewhere, &plain).await;
    let nurse = persona(&app, "nurse").await;
    assert_eq!(nurse.get("Condition/back/_history/1").await.status, 200, "the test needs a nurse who sees it");
    assert_eq!(elsewhere.delete("Condition/back").await.status, 204);
    put(&elsewhere, &labelled(plain, "V")).await;
    let absent = visible(&nurse.get("Condition/never").await);
    for path in ["Condition/back", "Condition/back/_history/1", "Condition/back/_history/3"] {
        assert_eq!(visible(&nurse.get(path).await), absent, "{path}");
    }
}
