//! Attacks by conditional writes, conditional references and patches: what is hidden matches nothing, changes nothing and
//! is told of by no answer.

// A look into the trail itself, which no interaction shows.
#![allow(clippy::disallowed_types)]

use lcr_facade::access::Claims;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::common::{self, Reply, Session, send};
use crate::hostile::{harmless, intact};
use crate::world::{ELSEWHERE, FAR, GP_SOURCE, HOSPITAL_SOURCE, NEAR, TYPES};
use crate::world::{about, claims, full, nhs, people, persona, put, relate, session, visible};

const JSON_PATCH: &str = "application/json-patch+json";

fn identified(mut resource: Value, mark: &str) -> Value {
    resource["identifier"] = json!([{"system": "http://example.org/marks", "value": mark}]);
    resource
}

async fn create_if_none(session: &Session<'_>, criteria: &str, resource: &Value) -> Reply {
    let kind = resource["resourceType"].as_str().expect("type");
    let request = common::json(session.request(Method::POST, kind), resource);
    send(request.header("If-None-Exist", criteria)).await
}

async fn patch(session: &Session<'_>, path: &str, operations: Value) -> Reply {
    let request = session.request(Method::PATCH, path).header("Content-Type", JSON_PATCH);
    send(request.body(operations.to_string())).await
}

/// The answer, as far as it does not name what was asked for or made anew.
fn nameless(reply: &Reply, words: &[&str]) -> String {
    let (status, headers, text) = visible(reply);
    let mut shown = format!("{status} {headers:?} {text}");
    if let Ok(Value::Object(body)) = serde_json::from_str(&text)
        && status == 201
    {
        let names: Vec<&String> = body.keys().collect();
        shown = format!("{status} {names:?} {:?}", headers.keys().collect::<Vec<_>>());
    }
    words.iter().fold(shown, |shown, word| shown.replace(word, "WORD"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_match_is_no_match() {
    let app = people().await;
    let (elsewhere, hospital) = (app.source(ELSEWHERE).await, app.source(HOSPITAL_SOURCE).await);
    for kind in TYPES {
        put(&elsewhere, &identified(about(kind, &format!("hidden-{kind}"), "far", FAR), "hidden")).await;
        let body = |mark: &str| identified(about(kind, "sent", "near", NEAR), mark);
        // Each question twice: about what is hidden, and about what never was.
        for (mark, never) in [
            ("identifier=hidden", "identifier=neverr"),
            ("identifier=http://example.org/marks|hidden", "identifier=http://example.org/marks|neverr"),
        ] {
            let words = ["hidden", "neverr"];
            let ask = async |criteria: &str| {
                let mut answers = vec![nameless(&create_if_none(&hospital, criteria, &body("sent")).await, &words)];
                let query = format!("{kind}?{}", criteria.replace('|', "%7C"));
                answers.push(nameless(&patch(&hospital, &query, json!([])).await, &words));
                answers.push(nameless(&hospital.delete(&query).await, &words));
                let mut unnamed = body("sent");
                unnamed.as_object_mut().expect("object").remove("id");
                answers.push(nameless(&hospital.put(&query, unnamed).await, &words));
                answers
            };
            let (got, wanted) = (ask(mark).await, ask(never).await);
            assert_eq!(got, wanted, "{kind} {mark}");
            let statuses: Vec<&str> = got.iter().map(|answer| &answer[..3]).collect();
            assert_eq!(statuses, ["201", "404", "204", "201"], "{kind} {mark}");
        }
        assert_eq!(elsewhere.get(&format!("{kind}/hidden-{kind}")).await.json()["meta"]["versionId"], "1", "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_reach_no_hidden_plan_by_criteria() {
    let app = full().await;
    let elsewhere = app.source(ELSEWHERE).await;
    put(&elsewhere, &identified(about("CarePlan", "away-CarePlan", "far", FAR), "away")).await;
    let gp = persona(&app, "gp").await;
    // A criterion that means a hidden plan, and the same of what never was.
    for (hidden, absent) in [
        ("_id=away-CarePlan", "_id=none-CarePlan"),
        ("_id=veil-CarePlan", "_id=none-CarePlan"),
        ("_id=gone-CarePlan", "_id=none-CarePlan"),
        ("identifier=away", "identifier=none"),
        ("patient=far", "patient=non"),
        ("subject:Patient.family=attwood&_id=away-CarePlan", "subject:Patient.family=attwood&_id=none-CarePlan"),
    ] {
        let words = ["away", "none", "veil", "gone", "far", "non"];
        let body = |id: Option<&str>, subject: &str| {
            let mut plan = about("CarePlan", "x", subject, NEAR);
            plan.as_object_mut().expect("object").remove("id");
            id.into_iter().for_each(|id| plan["id"] = json!(id));
            plan
        };
        let ask = async |criteria: &str, own: &str, subject: &str| {
            let path = format!("CarePlan?{criteria}");
            let mut answers = Vec::new();
            answers.push(nameless(&gp.delete(&path).await, &words));
            answers.push(nameless(
                &patch(&gp, &path, json!([{"op": "test", "path": "/status", "value": "active"}])).await,
                &words,
            ));
            answers.push(nameless(&gp.put(&path, body(Some(own), subject)).await, &words));
            answers.push(nameless(&create_if_none(&gp, criteria, &body(None, subject)).await, &words));
            let entries = json!([{"request": {"method": "DELETE", "url": path}},
                {"request": {"method": "GET", "url": "Patient/near"}}]);
            answers.push(nameless(
                &gp.post("", json!({"resourceType": "Bundle", "type": "transaction", "entry": entries})).await,
                &words,
            ));
            answers
        };
        let got = ask(hidden, "away-CarePlan", "far").await;
        let wanted = ask(absent, "none-CarePlan", "non").await;
        assert_eq!(got, wanted, "{hidden}");
        assert!(got[2].starts_with("422") && got[3].starts_with("422"), "no plan about who is not theirs: {got:?}");
    }
    assert_eq!(elsewhere.get("CarePlan/away-CarePlan").await.json()["meta"]["versionId"], "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_is_no_oracle_over_what_its_sender_cannot_read() {
    let app = people().await;
    let gp = persona(&app, "gp").await;
    let mut plan = about("CarePlan", "x", "near", NEAR);
    plan["description"] = json!("secret");
    let made = gp.post("CarePlan", &plan).await;
    let row = format!("CarePlan/{}", made.json()["id"].as_str().expect("id"));
    let test = |value: &str| json!([{"op": "test", "path": "/description", "value": value}]);
    // Without the letter r: one answer, whatever is asked, of whatever is there.
    let writer = session(&app, &Claims { scope: "user/CarePlan.cus".to_owned(), ..claims("gp") }).await;
    let mut answers = Vec::new();
    for (path, value) in [
        (row.as_str(), "secret"),
        (&row, "other"),
        ("CarePlan/never-was", "secret"),
        ("CarePlan?patient=near", "secret"),
    ] {
        answers.push(visible(&patch(&writer, path, test(value)).await));
    }
    assert!(answers.iter().all(|answer| answer.0 == 403 && *answer == answers[0]), "{answers:?}");
    // A reach to read that is narrower than the one to update: what is beyond it is not there.
    relate(&app, FAR, "organisation", "Y90001").await;
    let other = gp.post("CarePlan", about("CarePlan", "x", "far", FAR)).await;
    let other = format!("CarePlan/{}", other.json()["id"].as_str().expect("id"));
    let narrow = Claims {
        scope: "patient/CarePlan.rs user/CarePlan.u".to_owned(),
        patient: Some("near".to_owned()),
        ..claims("gp")
    };
    let narrow = session(&app, &narrow).await;
    assert_eq!(patch(&narrow, &row, test("secret")).await.status, 200);
    let (hidden, absent) =
        (patch(&narrow, &other, test("x")).await, patch(&narrow, "CarePlan/never-was", test("x")).await);
    assert_eq!((hidden.status.as_u16(), visible(&hidden)), (404, visible(&absent)));
    // Nor of others' rows, with every letter.
    let stranger = persona(&app, "stranger").await;
    assert_eq!(
        visible(&patch(&stranger, &row, test("secret")).await),
        visible(&patch(&stranger, "CarePlan/nope", test("x")).await)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_moves_a_row_only_within_reach_and_never_lowers_its_label_unseen() {
    let app = people().await;
    let gp = persona(&app, "gp").await;
    let made = gp.post("CarePlan", about("CarePlan", "x", "near", NEAR)).await;
    let row = format!("CarePlan/{}", made.json()["id"].as_str().expect("id"));
    let to = |id: &str| json!([{"op": "replace", "path": "/subject/reference", "value": format!("Patient/{id}")}]);
    let (hidden, absent) = (patch(&gp, &row, to("far")).await, patch(&gp, &row, to("nil")).await);
    assert_eq!(hidden.status, 422, "{}", hidden.text);
    assert_eq!(hidden.text.replace("Patient/far", "Patient/nil"), absent.text, "hidden and absent patient");
    assert_eq!(gp.get(&row).await.json()["meta"]["versionId"], "1");
    let nowhere =
        patch(&gp, &row, json!([{"op": "replace", "path": "/subject", "value": {"display": "nobody"}}])).await;
    assert_eq!(nowhere.status, 422, "{}", nowhere.text);
    // Within reach it moves, and is gone from where it was.
    relate(&app, FAR, "organisation", "Y90001").await;
    assert_eq!(patch(&gp, &row, to("far")).await.status, 200);
    assert_eq!(gp.get("CarePlan?patient=near&_count=0").await.json()["total"], 0);
    assert_eq!(gp.get("CarePlan?patient=far&_count=0").await.json()["total"], 1);
    assert_eq!(persona(&app, "patient").await.get(&row).await.status, 404, "near, whose it was, sees it no more");
    // A label a patch puts on hides the row as one an update puts on.
    let label = json!({"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"});
    assert_eq!(patch(&gp, &row, json!([{"op": "add", "path": "/meta/security", "value": [label]}])).await.status, 200);
    assert_eq!(gp.get(&row).await.status, 404);
    assert_eq!(patch(&gp, &row, json!([{"op": "remove", "path": "/meta/security"}])).await.status, 404);
    // Another source's name cannot be taken, nor another's row changed.
    put(&app.source(GP_SOURCE).await, &about("Condition", "theirs", "near", NEAR)).await;
    let system = persona(&app, "gp-system").await;
    let hospital = session(&app, &Claims { source: Some(HOSPITAL_SOURCE.to_owned()), ..claims("gp-system") }).await;
    assert_eq!(patch(&hospital, "Condition/theirs", json!([])).await.status, 403, "seen, but another source's");
    assert_eq!(patch(&system, "Condition/theirs", json!([])).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn conditional_references_and_conditions_of_entries_find_nothing_hidden() {
    let app = full().await;
    let (gp, hospital) = (persona(&app, "gp").await, app.source(HOSPITAL_SOURCE).await);
    let bundle = |entry: Value| json!({"resourceType": "Bundle", "type": "transaction", "entry": [entry]});
    let about_match = |criteria: &str| {
        let mut plan = about("CarePlan", "x", "near", NEAR);
        plan["subject"]["reference"] = json!(format!("Patient?{criteria}"));
        bundle(json!({"resource": plan, "request": {"method": "POST", "url": "CarePlan"}}))
    };
    let system = "https://fhir.nhs.uk/Id/nhs-number";
    for session in [&gp, &hospital] {
        for (hidden, absent) in [
            (format!("identifier={system}|{}", nhs(FAR)), format!("identifier={system}|{}", nhs(40))),
            ("_id=far".to_owned(), "_id=non".to_owned()),
            (
                "_has:Condition:patient:_id=far-Condition".to_owned(),
                "_has:Condition:patient:_id=non-Condition".to_owned(),
            ),
            ("_id=near&link:Patient._id=far".to_owned(), "_id=near&link:Patient._id=non".to_owned()),
        ] {
            let (got, wanted) =
                (session.post("", about_match(&hidden)).await, session.post("", about_match(&absent)).await);
            assert_eq!((got.status.as_u16(), visible(&got)), (412, visible(&wanted)), "{hidden}");
        }
    }
    let mut unless =
        json!({"resource": about("Condition", "x", "near", NEAR), "request": {"method": "POST", "url": "Condition"}});
    unless["request"]["ifNoneExist"] = json!("_id=far-Condition");
    let reply = hospital.post("", bundle(unless)).await;
    assert_eq!(reply.json()["entry"][0]["response"]["status"], "201 Created", "{}", reply.text);
    // What they may see resolves.
    assert_eq!(
        gp.post("", about_match(&format!("identifier={system}|{}", nhs(NEAR)))).await.status,
        412,
        "two Patients of near"
    );
    let one = gp.post("", about_match("_id=near")).await;
    assert_eq!(one.status, 200, "{}", one.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entrys_url_leads_nowhere_else() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    let base = app.base.clone();
    let urls = [
        "http://127.0.0.1:1/fhir/CarePlan/near-CarePlan",
        "//127.0.0.1/CarePlan/near-CarePlan",
        "file:///etc/passwd",
        "../CarePlan/near-CarePlan",
        "CarePlan/../Patient/far",
        "CarePlan/../../metadata",
        "./CarePlan/near-CarePlan",
        "/fhir/CarePlan/near-CarePlan",
        "CarePlan//near-CarePlan",
        "CarePlan/near-CarePlan/",
        "CarePlan/near-CarePlan/..",
        "CarePlan/near-CarePlan#x",
        "CarePlan/near-CarePlan/_history/1/2",
        "%2e%2e/CarePlan/near-CarePlan",
        "CarePlan%2Fnear-CarePlan",
        "CarePlan/%6eear-CarePlan",
        "metadata",
        "Patient/far/_history",
        "CarePlan/near-CarePlan?patient=near",
        " CarePlan/near-CarePlan",
        "CarePlan/near-CarePlan\\",
        "/?_id=far",
    ];
    let own = format!("{base}/CarePlan/near-CarePlan");
    for url in urls.into_iter().chain([own.as_str()]) {
        for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "POST"] {
            let mut entry = json!({"request": {"method": method, "url": url}});
            match method {
                "PUT" | "POST" => entry["resource"] = about("CarePlan", "near-CarePlan", "near", NEAR),
                "PATCH" => entry["resource"] = json!({"resourceType": "Parameters"}),
                _ => {}
            }
            for kind in ["batch", "transaction"] {
                let case = format!("{kind} {method} {url}");
                let reply = gp.post("", json!({"resourceType": "Bundle", "type": kind, "entry": [entry]})).await;
                harmless(&reply, &case);
                let status = match kind {
                    "batch" => reply.json()["entry"][0]["response"]["status"].to_string(),
                    _ => reply.status.as_u16().to_string(),
                };
                assert!(status.trim_matches('"').starts_with('4'), "{case}: {status} {}", reply.text);
            }
        }
    }
    // A compartment and the whole record can be searched from a Bundle: who is hidden is as who never was.
    for url in ["Patient/@/Condition", "Patient/@/*", "?_id=@", "Patient/@/CarePlan?_total=accurate"] {
        let ask = async |id: &str| {
            let entry = json!({"request": {"method": "GET", "url": url.replace('@', id)}});
            gp.post("", json!({"resourceType": "Bundle", "type": "batch", "entry": [entry]})).await
        };
        let (hidden, absent) = (ask("far").await, ask("nix").await);
        assert_eq!(hidden.text, absent.text.replace("nix", "far"), "{url}");
        assert!(hidden.text.contains("200 OK") && !hidden.text.contains("\"search\""), "{url}: {}", hidden.text);
    }
    intact(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_criteria_reach_is_in_the_trail() {
    let app = people().await;
    let gp = persona(&app, "gp").await;
    for _ in 0..2 {
        gp.post("CarePlan", identified(about("CarePlan", "x", "near", NEAR), "twin")).await;
    }
    let mut database = PgConnection::connect(&app.database).await.expect("the database");
    let near: i64 = sqlx::query_scalar("SELECT patient_id FROM patient_key WHERE id = 'near'")
        .fetch_one(&mut database)
        .await
        .expect("near");
    let plan = identified(about("CarePlan", "x", "near", NEAR), "twin");
    let reference = json!({"resourceType": "Bundle", "type": "transaction", "entry": [{"request": {"method": "POST", "url": "CarePlan"},
        "resource": {"resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": {"reference": "Patient?_id=near"}}}]});
    for (case, reply, status, wanted) in [
        ("several", create_if_none(&gp, "identifier=twin", &plan).await, 412, (Some(near), 4_i16)),
        ("several deletes", gp.delete("CarePlan?identifier=twin").await, 412, (Some(near), 4)),
        ("asked about", gp.delete("CarePlan?patient=near&identifier=none").await, 204, (Some(near), 0)),
        ("a hidden person", gp.delete("CarePlan?patient=far").await, 204, (None, 0)),
        ("nothing", patch(&gp, "CarePlan?identifier=none", json!([])).await, 404, (None, 4)),
        ("a reference", gp.post("", reference).await, 200, (Some(near), 0)),
    ] {
        assert_eq!(reply.status, status, "{case}: {}", reply.text);
        let request: uuid::Uuid = reply.header("x-request-id").parse().expect("a request id");
        let rows: Vec<(Option<i64>, i16)> =
            sqlx::query_as("SELECT patient_id, outcome FROM audit WHERE request_id = $1")
                .bind(request)
                .fetch_all(&mut database)
                .await
                .expect("rows");
        assert!(rows.contains(&wanted), "{case}: {rows:?}");
        assert!(rows.iter().all(|(person, _)| person.is_none_or(|person| person == near)), "{case}: {rows:?}");
    }
}
