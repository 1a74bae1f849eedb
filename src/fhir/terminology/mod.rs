//! Owns what CodeSystem and ValueSet resources say (R4 §4.8, §4.9), and which of them the service ships. No I/O: what is known
//! beside them is the store's to say.

mod code_system;
mod value_set;

pub use code_system::{CodeSystem, Concept};
pub use value_set::{Filter, Op, Part, ValueSet, split_version};

use super::elements;

/// What the service ships: small code systems of R4, and the value sets that elements of these types are bound to.
pub fn shipped(types: &[&str]) -> (Vec<CodeSystem>, Vec<ValueSet>) {
    const TEXT: &str = include_str!("../r4/terminology.txt");
    let mut systems = Vec::new();
    for line in TEXT.lines() {
        if let ["S", url, concepts] = line.split('\t').collect::<Vec<_>>()[..] {
            systems.push(shipped_system(url, concepts));
        }
    }
    let extensible = elements::read_value_sets(TEXT);
    let sets = elements::bound_value_sets(types).into_iter().chain(extensible.iter().map(|(_, set)| set)).map(|set| {
        let part = |(system, codes): &(&str, Vec<&str>)| Part {
            system: Some((*system).to_owned()),
            codes: codes.iter().map(|code| (*code).to_owned()).collect(),
            ..Part::default()
        };
        ValueSet {
            url: set.url.to_owned(),
            id: set.url.rsplit('/').next().map(str::to_owned),
            version: Some("4.0.1".to_owned()),
            include: set.systems.iter().map(part).collect(),
            ..ValueSet::default()
        }
    });
    (systems, sets.collect())
}

/// Reads `a .b ..c .d`: a dot per level below the concept before.
fn shipped_system(url: &str, text: &str) -> CodeSystem {
    let mut concepts: Vec<Concept> = Vec::new();
    let mut above: Vec<usize> = Vec::new();
    for word in text.split(' ') {
        let code = word.trim_start_matches('.');
        above.truncate(word.len() - code.len());
        let parents: Vec<usize> = above.last().copied().into_iter().collect();
        let properties = parents.iter().map(|at| ("parent".to_owned(), concepts[*at].code.clone())).collect();
        above.push(concepts.len());
        concepts.push(Concept { code: code.to_owned(), parents, properties });
    }
    CodeSystem { url: url.to_owned(), version: Some("4.0.1".to_owned()), complete: true, subsumes: true, concepts }
}
