//! The audit trail: a row for everyone seen, one for nobody, one for every refusal, and no answer without them.

// A look into the trail itself, which no interaction shows.
#![allow(clippy::disallowed_types)]

use std::collections::{BTreeSet, HashSet};

use serde_json::json;
use sqlx::{Connection, PgConnection, Row};

use crate::common::TestApp;
use crate::world::{ELSEWHERE, FAR, GP_SOURCE, NEAR, about, full, patient, people, persona, put, relate};

/// A row: patient, action, type, outcome, user, role.
type Line = (Option<i64>, String, String, i16);

struct Trail {
    database: PgConnection,
    known: HashSet<String>,
}

impl Trail {
    async fn of(app: &TestApp) -> Trail {
        let mut trail = Trail {
            database: PgConnection::connect(&app.database).await.expect("the database"),
            known: HashSet::new(),
        };
        trail.new_rows().await;
        trail
    }

    /// Rows that have come since the last look, which must be of one request.
    async fn new_rows(&mut self) -> Vec<Line> {
        let select = "SELECT id, patient_id, action, resource_type, outcome FROM audit ORDER BY at, chain, link, place";
        let rows = sqlx::query(select).fetch_all(&mut self.database).await.expect("rows");
        let new = rows.iter().filter(|row| self.known.insert(row.get(0)));
        new.map(|row| (row.get(1), row.get(2), row.get(3), row.get(4))).collect()
    }

    async fn person(&mut self, id: &str) -> i64 {
        let select = sqlx::query_scalar("SELECT patient_id FROM patient_key WHERE id = $1").bind(id);
        select.fetch_one(&mut self.database).await.expect("a person")
    }
}

fn line(person: Option<i64>, action: &str, kind: &str, outcome: i16) -> Line {
    (person, action.to_owned(), kind.to_owned(), outcome)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_look_has_its_row() {
    let app = full().await;
    put(&app.source(ELSEWHERE).await, &patient("third", 3)).await;
    put(&app.source(ELSEWHERE).await, &about("Condition", "third-Condition", "third", 3)).await;
    relate(&app, 3, "organisation", "Y90001").await;
    let mut trail = Trail::of(&app).await;
    let (near, third) = (trail.person("near").await, trail.person("third").await);
    let gp = persona(&app, "gp").await;
    let both = |action: &str, kind: &str| vec![line(Some(near), action, kind, 0), line(Some(third), action, kind, 0)];
    for (path, status, expected) in [
        ("Patient/near", 200, vec![line(Some(near), "R", "Patient", 0)]),
        ("Condition/near-Condition", 200, vec![line(Some(near), "R", "Condition", 0)]),
        ("Condition/near-Condition/_history/1", 200, vec![line(Some(near), "R", "Condition", 0)]),
        ("Condition/near-Condition/_history", 200, vec![line(Some(near), "R", "Condition", 0)]),
        ("Condition/_history", 200, both("R", "Condition")),
        ("Condition?code=38341003", 200, both("E", "Condition")),
        ("Condition?_count=1&_sort=_id", 200, vec![line(Some(near), "E", "Condition", 0)]),
        ("Condition?code=nothing-has-it", 200, vec![line(None, "E", "Condition", 0)]),
        ("Condition?patient=far", 200, vec![line(None, "E", "Condition", 0)]),
        ("Patient/far", 404, vec![line(None, "R", "Patient", 4)]),
        ("Patient/absent", 404, vec![line(None, "R", "Patient", 4)]),
        ("Patient/far/_history", 404, vec![line(None, "R", "Patient", 4)]),
        ("Patient/far/_history/1", 404, vec![line(None, "R", "Patient", 4)]),
        ("Condition?nonsense=1", 400, vec![line(None, "E", "Condition", 4)]),
        ("Condition/_history?nonsense=1", 400, vec![line(None, "R", "Condition", 4)]),
        ("Patient/near?_summary=nonsense", 400, vec![line(None, "R", "Patient", 4)]),
        ("Nonsense/1", 404, vec![line(None, "R", "Nonsense", 4)]),
        ("Nonsense?x=1", 404, vec![line(None, "E", "Nonsense", 4)]),
    ] {
        let reply = gp.get(path).await;
        assert_eq!(reply.status, status, "{path}: {}", reply.text);
        assert_eq!(trail.new_rows().await, expected, "{path}");
    }
    let officer = persona(&app, "privacy-officer").await;
    assert_eq!(officer.get("Patient/near").await.status, 403);
    assert_eq!(trail.new_rows().await, [line(None, "R", "Patient", 4)], "a denial");
    // What the caller has already, or wants without its body, is a look all the same.
    for (method, header) in [("GET", "If-None-Match"), ("HEAD", "Accept")] {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("method");
        let reply = crate::common::send(gp.request(method.clone(), "Patient/near").header(header, "*/*, *")).await;
        assert!(reply.status == 200 || reply.status == 304, "{method}: {}", reply.status);
        assert_eq!(trail.new_rows().await, [line(Some(near), "R", "Patient", 0)], "{method} with {header}");
    }
    // A caller that names its requests alike gets a row for each.
    for _ in 0..2 {
        let request = gp
            .request(reqwest::Method::GET, "Patient/near")
            .header("X-Request-Id", "01890a5d-ac96-774b-bcce-b302099a8057");
        assert_eq!(crate::common::send(request).await.status, 200);
        assert_eq!(trail.new_rows().await, [line(Some(near), "R", "Patient", 0)], "named by the caller");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_says_who_asked_what() {
    let app = full().await;
    let nurse = persona(&app, "nurse").await;
    let reply = nurse.get("Condition?code=38341003").await;
    let mut database = PgConnection::connect(&app.database).await.expect("the database");
    let select = "SELECT client, user_id, role, organisation, query, abs(extract(epoch FROM now() - at))::float8 FROM audit WHERE request_id = $1::uuid";
    let request = uuid::Uuid::parse_str(reply.header("x-request-id")).expect("a request id");
    let row = sqlx::query(select).bind(request).fetch_one(&mut database).await.expect("its row");
    let text = |at: usize| row.get::<String, _>(at);
    assert_eq!([text(0), text(1), text(2), text(3)], ["sandbox-app", "nurse", "nurse", "Y9C01"]);
    assert_eq!(text(4), "Condition?code=38341003");
    assert!(row.get::<f64, _>(5) < 60.0, "the time of the request");
    // What went wrong has to be found in the log by the same id.
    for path in ["Patient/far", "Condition?nonsense=1", "Nonsense/1"] {
        assert!(!nurse.get(path).await.header("x-request-id").is_empty(), "the refusal of {path} names no request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_has_its_row() {
    let app = people().await;
    put(&app.source(GP_SOURCE).await, &patient("other", 3)).await;
    relate(&app, 3, "organisation", "Y90001").await;
    let mut trail = Trail::of(&app).await;
    let (near, other) = (trail.person("near").await, trail.person("other").await);
    let gp = persona(&app, "gp").await;
    let made = gp.post("CarePlan", about("CarePlan", "x", "near", NEAR)).await;
    let id = made.json()["id"].as_str().expect("id").to_owned();
    let row = format!("CarePlan/{id}");
    assert_eq!(trail.new_rows().await, [line(Some(near), "C", "CarePlan", 0)], "create");
    put(&gp, &about("CarePlan", &id, "near", NEAR)).await;
    assert_eq!(trail.new_rows().await, [line(Some(near), "U", "CarePlan", 0)], "update");
    gp.put(&row, about("CarePlan", &id, "far", FAR)).await;
    assert_eq!(trail.new_rows().await, [line(None, "U", "CarePlan", 4)], "a refused move");
    gp.put(&row, json!({"resourceType": "CarePlan", "id": id})).await;
    assert_eq!(trail.new_rows().await, [line(None, "U", "CarePlan", 4)], "a wrong body");
    gp.post("Condition", about("Condition", "x", "near", NEAR)).await;
    assert_eq!(trail.new_rows().await, [line(None, "C", "Condition", 4)], "a type she may not write");
    // Both records change: one loses the plan, one gains it.
    put(&gp, &about("CarePlan", &id, "other", 3)).await;
    let people: BTreeSet<Option<i64>> = trail.new_rows().await.into_iter().map(|row| row.0).collect();
    assert_eq!(people, [Some(near), Some(other)].into(), "a move from one patient to another");
    assert_eq!(gp.delete(&row).await.status, 204);
    assert_eq!(trail.new_rows().await, [line(Some(other), "D", "CarePlan", 0)], "delete");
    gp.delete("CarePlan/absent").await;
    assert_eq!(trail.new_rows().await, [line(None, "D", "CarePlan", 4)], "a delete of nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_transaction_has_its_rows() {
    let app = people().await;
    put(&app.source(GP_SOURCE).await, &patient("other", 3)).await;
    relate(&app, 3, "organisation", "Y90001").await;
    let mut trail = Trail::of(&app).await;
    let (near, other) = (trail.person("near").await, trail.person("other").await);
    let gp = persona(&app, "gp").await;
    let create = |patient: &str| json!({"resource": about("CarePlan", "x", patient, 1), "request": {"method": "POST", "url": "CarePlan"}});
    let get = |url: &str| json!({"request": {"method": "GET", "url": url}});
    for (name, entries, expected) in [
        ("writes about two", vec![create("near"), create("other")], vec![(Some(near), 0), (Some(other), 0)]),
        (
            "a read and a search",
            vec![get("Patient/near"), get("Patient?_id=other")],
            vec![(Some(near), 0), (Some(other), 0)],
        ),
        ("a write and a read", vec![get("Patient/other"), create("near")], vec![(Some(near), 0), (Some(other), 0)]),
        ("one that finds nothing", vec![get("CarePlan?_id=absent")], vec![(None, 0)]),
        ("nothing", vec![], vec![(None, 0)]),
    ] {
        let mut bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": entries});
        if entries.is_empty() {
            bundle.as_object_mut().expect("object").remove("entry");
        }
        let reply = gp.post("", bundle).await;
        assert_eq!(reply.status, 200, "{name}: {}", reply.text);
        let rows: BTreeSet<(Option<i64>, i16)> = trail.new_rows().await.into_iter().map(|row| (row.0, row.3)).collect();
        assert_eq!(rows, expected.into_iter().collect(), "{name}");
    }
    let entries = vec![get("Patient/near"), create("other"), get("Patient/far"), create("far")];
    let batch = gp.post("", json!({"resourceType": "Bundle", "type": "batch", "entry": entries})).await;
    assert_eq!(batch.status, 200, "{}", batch.text);
    let rows: Vec<(Option<i64>, i16)> = trail.new_rows().await.into_iter().map(|row| (row.0, row.3)).collect();
    assert_eq!(rows, [(Some(near), 0), (Some(other), 0), (None, 4), (None, 4)], "a batch");
    for (name, entries) in
        [("about a hidden patient", vec![create("near"), create("far")]), ("not a transaction", vec![json!(1)])]
    {
        let reply = gp.post("", json!({"resourceType": "Bundle", "type": "transaction", "entry": entries})).await;
        assert!(reply.status.is_client_error(), "{name}: {}", reply.text);
        let rows = trail.new_rows().await;
        assert!(rows.len() == 1 && rows[0].3 == 4, "{name}: {rows:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_about_one_patient_is_a_look_at_that_patient() {
    let app = full().await;
    let mut trail = Trail::of(&app).await;
    let near = trail.person("near").await;
    let gp = persona(&app, "gp").await;
    // "Has this patient the condition 38341003?" is answered by the total alone.
    for query in ["_count=0", "_total=accurate&_count=0"] {
        let reply = gp.get(&format!("Condition?patient=near&code=38341003&{query}")).await;
        assert_eq!(reply.json()["total"], 1, "{query}");
        let people: Vec<Option<i64>> = trail.new_rows().await.into_iter().map(|row| row.0).collect();
        assert_eq!(people, [Some(near)], "{query} told the GP about the patient");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_a_deleted_resource_is_a_look_at_its_patient() {
    let app = people().await;
    let practice = app.source(GP_SOURCE).await;
    put(&practice, &about("Condition", "gone", "near", NEAR)).await;
    assert_eq!(practice.delete("Condition/gone").await.status, 204);
    let mut trail = Trail::of(&app).await;
    let near = trail.person("near").await;
    let gp = persona(&app, "gp").await;
    assert_eq!(gp.get("Condition/gone").await.status, 410);
    let rows: Vec<Option<i64>> = trail.new_rows().await.into_iter().map(|row| row.0).collect();
    assert_eq!(rows, [Some(near)], "a 410 tells that the patient had it");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_there_before_the_answer_however_many_ask() {
    let app = full().await;
    let tasks: Vec<_> = (0..20)
        .map(|_| async {
            let gp = persona(&app, "gp").await;
            let mut database = PgConnection::connect(&app.database).await.expect("the database");
            for _ in 0..20 {
                let reply = gp.get("Patient/near").await;
                assert_eq!(reply.status, 200, "{}", reply.text);
                let request = uuid::Uuid::parse_str(reply.header("x-request-id")).expect("a request id");
                let count = sqlx::query_scalar::<_, i64>(
                    "SELECT count(*) FROM audit WHERE request_id = $1 AND patient_id IS NOT NULL",
                );
                let count = count.bind(request).fetch_one(&mut database).await.expect("a count");
                assert_eq!(count, 1, "an answer left before its row was committed");
            }
        })
        .collect();
    futures_util::future::join_all(tasks).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_is_a_look_at_those_it_counts() {
    let app = full().await;
    let mut trail = Trail::of(&app).await;
    let near = trail.person("near").await;
    let gp = persona(&app, "gp").await;
    for query in [
        format!("Patient?identifier=https://fhir.nhs.uk/Id/nhs-number%7C{}&_summary=count", crate::world::nhs(NEAR)),
        "Patient?_id=near&_count=0".to_owned(),
        "Condition?patient.identifier=no-such&patient=near&_summary=count".to_owned(),
        "Condition?_id=near-Condition&_summary=count&_count=5".to_owned(),
    ] {
        let reply = gp.get(&query).await;
        assert_eq!((reply.status.as_u16(), reply.ids().len()), (200, 0), "{query}: {}", reply.text);
        let people: BTreeSet<Option<i64>> = trail.new_rows().await.into_iter().map(|row| row.0).collect();
        assert_eq!(people, BTreeSet::from([Some(near)]), "{query}");
    }
    // Within a transaction too.
    let get = json!({"request": {"method": "GET", "url": "Condition?patient=near&code=no-such"}});
    let reply = gp.post("", json!({"resourceType": "Bundle", "type": "transaction", "entry": [get]})).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert!(trail.new_rows().await.iter().any(|row| row.0 == Some(near)), "a transaction's search");
}
