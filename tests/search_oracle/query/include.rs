//! `_include` and `_revinclude` (R4 §3.1.1.6): what comes along is exactly what the references say.

use super::super::oracle::TYPES;
use super::truth::Truth;
use super::world::{World, name};
use std::collections::{BTreeMap, BTreeSet};

/// One include; `None` stands for the wildcard, or for any target.
#[derive(Clone, Debug)]
pub struct Rule {
    reverse: bool,
    iterate: bool,
    source: Option<&'static str>,
    param: Option<String>,
    target: Option<&'static str>,
}

/// Reads the value of an include on a search for `searched`; without a rule nothing comes along.
pub fn read(world: &World<'_>, name: &str, value: &str, searched: &[&str]) -> (Truth, Option<Rule>) {
    let reverse = name.starts_with("_revinclude");
    let iterate = match name.split_once(':') {
        None => false,
        Some((_, "iterate")) => true,
        Some((_, "recurse")) => return (Truth::Open, None),
        Some(_) => return (Truth::No, None),
    };
    if value == "*" {
        let fair = if iterate || reverse { Truth::Open } else { Truth::Yes };
        return (fair, Some(Rule { reverse, iterate, source: None, param: None, target: None }));
    }
    let parts: Vec<&str> = value.split(':').collect();
    let kept = |kind: &str| TYPES.into_iter().find(|ty| *ty == kind);
    let looks_like_type = |kind: &str| kind.starts_with(|c: char| c.is_ascii_uppercase());
    let (kind, code, target) = match parts[..] {
        [kind, code] => (kind, code, None),
        [kind, code, target] => (kind, code, Some(target)),
        _ => return (Truth::No, None),
    };
    let Some(source) = kept(kind) else {
        return (if looks_like_type(kind) { Truth::Open } else { Truth::No }, None);
    };
    let param = match code {
        "*" => None,
        _ => match world.oracle.params.get(&(source.to_string(), code.to_string())) {
            Some(param) if param.is_reference() => Some(param),
            _ => return (Truth::No, None),
        },
    };
    let mut fair = Truth::Yes;
    let target = match target {
        None => None,
        Some(target) => match kept(target) {
            Some(known) if param.is_none_or(|p| p.targets.is_empty() || p.targets.iter().any(|t| t == target)) => {
                Some(known)
            }
            _ => return (if looks_like_type(target) { Truth::Open } else { Truth::No }, None),
        },
    };
    // An include of what the search does not find brings nothing, and may be refused for that.
    let about = |ty: &&str| {
        let refers = param.is_none_or(|p| p.targets.is_empty() || p.targets.iter().any(|t| t == ty));
        if reverse { refers && target.is_none_or(|t| t == *ty) } else { source == *ty }
    };
    let brings = reverse || param.is_none_or(|p| p.targets.is_empty() || p.targets.iter().any(|t| kept(t).is_some()));
    if !iterate && !searched.iter().any(about) || !brings {
        fair = Truth::Open;
    }
    (fair, Some(Rule { reverse, iterate, source: Some(source), param: param.map(|_| code.to_string()), target }))
}

/// What comes along with a page, by name: surely, or by R4's leave.
pub fn along(world: &World<'_>, rules: &[Rule], page: &BTreeSet<String>) -> BTreeMap<String, Truth> {
    let mut found: BTreeMap<String, Truth> = BTreeMap::new();
    let mut fresh: Vec<(String, Truth)> = page.iter().map(|name| (name.clone(), Truth::Yes)).collect();
    let mut first = true;
    while !fresh.is_empty() {
        let mut next = Vec::new();
        for rule in rules.iter().filter(|rule| first || rule.iterate) {
            for (from, truth) in &fresh {
                for (to, how) in rule.step(world, from) {
                    let how = how.min(*truth);
                    let known = found.get(&to).copied().unwrap_or(Truth::No);
                    if how > known && !page.contains(&to) {
                        found.insert(to.clone(), how);
                        next.push((to, how));
                    }
                }
            }
        }
        fresh = next;
        first = false;
    }
    found
}

impl Rule {
    /// What one resource brings.
    fn step(&self, world: &World<'_>, from: &str) -> Vec<(String, Truth)> {
        let Some((ty, at)) = world.find(from) else { return Vec::new() };
        let sources: Vec<&'static str> = match (self.reverse, self.source) {
            (false, Some(source)) if source != ty => Vec::new(),
            (false, _) => vec![ty],
            (true, Some(source)) => vec![source],
            (true, None) => TYPES.to_vec(),
        };
        if self.reverse && self.target.is_some_and(|target| target != ty) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for source in sources {
            let params = self.param.clone().map_or_else(|| world.references(source), |one| vec![one]);
            for param in params {
                let links = world.links(source, &param);
                let own = if self.reverse { 0..links.len() } else { at..at + 1 };
                for place in own {
                    for link in &links[place] {
                        let of_page = !self.reverse || (link.ty == ty && link.at == at);
                        let wanted = self.reverse || self.target.is_none_or(|target| target == link.ty);
                        if of_page && wanted {
                            // A reference to one version may bring that version, or the current one.
                            let truth = if link.versioned { Truth::Open } else { Truth::Yes };
                            let to = if self.reverse { world.of(source)[place] } else { world.of(link.ty)[link.at] };
                            found.push((name(to), truth));
                        }
                    }
                }
            }
        }
        found
    }
}
