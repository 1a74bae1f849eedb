//! Attacks on a restricted person by looking: whatever shows their Patient shows nothing of where they live, how to reach
//! them and who their GP is.

use lcr_facade::access::Claims;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Session, TestApp, send};
use crate::kit::{finds, restricted, tells};
use crate::world::{HOSPITAL_SOURCE, NEAR, claims, nhs, patient, persona, session};

/// The staff in whose care the person is, and the system of another organisation that is.
async fn onlookers(app: &TestApp) -> Vec<(&'static str, Session<'_>)> {
    let mut all = Vec::new();
    for name in ["gp", "hospital-doctor", "nurse", "social-worker", "receptionist"] {
        all.push((name, persona(app, name).await));
    }
    let hospital = Claims {
        source: Some(HOSPITAL_SOURCE.to_owned()),
        organisation: Some("Y9R01".to_owned()),
        ..claims("gp-system")
    };
    all.push(("hospital-system", session(app, &hospital).await));
    all
}

/// What is left of the Patient; the time of its version is taken from the answer.
fn left(answer: &Value, version: &str) -> Value {
    let mut left = patient("near", NEAR);
    left["meta"] = json!({
        "versionId": version,
        "lastUpdated": answer["meta"]["lastUpdated"],
        "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "REDACTED"}]
    });
    left
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_patient_is_read() {
    let app = restricted().await;
    for (name, session) in onlookers(&app).await {
        for path in ["Patient/near", "Patient/near?_pretty=true", "Patient/near?_summary=false"] {
            let answer = session.get(path).await.json();
            assert_eq!(answer, left(&answer, "2"), "{name} {path}");
        }
        assert_eq!(session.get("Patient/near?_summary=text").await.json().get("text"), None, "{name}");
        let answer = session.get("Patient/near?_elements=address,telecom,generalPractitioner,contact").await.json();
        let members: Vec<&String> = answer.as_object().expect("a resource").keys().collect();
        assert!(members.iter().all(|name| ["resourceType", "id", "meta"].contains(&name.as_str())), "{name}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_of_a_restricted_patient_is_read() {
    let app = restricted().await;
    for (name, session) in onlookers(&app).await {
        let answer = session.get("Patient/near/_history/2").await.json();
        assert_eq!(answer, left(&answer, "2"), "{name}");
        let history = session.get("Patient/near/_history").await;
        finds(&history, &["near", "near"], Some(2));
        for path in ["Patient/near/_history", "Patient/_history", "Patient/near/_history?_at=2100"] {
            let reply = session.get(path).await;
            assert_eq!((reply.status.as_u16(), tells(&reply.text)), (200, vec![]), "{name} {path}");
        }
        // The history of everything has the directory in it, too.
        let whole = session.get("_history?_count=100").await.json();
        let people = whole["entry"].as_array().into_iter().flatten().map(|entry| &entry["resource"]);
        let people: Vec<&Value> = people.filter(|resource| resource["resourceType"] == "Patient").collect();
        assert_eq!(people.len(), 2, "{name}: {whole}");
        assert!(people.iter().all(|patient| tells(&patient.to_string()).is_empty()), "{name}: {people:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_patient_is_found() {
    let app = restricted().await;
    for (name, session) in onlookers(&app).await {
        for path in [
            "Patient?_total=accurate".to_owned(),
            format!("Patient?identifier={}&_total=accurate", nhs(NEAR)),
            "Patient?family=attwood&_elements=address&_total=accurate".to_owned(),
            "Patient?birthdate=1950-05-05&_summary=data&_total=accurate".to_owned(),
            "Patient?_sort=-address&_summary=text&_total=accurate".to_owned(),
            "?_type=Patient&_total=accurate".to_owned(),
        ] {
            let reply = session.get(&path).await;
            finds(&reply, &["near"], Some(1));
            assert_eq!(tells(&reply.text), Vec::<&str>::new(), "{name} {path}");
        }
        let reply = session.get("Patient/near/*").await;
        assert_eq!((reply.status.as_u16(), tells(&reply.text)), (200, vec![]), "{name} the compartment");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_patient_comes_along() {
    let app = restricted().await;
    for name in ["gp", "nurse", "social-worker"] {
        let session = persona(&app, name).await;
        for include in ["_include=Condition:patient", "_include=*", "_include:iterate=*"] {
            let reply = session.get(&format!("Condition?_id=near-Condition&{include}&_total=accurate")).await;
            finds(&reply, &["near", "near-Condition"], Some(1));
            assert_eq!(tells(&reply.text), Vec::<&str>::new(), "{name} {include}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_practice_of_a_restricted_patient_comes_along() {
    let app = restricted().await;
    for (name, session) in onlookers(&app).await {
        for include in [
            "_include=Patient:general-practitioner",
            "_include=Patient:general-practitioner:Organization",
            "_include=Patient:general-practitioner:Practitioner",
            "_include=Patient:organization",
            "_include=*",
            "_include:iterate=*",
            "_include:iterate=Patient:general-practitioner",
        ] {
            let reply = session.get(&format!("Patient?_id=near&{include}&_total=accurate")).await;
            finds(&reply, &["near"], Some(1));
            assert_eq!(tells(&reply.text), Vec::<&str>::new(), "{name} {include}");
        }
    }
    let gp = persona(&app, "gp").await;
    let path = "Condition?_id=near-Condition&_include=Condition:patient&_include:iterate=Patient:general-practitioner";
    finds(&gp.get(path).await, &["near", "near-Condition"], None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_practice_of_a_restricted_patient_is_part_of_everything() {
    let app = restricted().await;
    let gp = persona(&app, "gp").await;
    for path in
        ["Patient/near/$everything", "Patient/near/$everything?_count=50", "Patient/near/$everything?_type=Patient"]
    {
        let reply = gp.get(path).await;
        let own: &[&str] =
            if path.ends_with("Patient") { &["near"] } else { &["near", "near-Condition", "near-Observation"] };
        finds(&reply, own, None);
        assert_eq!(tells(&reply.text), Vec::<&str>::new(), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_summary_of_a_restricted_patient() {
    let app = restricted().await;
    for name in ["gp", "nurse", "receptionist"] {
        let reply = persona(&app, name).await.get("Patient/near/$summary").await;
        assert_eq!((reply.status.as_u16(), tells(&reply.text)), (200, vec![]), "{name}");
        let summary = reply.json();
        let entries = summary["entry"].as_array().expect("entries");
        let patient = entries.iter().find(|entry| entry["resource"]["resourceType"] == "Patient").expect("the Patient");
        assert_eq!(patient["resource"], left(&patient["resource"], "2"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_of_a_restricted_patient() {
    let app = restricted().await;
    let gp = persona(&app, "gp").await;
    let ask = async |known: Value| {
        let parts = json!([{"name": "resource", "resource": known}]);
        gp.post("Patient/$match", json!({"resourceType": "Parameters", "parameter": parts})).await
    };
    let with = |mut known: Value, postcode: &str| {
        known["address"] = json!([{"postalCode": postcode}]);
        known["telecom"] = json!([{"system": "phone", "value": "07700 900123"}]);
        known
    };
    // Found by number, and likely to the same degree whichever postcode is guessed.
    let (right, wrong) =
        (ask(with(patient("x", NEAR), "ZZ9 9ZZ")).await, ask(with(patient("x", NEAR), "AA1 1AA")).await);
    finds(&right, &["near"], Some(1));
    assert_eq!(tells(&right.text), Vec::<&str>::new());
    assert_eq!(right.text, wrong.text, "the score says which postcode is right");
    // Not found by the postcode.
    let known = json!({"resourceType": "Patient", "name": [{"family": "Attwood", "given": ["Rowan"]}]});
    finds(&ask(with(known.clone(), "ZZ9 9ZZ")).await, &[], Some(0));
    let mut born = with(json!({"resourceType": "Patient", "birthDate": "1950-05-05"}), "ZZ9 9ZZ");
    finds(&ask(born.clone()).await, &[], Some(0));
    born["birthDate"] = json!("1950-05-06");
    finds(&ask(born).await, &[], Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_or_xml_of_a_restricted_patient() {
    let app = restricted().await;
    for (name, session) in onlookers(&app).await {
        let get = |url: &str| json!({"request": {"method": "GET", "url": url}});
        let entries = json!([
            get("Patient/near"),
            get("Patient/near/_history/2"),
            get("Patient?_id=near"),
            get("?_type=Patient")
        ]);
        for kind in ["batch", "transaction"] {
            let some = if kind == "batch" { entries.clone() } else { json!([entries[0], entries[1], entries[2]]) };
            let reply = session.post("", json!({"resourceType": "Bundle", "type": kind, "entry": some})).await;
            assert_eq!((reply.status.as_u16(), tells(&reply.text)), (200, vec![]), "{name} {kind}");
            let first = reply.json()["entry"][0]["resource"].clone();
            assert_eq!(first, left(&first, "2"), "{name} {kind}");
        }
        for path in ["Patient/near", "Patient/near/_history/2", "Patient?_id=near", "Patient/near/_history"] {
            let request = session.request(Method::GET, path).header("Accept", "application/fhir+xml");
            let reply = send(request).await;
            assert_eq!((reply.status.as_u16(), tells(&reply.text)), (200, vec![]), "{name} {path}");
            assert!(reply.text.contains("<birthDate value=\"1950-05-05\"/>"), "{name} {path}: {}", reply.text);
        }
    }
}
