//! Whole queries of every sort over the hand-made resources, each with what it finds by reasoning from R4: the oracle has
//! to be sure of it, and the service has to find it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::examples::{extra_resources, spec};
use super::oracle::Oracle;
use super::query::ask::Ask;
use super::query::check::check;
use super::query::include::along;
use super::query::terminology::Terminology;
use super::query::truth::Truth;
use super::query::verdict::verdict;
use super::query::world::{Limits, World};
use super::service::{served, wide};
use crate::common::TestApp;

mod refused;
mod rows;
mod terms;

/// A query, the matches by `Type/id` without `oracle-`, and what comes along.
pub type Row =
    (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str], &'static [&'static str]);

pub const LIMITS: Limits = Limits { chain: 3, values: 200, parameters: 100 };

/// A service with the hand-made resources.
async fn record(terminology: &Terminology) -> TestApp {
    let app = wide().await;
    let name = format!("known-{}.ndjson", uuid::Uuid::new_v4().simple());
    let file = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let lines = |all: &[Value]| all.iter().map(|resource| format!("{resource}\n")).collect::<String>();
    for (resources, source) in [(&terminology.resources, None), (&extra_resources(), Some("judge"))] {
        std::fs::write(&file, lines(resources)).expect("a file");
        let report = app.import(std::slice::from_ref(&file), source).await;
        assert_eq!(report.refusals(), []);
    }
    std::fs::remove_file(file).expect("tidy");
    app
}

/// Asks each row of the oracle and of the service.
async fn judge(rows: &[Row], terminology: &Terminology) {
    let app = record(terminology).await;
    let session = app.source("judge").await;
    let resources = served(&session).await;
    let mut oracle = Oracle::load(&spec());
    oracle.base = app.base.clone();
    let world = World::new(&oracle, terminology, LIMITS, &resources);
    let named =
        |names: &[&str]| -> BTreeSet<String> { names.iter().map(|name| name.replace('/', "/oracle-")).collect() };
    let mut wrong = Vec::new();
    for (path, params, matches, included) in rows {
        let ask = Ask::get(path, params);
        let due = verdict(&world, &ask);
        let sure: BTreeSet<String> = due.matches.keys().cloned().collect();
        let settled = due.fair == Truth::Yes && due.matches.values().all(|truth| *truth == Truth::Yes);
        if !settled || sure != named(matches) {
            wrong.push(format!("{ask}: the oracle finds {:?} {:?}", due.fair, due.matches));
        }
        let along: BTreeSet<String> = along(&world, &due.rules, &sure).into_keys().collect();
        if along != named(included) {
            wrong.push(format!("{ask}: the oracle brings {along:?}"));
        }
        if let Err(fault) = check(&session, &world, &ask).await {
            wrong.push(format!("{ask}: {fault}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} rows: \n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

/// A small hierarchy of codes that occur, and value sets of every sort over it.
fn terminology() -> Terminology {
    let sct = "http://snomed.info/sct";
    let system = json!({"resourceType": "CodeSystem", "id": "tree", "url": sct, "status": "active", "content": "complete",
        "hierarchyMeaning": "is-a", "concept": [
            {"code": "finding", "concept": [
                {"code": "metabolic", "concept": [{"code": "44054006"}, {"code": "46635009"}]},
                {"code": "169443000"}]},
            {"code": "372687004"}, {"code": "394814009"}, {"code": "408443003"}]});
    let set = |id: &str, compose: Value| {
        json!({"resourceType": "ValueSet", "id": id, "url": format!("http://example.org/vs/{id}"), "status": "active",
            "compose": compose})
    };
    let below =
        |op: &str| json!([{"system": sct, "filter": [{"property": "concept", "op": op, "value": "metabolic"}]}]);
    Terminology::new(vec![
        system,
        set("whole", json!({"include": [{"system": sct}]})),
        set("listed", json!({"include": [{"system": sct, "concept": [{"code": "372687004"}, {"code": "408443003"}]}]})),
        set("metabolic", json!({"include": below("is-a")})),
        set("rest", json!({"include": [{"valueSet": ["http://example.org/vs/whole"]}], "exclude": below("is-a")})),
    ])
}
