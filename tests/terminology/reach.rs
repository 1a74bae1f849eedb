//! No modifier, word or step tells of rows a caller may not see.

use lcr_facade::store::Relationship;
use serde_json::{Value, json};

use crate::common::{Session, TestApp};
use crate::support::*;

/// Two NHS numbers of the test range.
const NEAR: &str = "9990000050";
const FAR: &str = "9990000069";

fn numbered(id: &str, number: &str) -> Value {
    let mut resource = patient(id);
    resource["identifier"] = json!([{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": number, "type": {"text": "Number", "coding": [{"system": "http://t", "code": "NH"}]}}]);
    resource["text"] = json!({"status": "generated", "div": "<div>Told</div>"});
    resource
}

fn about(id: &str, subject: &str, evidence: &str) -> Value {
    let mut resource = condition(id, json!({"coding": [{"system": ANIMALS, "code": "puppy", "display": "Puppy"}]}));
    resource["subject"] = json!({"reference": format!("Patient/{subject}")});
    resource["evidence"] = json!([{"detail": [{"reference": format!("Condition/{evidence}")}]}]);
    resource["text"] = json!({"status": "generated", "div": "<div>Told</div>"});
    resource
}

async fn record(app: &TestApp) -> Session<'_> {
    imported(
        app,
        &[animals(), value_set("dogs", json!({"include": [{"system": ANIMALS, "concept": [{"code": "puppy"}]}]}))],
    )
    .await;
    let source = app.source("elsewhere").await;
    put(&source, &numbered("near", NEAR)).await;
    put(&source, &numbered("far", FAR)).await;
    // A circle through what is hidden: seen → far → veiled → seen-too.
    put(&source, &about("seen", "near", "hidden")).await;
    put(&source, &about("hidden", "far", "veiled")).await;
    let mut veiled = about("veiled", "near", "seen-too");
    veiled["meta"] =
        json!({"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}]});
    put(&source, &veiled).await;
    put(&source, &about("seen-too", "near", "hidden")).await;
    let mut linked = numbered("near", NEAR);
    linked["link"] = json!([{"other": {"reference": "Patient/far"}, "type": "seealso"}]);
    put(&source, &linked).await;
    let relationship = Relationship {
        nhs_number: NEAR.to_owned(),
        holder_kind: "practitioner".to_owned(),
        holder: "gp".to_owned(),
        basis: "caseload".to_owned(),
        valid_from: "2000-01-01T00:00:00Z".to_owned(),
        valid_to: None,
        source: "test".to_owned(),
        reason: "test".to_owned(),
    };
    assert!(app.store.relate(&[relationship]).await.expect("related").is_empty());
    app.persona("gp").await
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_find_what_is_in_reach_only() {
    let app = TestApp::start().await;
    let gp = record(&app).await;
    let seen = ids(["seen", "seen-too"]);
    let below = format!("{ANIMALS}|pet");
    for (name, value) in [
        ("code:text", "puppy"),
        ("code:in", "ValueSet/dogs"),
        ("code:below", &below),
        ("_text", "told"),
        ("_content", "puppy"),
        ("_content", "-absent"),
        ("code:not-in", "http://hl7.org/fhir/ValueSet/administrative-gender"),
        ("_text:missing", "false"),
    ] {
        assert_eq!(found(&gp, "Condition", &[(name, value)]).await, seen, "{name}={value}");
        let total = ask(&gp, "Condition", &[(name, value), ("_total", "accurate")]).await.json()["total"].clone();
        assert_eq!(total, 2, "{name}={value}");
        let through = found(&gp, "Patient", &[(&format!("_has:Condition:patient:{name}"), value)]).await;
        assert_eq!(through, ids(["near"]), "{name}={value}");
    }
    for (name, value) in [("_text", "told"), ("identifier:text", "number")] {
        assert_eq!(found(&gp, "Patient", &[(name, value)]).await, ids(["near"]), "{name}={value}");
    }
    let of_type = |number: &str| format!("http://t|NH|{number}");
    assert_eq!(found(&gp, "Patient", &[("identifier:of-type", &of_type(NEAR))]).await, ids(["near"]));
    assert_eq!(found(&gp, "Patient", &[("identifier:of-type", &of_type(FAR))]).await, ids([]));
    // A chain through the hidden row finds nothing by it.
    assert_eq!(found(&gp, "Condition", &[("evidence-detail:Condition.code:text", "puppy")]).await, ids([]));
    assert_eq!(found(&gp, "Condition", &[("evidence-detail:Condition._content", "puppy")]).await, ids([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_never_cross_what_is_out_of_reach() {
    let app = TestApp::start().await;
    let gp = record(&app).await;
    let own = ("_id", "seen");
    for params in [
        vec![own, ("_include:iterate", "Condition:evidence-detail")],
        vec![own, ("_include:iterate", "Condition:evidence-detail:Condition")],
        vec![own, ("_revinclude:iterate", "Condition:evidence-detail")],
    ] {
        let reply = ask(&gp, "Condition", &params).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_eq!(entries(&reply, "include"), ids([]), "{params:?}");
    }
    let wide = ask(&gp, "Condition", &[own, ("_include:iterate", "*"), ("_revinclude:iterate", "*")]).await;
    assert_eq!(entries(&wide, "include"), ids(["Patient/near", "Condition/seen-too"]));
    let people =
        ask(&gp, "Patient", &[("_include:iterate", "Patient:link"), ("_revinclude:iterate", "Condition:patient")])
            .await;
    assert_eq!(entries(&people, "match"), ids(["Patient/near"]));
    assert_eq!(entries(&people, "include"), ids(["Condition/seen", "Condition/seen-too"]));
    for hidden in ["hidden", "veiled", "Patient/far\"}, \"name"] {
        assert!(!entries(&wide, "include").iter().any(|name| name.ends_with(hidden)));
    }
    // A type that is not the caller's is refused when it is named, and left out when it is not.
    let worker = app.persona("social-worker").await;
    let reply = ask(&worker, "Patient", &[("_revinclude:iterate", "Observation:subject")]).await;
    assert_eq!(reply.status, 403, "{}", reply.text);
    assert_eq!(ask(&worker, "Patient", &[("_revinclude:iterate", "*")]).await.status, 200);
}
