//! Two records that differ only in what a caller may not see answer every operation alike.

use lcr_facade::config::Config;
use serde_json::{Value, json};

use crate::common::{Session, TestApp};
use crate::support::parameters;
use crate::world::{
    ELSEWHERE, GP_SOURCE, PERSONAS, TYPES, about, claims, labelled, nhs, patient, put, relate, session,
};

const BASE: &str = "http://twins.example/fhir";

/// One of the twins; `with_hidden`: also rows that none of those who ask may see.
async fn twin(with_hidden: bool) -> TestApp {
    let app =
        TestApp::with(Config { public_url: Some(BASE.trim_end_matches("/fhir").to_owned()), ..Config::default() })
            .await;
    let (gp, elsewhere) = (app.source(GP_SOURCE).await, app.source(ELSEWHERE).await);
    let mut seen = vec![patient("seen", 1)];
    for kind in TYPES.iter().skip(1) {
        seen.push(about(kind, &format!("seen-{kind}"), "seen", 1));
    }
    let mut second = about("Observation", "seen-second", "seen", 1);
    second["code"] = json!({"coding": [{"system": "s", "code": "b"}]});
    seen.push(second);
    let mut hidden = Vec::new();
    if with_hidden {
        // A twin of the person seen, in nobody's care, and more about the person seen than anybody may see.
        hidden.push(patient("hidden", 11));
        for kind in TYPES.iter().skip(1) {
            hidden.push(about(kind, &format!("hidden-{kind}"), "hidden", 11));
            hidden.push(labelled(about(kind, &format!("veiled-{kind}"), "seen", 1), "V"));
        }
        let mut link = labelled(about("Observation", "veiled-link", "seen", 1), "V");
        link["code"] =
            json!({"coding": [{"system": "s", "code": "b"}, {"system": "http://snomed.info/sct", "code": "38341003"}]});
        hidden.push(link);
    }
    let half = hidden.len() / 2;
    // Patients first: the rest is about them. Hidden rows come before and after.
    put(&gp, &seen[0]).await;
    for resource in hidden.iter().take(half).chain(seen.iter().skip(1)) {
        let source = if seen.contains(resource) { &gp } else { &elsewhere };
        put(source, resource).await;
    }
    for resource in hidden.iter().skip(half) {
        put(&elsewhere, resource).await;
    }
    for holder in ["gp", "hospital-doctor", "nurse", "social-worker", "out-of-hours"] {
        relate(&app, 1, "practitioner", holder).await;
    }
    app
}

/// Takes out what two documents may differ in: names of their own, and times of writing.
fn normal(value: &mut Value, own: &[String]) {
    match value {
        Value::Object(members) => {
            for name in ["lastUpdated", "timestamp", "date"] {
                members.remove(name);
            }
            members.values_mut().for_each(|value| normal(value, own));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| normal(value, own)),
        Value::String(text) => {
            for name in own {
                *text = text.replace(name, "own");
            }
            if let Some(at) = text.find("Made by software on ") {
                text.replace_range(at..(at + 45).min(text.len()), "");
            }
        }
        _ => {}
    }
}

async fn answer(session: &Session<'_>, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let reply = if method == "GET" { session.get(path).await } else { session.post(path, body).await };
    assert_ne!(reply.status, 500, "{path}: {}", reply.text);
    let mut value = reply.json();
    let entries = value["entry"].as_array().cloned().unwrap_or_default();
    let kinds = ["Composition", "Device"];
    let mut own: Vec<String> = entries
        .iter()
        .filter(|e| kinds.contains(&e["resource"]["resourceType"].as_str().unwrap_or("")))
        .filter_map(|entry| Some(entry["resource"]["id"].as_str()?.to_owned()))
        .collect();
    own.extend(value["id"].as_str().map(str::to_owned));
    normal(&mut value, &own);
    (reply.status.as_u16(), value)
}

fn questions() -> Vec<(&'static str, String, Value)> {
    let mut all = Vec::new();
    for id in ["seen", "hidden", "absent"] {
        all.push(("GET", format!("Patient/{id}/$summary"), Value::Null));
        for query in [
            "category=laboratory",
            "code=38341003",
            "code=s|b,38341003&max=3",
            "code=http://snomed.info/sct|38341003&max=5&_summary=count",
        ] {
            all.push(("GET", format!("Observation/$lastn?patient={id}&{query}"), Value::Null));
        }
        for mode in ["create", "update", "delete"] {
            let mut body = parameters(&[("mode", mode)]);
            let resource = about("CarePlan", &format!("{id}-CarePlan"), id, 1);
            body["parameter"].as_array_mut().expect("list").push(json!({"name": "resource", "resource": resource}));
            all.push(("POST", format!("CarePlan/{id}-CarePlan/$validate"), body));
        }
    }
    for n in [1, 11, 12] {
        let mut asked = patient("x", n);
        all.push(("POST", "Patient/$match".to_owned(), asked.clone()));
        all.push(("POST", "Patient/$match?onlyCertainMatches=true".to_owned(), asked.clone()));
        asked.as_object_mut().expect("object").remove("identifier");
        all.push(("POST", "Patient/$match".to_owned(), asked));
        let number = json!({"resourceType": "Patient", "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": nhs(n)}]});
        all.push(("POST", "Patient/$match?count=1".to_owned(), number));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn twins_answer_alike() {
    let (with, without) = tokio::join!(twin(true), twin(false));
    let (mut differences, mut told) = (Vec::new(), 0);
    for name in PERSONAS {
        let mut claims = claims(name);
        if name == "patient" {
            claims.patient = Some("seen".to_owned());
        }
        let (one, other) = (session(&with, &claims).await, session(&without, &claims).await);
        for (method, path, body) in questions() {
            let (a, b) = tokio::join!(answer(&one, method, &path, &body), answer(&other, method, &path, &body));
            told += usize::from(b.0 == 200 && b.1["entry"].is_array());
            if a != b {
                differences.push(format!("{name} {method} {path}\n  with    {a:?}\n  without {b:?}"));
            }
        }
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert!(told > 60, "only {told} answers held anything");
}
