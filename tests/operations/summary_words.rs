//! `Patient/id/$summary`: how its narrative reads, and that nothing in it is markup of a source's.

use serde_json::{Value, json};

use crate::ips::text;
use crate::rows::{ALLERGIES, MEDICINES, PLANS, PROBLEMS, RESULTS, VITALS, category, coding, summary, verified, with};
use crate::world::{GP_SOURCE, NEAR, patient, people, persona, put};

#[tokio::test(flavor = "multi_thread")]
async fn a_clinician_can_read_it() {
    let app = people().await;
    let gp = app.source(GP_SOURCE).await;
    let mmol = |value: &str| json!({"value": serde_json::from_str::<Value>(value).expect("number"), "unit": "mmol/L"});
    let flag = json!([coding("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "HH")]);
    let part =
        |name: &str, value: i64| json!({"code": {"text": name}, "valueQuantity": {"value": value, "unit": "mmHg"}});
    let medicine =
        json!({"coding": [{"system": "https://dmd.nhs.uk", "code": "1", "display": "Atorvastatin 40mg tablets"}]});
    for resource in [
        with(
            "Observation",
            "potassium",
            json!({"code": {"text": "Serum potassium"}, "valueQuantity": mmol("6.80"), "interpretation": flag,
            "referenceRange": [{"low": mmol("3.5"), "high": mmol("5.30")}], "status": "preliminary", "effectiveDateTime": "2024-02-03T08:05:00+01:00",
            "performer": [{"identifier": {"system": "https://fhir.nhs.uk/Id/ods-organization-code", "value": "Y90001"}, "display": "Fern Surgery"}]}),
        ),
        with(
            "Observation",
            "pressure",
            json!({"code": {"text": "Blood pressure"}, "category": category("vital-signs"), "valueQuantity": null,
            "component": [part("Systolic", 131), part("Diastolic", 84)]}),
        ),
        with(
            "MedicationStatement",
            "statin",
            json!({"medicationCodeableConcept": medicine, "dosage": [{"text": "One at night"}],
            "reasonReference": [{"reference": "Condition/lipids"}], "effectiveDateTime": null, "effectivePeriod": {"start": "2024-02-03"}}),
        ),
        with(
            "Condition",
            "lipids",
            json!({"code": {"text": "High cholesterol"}, "severity": {"text": "Mild"}, "onsetDateTime": "2012-03",
            "verificationStatus": verified("condition-ver-status", "provisional"), "note": [{"text": "Diet first."}]}),
        ),
        with(
            "CarePlan",
            "asthma",
            json!({"title": "Asthma plan", "addresses": [{"reference": "Condition/lipids"}],
            "activity": [{"detail": {"status": "scheduled", "code": {"text": "Review"}, "description": "Every year"}}]}),
        ),
    ] {
        put(&gp, &resource).await;
    }
    let bundle = summary(&persona(&app, "gp").await).await;
    for (code, cells) in [
        (
            RESULTS,
            vec![
                "Serum potassium",
                "6.80 mmol/L",
                "<b>Critically high</b>",
                "3.5 to 5.30 mmol/L",
                "3 Feb 2024 08:05",
                "preliminary",
                "Fern Surgery",
            ],
        ),
        (VITALS, vec!["Blood pressure", "Systolic: 131 mmHg<br/>Diastolic: 84 mmHg", "3 Feb 2024"]),
        (
            MEDICINES,
            vec!["Atorvastatin 40mg tablets", "One at night", "active", "since 3 Feb 2024", "High cholesterol"],
        ),
        (PROBLEMS, vec!["High cholesterol", "Diet first.", "active, provisional", "Mild", "Mar 2012"]),
        (PLANS, vec!["Asthma plan", "High cholesterol", "Review (scheduled): Every year", "active"]),
    ] {
        let div = text(&bundle, code);
        let mut rest = div.as_str();
        for cell in cells {
            let at =
                rest.find(cell).unwrap_or_else(|| panic!("{code}: {cell} is not there, or not in its place, in {div}"));
            rest = &rest[at + cell.len()..];
        }
    }
    let front = bundle["entry"][0]["resource"]["text"]["div"].as_str().expect("front");
    for words in ["Rowan Attwood", "999 000 0026", "5 May 1950", "other"] {
        assert!(front.contains(words), "{words}: {front}");
    }
    assert!(bundle["entry"][0]["resource"]["title"].as_str().is_some_and(|title| title.contains("Rowan Attwood")));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_a_source_sends_becomes_markup() {
    let app = people().await;
    let gp = app.source(GP_SOURCE).await;
    let evil = "<script>alert(1)</script> & \"'> <img src=x onerror=alert(1)> ]]> <!-- é 😀 &lt;b&gt;";
    let mut person = patient("near", NEAR);
    person["name"] = json!([{"family": evil, "given": [evil]}]);
    person["address"] = json!([{"line": [evil], "city": evil}]);
    person["generalPractitioner"] = json!([{"display": evil}]);
    let named = json!({"text": evil});
    for resource in [
        person,
        with(
            "Condition",
            "c",
            json!({"code": named, "note": [{"text": evil}], "onsetDateTime": null, "onsetString": evil, "recorder": {"display": evil}}),
        ),
        with("AllergyIntolerance", "a", json!({"code": named, "reaction": [{"manifestation": [named]}]})),
        with(
            "AllergyIntolerance",
            "b",
            json!({"code": {"text": evil, "coding": [{"system": "http://snomed.info/sct", "code": "716186003"}]}}),
        ),
        with("MedicationStatement", "m", json!({"medicationCodeableConcept": named, "dosage": [{"text": evil}]})),
        with(
            "Observation",
            "o",
            json!({"code": named, "valueQuantity": null, "valueString": evil, "referenceRange": [{"text": evil}], "interpretation": [named]}),
        ),
        with(
            "CarePlan",
            "p",
            json!({"title": evil, "description": evil, "activity": [{"detail": {"status": "completed", "code": named}}]}),
        ),
    ] {
        put(&gp, &resource).await;
    }
    let bundle = summary(&persona(&app, "gp").await).await;
    let composition = &bundle["entry"][0]["resource"];
    let mut divs = vec![composition["text"]["div"].as_str().expect("front").to_owned()];
    divs.extend([ALLERGIES, PROBLEMS, MEDICINES, RESULTS, PLANS].map(|code| text(&bundle, code)));
    for div in divs {
        assert!(!div.contains("<script") && !div.contains("<img") && !div.contains("<!--"), "{div}");
        assert!(
            div.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;")
                && div.contains("&amp;lt;b")
                && div.contains("é 😀"),
            "{div}"
        );
    }
}
