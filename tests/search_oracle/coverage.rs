//! Do the generated queries exercise every parameter?

use crate::common::skipped;

use super::cases::oracle;
use super::corpus::{Corpus, Query};
use super::examples::{extra_resources, load_examples, load_synthea, shared};
use super::oracle::TYPES;
use serde_json::Value;
use std::collections::BTreeMap;

fn resources() -> Vec<Value> {
    let examples = load_examples(&shared()).into_iter().map(|(_, r)| r);
    examples.chain(extra_resources()).collect()
}

#[test]
fn every_parameter_finds_something_and_leaves_something() {
    if skipped() {
        return;
    }
    let resources = resources();
    let corpus = Corpus::new(oracle(), &resources);
    let queries = corpus.queries();
    let mut by_param: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for query in &queries {
        *by_param.entry((&query.rtype, &query.params[0].0)).or_default() += 1;
    }
    for ty in TYPES {
        let of_type: Vec<&Query> = queries.iter().filter(|q| q.rtype == ty).collect();
        let finding = of_type.iter().filter(|q| !corpus.expected(q).is_empty()).count();
        let params = by_param.keys().filter(|(t, _)| *t == ty).count();
        println!("{ty}: {params} parameters, {} queries, {finding} find something", of_type.len());
    }
    println!("{} queries, {} conversions", queries.len(), corpus.conversions().len());
    assert!(by_param.values().all(|n| *n <= 40));
    assert_eq!(corpus.uncovered(&queries), (Vec::new(), Vec::new()));
}

#[test]
fn the_queries_are_the_same_every_time() {
    if skipped() {
        return;
    }
    let resources = resources();
    let first = Corpus::new(oracle(), &resources).queries();
    assert_eq!(first, Corpus::new(oracle(), &resources).queries());
}

#[test]
fn converted_quantities_find_what_they_were_made_from() {
    if skipped() {
        return;
    }
    let resources = resources();
    let corpus = Corpus::new(oracle(), &resources);
    let conversions = corpus.conversions();
    assert!(!conversions.is_empty());
    for query in &conversions {
        assert!(!corpus.expected(query).is_empty(), "{query:?}");
    }
}

#[test]
fn synthea_gives_queries_too() {
    if skipped() {
        return;
    }
    let entries = load_synthea(&shared()).into_iter().flat_map(|(_, entries)| entries);
    let resources: Vec<Value> = entries.map(|e| e.resource).collect();
    let corpus = Corpus::new(oracle(), &resources);
    let queries = corpus.queries();
    let finding = queries.iter().filter(|q| !corpus.expected(q).is_empty()).count();
    println!("{} queries, {finding} find something", queries.len());
    assert!(finding > queries.len() / 2);
}
