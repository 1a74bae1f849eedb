//! Owns a search of several types at once: at the base with `_type`, and of a whole compartment
//! (R4 §3.1.1.1.3). Each type is a Search of its own, under a Grant of its own; the page is one.

use super::cursor::{Cursor, CursorKey};
use super::{Context, Search, SortKey, query};
use crate::access::{Caller, Grant, Interaction};
use crate::fhir::outcome::{Issue, IssueType};
use crate::fhir::primitive::shorten;
use crate::resources;
use crate::resources::spec::{Compartment, ResourceSpec};

/// A search of several types: only `Across::read` makes one.
#[derive(Debug)]
pub struct Across {
    parts: Vec<Search>,
    cursor: Option<Cursor>,
    used: Vec<(String, String)>,
    bound: String,
}

impl Across {
    /// Reads the query. `_type` names the types; without it they are all that the caller may search.
    pub fn read(caller: &Caller, pairs: &[(String, String)], context: &Context<'_>) -> Result<Across, Vec<Issue>> {
        let named: Vec<&str> = values(pairs, "_type").flat_map(|text| text.split(',')).collect();
        let grants = grants(caller, &named, context.within.is_some())?;
        let rest: Vec<(String, String)> =
            pairs.iter().filter(|(name, _)| !["_type", "_cursor"].contains(&name.as_str())).cloned().collect();
        let mut issues: Vec<Issue> = Vec::new();
        for (name, _) in rest.iter().filter(|(name, _)| name.starts_with("_include") || name.starts_with("_revinclude"))
        {
            let words = "what comes along is asked for in a search of one type: GET [base]/Observation?_include=…";
            issues.push(Issue::error(IssueType::NotSupported, words).at(&format!("http.{}", shorten(name))));
        }
        let mut parts = Vec::new();
        for grant in grants {
            if !issues.is_empty() {
                break;
            }
            match Search::read(grant, &rest, context) {
                Ok(search) => parts.push(search),
                // The first type that cannot be searched so says why.
                Err(found) => issues.extend(found),
            }
        }
        issues.extend(parts.first().and_then(|first| parts.iter().find_map(|part| unlike(first, part))));
        if !issues.is_empty() {
            return Err(issues);
        }
        let used: Vec<(String, String)> = parts.first().map(|part| part.used().to_vec()).unwrap_or_default();
        let types = pairs.iter().filter(|(name, _)| name == "_type").cloned();
        let used: Vec<(String, String)> = types.chain(used).collect();
        let named: Vec<&str> = parts.iter().map(|part| part.grant().spec().name).collect();
        let bound = format!("{}\n{}", named.join(","), parts.iter().map(Search::bound).collect::<Vec<_>>().join("\n"));
        let mut across = Across { parts, cursor: None, used, bound };
        if let Some(text) = values(pairs, "_cursor").last() {
            across.cursor = context.key.open(text, &across.bound);
            if across.cursor.as_ref().is_none_or(|cursor| cursor.keys.len() != across.key_count()) {
                let words = "this page link was not made for this caller and this query: start the search anew";
                return Err(vec![Issue::error(IssueType::Value, words).at("http._cursor")]);
            }
        }
        Ok(across)
    }

    /// The search of each type, in the order of their rows.
    pub fn parts(&self) -> &[Search] {
        &self.parts
    }

    /// Each type's search by itself.
    pub fn into_parts(self) -> Vec<Search> {
        self.parts
    }

    /// The order within all types; empty: type by type.
    pub fn sort(&self) -> &[SortKey] {
        self.parts.first().map_or(&[], Search::sort)
    }

    /// Rows on a page.
    pub fn count(&self) -> usize {
        self.parts.first().map_or(0, Search::count)
    }

    /// Whether the caller wants to know how many match in all.
    pub fn total(&self) -> bool {
        self.parts.first().is_some_and(Search::total)
    }

    /// Where the page begins.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }

    /// The parameters in force, for the self link.
    pub fn used(&self) -> &[(String, String)] {
        &self.used
    }

    /// A link's cursor.
    pub fn seal(&self, key: &CursorKey, cursor: &Cursor) -> String {
        key.seal(cursor, &self.bound)
    }

    /// The self link's query with a cursor or none.
    pub fn query(&self, key: &CursorKey, cursor: Option<&Cursor>) -> String {
        let mut pairs = self.used.clone();
        pairs.extend(cursor.map(|cursor| ("_cursor".to_owned(), self.seal(key, cursor))));
        query::encode(&pairs)
    }

    /// Keys of a cursor: the sort keys or the person, then type and id.
    fn key_count(&self) -> usize {
        self.sort().len().max(usize::from(self.by_person())) + 2
    }

    /// Whether rows that are in no other order are in that of their people: of every type, or of none.
    pub fn by_person(&self) -> bool {
        self.parts.iter().all(Search::by_person)
    }
}

/// The values of a parameter.
fn values<'a>(pairs: &'a [(String, String)], name: &'a str) -> impl Iterator<Item = &'a str> {
    pairs.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// A grant for each type: of those named every one, else of those the caller may search.
fn grants(caller: &Caller, named: &[&str], within: bool) -> Result<Vec<Grant>, Vec<Issue>> {
    let kept = |spec: &&'static ResourceSpec| !within || spec.compartment != Compartment::Nobody;
    let issue = |code, words: String| vec![Issue::error(code, words).at("http._type")];
    let mut grants = Vec::new();
    for name in named {
        let Some(spec) = resources::find(name).filter(|spec| kept(spec)) else {
            let known: Vec<&str> = resources::ALL.iter().copied().filter(kept).map(|spec| spec.name).collect();
            let place = if within { "a Patient's compartment" } else { "this record" };
            let words = format!("_type: {place} has no \"{}\"; it has {}", shorten(name), known.join(", "));
            return Err(issue(IssueType::Value, words));
        };
        if grants.iter().all(|grant: &Grant| grant.spec().name != spec.name) {
            let grant = caller.grant(spec, Interaction::Search);
            grants.push(grant.map_err(|denied| issue(IssueType::Forbidden, denied.to_string()))?);
            if spec.is_trail() && named.len() > 1 {
                let words = format!("_type: {name} is no part of the record: search it by itself");
                return Err(issue(IssueType::NotSupported, words));
            }
        }
    }
    if named.is_empty() {
        let all = resources::ALL.iter().copied().filter(kept);
        grants.extend(all.filter_map(|spec| caller.grant(spec, Interaction::Search).ok()));
    }
    if grants.is_empty() {
        let words = "the token's scopes and role allow no search of any type: ask for a scope such as user/*.s";
        return Err(issue(IssueType::Forbidden, words.to_owned()));
    }
    Ok(grants)
}

/// Why rows of two types cannot stand in one order.
fn unlike(first: &Search, other: &Search) -> Option<Issue> {
    let differs = |(a, b): (&SortKey, &SortKey)| a.param.order_type() != b.param.order_type();
    let pair = first.sort().iter().zip(other.sort()).find(|(a, b)| differs((a, b)))?;
    let (one, two) = (first.grant().spec().name, other.grant().spec().name);
    let words = format!("_sort: {} of {one} and of {two} do not compare: sort each type by itself", pair.0.param.code);
    Some(Issue::error(IssueType::NotSupported, words).at("http._sort"))
}
