//! Code systems and value sets, as far as a test declares them: what is above, below, and in.

use super::super::definitions::{array, text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A code of a system.
pub type Code = (String, String);

/// The code systems and value sets a service was given.
#[derive(Default)]
pub struct Terminology {
    /// The resources themselves, to be given to the service.
    pub resources: Vec<Value>,
    /// By system: each code with those right above it.
    systems: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

impl Terminology {
    pub fn new(resources: Vec<Value>) -> Terminology {
        let mut systems: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        for system in resources.iter().filter(|r| r["resourceType"] == "CodeSystem") {
            let codes = systems.entry(text(system, "url").unwrap_or_default().to_string()).or_default();
            array(&system["concept"]).iter().for_each(|concept| read(concept, None, codes));
        }
        Terminology { resources, systems }
    }

    /// The systems known, and the value sets.
    pub fn systems(&self) -> Vec<&str> {
        self.systems.keys().map(String::as_str).collect()
    }

    pub fn sets(&self) -> Vec<&str> {
        let sets = self.resources.iter().filter(|r| r["resourceType"] == "ValueSet");
        sets.filter_map(|set| text(set, "url")).collect()
    }

    /// Whether a system holds a code.
    pub fn knows(&self, system: &str, code: &str) -> bool {
        self.systems.get(system).is_some_and(|codes| codes.contains_key(code))
    }

    /// A code with all that stand above it.
    pub fn above(&self, system: &str, code: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::from([code.to_string()]);
        let mut more = vec![code.to_string()];
        while let Some(code) = more.pop() {
            let parents = self.systems.get(system).and_then(|codes| codes.get(&code));
            more.extend(parents.into_iter().flatten().filter(|parent| found.insert(parent.to_string())).cloned());
        }
        found
    }

    /// A code with all that stand below it.
    pub fn below(&self, system: &str, code: &str) -> BTreeSet<String> {
        let all = self.systems.get(system).into_iter().flat_map(BTreeMap::keys);
        let mut found: BTreeSet<String> =
            all.filter(|other| self.above(system, other).contains(code)).cloned().collect();
        found.insert(code.to_string());
        found
    }

    /// What a value set holds, if it is known.
    pub fn expand(&self, url: &str) -> Option<BTreeSet<Code>> {
        let set = self.resources.iter().find(|r| r["resourceType"] == "ValueSet" && r["url"] == url)?;
        let of = |part: &str| -> BTreeSet<Code> {
            array(&set["compose"][part]).iter().flat_map(|clause| self.clause(clause)).collect()
        };
        Some(of("include").difference(&of("exclude")).cloned().collect())
    }

    fn clause(&self, clause: &Value) -> BTreeSet<Code> {
        let imported = array(&clause["valueSet"]).iter().filter_map(Value::as_str);
        let imported: Vec<BTreeSet<Code>> = imported.map(|url| self.expand(url).unwrap_or_default()).collect();
        let own = text(clause, "system").map(|system| self.of_system(system, clause));
        let all = own.into_iter().chain(imported);
        all.reduce(|left, right| left.intersection(&right).cloned().collect()).unwrap_or_default()
    }

    fn of_system(&self, system: &str, clause: &Value) -> BTreeSet<Code> {
        let listed: Vec<String> =
            array(&clause["concept"]).iter().filter_map(|c| text(c, "code").map(str::to_string)).collect();
        let whole = || self.systems.get(system).into_iter().flat_map(BTreeMap::keys).cloned().collect();
        let mut codes: BTreeSet<String> = if listed.is_empty() { whole() } else { listed.into_iter().collect() };
        for filter in array(&clause["filter"]) {
            let of = text(filter, "value").unwrap_or_default();
            let below = self.below(system, of);
            let kept = |code: &String| match text(filter, "op") {
                Some("is-a") => below.contains(code),
                Some("descendent-of") => below.contains(code) && code != of,
                Some("is-not-a") => !below.contains(code),
                other => panic!("the filter {other:?} is not known here"),
            };
            codes.retain(kept);
        }
        codes.into_iter().map(|code| (system.to_string(), code)).collect()
    }
}

fn read(concept: &Value, above: Option<&str>, codes: &mut BTreeMap<String, BTreeSet<String>>) {
    let code = text(concept, "code").unwrap_or_default();
    codes.entry(code.to_string()).or_default().extend(above.map(str::to_string));
    for property in array(&concept["property"]).iter().filter(|p| p["code"] == "parent") {
        let parent = text(property, "valueCode").unwrap_or_default();
        codes.entry(code.to_string()).or_default().insert(parent.to_string());
    }
    array(&concept["concept"]).iter().for_each(|below| read(below, Some(code), codes));
}
