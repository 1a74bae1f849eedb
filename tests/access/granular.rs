//! Granular scopes (SMART App Launch 2.2 §3.0.2.3): what a scope's parameters do not find is as if it were not there, in
//! every interaction; what is written has to satisfy them before and after.

use lcr_facade::access::Claims;
use serde_json::{Value, json};

use crate::common::{Session, TestApp};
use crate::world::{ELSEWHERE, GP_SOURCE, NEAR, about, listed, people, put, session, visible};

const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";

fn observation(id: &str, category: Option<&str>, status: &str) -> Value {
    let mut observation = about("Observation", id, "near", NEAR);
    observation["status"] = json!(status);
    if let Some(category) = category {
        observation["category"] = json!([{"coding": [{"system": CATEGORY, "code": category}]}]);
    }
    observation
}

/// Dr Okafor's patient with Observations of two categories and of none; one was a laboratory result before.
async fn record() -> TestApp {
    let app = people().await;
    let gp = app.source(GP_SOURCE).await;
    for (id, category, status) in [
        ("lab", Some("laboratory"), "final"),
        ("early", Some("laboratory"), "preliminary"),
        ("vital", Some("vital-signs"), "final"),
        ("none", None, "final"),
        ("was-lab", Some("laboratory"), "final"),
        ("now-lab", Some("vital-signs"), "final"),
        ("gone-lab", Some("laboratory"), "final"),
    ] {
        put(&gp, &observation(id, category, status)).await;
    }
    put(&gp, &observation("was-lab", Some("vital-signs"), "final")).await;
    put(&gp, &observation("now-lab", Some("laboratory"), "final")).await;
    assert_eq!(gp.delete("Observation/gone-lab").await.status, 204);
    let mut member = observation("panel", Some("laboratory"), "final");
    member["hasMember"] = json!([{"reference": "Observation/vital"}, {"reference": "Observation/early"}]);
    put(&gp, &member).await;
    app
}

fn gp(scope: &str) -> Claims {
    Claims { scope: scope.to_owned(), role: "system".to_owned(), ..crate::world::claims("gp") }
}

async fn found(session: &Session<'_>, path: &str) -> Vec<String> {
    let mut ids: Vec<String> = session.all(path).await.into_iter().map(|(id, _)| id).collect();
    ids.sort();
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn a_granular_scope_finds_what_its_search_would() {
    let app = record().await;
    let all = session(&app, &gp("user/Observation.rs")).await;
    let everything = found(&all, "Observation").await;
    assert_eq!(everything.len(), 7);
    for test in [
        "category=laboratory",
        "category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory",
        "category=http://terminology.hl7.org/CodeSystem/observation-category|",
        "category=laboratory,vital-signs",
        "category=laboratory&status=final",
        "status=preliminary",
        "status=http://hl7.org/fhir/observation-status|final",
        "code=http://snomed.info/sct|38341003",
        "_id=lab,vital",
        "category=nonsense",
        "category=|laboratory",
        "_security=x",
    ] {
        let encoded = test.replace('|', "%7C");
        let expected = found(&all, &format!("Observation?{encoded}")).await;
        for context in ["user", "system"] {
            let narrow = session(&app, &gp(&format!("{context}/Observation.rs?{test}"))).await;
            assert_eq!(found(&narrow, "Observation").await, expected, "{test}");
            let count = narrow.get("Observation?_summary=count").await.json()["total"].clone();
            assert_eq!(count, expected.len(), "{test}: count");
            assert_eq!(
                narrow.get("Observation?_count=1&_total=accurate").await.json()["total"],
                expected.len(),
                "{test}: total"
            );
            for id in &everything {
                let status = if expected.contains(id) { 200 } else { 404 };
                assert_eq!(narrow.get(&format!("Observation/{id}")).await.status, status, "{test}: {id}");
                assert_eq!(
                    narrow.get(&format!("Observation/{id}/_history")).await.status,
                    status,
                    "{test}: history of {id}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_outside_is_as_what_never_was() {
    let app = record().await;
    let narrow = session(&app, &gp("user/Observation.rs?category=laboratory user/Patient.rs")).await;
    for path in ["Observation/{}", "Observation/{}/_history/1", "Observation/{}/_history", "Observation?_id={}"] {
        let of = |id: &str| path.replace("{}", id);
        // Of the same length, since an id is part of a search's own links.
        let (hidden, absent) = (narrow.get(&of("vital")).await, narrow.get(&of("viral")).await);
        let (mut one, mut two) = (visible(&hidden), visible(&absent));
        (one.2, two.2) = (one.2.replace("vital", "viral"), two.2);
        assert_eq!(one, two, "{path}");
    }
    // Sorting and missing values tell nothing either.
    assert_eq!(found(&narrow, "Observation?_sort=-date").await, ["early", "lab", "now-lab", "panel"]);
    assert_eq!(found(&narrow, "Observation?category:missing=true").await, [""; 0]);
    assert_eq!(found(&narrow, "Observation?category:not=laboratory").await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_that_cannot_be_judged_are_not_shown() {
    let app = record().await;
    let narrow = session(&app, &gp("user/Observation.rs?category=laboratory")).await;
    // It was a laboratory result, and is one no more.
    for path in [
        "Observation/was-lab",
        "Observation/was-lab/_history/1",
        "Observation/was-lab/_history/2",
        "Observation/was-lab/_history",
    ] {
        assert_eq!(narrow.get(path).await.status, 404, "{path}");
    }
    // It is one now; what it was before stays hidden.
    assert_eq!(narrow.get("Observation/now-lab").await.status, 200);
    assert_eq!(narrow.get("Observation/now-lab/_history/2").await.status, 200);
    assert_eq!(narrow.get("Observation/now-lab/_history/1").await.status, 404);
    let history = narrow.get("Observation/now-lab/_history").await;
    assert_eq!((history.json()["total"].clone(), history.ids().len()), (json!(1), 1));
    // What was deleted has no columns to judge by.
    for path in ["Observation/gone-lab", "Observation/gone-lab/_history/1", "Observation/gone-lab/_history"] {
        assert_eq!(narrow.get(path).await.status, 404, "{path}");
    }
    let mut listed = listed(&narrow.get("Observation/_history?_count=100").await);
    listed.sort();
    assert_eq!(listed, ["early", "lab", "now-lab", "panel"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn chains_and_includes_enter_no_further_than_the_scope() {
    let app = record().await;
    let narrow = session(&app, &gp("user/Observation.rs?category=laboratory user/Patient.rs")).await;
    let with = narrow.get("Observation?_id=panel&_include=Observation:has-member").await.ids();
    assert_eq!(with, ["panel", "early"], "the member outside does not come along");
    assert_eq!(narrow.get("Patient?_id=near&_revinclude=Observation:subject&_count=1").await.ids().len(), 5);
    assert_eq!(found(&narrow, "Observation?has-member:Observation.status=final").await, [""; 0]);
    assert_eq!(found(&narrow, "Observation?has-member:Observation.status=preliminary").await, ["panel"]);
    assert_eq!(found(&narrow, "Patient?_has:Observation:subject:category=vital-signs").await, [""; 0]);
    assert_eq!(found(&narrow, "Patient?_has:Observation:subject:category=laboratory").await, ["near"]);
    // The other way: Patients are narrowed, what refers to them is not.
    let people = session(&app, &gp("user/Patient.rs?gender=female user/Observation.rs")).await;
    assert_eq!(people.get("Patient/near").await.status, 404);
    assert_eq!(people.get("Observation?_id=lab&_include=Observation:subject").await.ids(), ["lab"]);
    assert_eq!(found(&people, "Observation?subject:Patient.gender=other").await, [""; 0]);
    // A batch judges each entry by itself, a transaction all of them.
    let get = |id: &str| json!({"request": {"method": "GET", "url": format!("Observation/{id}")}});
    let bundle = |kind: &str| json!({"resourceType": "Bundle", "type": kind, "entry": [get("lab"), get("vital")]});
    let reply = narrow.post("", bundle("batch")).await.json();
    let statuses: Vec<&str> = reply["entry"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|e| e["response"]["status"].as_str().expect("a status"))
        .collect();
    assert_eq!(statuses, ["200 OK", "404 Not Found"]);
    assert_eq!(narrow.post("", bundle("transaction")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_of_one_context_are_united() {
    let app = record().await;
    for (scope, expected) in [
        ("user/Observation.rs?category=laboratory user/Observation.rs", 7),
        ("user/Observation.rs?category=laboratory user/*.rs", 7),
        ("user/Observation.rs?status=preliminary user/Observation.rs?category=vital-signs", 3),
        ("user/Observation.rs?category=laboratory user/Observation.r", 4),
    ] {
        let session = session(&app, &gp(scope)).await;
        assert_eq!(found(&session, "Observation").await.len(), expected, "{scope}");
    }
    // The unrestricted letter is r alone: reading is wider than searching.
    let session = session(&app, &gp("user/Observation.rs?category=laboratory user/Observation.r")).await;
    assert_eq!(session.get("Observation/vital").await.status, 200);
    assert_eq!(session.get("Observation/was-lab/_history/1").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_satisfies_the_scope_before_and_after() {
    let app = record().await;
    let writer = session(&app, &gp("user/Observation.cruds?category=laboratory")).await;
    let (lab, vital) = (Some("laboratory"), Some("vital-signs"));
    let reply = writer.post("Observation", observation("x", vital, "final")).await;
    assert_eq!(reply.status, 403, "{}", reply.text);
    assert_eq!(writer.post("Observation", observation("x", None, "final")).await.status, 403);
    assert_eq!(writer.post("Observation", observation("x", lab, "final")).await.status, 201);
    assert_eq!(writer.put("Observation/lab", observation("lab", lab, "amended")).await.status, 200);
    assert_eq!(
        writer.put("Observation/lab", observation("lab", vital, "amended")).await.status,
        403,
        "not out of the scope"
    );
    let hidden = writer.put("Observation/vital", observation("vital", lab, "amended")).await;
    assert_eq!(hidden.status, 409, "nor into it: the id is in use where the caller does not see");
    assert_eq!(writer.delete("Observation/vital").await.status, 404);
    assert_eq!(writer.put("Observation/new-vital", observation("new-vital", vital, "final")).await.status, 403);
    assert_eq!(writer.put("Observation/new-lab", observation("new-lab", lab, "final")).await.status, 201);
    // One entry outside fails the whole transaction.
    let entry = |id: &str, category| json!({"request": {"method": "PUT", "url": format!("Observation/{id}")}, "resource": observation(id, category, "final")});
    let bundle =
        json!({"resourceType": "Bundle", "type": "transaction", "entry": [entry("t1", lab), entry("t2", vital)]});
    let reply = writer.post("", bundle).await;
    assert_eq!(reply.status, 403, "{}", reply.text);
    assert!(reply.text.contains("Bundle.entry[1]"), "{}", reply.text);
    // Nothing of what was refused is there.
    let all = app.source(GP_SOURCE).await;
    for id in ["t1", "t2", "new-vital"] {
        assert_eq!(all.get(&format!("Observation/{id}")).await.status, 404, "{id}");
    }
    assert_eq!(all.get("Observation/vital").await.json()["meta"]["versionId"], "1");
    assert_eq!(all.get("Observation/lab").await.json()["category"][0]["coding"][0]["code"], "laboratory");
    assert_eq!(writer.delete("Observation/lab").await.status, 204);
    // Another source's row stays another's, in scope or not.
    let mut foreign = observation("foreign", lab, "final");
    foreign["meta"] = json!({"source": ELSEWHERE});
    put(&app.source(ELSEWHERE).await, &foreign).await;
    assert_eq!(writer.delete("Observation/foreign").await.status, 403);
}
