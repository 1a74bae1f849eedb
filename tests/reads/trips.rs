//! How many statements, and how many round trips, each kind of read takes: one, and the trail's commit, which requests that run
//! at the same time share. What takes more is listed with what it takes.

use lcr_facade::app::App;
use lcr_facade::config::Config;
use lcr_facade::profile::{Strictness, Strictnesses};
use reqwest::Method;
use serde_json::json;

use crate::common::{Session, TestApp, send};
use crate::wire::Wire;
use crate::world::{GP_SOURCE, NEAR, about, full, persona, put};

/// An instance of one worker that reaches its database by the wire.
pub async fn instance(app: &TestApp, wire: &Wire) -> String {
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        workers: 1,
        connections: 4,
        profile: Strictnesses::all(Strictness::Off),
        ..Config::default()
    };
    let app = App::build(config, &wire.url(&app.database)).await.expect("an instance");
    let base = format!("{}/fhir", app.url());
    tokio::spawn(app.run());
    base
}

/// One statement proves the token, decides what may be seen, and finds it.
const ONE: [(&str, &str); 22] = [
    ("GET", "Patient/near"),
    ("HEAD", "Patient/near"),
    ("GET", "Observation/near-Observation"),
    ("GET", "Patient/near/_history/1"),
    ("GET", "Patient?identifier=https://fhir.nhs.uk/Id/nhs-number%7C9990000018"),
    ("GET", "Condition?patient=near&clinical-status=active"),
    ("GET", "AllergyIntolerance?patient=near"),
    ("GET", "MedicationStatement?patient=near&status=active"),
    ("GET", "Observation?patient=near&category=laboratory&_sort=-date&_count=20"),
    ("GET", "Observation?patient=near&code=http://snomed.info/sct%7C38341003&date=ge2020&_sort=-date"),
    ("GET", "CarePlan?patient=near"),
    ("GET", "Condition?patient=near&_count=1&_sort=_id"),
    ("GET", "@"),
    ("GET", "Observation?patient=near&_summary=count"),
    ("GET", "Condition?patient=near&_include=Condition:subject&_revinclude=Observation:focus&_total=accurate"),
    // What the trail has to know of whom nothing was found.
    ("GET", "Condition?patient=far"),
    ("GET", "Condition?patient=near,far&code=1"),
    ("GET", "Practitioner?name=x"),
    ("GET", "Patient/near/Condition"),
    ("GET", "Patient/near/*"),
    ("GET", "?_type=Patient,Condition&_count=5"),
    ("POST", "Condition/_search"),
];

/// What takes more, with the number of its statements.
const MORE: [(&str, &str, usize); 13] = [
    // The token is looked up where no statement could prove it.
    ("GET", "Patient?nonsense=1", 1),
    ("GET", "AuditEvent", 1),
    // Deleted, absent, hidden: a second look tells the first from the others.
    ("GET", "CarePlan/gone", 2),
    ("GET", "Patient/absent", 2),
    ("GET", "Patient/far", 2),
    ("GET", "Practitioner/absent", 2),
    // Whether its terms are known, or its columns filled, is asked first.
    ("GET", "Observation?patient=near&code:text=x", 2),
    // Histories and operations look the token up, and then read.
    ("GET", "Patient/near/_history", 2),
    ("GET", "Observation/$lastn?patient=near&code=38341003", 2),
    ("GET", "Patient/near/$summary", 3),
    ("GET", "Patient/near/$everything?_count=10", 3),
    ("GET", "Patient/near/$everything", 8),
    ("POST", "", 3),
];

/// The statements of a request but the trail's, and its round trips, once everything is prepared.
async fn cost(session: &Session<'_>, wire: &Wire, base: &str, (method, path): (&str, &str)) -> (Vec<String>, usize) {
    let mut path = format!("{base}/{path}");
    if path.ends_with('@') {
        let first = session.get(&format!("{base}/Condition?patient=near&_count=1&_sort=_id")).await;
        path = first.link("next").expect("a next page");
    }
    let ask = async || {
        let request = session.request(method.parse::<Method>().expect("a method"), &path);
        let request = match method {
            "POST" if path.ends_with("_search") => {
                request.header("Content-Type", "application/x-www-form-urlencoded").body("patient=near")
            }
            "POST" => {
                let read = |url: &str| json!({"request": {"method": "GET", "url": url}});
                let entries = [read("Patient/near"), read("Condition?patient=near")];
                let batch = json!({"resourceType": "Bundle", "type": "batch", "entry": entries});
                crate::common::json(request, batch)
            }
            _ => request,
        };
        send(request).await
    };
    for _ in 0..2 {
        assert!(ask().await.status.as_u16() < 500, "{method} {path}");
    }
    wire.take();
    ask().await;
    let seen = wire.take();
    let texts = seen.ran.into_iter().map(|ran| ran.text).filter(|text| !text.contains("audit_append"));
    (texts.collect(), seen.trips)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_is_one_statement_and_one_round_trip() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    put(&app.source(crate::world::ELSEWHERE).await, &about("Condition", "near-second", "near", NEAR)).await;
    let plan = about("CarePlan", "gone", "near", NEAR);
    let practice = app.source(GP_SOURCE).await;
    put(&practice, &plan).await;
    assert_eq!(practice.delete("CarePlan/gone").await.status, 204);
    let wire = Wire::before(&app.database);
    let base = instance(&app, &wire).await;
    let mut wrong = Vec::new();
    for request in ONE {
        let (statements, trips) = cost(&gp, &wire, &base, request).await;
        if (statements.len(), trips) != (1, 1) {
            wrong.push(format!("{request:?}: {trips} round trips for {statements:#?}"));
        }
    }
    for (method, path, most) in MORE {
        let (statements, _) = cost(&gp, &wire, &base, (method, path)).await;
        if statements.len() != most {
            wrong.push(format!("{method} {path}: {} statements: {statements:#?}", statements.len()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_looked_up_when_it_is_first_seen() {
    let app = full().await;
    let (gp, nurse) = (persona(&app, "gp").await, persona(&app, "nurse").await);
    let wire = Wire::before(&app.database);
    let base = instance(&app, &wire).await;
    cost(&gp, &wire, &base, ("GET", "Patient/near")).await;
    nurse.get(&format!("{base}/Patient/near")).await;
    let texts: Vec<String> = wire.take().ran.into_iter().map(|ran| ran.text).collect();
    assert_eq!(texts.len(), 3, "a look-up, the read and the trail: {texts:#?}");
}
