//! `:above` and `:below`: of concepts by the hierarchy of their code system (R4 §3.1.1.4.10), of URLs by how they begin (§3.1.1.4.9).

use serde_json::json;

use crate::common::TestApp;
use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn concepts_by_nesting_and_by_properties() {
    let app = TestApp::start().await;
    imported(&app, &[animals()]).await;
    let session = app.source("vet").await;
    for code in ["animal", "mammal", "cat", "dog", "puppy", "bird", "pet", "a|b, c"] {
        put(&session, &condition(&code.replace(['|', ',', ' '], "-"), animal(code))).await;
    }
    put(&session, &condition("none", json!({"text": "dog"}))).await;
    put(&session, &condition("other", json!({"coding": [{"system": "http://example.org/other", "code": "dog"}]})))
        .await;
    put(&session, &condition("two", json!({"coding": [{"system": "http://example.org/other", "code": "x"}, {"system": ANIMALS, "code": "puppy"}]}))).await;
    let of = |code: &str| format!("{ANIMALS}|{code}");
    for (modifier, code, wanted) in [
        ("below", of("animal"), ids(["animal", "mammal", "cat", "dog", "puppy", "bird", "two"])),
        ("below", of("mammal"), ids(["mammal", "cat", "dog", "puppy", "two"])),
        ("below", of("pet"), ids(["pet", "dog", "puppy", "two"])),
        ("below", of("puppy"), ids(["puppy", "two"])),
        ("below", of("bird"), ids(["bird"])),
        ("below", format!("{ANIMALS}|a\\|b\\, c"), ids(["a-b--c"])),
        ("below", "mammal".to_owned(), ids(["mammal", "cat", "dog", "puppy", "two"])),
        ("below", format!("{},{}", of("bird"), of("cat")), ids(["bird", "cat"])),
        ("above", of("animal"), ids(["animal"])),
        ("above", of("puppy"), ids(["animal", "mammal", "dog", "puppy", "pet", "two"])),
        ("above", of("cat"), ids(["animal", "mammal", "cat"])),
        ("above", "bird".to_owned(), ids(["animal", "bird"])),
    ] {
        assert_eq!(
            found(&session, "Condition", &[(&format!("code:{modifier}"), &code)]).await,
            wanted,
            "{modifier} {code}"
        );
    }
    // Through a chain, _has, and a parameter that looks in two places.
    let both = found(&session, "Patient", &[("_has:Condition:patient:code:below", &of("pet"))]).await;
    assert_eq!(both, ids([]), "the patient has not come");
    put(&session, &patient("p")).await;
    assert_eq!(found(&session, "Patient", &[("_has:Condition:patient:code:below", &of("pet"))]).await, ids(["p"]));
    for (id, observation) in [
        ("own", json!({"code": animal("dog")})),
        ("part", json!({"code": {"text": "x"}, "component": [{"code": animal("puppy")}]})),
        ("not", json!({"code": animal("bird")})),
    ] {
        let mut resource =
            json!({"resourceType": "Observation", "id": id, "status": "final", "subject": {"reference": "Patient/p"}});
        resource.as_object_mut().expect("object").extend(observation.as_object().expect("object").clone());
        put(&session, &resource).await;
    }
    assert_eq!(found(&session, "Observation", &[("combo-code:below", &of("pet"))]).await, ids(["own", "part"]));
    assert_eq!(found(&session, "Observation", &[("code:below", &of("pet"))]).await, ids(["own"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn shipped_hierarchies_and_bare_codes() {
    let app = TestApp::start().await;
    let session = app.source("gp").await;
    let clinical = "http://terminology.hl7.org/CodeSystem/condition-clinical";
    for code in ["active", "recurrence", "relapse", "inactive", "remission", "resolved"] {
        let mut resource = condition(code, animal("cat"));
        resource["clinicalStatus"] = json!({"coding": [{"system": clinical, "code": code}]});
        put(&session, &resource).await;
    }
    let below = |code: &'static str| [("clinical-status:below", format!("{clinical}|{code}"))];
    for (code, wanted) in [
        ("active", ids(["active", "recurrence", "relapse"])),
        ("inactive", ids(["inactive", "remission", "resolved"])),
        ("resolved", ids(["resolved"])),
    ] {
        let params = below(code);
        let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(found(&session, "Condition", &params).await, wanted, "{code}");
    }
    // The system of a bare code is fixed: `amended` is above `corrected`.
    for status in ["final", "amended", "corrected"] {
        let observation = json!({"resourceType": "Observation", "id": status, "status": status, "code": animal("cat")});
        put(&session, &observation).await;
    }
    assert_eq!(found(&session, "Observation", &[("status:below", "amended")]).await, ids(["amended", "corrected"]));
    let whole = "http://hl7.org/fhir/observation-status|corrected";
    assert_eq!(found(&session, "Observation", &[("status:above", whole)]).await, ids(["amended", "corrected"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_known_is_named() {
    let app = TestApp::start().await;
    imported(&app, &[animals()]).await;
    let session = app.source("vet").await;
    let unicorn = format!("{ANIMALS}|unicorn");
    for (name, value, words) in [
        ("code:below", "http://snomed.info/sct|126851005", vec!["http://snomed.info/sct", "known"]),
        ("code:above", "http://snomed.info/sct|126851005", vec!["http://snomed.info/sct"]),
        ("code:below", unicorn.as_str(), vec![ANIMALS, "unicorn"]),
        ("code:below", "126851005", vec!["126851005", "system|code"]),
        ("code:below", "|dog", vec!["system|code"]),
        ("code:below", "http://example.org/animals|", vec!["system|code"]),
        ("code:below", "", vec!["empty"]),
        ("_id:below", "x", vec![":below", ":not"]),
        ("identifier:below", "x|y", vec![":below", ":of-type"]),
        ("onset-date:below", "2020", vec![":below", ":missing"]),
    ] {
        refused(&session, "Condition", &[(name, value)], &words).await;
    }
    refused(
        &session,
        "Observation",
        &[("status:below", "http://example.org/x|final")],
        &["http://hl7.org/fhir/observation-status"],
    )
    .await;
    refused(&session, "Patient", &[("_has:Condition:patient:code:below", "http://nowhere|1")], &["http://nowhere"])
        .await;
    refused(
        &session,
        "Condition",
        &[("subject:Patient._has:Observation:subject:code:in", "http://nowhere")],
        &["http://nowhere"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn urls_by_how_they_begin() {
    let app = TestApp::start().await;
    let session = app.source("gp").await;
    let profiles = [
        "http://acme.org/fhir",
        "http://acme.org/fhir/A",
        "http://acme.org/fhir/A/1|2.0",
        "http://acme.org/other",
        "urn:oid:1.2.3",
    ];
    for (at, profile) in profiles.iter().enumerate() {
        let mut resource = patient(&format!("p{at}"));
        resource["meta"] = json!({"profile": [profile]});
        put(&session, &resource).await;
    }
    put(&session, &patient("none")).await;
    for (modifier, value, wanted) in [
        ("below", "http://acme.org/fhir", ids(["p0", "p1", "p2"])),
        ("below", "http://acme.org/fhir/", ids(["p1", "p2"])),
        ("below", "http://acme.org/", ids(["p0", "p1", "p2", "p3"])),
        ("below", "http://ACME.org/", ids([])),
        ("below", "http://acme.org/fhir/A/1", ids(["p2"])),
        ("above", "http://acme.org/fhir/A/1/_history/5", ids(["p0", "p1"])),
        ("above", "http://acme.org/fhir", ids(["p0"])),
        ("below", "http://acme.org/other,http://acme.org/fhir/A", ids(["p1", "p2", "p3"])),
    ] {
        assert_eq!(
            found(&session, "Patient", &[(&format!("_profile:{modifier}"), value)]).await,
            wanted,
            "{modifier} {value}"
        );
    }
    refused(&session, "Patient", &[("_profile:below", "urn:oid:1.2")], &["URN", "urn:oid:1.2"]).await;
}
