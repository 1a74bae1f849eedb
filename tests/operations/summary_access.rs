//! `$summary` under each grant: what may be seen is in it, nothing else is, and one row of the trail says who looked.

use reqwest::Method;
use serde_json::json;

use crate::common::{TestApp, json as json_body, send};
use crate::ips::{document, empty_reason, ids};
use crate::support::{audited, person, refused};
use crate::world::{
    ELSEWHERE, GP_SOURCE, NEAR, TYPES, about, claims, full, labelled, nhs, people, persona, put, session, visible,
};

const SECTIONS: [(&str, &str); 5] = [
    ("Condition", "11450-4"),
    ("Observation", "30954-2"),
    ("MedicationStatement", "10160-0"),
    ("AllergyIntolerance", "48765-2"),
    ("CarePlan", "18776-5"),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_role_sees_its_own_part() {
    let app = full().await;
    for (name, withheld) in [
        ("gp", &[][..]),
        ("hospital-doctor", &[]),
        ("nurse", &[]),
        ("patient", &[]),
        ("gp-system", &[]),
        ("social-worker", &["Observation", "MedicationStatement"]),
    ] {
        let reply = persona(&app, name).await.get("Patient/near/$summary").await;
        let bundle = document(&reply, &app.base);
        for (kind, code) in SECTIONS {
            let own = format!("near-{kind}");
            match withheld.contains(&kind) {
                true => assert_eq!(
                    (ids(&bundle, code).len(), empty_reason(&bundle, code).as_str()),
                    (0, "withheld"),
                    "{name} {kind}"
                ),
                // What nobody but its source may see is a client's own business, as in a search.
                false if name == "gp-system" => assert!(!ids(&bundle, code).is_empty(), "{name} {kind}"),
                false => assert_eq!(ids(&bundle, code), [own], "{name} {kind}"),
            }
        }
        assert!(
            !reply.text.contains("far-") && (name == "gp-system" || !reply.text.contains("veil-")),
            "{name}: {}",
            reply.text
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_is_absent_and_nobody_is_told() {
    let app = full().await;
    for name in ["gp", "stranger", "social-worker", "patient"] {
        let session = persona(&app, name).await;
        let (hidden, absent) = (session.get("Patient/far/$summary").await, session.get("Patient/none/$summary").await);
        refused(&absent, 404, "there is no such resource");
        assert_eq!(visible(&hidden), visible(&absent), "{name}");
        refused(&session.get("Patient/%00/$summary").await, 404, "there is no such resource");
    }
    refused(&persona(&app, "stranger").await.get("Patient/near/$summary").await, 404, "no such");
    refused(&persona(&app, "privacy-officer").await.get("Patient/near/$summary").await, 403, "privacy-officer");
    for scope in ["user/Observation.rs user/Condition.rs", "user/Patient.s", "openid"] {
        let mut narrow = claims("gp");
        narrow.scope = scope.to_owned();
        refused(&session(&app, &narrow).await.get("Patient/near/$summary").await, 403, "user/Patient.r");
    }
    let source = app.source(ELSEWHERE).await;
    put(&source, &about("Patient", "gone", "", 9)).await;
    source.delete("Patient/gone").await;
    refused(&source.get("Patient/gone/$summary").await, 410, "deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_look_is_one_row() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    assert_eq!(gp.get("Patient/near/$summary").await.status, 200);
    assert_eq!(audited(&app, "Patient/near/$summary").await, [(Some(person(&app, "near").await), 0)]);
    gp.get("Patient/far/$summary").await;
    assert_eq!(audited(&app, "Patient/far/$summary").await, [(None, 4)]);
    let head = send(gp.request(Method::HEAD, "Patient/near/$summary")).await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    assert_eq!(audited(&app, "Patient/near/$summary").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_show_on_the_document_and_hide_what_they_hide() {
    let app = people().await;
    let gp = app.source(GP_SOURCE).await;
    put(&gp, &about("Condition", "plain", "near", NEAR)).await;
    put(&gp, &labelled(about("Condition", "restricted", "near", NEAR), "R")).await;
    let doctor = document(&persona(&app, "gp").await.get("Patient/near/$summary").await, &app.base);
    assert_eq!((ids(&doctor, "11450-4").len(), &doctor["entry"][0]["resource"]["confidentiality"]), (2, &json!("R")));
    let nurse = document(&persona(&app, "nurse").await.get("Patient/near/$summary").await, &app.base);
    assert_eq!(
        (ids(&nurse, "11450-4"), &nurse["entry"][0]["resource"]["confidentiality"]),
        (vec!["plain".to_owned()], &json!("N"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_sees_what_it_shared() {
    let app = TestApp::start().await;
    let (one, two) = (app.source("one").await, app.source("two").await);
    for (source, name) in [(&one, "one"), (&two, "two")] {
        put(source, &about("Patient", name, "", 5)).await;
        for kind in TYPES.iter().skip(1) {
            put(source, &about(kind, &format!("{name}-{kind}"), name, 5)).await;
        }
    }
    let bundle = document(&one.get("Patient/one/$summary").await, &app.base);
    for (kind, code) in SECTIONS {
        assert_eq!(ids(&bundle, code), [format!("one-{kind}")], "{kind}");
    }
    refused(&one.get("Patient/two/$summary").await, 404, "no such");
    // In the care of an organisation, both sources' rows are one person's.
    crate::world::relate(&app, 5, "organisation", "ORG").await;
    let mut joint = claims("gp");
    joint.organisation = Some("ORG".to_owned());
    let reply = session(&app, &joint).await.get("Patient/one/$summary").await;
    let mut found = ids(&document(&reply, &app.base), "11450-4");
    found.sort();
    assert_eq!(found, ["one-Condition", "two-Condition"]);
    assert!(reply.text.contains(&nhs(5)));
    // A document is read, not kept: what it is made of can change, and there is nothing to fetch it by.
    let bundle = reply.json();
    let id = bundle["id"].as_str().expect("id");
    refused(&session(&app, &joint).await.get(&format!("Bundle/{id}")).await, 404, "Bundle");
    let post = send(json_body(one.request(Method::POST, "Composition"), "{}")).await;
    assert_eq!(post.status, 404);
}
