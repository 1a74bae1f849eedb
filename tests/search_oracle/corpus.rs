//! The resources searched: what a query must find among them, and what a fair query is.

use super::oracle::{Held, Oracle, TYPES};
use super::reading::Reading;
use super::values::{Item, Target, Term};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

/// One search: a type and its parameters, repeats included; values are escaped for FHIR but not for URLs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Query {
    pub rtype: String,
    pub params: Vec<(String, String)>,
}

impl Query {
    /// A query on `ty` by the given parameters.
    pub fn new(ty: &str, params: &[(&str, &str)]) -> Query {
        let params = params.iter().map(|(p, v)| (p.to_string(), v.to_string())).collect();
        Query { rtype: ty.to_string(), params }
    }
}

/// The resources searched, with what they hold for each parameter worked out once.
pub struct Corpus<'a> {
    pub oracle: &'a Oracle,
    by_type: BTreeMap<&'static str, Vec<&'a Value>>,
    held: RefCell<HashMap<(String, String), PerResource>>,
}

/// What each resource of a type holds for a parameter.
pub type PerResource = Rc<Vec<Held>>;

/// Positions of resources within their type.
pub type Found = BTreeSet<usize>;

impl<'a> Corpus<'a> {
    /// `resources` may hold other types too; those are left out.
    pub fn new(oracle: &'a Oracle, resources: &'a [Value]) -> Corpus<'a> {
        let of = |ty: &'static str| (ty, resources.iter().filter(|r| r["resourceType"] == ty).collect());
        Corpus { oracle, by_type: TYPES.map(of).into(), held: RefCell::default() }
    }

    /// The ids of the resources a server must return.
    pub fn expected(&self, query: &Query) -> BTreeSet<String> {
        let resources = &self.by_type[query.rtype.as_str()];
        let all: Found = (0..resources.len()).collect();
        let found = query.params.iter().fold(all, |found, (param, value)| {
            let terms = self.oracle.terms(&query.rtype, param, value);
            let terms = terms.unwrap_or_else(|| panic!("{query:?} means nothing"));
            let more = self.matching(&query.rtype, param, &terms, &Reading::STRICT);
            found.intersection(&more).copied().collect()
        });
        found.iter().filter_map(|n| resources[*n]["id"].as_str().map(str::to_string)).collect()
    }

    /// The parameters that none of `queries` finds anything by, and those that every query finds everything by.
    pub fn uncovered(&self, queries: &[Query]) -> (Vec<String>, Vec<String>) {
        let mut finds = BTreeSet::new();
        let mut leaves = BTreeSet::new();
        for query in queries.iter().filter(|q| q.params.len() == 1) {
            let key = (&query.rtype, &query.params[0].0);
            let found = self.expected(query).len();
            if found > 0 {
                finds.insert(key);
            }
            if found < self.by_type[query.rtype.as_str()].len() {
                leaves.insert(key);
            }
        }
        let without = |set: &BTreeSet<(&String, &String)>| {
            let missing = self.oracle.params.keys().filter(|(ty, param)| !set.contains(&(ty, param)));
            missing.map(|(ty, param)| format!("{ty}.{param}")).collect()
        };
        (without(&finds), without(&leaves))
    }

    /// What each resource of the type holds for a parameter.
    pub fn held(&self, ty: &str, param: &str) -> PerResource {
        let key = (ty.to_string(), param.to_string());
        let mut cache = self.held.borrow_mut();
        let held = || self.by_type[ty].iter().map(|r| self.oracle.held(r, ty, param)).collect();
        cache.entry(key).or_insert_with(|| Rc::new(held())).clone()
    }

    fn matching(&self, ty: &str, param: &str, terms: &[Vec<Term>], reading: &Reading) -> Found {
        let held = self.held(ty, param);
        (0..held.len()).filter(|n| self.oracle.satisfies(terms, &held[*n], reading)).collect()
    }

    /// The stored values of each part, over all resources.
    pub fn items(&self, ty: &str, param: &str) -> Vec<Vec<Item>> {
        let parts = self.oracle.param(ty, param).kinds().len();
        let held = self.held(ty, param);
        let of = |part: usize| held.iter().flatten().flat_map(|c| c[part].clone()).collect();
        (0..parts).map(of).collect()
    }

    /// What `value` finds, if it means something and every reading finds the same.
    pub fn agreed(&self, ty: &str, param: &str, value: &str, readings: &[Reading]) -> Option<Found> {
        let terms = self.oracle.terms(ty, param, value)?;
        if terms.iter().flatten().any(|t| self.is_ambiguous(ty, param, t)) {
            return None;
        }
        let found = self.matching(ty, param, &terms, &Reading::STRICT);
        readings.iter().all(|r| self.matching(ty, param, &terms, r) == found).then_some(found)
    }

    /// A bare id that stands for resources of several types, which a server should refuse.
    fn is_ambiguous(&self, ty: &str, param: &str, term: &Term) -> bool {
        let Term::Bare(wanted) = term else {
            return false;
        };
        let targets = &self.oracle.param(ty, param).targets;
        let mut types: BTreeSet<String> = BTreeSet::new();
        for item in self.items(ty, param).concat() {
            if let Item::Reference(Target::Local { ty, id }) = item
                && id == *wanted
            {
                types.insert(ty);
            }
        }
        let stored = self
            .by_type
            .iter()
            .filter(|(ty, all)| targets.iter().any(|t| t == *ty) && all.iter().any(|r| r["id"] == **wanted));
        types.extend(stored.map(|(ty, _)| ty.to_string()));
        types.len() > 1
    }
}
