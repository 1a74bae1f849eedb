//! What a whole query has to answer.

use super::super::oracle::TYPES;
use super::super::values::Kind;
use super::ask::{Ask, Place};
use super::compartment;
use super::filter::filter;
use super::include::{Rule, read};
use super::result::Page;
use super::truth::{Truth, Truths, both};
use super::world::{World, name};
use std::collections::BTreeMap;

/// What an answer has to be.
pub struct Verdict<'a> {
    /// `Yes`: 200. `No`: 400. `Open`: either.
    pub fair: Truth,
    /// Whether absence may also be 404: the path names a patient who is not there.
    pub nowhere: bool,
    /// By `Type/id`, what is a match, surely or by R4's leave.
    pub matches: BTreeMap<String, Truth>,
    pub rules: Vec<Rule>,
    pub page: Page<'a>,
}

/// Judges a query.
pub fn verdict<'a>(world: &World<'_>, ask: &'a Ask) -> Verdict<'a> {
    let page = ask.page();
    let mut fair = page.fair.unwrap_or(Truth::Yes);
    let (mut nowhere, mut types) = (false, Vec::new());
    let mut within: BTreeMap<&str, Truths> = BTreeMap::new();
    match ask.place() {
        Place::Type(ty) => match TYPES.into_iter().find(|known| *known == ty) {
            Some(ty) => types.push(ty),
            None => nowhere = true,
        },
        Place::Base => {
            let (how, named) = named_types(ask);
            fair = fair.min(how);
            types = named;
        }
        Place::Compartment { patient, ty } => {
            nowhere = world.find(&format!("Patient/{patient}")).is_none();
            let (how, named) = named_types(ask);
            types = match ty {
                Some(ty) => TYPES.into_iter().filter(|known| *known == ty && compartment::has(known)).collect(),
                None if ask.filters().any(|(name, _)| name == "_type") => {
                    fair = fair.min(how);
                    named.into_iter().filter(|ty| compartment::has(ty)).collect()
                }
                None => TYPES.into_iter().filter(|ty| compartment::has(ty)).collect(),
            };
            // A type that has no place there, or none.
            nowhere |= types.is_empty();
            within.extend(types.iter().map(|ty| (*ty, compartment::members(world, ty, patient))));
        }
    }
    if nowhere {
        fair = fair.min(Truth::Open);
    }
    if ask.params.len() > world.limits.parameters {
        fair = Truth::No;
    }
    let (how, matches) = matches(world, ask, &types, within);
    fair = fair.min(how);
    fair = fair.min(Truth::all(page.sort.iter().map(|(code, _)| sortable(world, &types, code))));
    for element in page.elements.iter().flatten() {
        if *element == "resourceType" {
            continue;
        }
        let known = |ty: &&&str| world.oracle.definitions.below(ty).iter().any(|(name, _)| name == element);
        // Elements nobody has may be left out, or told of.
        if !types.iter().any(|ty| known(&ty)) || !types.iter().all(|ty| known(&ty)) {
            fair = fair.min(Truth::Open);
        }
    }
    let mut rules = Vec::new();
    // Whether something comes along with a search of several types is the server's choice.
    let several = matches!(ask.place(), Place::Base | Place::Compartment { ty: None, .. });
    if several && !page.includes.is_empty() {
        fair = fair.min(Truth::Open);
    }
    for (name, value) in &page.includes {
        let (how, rule) = read(world, name, value, &types);
        fair = fair.min(how);
        rules.extend(rule);
    }
    Verdict { fair, nowhere, matches, rules, page }
}

/// The types that `_type` names; without it all of them, if the service searches them at once.
fn named_types(ask: &Ask) -> (Truth, Vec<&'static str>) {
    let named: Vec<&str> = ask.filters().filter(|(name, _)| *name == "_type").map(|(_, value)| value).collect();
    let [list] = named[..] else { return (Truth::Open, TYPES.to_vec()) };
    let mut fair = Truth::Yes;
    let mut types: Vec<&'static str> = Vec::new();
    for wanted in list.split(',') {
        match TYPES.into_iter().find(|ty| *ty == wanted) {
            Some(ty) if types.contains(&ty) => fair = fair.min(Truth::Open),
            Some(ty) => types.push(ty),
            None if wanted.starts_with(|c: char| c.is_ascii_uppercase()) => fair = fair.min(Truth::Open),
            None => fair = Truth::No,
        }
    }
    (fair, types)
}

/// What matches, over all types searched.
fn matches(
    world: &World<'_>,
    ask: &Ask,
    types: &[&'static str],
    within: BTreeMap<&str, Truths>,
) -> (Truth, BTreeMap<String, Truth>) {
    let several = types.len() > 1 || !matches!(ask.place(), Place::Type(_));
    let mut fair = Truth::Yes;
    let mut truths: BTreeMap<&str, Truths> =
        types.iter().map(|ty| (*ty, vec![Truth::Yes; world.of(ty).len()])).collect();
    for (ty, own) in &within {
        truths.insert(ty, own.clone());
    }
    for (name, value) in ask.filters().filter(|(name, _)| *name != "_type" || !several) {
        let all: Vec<_> = types.iter().map(|ty| (*ty, filter(world, ty, name, value, 0))).collect();
        let mut how = Truth::all(all.iter().map(|(_, judged)| judged.fair));
        if types.len() > 1 && all.iter().any(|(_, judged)| judged.fair != Truth::No) {
            // At the base only what all types have is certain; what one has may be taken as "nothing" of the others.
            how = how.max(Truth::Open);
        }
        fair = fair.min(how);
        for (ty, judged) in all {
            if let Some(own) = truths.get_mut(ty) {
                *own = both(own, &judged.truths, Truth::min);
            }
        }
    }
    let named = truths.iter().flat_map(|(ty, truths)| world.of(ty).iter().map(|r| name(r)).zip(truths.iter().copied()));
    (fair, named.filter(|(_, truth)| *truth != Truth::No).collect())
}

/// Whether one can sort by a parameter: which are offered is the server's choice, but those of one plain value are.
fn sortable(world: &World<'_>, types: &[&str], code: &str) -> Truth {
    let of = |ty: &&str| match world.oracle.params.get(&(ty.to_string(), code.to_string())) {
        None if ["_score", "_text", "_content"].contains(&code) => Truth::Open,
        None => Truth::No,
        Some(param) => match param.kinds()[..] {
            [Kind::Phonetic] => Truth::Open,
            [_] if param.is_canonical() || ["deceased"].contains(&code) => Truth::Open,
            // What joins two other parameters.
            [_] if code.starts_with("combo-") => Truth::Open,
            [_] => Truth::Yes,
            _ => Truth::Open,
        },
    };
    let fair = Truth::all(types.iter().map(of));
    if types.len() > 1 { fair.max(Truth::Open) } else { fair }
}
