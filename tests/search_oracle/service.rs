//! The service's answers against the oracle's, for every parameter of every type.

use std::collections::BTreeSet;

use lcr_facade::config::Config;
use serde_json::Value;

use super::corpus::{Corpus, Query};
use super::examples::{extra_resources, load_synthea, spec};
use super::oracle::{Oracle, TYPES};
use super::query::world::name;
use crate::common::{Session, TestApp, shared};

/// Asks the service everything and compares.
async fn judge(session: &Session<'_>, oracle: &Oracle, resources: &[Value], conversions: bool) {
    let corpus = Corpus::new(oracle, resources);
    let mut queries = corpus.queries();
    if conversions {
        queries.extend(corpus.conversions());
    }
    // What is about now depends on the moment of asking.
    queries.retain(|query| !query.params.iter().any(|(name, value)| name == "_lastUpdated" && value.starts_with("ap")));
    let (mut wrong, mut finding) = (Vec::new(), 0);
    for query in &queries {
        let expected = corpus.expected(query);
        finding += usize::from(!expected.is_empty());
        match ask(session, query).await {
            Ok(found) if found == expected => {}
            Ok(found) => {
                let missing: Vec<&String> = expected.difference(&found).take(3).collect();
                let extra: Vec<&String> = found.difference(&expected).take(3).collect();
                wrong.push(format!("{query:?}: missing {missing:?}, too many {extra:?}"));
            }
            Err(refusal) => wrong.push(format!("{query:?}: {refusal}")),
        }
    }
    println!("{} queries asked, {finding} find something, {} answered wrongly", queries.len(), wrong.len());
    for line in wrong.iter().take(60) {
        println!("{line}");
    }
    assert!(wrong.is_empty(), "{} of {} queries answered wrongly", wrong.len(), queries.len());
}

async fn ask(session: &Session<'_>, query: &Query) -> Result<BTreeSet<String>, String> {
    let request = session.request(reqwest::Method::GET, &query.rtype).query(&query.params).query(&[("_count", "5000")]);
    let reply = crate::common::send(request).await;
    if reply.status != 200 {
        return Err(format!("{} {}", reply.status, reply.text));
    }
    assert!(reply.link("next").is_none(), "{query:?} has more than a page");
    Ok(reply.ids().into_iter().collect())
}

/// A service that gives any answer on one page.
pub async fn wide() -> TestApp {
    let mut config = Config::default();
    config.limits.most_page = 5000;
    config.limits.page = 5000;
    config.limits.includes = 50_000;
    TestApp::with(config).await
}

/// What is stored, as it is served.
pub async fn served(session: &Session<'_>) -> Vec<Value> {
    let mut resources = Vec::new();
    for kind in TYPES {
        resources.extend(session.all(&format!("{kind}?_count=500")).await.into_iter().map(|(_, resource)| resource));
    }
    resources
}

#[tokio::test(flavor = "multi_thread")]
async fn every_parameter_finds_what_the_oracle_finds_in_the_examples() {
    let Some(shared) = shared() else { return };
    let app = wide().await;
    let data = shared.join("data");
    let mut paths: Vec<_> = TYPES.iter().map(|kind| data.join("hl7-r4-examples").join(kind)).collect();
    paths.extend(
        ["ukcore-examples/json", "fhir-test-cases-r4-examples", "bulk-export-ndjson-10-patients"].map(|f| data.join(f)),
    );
    app.import(&paths, Some("judge")).await;
    let session = app.source("judge").await;
    for resource in extra_resources() {
        let address =
            format!("{}/{}", resource["resourceType"].as_str().expect("type"), resource["id"].as_str().expect("id"));
        let reply = session.put(&address, &resource).await;
        assert!(reply.status.is_success(), "{address}: {}", reply.text);
    }
    let mut oracle = Oracle::load(&spec());
    oracle.base = app.base.clone();
    let resources = served(&session).await;
    println!("{} resources", resources.len());
    judge(&session, &oracle, &resources, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_parameter_finds_what_the_oracle_finds_in_the_transactions() {
    let Some(shared) = shared() else { return };
    let app = wide().await;
    let report = app.import(&[shared.join("data/synthea-r4-transactions")], Some("judge")).await;
    assert_eq!(report.refusals(), []);
    let session = app.source("judge").await;
    let mut oracle = Oracle::load(&spec());
    oracle.base = app.base.clone();
    let resources = served(&session).await;
    // Several patients' files bring along the same organisation.
    let sent = load_synthea(&shared).into_iter().flat_map(|(_, entries)| entries);
    let sent: BTreeSet<String> = sent.map(|entry| name(&entry.resource)).collect();
    assert_eq!(resources.len(), sent.len());
    judge(&session, &oracle, &resources, false).await;
}
