//! Owns what is known of value sets where profiles are checked: those of `fhir-profiles/` and those the service ships. What no file
//! here lists (SNOMED CT, dm+d) is not judged.

use std::collections::{HashMap, HashSet};

use crate::fhir::json::Object;
use crate::fhir::terminology::{CodeSystem, Part, ValueSet, split_version};
use crate::fhirpath::Node;

/// Code systems and value sets by their canonicals.
#[derive(Debug, Default)]
pub struct Terms {
    systems: HashMap<String, HashSet<String>>,
    sets: HashMap<String, ValueSet>,
}

/// Value sets within value sets, at most so deep.
const DEEPEST: usize = 8;

impl Terms {
    /// Takes in a code system; of one that is not whole, nothing can be said.
    pub fn system(&mut self, system: CodeSystem) {
        if system.complete {
            let codes = system.concepts.into_iter().map(|concept| concept.code).collect();
            self.systems.insert(system.url, codes);
        }
    }

    /// Takes in a value set.
    pub fn set(&mut self, set: ValueSet) {
        self.sets.insert(set.url.clone(), set);
    }

    /// Whether anything is known of the value set.
    pub fn knows(&self, set: &str) -> bool {
        self.sets.contains_key(split_version(set).0)
    }

    /// Whether the code is in the set; none: nobody here knows. A code without a system is looked for in every one.
    pub fn contains(&self, set: &str, system: Option<&str>, code: &str) -> Option<bool> {
        self.within(set, system, code, DEEPEST)
    }

    fn within(&self, set: &str, system: Option<&str>, code: &str, depth: usize) -> Option<bool> {
        let set = self.sets.get(split_version(set).0).filter(|_| depth > 0)?;
        let parts = if set.include.is_empty() { &set.expansion } else { &set.include };
        let included = any(parts.iter().map(|part| self.of_part(part, system, code, depth)));
        match included {
            Some(true) => any(set.exclude.iter().map(|part| self.of_part(part, system, code, depth))).map(|out| !out),
            other => other,
        }
    }

    fn of_part(&self, part: &Part, system: Option<&str>, code: &str, depth: usize) -> Option<bool> {
        if part.system.as_deref().zip(system).is_some_and(|(own, asked)| own != asked) {
            return Some(false);
        }
        let mut all = Some(true);
        for set in &part.sets {
            all = both(all, self.within(set, system, code, depth - 1));
        }
        let Some(own) = &part.system else { return all };
        let listed = if !part.codes.is_empty() {
            Some(part.codes.iter().any(|known| known == code))
        } else if part.filters.is_empty() {
            // Of a system that is not known here, every code is taken for one.
            self.systems.get(own).map(|codes| codes.contains(code)).or(system.map(|_| true))
        } else {
            None
        };
        both(all, listed)
    }

    /// Whether a coded element has a code of the set; none: nobody here knows, or there is no code to judge.
    pub fn holds(&self, set: &str, node: &Node) -> Option<bool> {
        let Some(object) = node.object.filter(|_| node.value.is_none()) else {
            return node.value.and_then(|value| value.as_str()).and_then(|code| self.contains(set, None, code));
        };
        let coding = |coding: &Object| match coding.text("code") {
            Some(code) => self.contains(set, coding.text("system"), code),
            None => Some(false),
        };
        match node.kind.name {
            "CodeableConcept" => any(object.objects("coding").map(coding)),
            _ => coding(object),
        }
    }
}

/// Whether any is true; where none is, and one cannot be told, none of this can.
fn any(told: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut sum = Some(false);
    for one in told {
        match one {
            Some(true) => return Some(true),
            Some(false) => {}
            None => sum = None,
        }
    }
    sum
}

fn both(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}
