//! A hidden resource answers as an id that never existed, byte for byte; searches neither show nor count it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::common::{Reply, Session};
use crate::world::{ELSEWHERE, FAR, GP_SOURCE, HOSPITAL_SOURCE, LAB_SOURCE, PERSONAS, TYPES};
use crate::world::{about, address, full, persona, put, visible};

/// Requests about an id, as method, path and body; `{id}` and `{kind}` are filled in.
const REQUESTS: &[(&str, &str)] = &[
    ("GET", "{kind}/{id}"),
    ("GET", "{kind}/{id}?_format=json"),
    ("HEAD", "{kind}/{id}"),
    ("HEAD", "{kind}?_id={id}"),
    ("GET IF-NONE-MATCH", "{kind}/{id}"),
    ("GET", "{kind}/{id}?_summary=true"),
    ("GET", "{kind}/{id}?_elements=id"),
    ("GET", "{kind}?_id={id}&_summary=count"),
    ("GET", "{kind}/{id}/_history"),
    ("GET", "{kind}/{id}/_history?_since=2000-01-01T00:00:00Z"),
    ("GET", "{kind}/{id}/_history?_count=1"),
    ("GET", "{kind}/{id}/_history/1"),
    ("GET", "{kind}/{id}/_history/2"),
    ("GET", "{kind}/{id}/_history/x"),
    ("GET", "{kind}?_id={id}"),
    ("GET", "{kind}?_id={id}&_total=accurate"),
    ("GET", "{kind}?_id={id}&_count=0"),
    ("GET", "Condition?patient={id}"),
    ("GET", "Condition?subject=Patient/{id}&_total=accurate"),
    ("GET", "CarePlan?condition={id}&_total=accurate"),
    ("GET", "{kind}?_id:not={id}&_total=accurate"),
    ("GET", "Condition?subject:Patient={id}&_total=accurate"),
    ("GET", "Condition?subject:missing=false&patient={id}&_total=accurate"),
    ("DELETE", "{kind}/{id}"),
    ("DELETE IF-MATCH", "{kind}/{id}"),
    ("PUT", "{kind}/{id}"),
    ("PUT IF-MATCH", "{kind}/{id}"),
    ("PUT WRONG BODY", "{kind}/{id}"),
    ("PATCH", "{kind}/{id}"),
    ("PATCH IF-MATCH", "{kind}/{id}"),
    ("PATCH", "{kind}?_id={id}"),
    ("DELETE", "{kind}?_id={id}"),
    ("DELETE IF-MATCH", "{kind}?_id={id}"),
    ("CREATE ABOUT", "CarePlan"),
    ("TRANSACTION PATCH", "{kind}/{id}"),
    ("TRANSACTION DELETE", "{kind}?_id={id}"),
    ("BATCH PATCH", "{kind}?_id={id}"),
    ("TRANSACTION GET", "{kind}/{id}"),
    ("TRANSACTION GET", "{kind}/{id}/_history/1"),
    ("TRANSACTION GET", "{kind}?_id={id}&_total=accurate"),
    ("TRANSACTION DELETE", "{kind}/{id}"),
    ("TRANSACTION PUT", "{kind}/{id}"),
    ("TRANSACTION PUT IF-MATCH", "{kind}/{id}"),
    ("TRANSACTION CREATE ABOUT", "CarePlan"),
    ("BATCH GET", "{kind}/{id}"),
    ("BATCH GET", "{kind}/{id}/_history/1"),
    ("BATCH GET", "{kind}?_id={id}&_total=accurate"),
    ("BATCH DELETE", "{kind}/{id}"),
    ("BATCH PUT", "{kind}/{id}"),
    ("BATCH PUT IF-MATCH", "{kind}/{id}"),
    ("BATCH CREATE ABOUT", "CarePlan"),
];

async fn ask(session: &Session<'_>, request: &str, path: &str, kind: &str, id: &str) -> Reply {
    let path = path.replace("{kind}", kind).replace("{id}", id);
    let mut body = about(kind, id, "near", 1);
    let bundles = ["TRANSACTION ", "BATCH "].iter().find_map(|kind| Some((*kind, request.strip_prefix(kind)?)));
    let (bundle, words) = bundles.map_or((None, request), |(kind, words)| (Some(kind.trim().to_lowercase()), words));
    if words == "CREATE ABOUT" {
        body = about("CarePlan", "new", id, 1);
    }
    let method = match words.split(' ').next().expect("a word") {
        "CREATE" => "POST",
        method => method,
    };
    if let Some(bundle) = bundle {
        let mut entry = json!({"request": {"method": method, "url": path}});
        if method == "PATCH" {
            entry["resource"] = json!({"resourceType": "Parameters"});
        } else if method != "GET" && method != "DELETE" {
            entry["resource"] = body;
        }
        if words.ends_with("IF-MATCH") {
            entry["request"]["ifMatch"] = json!("W/\"1\"");
        }
        return session.post("", json!({"resourceType": "Bundle", "type": bundle, "entry": [entry]})).await;
    }
    if words == "PUT WRONG BODY" {
        body["nonsense"] = Value::from(1);
    }
    let method = reqwest::Method::from_bytes(method.as_bytes()).expect("method");
    let mut request = session.request(method.clone(), &path);
    if words.ends_with("IF-NONE-MATCH") {
        request = request.header("If-None-Match", "*");
    } else if words.ends_with("IF-MATCH") {
        request = request.header("If-Match", "W/\"1\"");
    }
    if method == "PUT" || method == "POST" {
        request = crate::common::json(request, body);
    } else if method == "PATCH" {
        let test = json!([{"op": "test", "path": "/id", "value": id}]);
        request = request.header("Content-Type", "application/json-patch+json").body(test.to_string());
    }
    crate::common::send(request).await
}

/// The answer with the id that was asked for written as ID.
fn nameless(reply: &Reply, id: &str) -> String {
    format!("{:?}", visible(reply)).replace(id, "ID")
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_answers_as_absent_byte_for_byte() {
    let app = full().await;
    let elsewhere = app.source(ELSEWHERE).await;
    for kind in TYPES {
        // With an id as long as the others, since every byte counts.
        put(&elsewhere, &about(kind, &format!("away-{kind}"), "far", FAR)).await;
    }
    let mut wrong = Vec::new();
    for name in PERSONAS {
        let session = persona(&app, name).await;
        let client = matches!(name, "gp-system" | "lab-feed");
        for (of_kind, kind) in TYPES.into_iter().enumerate() {
            for (at, (request, path)) in REQUESTS.iter().enumerate() {
                // A client may choose ids and share in about anyone: these succeed for an absent id. `sources` has them.
                let creates =
                    request.ends_with("ABOUT") || request.ends_with("PUT") || request.ends_with("PUT IF-MATCH");
                if client && creates {
                    continue;
                }
                let absent = format!("none-{kind}");
                let expected = nameless(&ask(&session, request, path, kind, &absent).await, &absent);
                for (way, hidden) in ["away", "gone", "veil"].into_iter().enumerate() {
                    // All ways of being hidden for two types, in turn for the others.
                    if !["Patient", "CarePlan"].contains(&kind) && (at + of_kind) % 3 != way {
                        continue;
                    }
                    // The practice's system may see everything of its patients; `users` has plans about a veiled Patient.
                    if hidden == "veil" && (name == "gp-system" || request.ends_with("ABOUT")) {
                        continue;
                    }
                    let id = format!("{hidden}-{kind}");
                    let got = nameless(&ask(&session, request, path, kind, &id).await, &id);
                    if got != expected {
                        wrong.push(format!(
                            "{name}: {request} {path} of {id}:\n  got      {got}\n  expected {expected}"
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} answers tell hidden from absent:\n{}", wrong.len(), wrong.join("\n"));
    // Nobody changed anything by all this.
    for kind in TYPES {
        assert_eq!(elsewhere.get(&format!("{kind}/away-{kind}")).await.json()["meta"]["versionId"], "1", "away-{kind}");
        assert_eq!(elsewhere.get(&format!("{kind}/gone-{kind}")).await.status, 410, "gone-{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_cannot_tell_what_is_behind_an_id_in_use() {
    let app = full().await;
    let lab = app.source(LAB_SOURCE).await;
    let put_of = async |id: &str| lab.put(&format!("Observation/{id}"), about("Observation", id, "near", 1)).await;
    let live = nameless(&put_of("far-Observation").await, "far-Observation");
    assert!(live.starts_with("(409,"), "{live}");
    for id in ["gone-Observation", "veil-Observation", "near-Observation"] {
        assert_eq!(nameless(&put_of(id).await, id), live, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_neither_show_nor_count_what_is_hidden() {
    let app = full().await;
    put(&app.source(LAB_SOURCE).await, &about("Observation", "lab-Observation", "near", 1)).await;
    put(&app.source(HOSPITAL_SOURCE).await, &about("CarePlan", "hospital-CarePlan", "far", FAR)).await;
    for name in ["gp", "nurse", "patient", "stranger"] {
        let session = persona(&app, name).await;
        for spec in TYPES.iter().filter_map(|kind| lcr_facade::resources::find(kind)) {
            let kind = spec.name;
            let mut seen: BTreeSet<String> = match (name, kind) {
                ("stranger", _) => BTreeSet::new(),
                (_, "Patient") => ["near".to_owned(), "near-Patient".to_owned()].into(),
                (_, "Observation") => ["near-Observation".to_owned(), "lab-Observation".to_owned()].into(),
                _ => [format!("near-{kind}")].into(),
            };
            let total = |reply: &Reply| reply.json()["total"].as_u64();
            let counted = Some(seen.len() as u64);
            for query in [
                "_total=accurate",
                "_count=0",
                "_total=estimate",
                "_total=accurate&_lastUpdated=gt2000",
                "_total=accurate&_count=1",
            ] {
                let reply = session.get(&format!("{kind}?{query}")).await;
                assert_eq!(total(&reply), counted, "{name} {kind}?{query}: {}", reply.text);
            }
            let history = session.get(&format!("{kind}/_history")).await;
            assert_eq!(total(&history), counted, "{name} {kind}/_history: {}", history.text);
            for sort in spec.all_params().filter(|param| param.offered() && param.sortable()) {
                for direction in ["", "-"] {
                    let path = format!("{kind}?_sort={direction}{}&_count=1", sort.code);
                    let found = session.all(&path).await;
                    let ids: BTreeSet<String> = found.iter().map(|(id, _)| id.clone()).collect();
                    assert_eq!((ids, found.len()), (seen.clone(), seen.len()), "{name} {path}");
                }
            }
            for hidden in [format!("far-{kind}"), format!("gone-{kind}"), format!("veil-{kind}")] {
                assert_eq!(session.all(&format!("{kind}?_id={hidden}")).await, [], "{name} {hidden}");
                seen.insert(hidden);
            }
            let several: Vec<String> = seen.iter().cloned().collect();
            let reply = session.get(&format!("{kind}?_id={}&_total=accurate", several.join(","))).await;
            assert_eq!(total(&reply), counted, "{name} {kind} by all ids");
        }
        let by_number = session.get(&format!("Patient?identifier={}&_total=accurate", crate::world::nhs(FAR))).await;
        assert_eq!((by_number.ids(), by_number.json()["total"].as_u64()), (vec![], Some(0)), "{name} by NHS number");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_refused_whole_when_one_of_its_reads_is() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    let plan = about("CarePlan", "mine", "near", 1);
    put(&app.source(GP_SOURCE).await, &plan).await;
    for url in ["Condition/far-Condition", "Condition/absent", "Nonsense/1", "Condition?nonsense=1"] {
        let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": [
            {"resource": plan, "request": {"method": "PUT", "url": address(&plan)}},
            {"request": {"method": "GET", "url": url}},
        ]});
        let reply = gp.post("", &bundle).await;
        assert!(reply.status.is_client_error(), "GET {url}: {} {}", reply.status, reply.text);
        let kept = gp.get("CarePlan/mine").await.json();
        assert_eq!(
            kept["meta"]["versionId"], "1",
            "the transaction with GET {url} failed, yet it changed the CarePlan"
        );
    }
}
