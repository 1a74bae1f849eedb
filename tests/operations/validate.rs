//! `$validate` by R4's definition: every finding, 200 all the same, and nothing of the record.

use serde_json::{Value, json};

use crate::common::{Reply, Session, TestApp};
use crate::support::{audited, parameters, refused};
use crate::world::{NEAR, TYPES, about, claims, nhs, patient, people, persona, session, visible};

/// Severity, code and place of every finding.
fn findings(reply: &Reply) -> Vec<(String, String, String)> {
    assert_eq!(reply.status, 200, "{}", reply.text);
    let outcome = reply.json();
    assert_eq!(outcome["resourceType"], "OperationOutcome");
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let issues = outcome["issue"].as_array().expect("issues");
    issues.iter().map(|issue| (text(&issue["severity"]), text(&issue["code"]), text(&issue["expression"][0]))).collect()
}

fn is_clean(reply: &Reply) -> bool {
    let found = findings(reply);
    reply.text.contains("no issues") && found.len() == 1 && found[0].0 == "information"
}

fn wrapped(resource: &Value, more: &[(&str, &str)]) -> Value {
    let mut all = parameters(more);
    all["parameter"].as_array_mut().expect("list").push(json!({"name": "resource", "resource": resource}));
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn every_finding_is_there_with_its_place() {
    let app = TestApp::start().await;
    let source = app.source("a").await;
    for kind in TYPES {
        let good = about(kind, "x", "near", NEAR);
        assert!(is_clean(&source.post(&format!("{kind}/$validate"), &good).await), "{kind}");
        assert!(is_clean(&source.post(&format!("{kind}/$validate"), wrapped(&good, &[])).await), "{kind}");
        assert!(is_clean(&source.post(&format!("{kind}/x/$validate"), &good).await), "{kind}");
    }
    let mut broken = about("Observation", "x", "near", NEAR);
    broken["status"] = json!("done");
    broken["banana"] = json!(1);
    broken["effectiveDateTime"] = json!("yesterday");
    broken["dataAbsentReason"] = json!({"text": "both"});
    broken.as_object_mut().expect("object").remove("code");
    let reply = source.post("Observation/$validate", &broken).await;
    let found = findings(&reply);
    for (code, place) in [
        ("code-invalid", "Observation.status"),
        ("structure", "Observation.banana"),
        ("value", "Observation.effectiveDateTime"),
        ("required", "Observation.code"),
        ("invariant", "Observation"),
    ] {
        assert!(found.contains(&("error".to_owned(), code.to_owned(), place.to_owned())), "{code} {place}: {found:?}");
    }
    assert_eq!(found.len(), 5, "{found:?}");
    assert_eq!(
        findings(&source.post("Observation/$validate", wrapped(&broken, &[])).await),
        found,
        "the same in Parameters"
    );
    // What this record asks beyond R4, beside what R4 does.
    let mut twice = patient("x", 1);
    twice["identifier"]
        .as_array_mut()
        .expect("list")
        .push(json!({"system": "https://fhir.nhs.uk/Id/nhs-number", "value": nhs(2)}));
    twice["gender"] = json!("f");
    let found = findings(&source.post("Patient/$validate", twice).await);
    assert!(found.iter().any(|f| f.1 == "business-rule") && found.iter().any(|f| f.2 == "Patient.gender"), "{found:?}");
    let other = findings(&source.post("Patient/$validate", about("Condition", "x", "near", NEAR)).await);
    assert_eq!(other, [("error".to_owned(), "invalid".to_owned(), "resourceType".to_owned())]);
    assert!(!findings(&source.post("Patient/$validate", json!({"resourceType": "Banana"})).await).is_empty());
    assert!(!findings(&source.post("Patient/$validate", json!({})).await).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn modes_and_profiles() {
    let app = people().await;
    let source = app.source("a").await;
    let good = about("CarePlan", "x", "near", NEAR);
    for (path, mode, clean) in [
        ("CarePlan/$validate", "create", true),
        ("CarePlan/x/$validate", "update", true),
        ("CarePlan/x/$validate", "create", true),
        ("CarePlan/y/$validate", "update", false),
        ("CarePlan/x/$validate", "delete", true),
    ] {
        let reply = source.post(path, wrapped(&good, &[("mode", mode)])).await;
        assert_eq!(is_clean(&reply), clean, "{path} {mode}: {}", reply.text);
        assert_eq!(is_clean(&source.post(&format!("{path}?mode={mode}"), &good).await), clean, "{path}?mode={mode}");
    }
    assert!(is_clean(&source.post("CarePlan/x/$validate", parameters(&[("mode", "delete")])).await), "nothing to send");
    for (path, body) in [
        ("CarePlan/$validate", wrapped(&good, &[("mode", "update")])),
        ("CarePlan/$validate", parameters(&[("mode", "delete")])),
        ("CarePlan/$validate", wrapped(&good, &[("mode", "destroy")])),
    ] {
        refused(&source.post(path, body).await, 400, "http.mode");
    }
    refused(&source.post("CarePlan/$validate", parameters(&[])).await, 400, "no resource to validate");
    refused(&source.post("CarePlan/$validate", "{\"a\":").await, 400, "JSON");
    refused(&source.post("CarePlan/$validate", wrapped(&good, &[("banana", "1")])).await, 400, "banana");
    refused(&source.post("Practitioner2/$validate", &good).await, 404, "Practitioner2");
    for (profile, code) in [
        ("http://hl7.org/fhir/StructureDefinition/CarePlan", None),
        ("http://hl7.org/fhir/StructureDefinition/CarePlan|4.0.1", None),
        ("http://hl7.org/fhir/StructureDefinition/CarePlan|5.0.0", Some("not-supported")),
        ("http://hl7.org/fhir/StructureDefinition/Goal", Some("invalid")),
        ("http://example.org/StructureDefinition/none", Some("not-supported")),
    ] {
        let reply = source.post("CarePlan/$validate", wrapped(&good, &[("profile", profile)])).await;
        let found = findings(&reply);
        match code {
            None => assert!(is_clean(&reply), "{profile}"),
            Some(code) => {
                assert!(found.len() == 1 && found[0].0 == "error" && found[0].1 == code, "{profile}: {found:?}")
            }
        }
    }
    // What role and scope would refuse is a finding too; it follows from the token alone.
    let nurse = persona(&app, "nurse").await;
    assert!(is_clean(&nurse.post("CarePlan/$validate", wrapped(&good, &[("mode", "create")])).await));
    let observation = about("Observation", "x", "near", NEAR);
    assert!(is_clean(&nurse.post("Observation/$validate", &observation).await), "who may read a type may ask");
    let refused = findings(&nurse.post("Observation/$validate", wrapped(&observation, &[("mode", "create")])).await);
    assert_eq!((refused.len(), refused[0].1.as_str()), (1, "forbidden"));
}

async fn answers(session: &Session<'_>, id: &str) -> Vec<(u16, String)> {
    let mut all = Vec::new();
    for mode in ["", "?mode=update", "?mode=delete"] {
        let reply =
            session.post(&format!("Condition/{id}/$validate{mode}"), about("Condition", id, "near", NEAR)).await;
        let (status, _, text) = visible(&reply);
        all.push((status, text));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn it_tells_nothing_of_the_record() {
    let app = crate::world::full().await;
    for name in ["gp", "stranger", "gp-system"] {
        let session = persona(&app, name).await;
        let absent = answers(&session, "absent").await;
        for id in ["near-Condition", "far-Condition", "veil-Condition", "gone-Condition"] {
            let same: Vec<(u16, String)> =
                answers(&session, id).await.into_iter().map(|(s, text)| (s, text.replace(id, "absent"))).collect();
            assert_eq!(same, absent, "{name} {id}");
        }
    }
    let audits = audited(&app, "Condition/far-Condition/$validate").await;
    assert!(audits.len() == 9 && audits.iter().all(|row| *row == (None, 0)), "{audits:?}");
    // No scope on the type, or a role that has nothing to do with it.
    let mut narrow = claims("gp");
    narrow.scope = "user/Patient.rs".to_owned();
    refused(&session(&app, &narrow).await.post("Condition/$validate", "{}").await, 403, "user/Condition");
    refused(&persona(&app, "privacy-officer").await.post("Condition/$validate", "{}").await, 403, "privacy-officer");
    narrow.scope = "user/Condition.d".to_owned();
    refused(&session(&app, &narrow).await.post("Condition/$validate", "{}").await, 403, "user/Condition.r");
}
