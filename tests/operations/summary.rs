//! `Patient/id/$summary`: what is in it, in which order, and how it is asked for.

use serde_json::{Value, json};

use crate::common::TestApp;
use crate::ips::{document, empty_reason, ids, text};
use crate::rows::{ALLERGIES, MEDICINES, PAST, PLANS, PROBLEMS, RESULTS, SOCIAL, VITALS};
use crate::rows::{category, clinical, coding, summary, verified, with};
use crate::support::{parameters, refused};
use crate::world::{GP_SOURCE, NEAR, patient, people, persona, put};

#[tokio::test(flavor = "multi_thread")]
async fn each_row_is_where_it_belongs_and_what_is_wrong_is_nowhere() {
    let app = people().await;
    let gp = app.source(GP_SOURCE).await;
    for resource in [
        with("Condition", "old-active", json!({"onsetDateTime": "2001-01-01"})),
        with(
            "Condition",
            "new-active",
            json!({"onsetDateTime": "2020-01-01", "clinicalStatus": clinical("condition", "relapse")}),
        ),
        with("Condition", "unsaid", json!({"onsetDateTime": "2022-01-01", "clinicalStatus": null})),
        with(
            "Condition",
            "over",
            json!({"clinicalStatus": clinical("condition", "resolved"), "abatementDateTime": "2019-05-05"}),
        ),
        with("Condition", "refuted", json!({"verificationStatus": verified("condition-ver-status", "refuted")})),
        with(
            "Condition",
            "mistake",
            json!({"clinicalStatus": null, "verificationStatus": verified("condition-ver-status", "entered-in-error")}),
        ),
        with(
            "AllergyIntolerance",
            "quiet",
            json!({"clinicalStatus": clinical("allergyintolerance", "inactive"), "recordedDate": "2024-01-01"}),
        ),
        with("AllergyIntolerance", "loud", json!({"recordedDate": "2001-01-01"})),
        with(
            "AllergyIntolerance",
            "no-allergy",
            json!({"verificationStatus": verified("allergyintolerance-verification", "refuted")}),
        ),
        with(
            "AllergyIntolerance",
            "wrong-allergy",
            json!({"clinicalStatus": null, "verificationStatus": verified("allergyintolerance-verification", "entered-in-error")}),
        ),
        with(
            "MedicationStatement",
            "long-over",
            json!({"status": "completed", "effectiveDateTime": null, "effectivePeriod": {"start": "2001-01-01", "end": "2002-01-01"}}),
        ),
        with(
            "MedicationStatement",
            "ends-late",
            json!({"status": "stopped", "effectiveDateTime": null, "effectivePeriod": {"start": "2001-01-01", "end": "2199-01-01"}}),
        ),
        with("MedicationStatement", "taken", json!({})),
        with("MedicationStatement", "waiting", json!({"status": "on-hold"})),
        with("MedicationStatement", "wrong-medicine", json!({"status": "entered-in-error"})),
        with("Observation", "newer", json!({"code": coding("s", "a"), "effectiveDateTime": "2024-05-01"})),
        with("Observation", "older", json!({"code": coding("s", "a"), "effectiveDateTime": "2024-04-01"})),
        with(
            "Observation",
            "translated",
            json!({"code": {"coding": [{"system": "s", "code": "a"}, {"system": "t", "code": "a"}]}, "effectiveDateTime": "2024-03-01"}),
        ),
        with(
            "Observation",
            "lab",
            json!({"code": coding("s", "b"), "category": category("laboratory"), "effectiveDateTime": "2024-06-01"}),
        ),
        with("Observation", "wrong-result", json!({"code": coding("s", "c"), "status": "entered-in-error"})),
        with(
            "Observation",
            "panel",
            json!({"code": coding("s", "d"), "valueQuantity": null, "hasMember": [{"reference": "Observation/lab"}]}),
        ),
        with("Observation", "pulse", json!({"code": coding("s", "e"), "category": category("vital-signs")})),
        with("Observation", "smoker", json!({"code": coding("s", "f"), "category": category("social-history")})),
        with("CarePlan", "plan", json!({})),
        with("CarePlan", "done", json!({"status": "completed"})),
        with("CarePlan", "taken-back", json!({"status": "revoked"})),
    ] {
        put(&gp, &resource).await;
    }
    let bundle = summary(&persona(&app, "gp").await).await;
    for (code, wanted) in [
        (ALLERGIES, vec!["loud", "quiet"]),
        (PROBLEMS, vec!["new-active", "old-active", "unsaid"]),
        (PAST, vec!["over"]),
        (MEDICINES, vec!["taken", "waiting", "ends-late"]),
        (RESULTS, vec!["lab", "newer"]),
        (VITALS, vec!["pulse"]),
        (SOCIAL, vec!["smoker"]),
        (PLANS, vec!["plan"]),
    ] {
        assert_eq!(ids(&bundle, code), wanted, "{code}");
    }
    assert_eq!(bundle["entry"][0]["resource"]["confidentiality"], "N");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_three_absences_of_allergies_differ() {
    let app = people().await;
    let gp = app.source(GP_SOURCE).await;
    let doctor = persona(&app, "gp").await;
    // Nothing is held: unavailable, which is not "none".
    let bundle = summary(&doctor).await;
    assert_eq!(empty_reason(&bundle, ALLERGIES), "unavailable");
    assert!(text(&bundle, ALLERGIES).contains("does not mean that there are none"), "{}", text(&bundle, ALLERGIES));
    // A source says there are none.
    let none =
        json!({"coding": [{"system": "http://snomed.info/sct", "code": "716186003", "display": "No known allergy"}]});
    put(
        &gp,
        &with(
            "AllergyIntolerance",
            "nka",
            json!({"code": none, "recordedDate": "2024-04-15", "recorder": {"display": "Dr Ash"}}),
        ),
    )
    .await;
    let bundle = summary(&doctor).await;
    assert_eq!(ids(&bundle, ALLERGIES), ["nka"]);
    let words = text(&bundle, ALLERGIES);
    assert!(
        words.contains("No known allergy: recorded on 15 Apr 2024 by Dr Ash") && !words.contains("<table"),
        "{words}"
    );
    // Another source knows of one: both are said, and that they disagree.
    put(&gp, &with("AllergyIntolerance", "nuts", json!({"code": {"text": "Nuts"}, "criticality": "high"}))).await;
    let words = text(&summary(&doctor).await, ALLERGIES);
    assert!(
        words.contains("<b>Nuts</b>") && words.contains("<b>high</b>") && words.contains("say otherwise"),
        "{words}"
    );
    // Withheld by scope, whatever is there.
    let mut claims = crate::world::claims("gp");
    claims.scope = "user/Patient.rs user/Condition.rs".to_owned();
    let bundle = summary(&crate::world::session(&app, &claims).await).await;
    assert_eq!(empty_reason(&bundle, ALLERGIES), "withheld");
    for code in [MEDICINES, RESULTS, VITALS, PLANS] {
        assert_eq!(empty_reason(&bundle, code), "withheld", "{code}");
    }
    assert_eq!(empty_reason(&bundle, PROBLEMS), "unavailable");
    // The codes that the guide's first version had for it.
    let old = coding("http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips", "no-known-allergies");
    put(&gp, &with("AllergyIntolerance", "nuts", json!({"code": old}))).await;
    assert!(!text(&summary(&doctor).await, ALLERGIES).contains("<table"));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_asked_by_get_and_post() {
    let app = people().await;
    let gp = persona(&app, "gp").await;
    let composition = "http://hl7.org/fhir/uv/ips/StructureDefinition/Composition-uv-ips";
    for reply in [
        gp.get("Patient/near/$summary").await,
        gp.get(&format!("Patient/near/$summary?profile={composition}")).await,
        gp.get(&format!("Patient/near/$summary?profile={composition}%7C2.0.0&_format=json")).await,
        gp.post("Patient/near/$summary", "").await,
        gp.post("Patient/near/$summary", parameters(&[("profile", composition)])).await,
    ] {
        document(&reply, &app.base);
    }
    let (one, two) = (summary(&gp).await, summary(&gp).await);
    assert_ne!(one["identifier"]["value"], two["identifier"]["value"], "each document is one of its own");
    refused(&gp.get("Patient/near/$summary?profile=http://example.org/other").await, 422, "Composition-uv-ips");
    refused(&gp.get("Patient/near/$summary?identifier=x").await, 400, "http.identifier");
    refused(&gp.get("Patient/near/$summary?banana=1").await, 400, "banana");
    refused(&gp.post("Patient/near/$summary", "[]").await, 400, "not an object");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_without_end_is_cut_and_says_so() {
    let app = TestApp::start().await;
    let source = app.source("a").await;
    put(&source, &patient("near", NEAR)).await;
    let entries: Vec<Value> = (0..230)
        .map(|n| {
            let body = with("Condition", &format!("c{n}"), json!({"onsetDateTime": format!("{}-01-01", 1700 + n)}));
            json!({"resource": body, "request": {"method": "PUT", "url": format!("Condition/c{n}")}})
        })
        .collect();
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
    assert_eq!(source.post("", bundle).await.status, 200);
    let bundle = summary(&source).await;
    let found = ids(&bundle, PROBLEMS);
    assert_eq!((found.len(), found[0].as_str(), found[199].as_str()), (200, "c229", "c30"), "the newest");
    assert!(text(&bundle, PROBLEMS).contains("Only the newest 200 are here"));
}
