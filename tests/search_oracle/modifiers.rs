//! Modifiers, chains, `_has` and includes against plain loops over what is stored.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::corpus::Corpus;
use super::examples::{extra_resources, spec};
use super::oracle::{Oracle, TYPES};
use super::service::{served, wide};
use crate::common::{Session, TestApp, send, shared};

/// The record of the transactions and the hand-made resources.
async fn record(app: &TestApp) -> Vec<Value> {
    let shared = shared().expect("shared data");
    app.import(&[shared.join("data/synthea-r4-transactions")], Some("judge")).await;
    let session = app.source("judge").await;
    for resource in extra_resources() {
        let address =
            format!("{}/{}", resource["resourceType"].as_str().expect("type"), resource["id"].as_str().expect("id"));
        assert!(session.put(&address, &resource).await.status.is_success(), "{address}");
    }
    served(&session).await
}

/// The ids of one mode that a search answers with, as `Type/id`.
async fn ask(session: &Session<'_>, kind: &str, params: &[(&str, &str)], mode: &str) -> BTreeSet<String> {
    let request = session.request(reqwest::Method::GET, kind).query(params).query(&[("_count", "5000")]);
    let reply = send(request).await;
    assert_eq!(reply.status, 200, "{kind} {params:?}: {}", reply.text);
    let bundle = reply.json();
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    let name = |r: &Value| format!("{}/{}", r["resourceType"].as_str().expect("type"), r["id"].as_str().expect("id"));
    entries.iter().filter(|entry| entry["search"]["mode"] == mode).map(|entry| name(&entry["resource"])).collect()
}

fn names<'a>(resources: impl Iterator<Item = &'a Value>) -> BTreeSet<String> {
    resources
        .map(|r| format!("{}/{}", r["resourceType"].as_str().expect("type"), r["id"].as_str().expect("id")))
        .collect()
}

fn of_type<'a>(resources: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    resources.iter().filter(move |r| r["resourceType"] == kind)
}

/// Compares, and shows only what differs.
fn same(found: BTreeSet<String>, wanted: BTreeSet<String>, case: &str) {
    let missing: Vec<&String> = wanted.difference(&found).take(4).collect();
    let extra: Vec<&String> = found.difference(&wanted).take(4).collect();
    assert!(missing.is_empty() && extra.is_empty(), "{case}: missing {missing:?}, too many {extra:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_and_not_are_complements() {
    if shared().is_none() {
        return;
    }
    let app = wide().await;
    let resources = record(&app).await;
    let session = app.source("judge").await;
    let mut oracle = Oracle::load(&spec());
    oracle.base = app.base.clone();
    let corpus = Corpus::new(&oracle, &resources);
    let mut asked = 0;
    for (kind, param) in oracle.params.keys() {
        // Whether these are there follows from their definition, not from an element. A composite with a quantity points to
        // a parameter that takes SampledData, by an expression that does not: either answer is R4's.
        if param.contains("code-value-quantity") {
            continue;
        }
        if !TYPES.contains(&kind.as_str()) || ["deceased", "_id", "_lastUpdated"].contains(&param.as_str()) {
            continue;
        }
        let held = corpus.held(kind, param);
        let has = |at: usize| held[at].iter().any(|context| context.iter().all(|part| !part.is_empty()));
        let all: Vec<&Value> = of_type(&resources, kind).collect();
        // An element that holds nothing to search by is missing or not as the server sees it.
        let doubtful = |at: usize| !has(at) && !oracle.nodes(all[at], kind, param).is_empty();
        let open = names((0..all.len()).filter(|at| doubtful(*at)).map(|at| all[at]));
        let (there, missing): (Vec<_>, Vec<_>) = (0..all.len()).filter(|at| !doubtful(*at)).partition(|at| has(*at));
        for (value, wanted) in [("false", there), ("true", missing)] {
            let found = ask(&session, kind, &[(&format!("{param}:missing"), value)], "match").await;
            let found = found.difference(&open).cloned().collect();
            same(found, names(wanted.into_iter().map(|at| all[at])), &format!("{kind}?{param}:missing={value}"));
            asked += 1;
        }
    }
    for query in corpus.queries().iter().filter(|query| query.params.len() == 1).step_by(5) {
        let (param, value) = &query.params[0];
        let is_token = format!("{:?}", oracle.param(&query.rtype, param).kinds()) == "[Token]";
        if !is_token {
            continue;
        }
        let matched: BTreeSet<String> =
            corpus.expected(query).iter().map(|id| format!("{}/{id}", query.rtype)).collect();
        let others = names(of_type(&resources, &query.rtype)).difference(&matched).cloned().collect();
        let found = ask(&session, &query.rtype, &[(&format!("{param}:not"), value)], "match").await;
        same(found, others, &format!("{query:?} with :not"));
        asked += 1;
    }
    println!("{asked} asked");
    assert!(asked > 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn exact_and_contains_look_at_the_text_itself() {
    if shared().is_none() {
        return;
    }
    let app = wide().await;
    let resources = record(&app).await;
    let session = app.source("judge").await;
    let families = |patient: &Value| -> Vec<String> {
        let names = patient["name"].as_array().cloned().unwrap_or_default();
        names.iter().filter_map(|name| name["family"].as_str().map(str::to_owned)).collect()
    };
    let patients: Vec<&Value> = of_type(&resources, "Patient").collect();
    let all: BTreeSet<String> = patients.iter().flat_map(|patient| families(patient)).collect();
    assert!(all.len() > 10);
    for family in all {
        let plain: Vec<char> = family.chars().collect();
        let middle: String = plain[1..plain.len().min(4)].iter().collect();
        for (exact, sent) in [
            (true, family.clone()),
            (true, family.to_lowercase()),
            (true, plain[..1].iter().collect()),
            (false, middle.to_uppercase()),
        ] {
            // Accents count for :exact; :contains is asked of those without, so that this test needs no folding.
            if !exact && !resources.iter().all(|_| family.is_ascii()) {
                continue;
            }
            let holds = |patient: &&&Value| {
                families(patient)
                    .iter()
                    .any(|own| if exact { *own == sent } else { own.to_lowercase().contains(&sent.to_lowercase()) })
            };
            let wanted = names(patients.iter().filter(holds).copied());
            let name = if exact { "family:exact" } else { "family:contains" };
            let escaped = sent.replace('\\', "\\\\").replace(',', "\\,");
            same(ask(&session, "Patient", &[(name, &escaped)], "match").await, wanted, &format!("{name}={sent}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chains_and_includes_follow_references() {
    if shared().is_none() {
        return;
    }
    let app = wide().await;
    let resources = record(&app).await;
    let session = app.source("judge").await;
    let by_name: BTreeMap<String, &Value> = resources
        .iter()
        .zip(resources.iter().map(|r| names([r].into_iter())))
        .map(|(r, n)| (n.into_iter().next().expect("name"), r))
        .collect();
    let referred = |resource: &Value, element: &str| -> Vec<String> {
        let value = &resource[element];
        let list = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        let plain = |text: &str| text.split("/_history/").next().expect("text").replace(&format!("{}/", app.base), "");
        list.iter().filter_map(|r| r["reference"].as_str().map(plain)).collect()
    };
    for (kind, param, element) in [
        ("Observation", "patient", "subject"),
        ("Condition", "subject", "subject"),
        ("AllergyIntolerance", "patient", "patient"),
        ("CarePlan", "condition", "addresses"),
    ] {
        let target = if param == "condition" { "Condition" } else { "Patient" };
        // A chain finds those that refer to one for which the inner parameter holds.
        let (inner, values): (&str, Vec<String>) = match target {
            "Patient" => ("gender", ["male", "female", "other"].map(str::to_owned).into()),
            _ => (
                "code",
                of_type(&resources, "Condition")
                    .filter_map(|c| c["code"]["coding"][0]["code"].as_str().map(str::to_owned))
                    .take(12)
                    .collect(),
            ),
        };
        for value in values {
            let holds = |r: &Value| match target {
                "Patient" => r["gender"] == *value,
                _ => {
                    r["code"]["coding"].as_array().is_some_and(|all| all.iter().any(|coding| coding["code"] == *value))
                }
            };
            let of_target =
                |name: &String| name.starts_with(&format!("{target}/")) && by_name.get(name).is_some_and(|r| holds(r));
            let wanted = names(of_type(&resources, kind).filter(|r| referred(r, element).iter().any(of_target)));
            let name = format!("{param}:{target}.{inner}");
            same(ask(&session, kind, &[(&name, &value)], "match").await, wanted, &format!("{kind}?{name}={value}"));
            // And _has finds the other end.
            let status = "status";
            if kind == "CarePlan" {
                let name = format!("_has:{kind}:{param}:{status}");
                let plans: Vec<&Value> = of_type(&resources, kind).filter(|r| r["status"] == "active").collect();
                let wanted = names(of_type(&resources, target).filter(|t| {
                    let own = names([*t].into_iter());
                    plans.iter().any(|plan| referred(plan, element).iter().any(|r| own.contains(r)))
                }));
                assert!(!wanted.is_empty());
                same(ask(&session, target, &[(&name, "active")], "match").await, wanted, &format!("{target}?{name}"));
            }
        }
        // What a page's matches refer to comes along once; and what refers to them.
        let include = format!("{kind}:{param}");
        let wanted: BTreeSet<String> =
            of_type(&resources, kind).flat_map(|r| referred(r, element)).filter(|n| by_name.contains_key(n)).collect();
        let found = ask(&session, kind, &[("_include", &include)], "include").await;
        same(found, wanted.clone(), &format!("_include={include}"));
        let some = wanted.iter().next().expect("a target").clone();
        let id = some.split_once('/').expect("name").1.to_owned();
        let wanted = names(of_type(&resources, kind).filter(|r| referred(r, element).contains(&some)));
        let found = ask(&session, target, &[("_id", &id), ("_revinclude", &include)], "include").await;
        same(found, wanted, &format!("{target}?_id={id}&_revinclude={include}"));
    }
}
