//! Noninterference: two records that differ only in rows a caller may not see answer that caller alike, whatever is asked.

use std::collections::BTreeMap;

use lcr_facade::access::Claims;
use lcr_facade::config::Config;
use serde_json::Value;

use crate::common::{Reply, Session, TestApp};
use crate::questions::{BASE, crossing, questions, rich};
use crate::world::{
    ELSEWHERE, GP_SOURCE, LAB_SOURCE, PERSONAS, about, address, claims, labelled, put, relate, session,
};

/// One of the twins. `with_hidden`: also the rows that none of the personas may see.
async fn twin(with_hidden: bool) -> TestApp {
    let base = BASE.strip_suffix("/fhir").expect("a base").to_owned();
    let app = TestApp::with(Config { public_url: Some(base), ..Config::default() }).await;
    let (gp, lab, elsewhere) = (app.source(GP_SOURCE).await, app.source(LAB_SOURCE).await, app.source(ELSEWHERE).await);
    let (seen, hidden) = (rich("seen", 1), rich("hidden", 11));
    let mut later = hidden.clone();
    if with_hidden {
        // Some of it is there before anything else, so that every running number differs.
        let rest = later.split_off(later.len() / 2);
        for resource in &later {
            put(&elsewhere, resource).await;
        }
        later = rest;
    }
    for (at, resource) in seen.iter().enumerate() {
        put(&gp, resource).await;
        // Hidden rows come in between, too.
        if with_hidden && let Some(resource) = later.get(at) {
            put(&elsewhere, resource).await;
        }
    }
    put(&lab, &about("Observation", "seen-lab", "seen-a", 1)).await;
    if with_hidden {
        for resource in seen.iter().filter(|resource| resource["resourceType"] != "Patient") {
            // On the very patients that are seen, but labelled so that no user may see them.
            let text = resource.to_string().replace(r#""id":"seen-"#, r#""id":"veiled-"#);
            put(&elsewhere, &labelled(serde_json::from_str(&text).expect("JSON"), "V")).await;
        }
        // One that has moved, one that is deleted, one changed often.
        put(&elsewhere, &about("Condition", "hidden-moved", "hidden-a", 11)).await;
        put(&elsewhere, &about("Condition", "hidden-moved", "hidden-b", 12)).await;
        put(&elsewhere, &about("Condition", "hidden-deleted", "hidden-a", 11)).await;
        elsewhere.delete("Condition/hidden-deleted").await;
        for _ in 0..3 {
            put(&elsewhere, &hidden[0]).await;
        }
        relate(&app, 11, "practitioner", "somebody-else").await;
    }
    // Rows that are seen and refer to hidden ones; in one of the twins, hidden ones that refer to rows that are seen.
    put(&gp, &about("Condition", "seen-last", "seen-a", 1)).await;
    for resource in crossing("seen", "hidden") {
        put(&gp, &resource).await;
    }
    for resource in crossing("hidden", "seen").iter().filter(|_| with_hidden) {
        put(&elsewhere, resource).await;
    }
    for n in [1, 2] {
        for holder in ["gp", "hospital-doctor", "nurse", "social-worker", "out-of-hours"] {
            relate(&app, n, "practitioner", holder).await;
        }
    }
    app
}

fn twin_claims(name: &str) -> Claims {
    let mut claims = claims(name);
    if name == "patient" {
        claims.patient = Some("seen-a".to_owned());
    }
    claims
}

/// Takes out what two records may differ in: times of writing, and the text of page links.
fn normal(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove("lastUpdated");
            members.remove("lastModified");
            members.values_mut().for_each(normal);
            // What comes along with the matches has no order of its own.
            if let Some(Value::Array(entries)) = members.get_mut("entry") {
                let matches =
                    entries.iter().position(|entry| entry["search"]["mode"] == "include").unwrap_or(entries.len());
                entries[matches..].sort_by_key(|entry| entry["fullUrl"].to_string());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(normal),
        Value::String(text) => {
            if let Some(at) = text.find("_cursor=") {
                text.truncate(at);
            }
        }
        _ => {}
    }
}

fn comparable(reply: &Reply) -> (u16, Value, BTreeMap<String, String>) {
    let mut body = if reply.text.is_empty() { Value::Null } else { reply.json() };
    normal(&mut body);
    let own = ["date", "x-request-id", "last-modified", "content-length", "transfer-encoding", "connection"];
    let headers = reply.headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let headers =
        headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    (reply.status.as_u16(), body, headers.collect())
}

/// Asks both, follows both to the last page, and gives the first difference.
async fn differ(with: &Session<'_>, without: &Session<'_>, question: &str) -> Option<String> {
    let mut paths = (question.to_owned(), question.to_owned());
    for page in 0..40 {
        let (one, other) = tokio::join!(with.get(&paths.0), without.get(&paths.1));
        assert!(one.status != 500 && other.status != 500, "{question}: {} {}", one.text, other.text);
        let (a, b) = (comparable(&one), comparable(&other));
        if a != b {
            return Some(format!("{question} page {page}:\n  with    {a:?}\n  without {b:?}"));
        }
        let next = |reply: &Reply| Some(reply.link("next")?.strip_prefix(BASE)?.trim_start_matches('/').to_owned());
        match (one.status == 200 && one.json()["resourceType"] == "Bundle")
            .then(|| next(&one).zip(next(&other)))
            .flatten()
        {
            Some(links) => paths = links,
            None => return None,
        }
    }
    Some(format!("{question}: does not end"))
}

async fn compare(names: &[&str]) {
    let (with, without) = tokio::join!(twin(true), twin(false));
    let questions = questions();
    assert!(questions.len() >= 600, "only {} questions", questions.len());
    let mut differences = Vec::new();
    for name in names {
        let claims = twin_claims(name);
        let (one, other) = (session(&with, &claims).await, session(&without, &claims).await);
        let mut found = 0;
        // These two differ from the GP in name only: every third question does.
        let step = if matches!(*name, "hospital-doctor" | "out-of-hours") { 3 } else { 1 };
        for question in questions.iter().step_by(step) {
            differences.extend(differ(&one, &other, question).await.map(|words| format!("{name}: {words}")));
            found += 1;
        }
        println!("{name}: {found} questions");
        differences.extend(writes(&one, &other, name).await);
    }
    let shown: Vec<&String> = differences.iter().take(5).collect();
    assert!(differences.is_empty(), "{} answers show what is hidden, such as {shown:#?}", differences.len());
}

/// Changes that users try on what is hidden. Clients may choose ids; `hidden` and `sources` have what they learn by it.
async fn writes(one: &Session<'_>, other: &Session<'_>, name: &str) -> Vec<String> {
    let mut differences = Vec::new();
    if matches!(name, "gp-system" | "lab-feed") {
        return differences;
    }
    let plans = ["hidden-a", "hidden-b", "veiled-a", "absent"].map(|id| about("CarePlan", id, "seen-a", 1));
    for plan in &plans {
        let row = address(plan);
        let answers = tokio::join!(one.put(&row, plan), other.put(&row, plan));
        differences.extend(unlike(&answers, &format!("{name}: PUT {row}")));
        let answers = tokio::join!(one.delete(&row), other.delete(&row));
        differences.extend(unlike(&answers, &format!("{name}: DELETE {row}")));
    }
    for patient in ["hidden-a", "hidden-b", "absent"] {
        let plan = about("CarePlan", "x", patient, 1);
        let answers = tokio::join!(one.post("CarePlan", &plan), other.post("CarePlan", &plan));
        differences.extend(unlike(&answers, &format!("{name}: POST CarePlan about {patient}")));
    }
    differences
}

fn unlike((one, other): &(Reply, Reply), case: &str) -> Option<String> {
    let (a, b) = (comparable(one), comparable(other));
    (a != b).then(|| format!("{case}:\n  with    {a:?}\n  without {b:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn users_cannot_tell_the_twins_apart() {
    compare(&PERSONAS[..5]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn others_and_clients_cannot_tell_the_twins_apart() {
    compare(&PERSONAS[5..]).await;
}
