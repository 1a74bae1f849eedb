//! Searches of a Patient's compartment and of several types at once.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::common::{Session, TestApp, json as with_json, send};
use crate::support::*;

/// Two patients with a row of each type, and rows of the first that name the second as one who took part.
async fn filled(session: &Session<'_>) {
    for id in ["one", "two"] {
        keep(session, id, patient(id)).await;
        for kind in &TYPES[1..] {
            let row = with(marked(minimal(kind, &format!("Patient/{id}")), id), json!({"id": format!("{kind}-{id}")}));
            put(session, &format!("{kind}/{kind}-{id}"), &row).await;
        }
    }
    let two = json!({"reference": "Patient/two"});
    for (kind, member) in [
        ("Condition", json!({"asserter": two})),
        ("Observation", json!({"performer": [{"reference": "Practitioner/p"}, two]})),
        ("AllergyIntolerance", json!({"recorder": two})),
        ("CarePlan", json!({"activity": [{"detail": {"status": "completed", "performer": [two]}}]})),
        ("MedicationStatement", json!({"informationSource": two})),
    ] {
        let id = format!("{kind}-by-two");
        let row = with(with(minimal(kind, "Patient/one"), member), json!({"id": id}));
        put(session, &format!("{kind}/{id}"), &row).await;
    }
    let linked = with(patient("three"), json!({"link": [{"other": two, "type": "seealso"}]}));
    keep(session, "three", linked).await;
}

async fn ids(session: &Session<'_>, path: &str) -> BTreeSet<String> {
    let found = session.all(path).await;
    let ids: BTreeSet<String> = found.iter().map(|(id, _)| id.clone()).collect();
    assert_eq!(ids.len(), found.len(), "{path}: a row twice");
    ids
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compartment_holds_what_r4_puts_into_it() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    filled(&session).await;
    // R4's Patient compartment: a MedicationStatement's informationSource does not count.
    for (path, wanted) in [
        ("Patient/two/Condition", set(&["Condition-two", "Condition-by-two"])),
        ("Patient/two/Observation", set(&["Observation-two", "Observation-by-two"])),
        ("Patient/two/AllergyIntolerance", set(&["AllergyIntolerance-two", "AllergyIntolerance-by-two"])),
        ("Patient/two/CarePlan", set(&["CarePlan-two", "CarePlan-by-two"])),
        ("Patient/two/MedicationStatement", set(&["MedicationStatement-two"])),
        ("Patient/two/Patient", set(&["two", "three"])),
        ("Patient/one/Condition", set(&["Condition-one", "Condition-by-two"])),
        ("Patient/one/Condition?identifier=one", set(&["Condition-one"])),
        ("Patient/two/Condition?identifier=one", set(&[])),
        ("Patient/two/Observation?performer=Practitioner/p", set(&["Observation-by-two"])),
        ("Patient/nobody/Observation", set(&[])),
    ] {
        for rest in ["", "_count=1", "_sort=-_id&_count=1"] {
            let path = format!("{path}{}{rest}", if path.contains('?') { "&" } else { "?" });
            assert_eq!(ids(&session, &path).await, wanted, "{path}");
        }
    }
    let all = ids(&session, "Patient/two/*?_count=3").await;
    let rows = ["Condition", "Observation", "AllergyIntolerance", "CarePlan"].map(|kind| format!("{kind}-by-two"));
    let own = TYPES[1..].iter().map(|kind| format!("{kind}-two"));
    assert_eq!(all, own.chain(rows).chain(["two".into(), "three".into()]).collect());
    let some = ids(&session, "Patient/two/*?_type=Condition,CarePlan&identifier=two").await;
    assert_eq!(some, set(&["Condition-two", "CarePlan-two"]));
    let form = session.request(reqwest::Method::POST, "Patient/two/Condition/_search").form(&[("identifier", "two")]);
    assert_eq!(judged(send(form).await).ids(), ["Condition-two"]);
    let asked = |url: &str| json!({"request": {"method": "GET", "url": url}});
    let entries = json!([
        asked("Patient/two/Condition?identifier=two"),
        asked("Patient/two/*?identifier=two&_summary=count"),
        asked("?_type=Condition&identifier=two"),
        asked("Patient/two/Banana")
    ]);
    let batch = json!({"resourceType": "Bundle", "type": "batch", "entry": entries});
    let reply = judged(session.post("", &batch).await).json();
    assert_eq!(reply["entry"][0]["resource"]["entry"][0]["resource"]["id"], "Condition-two", "{reply}");
    assert_eq!(reply["entry"][1]["resource"]["total"], 5, "{reply}");
    assert_eq!(reply["entry"][2]["resource"]["entry"][0]["resource"]["id"], "Condition-two", "{reply}");
    assert_eq!(reply["entry"][3]["response"]["status"], "404 Not Found", "{reply}");
    for (url, status) in
        [("Patient/two/Condition?identifier=two", 200), ("Patient/two/*", 400), ("?_type=Condition", 400)]
    {
        let transaction = json!({"resourceType": "Bundle", "type": "transaction", "entry": [asked(url)]});
        assert_eq!(judged(session.post("", &transaction).await).status, status, "{url}");
    }
    for (path, status) in [
        ("Patient/two/Practitioner", 404),
        ("Patient/two/Banana", 404),
        ("Patient/t_w_o/Condition", 404),
        ("Patient/two/*?_type=Practitioner", 400),
        ("Patient/two/Condition?banana=1", 400),
    ] {
        assert_eq!(judged(session.get(path).await).status, status, "{path}");
    }
    let refused = judged(send(with_json(session.request(reqwest::Method::PUT, "Patient/two/Condition"), "{}")).await);
    assert_eq!((refused.status.as_u16(), refused.header("allow")), (405, "GET, HEAD"));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_types_are_searched_as_one() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    filled(&session).await;
    let apart: Vec<String> = {
        let mut all = Vec::new();
        for kind in TYPES {
            all.extend(ids(&session, kind).await);
        }
        all
    };
    for path in ["", "?_count=1", "?_count=4&_sort=_lastUpdated", "?_sort=-_id&_count=3", "?_total=accurate&_count=7"] {
        assert_eq!(ids(&session, path).await, apart.iter().cloned().collect(), "base {path}");
    }
    let total = judged(session.get("?_summary=count").await).json()["total"].as_u64();
    assert_eq!(total, Some(apart.len() as u64));
    // In order across types, and back the same way.
    for sort in ["_lastUpdated", "-_lastUpdated", "_id", "-_id,_lastUpdated"] {
        let path = format!("?_type=Condition,Observation,CarePlan&_count=2&_sort={sort}");
        let (mut pages, mut next) = (Vec::new(), Some(path.clone()));
        let mut last = None;
        while let Some(url) = next {
            let reply = judged(session.get(&url).await);
            pages.push(reply.ids());
            next = reply.link("next");
            last = Some(reply);
        }
        let whole = judged(session.get(&format!("{path}&_count=1000")).await);
        assert_eq!(pages.concat(), whole.ids(), "{path}");
        let key = |entry: &Value| match sort.trim_start_matches('-').split(',').next() {
            Some("_id") => entry["resource"]["id"].as_str().expect("id").to_owned(),
            _ => entry["resource"]["meta"]["lastUpdated"].as_str().expect("time").to_owned(),
        };
        let keys: Vec<String> = whole.json()["entry"].as_array().expect("entries").iter().map(key).collect();
        let mut sorted = keys.clone();
        sorted.sort();
        if sort.starts_with('-') {
            sorted.reverse();
        }
        assert_eq!(keys, sorted, "{path}");
        let mut back = Vec::new();
        let mut previous = last.and_then(|reply| reply.link("previous"));
        while let Some(url) = previous {
            let reply = judged(session.get(&url).await);
            back.insert(0, reply.ids());
            previous = reply.link("previous");
        }
        assert_eq!(back, pages[..pages.len() - 1], "{path} backward");
    }
    assert_eq!(ids(&session, "?_type=Condition&identifier=two").await, set(&["Condition-two"]));
    let form = session.request(reqwest::Method::POST, "_search").form(&[("_type", "Condition"), ("identifier", "two")]);
    assert_eq!(judged(send(form).await).ids(), ["Condition-two"]);
    for (path, words) in [
        ("?_type=Banana", "Banana"),
        ("?_type=Condition,Observation&clinical-status=active", "clinical-status"),
        ("?_type=Condition&_include=Condition:patient", "_include"),
        ("?_type=Condition,Observation&_sort=severity", "severity"),
        ("?_cursor=eyJ9.abc", "page link"),
        ("?_type=Condition&_count=x", "_count"),
    ] {
        let reply = judged(session.get(path).await);
        assert_eq!(reply.status, 400, "{path}: {}", reply.text);
        assert!(reply.text.contains(words), "{path}: {}", reply.text);
    }
    // A page link is for its query and its caller.
    let next = judged(session.get("?_type=Condition&_count=1").await).link("next").expect("next");
    let other = next.replace("_type=Condition", "_type=Observation");
    assert_eq!(judged(session.get(&other).await).status, 400);
    assert_eq!(judged(app.source("b").await.get(&next).await).status, 400);
}
