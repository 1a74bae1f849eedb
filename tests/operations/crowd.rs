//! People who are easily taken for one another, and how `$match` is asked about them.

use serde_json::{Value, json};

use crate::common::{Reply, Session, TestApp};
use crate::world::{nhs, put};

const NHS: &str = "https://fhir.nhs.uk/Id/nhs-number";

/// What a description may say, as `name=value` parts: number, id, family, given, born, postcode, gender.
pub fn description(parts: &str) -> Value {
    let mut patient = json!({"resourceType": "Patient"});
    let (mut name, mut identifiers) = (json!({}), Vec::new());
    for part in parts.split("; ").filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').expect("name=value");
        match key {
            "number" => identifiers.push(json!({"system": NHS, "value": value})),
            "id" => identifiers.push(json!({"system": "https://example.org/hospital", "value": value})),
            "family" => name["family"] = json!(value),
            "given" => name["given"] = json!(value.split(' ').collect::<Vec<_>>()),
            "born" => patient["birthDate"] = json!(value),
            "postcode" => patient["address"] = json!([{"postalCode": value}]),
            "gender" => patient["gender"] = json!(value),
            other => panic!("{other}"),
        }
    }
    if name != json!({}) {
        patient["name"] = json!([name]);
    }
    if !identifiers.is_empty() {
        patient["identifier"] = json!(identifiers);
    }
    patient
}

pub fn question(parts: &str, more: &[(&str, Value)]) -> Value {
    let mut all = vec![json!({"name": "resource", "resource": description(parts)})];
    for (name, value) in more {
        let kind = if value.is_boolean() { "valueBoolean" } else { "valueInteger" };
        all.push(json!({"name": name, kind: value}));
    }
    json!({"resourceType": "Parameters", "parameter": all})
}

/// Who was found: id and grade, best first, with all that R4 asks of such an answer checked.
pub fn grades(reply: &Reply) -> Vec<(String, String)> {
    assert_eq!(reply.status, 200, "{}", reply.text);
    let bundle = reply.json();
    assert_eq!(bundle["type"], "searchset");
    let (mut found, mut last) = (Vec::new(), 1.0);
    for entry in bundle["entry"].as_array().into_iter().flatten().filter(|entry| entry["search"]["mode"] == "match") {
        let score = entry["search"]["score"].as_f64().expect("a score");
        assert!((0.0..=1.0).contains(&score) && score <= last, "{}", reply.text);
        last = score;
        let extension = &entry["search"]["extension"][0];
        assert_eq!(extension["url"], "http://hl7.org/fhir/StructureDefinition/match-grade");
        let grade = extension["valueCode"].as_str().expect("a grade");
        assert!(["certain", "probable", "possible"].contains(&grade), "{grade}");
        found.push((entry["resource"]["id"].as_str().expect("id").to_owned(), grade.to_owned()));
    }
    found
}

pub async fn ask(session: &Session<'_>, parts: &str) -> Reply {
    session.post("Patient/$match", question(parts, &[])).await
}

pub fn known(id: &str, parts: &str) -> Value {
    let mut patient = description(parts);
    patient["id"] = json!(id);
    patient
}

/// A record of people who are easily taken for one another.
pub async fn crowd(app: &TestApp) -> Session<'_> {
    let source = app.source("mpi").await;
    for (id, parts) in [
        (
            "anna",
            format!(
                "number={}; id=H1; family=Müller-Núñez; given=Anna Maria; born=1963-06-09; postcode=W8 1YL; gender=female",
                nhs(1)
            ),
        ),
        (
            "obrien",
            format!("number={}; family=O'Brien; given=Sean; born=1950-12-03; postcode=SE15 5FU; gender=male", nhs(2)),
        ),
        (
            "twin-jack",
            format!("number={}; family=Okafor; given=Jack; born=2015-04-01; postcode=N1 9GU; gender=male", nhs(3)),
        ),
        (
            "twin-john",
            format!("number={}; family=Okafor; given=John; born=2015-04-01; postcode=N1 9GU; gender=male", nhs(4)),
        ),
        (
            "father",
            format!("number={}; family=Patel; given=Ravi; born=1960-01-15; postcode=HA1 2AB; gender=male", nhs(5)),
        ),
        ("son", format!("number={}; family=Patel; given=Ravi; born=1990-07-22; postcode=HA1 2AB; gender=male", nhs(6))),
        ("unnumbered", "family=Adeyemi; given=Blessing; born=1985-02-28; postcode=E8 3RL; gender=female".to_owned()),
        ("cyrillic", "family=Солнцева; given=Ольга; born=1977-10-30; postcode=NW3 2QG; gender=female".to_owned()),
        ("bare", "family=Chan".to_owned()),
    ] {
        put(&source, &known(id, &parts)).await;
    }
    source
}
