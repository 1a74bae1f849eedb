//! Owns what R4 says about every element: children, cardinality, types, modifier and summary
//! flags, required codes. Read once from compact data generated from HL7's definitions
//! (`r4/elements.txt`, `r4/codes.txt`); nothing else in the program repeats the specification.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

/// What a type is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Resource,
    Backbone,
    Datatype,
    Primitive,
}

/// One type: a resource, a backbone element (named by its path), a data type or a primitive.
#[derive(Debug)]
pub struct TypeDef {
    pub name: &'static str,
    pub shape: Shape,
    pub children: Vec<ElementDef>,
    /// JSON member name -> (child, which of its types).
    by_name: HashMap<String, (usize, usize)>,
}

/// One child element of a type.
#[derive(Debug)]
pub struct ElementDef {
    /// As in R4; a choice ends in `[x]`.
    pub name: &'static str,
    pub required: bool,
    pub many: bool,
    pub types: Vec<TypeRef>,
    pub modifier: bool,
    pub summary: bool,
    /// The codes a required binding allows, when they can be listed.
    pub codes: Option<&'static ValueSet>,
}

/// A type an element may have, with the resource types a Reference or canonical may point to.
#[derive(Debug, PartialEq, Eq)]
pub struct TypeRef {
    pub name: &'static str,
    pub targets: Vec<&'static str>,
}

/// The codes of one value set, by system.
#[derive(Debug)]
pub struct ValueSet {
    pub url: &'static str,
    pub systems: Vec<(&'static str, Vec<&'static str>)>,
}

impl ValueSet {
    /// Whether the code is in the set, under this system where one is given.
    pub fn contains(&self, system: Option<&str>, code: &str) -> bool {
        self.systems.iter().any(|(known, codes)| system.is_none_or(|s| s == *known) && codes.contains(&code))
    }

    /// Every code, for a message.
    pub fn list(&self) -> String {
        let all: Vec<&str> = self.systems.iter().flat_map(|(_, codes)| codes.iter().copied()).collect();
        match all.len() {
            0..=24 => all.join(", "),
            more => format!("{} and {} more of {}", all[..12].join(", "), more - 12, self.url),
        }
    }
}

impl TypeDef {
    /// The child that this JSON member stands for, and the type it has there (`valueString` → `value[x]`, string).
    pub fn member(&self, name: &str) -> Option<(&ElementDef, &TypeRef)> {
        let &(child, kind) = self.by_name.get(name)?;
        Some((&self.children[child], &self.children[child].types[kind]))
    }

    /// Where this JSON member's child stands among the children, which is the order that XML asks for.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).map(|(child, _)| *child)
    }

    /// The child by its R4 name (`value[x]`).
    pub fn child(&self, name: &str) -> Option<&ElementDef> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Every JSON member this type can have.
    pub fn members(&self) -> impl Iterator<Item = String> {
        self.children.iter().flat_map(|child| child.types.iter().map(move |kind| member_name(child.name, kind.name)))
    }
}

/// The JSON name of an element: `value[x]` and `Quantity` make `valueQuantity`.
pub fn member_name(element: &str, kind: &str) -> String {
    match element.strip_suffix("[x]") {
        None => element.to_owned(),
        Some(stem) => {
            let mut letters = kind.chars();
            let first = letters.next().map(|c| c.to_ascii_uppercase());
            stem.chars().chain(first).chain(letters).collect()
        }
    }
}

/// The definition of a type by name, of R4's own.
pub fn type_def(name: &str) -> Option<&'static TypeDef> {
    table().get(name)
}

/// Whether R4 has a resource type of this name.
pub fn is_resource_type(name: &str) -> bool {
    type_def(name).is_some_and(|def| def.shape == Shape::Resource)
}

/// Every resource type of R4.
pub fn resource_types() -> impl Iterator<Item = &'static str> {
    table().values().filter(|def| def.shape == Shape::Resource).map(|def| def.name)
}

fn table() -> &'static HashMap<&'static str, TypeDef> {
    static TABLE: OnceLock<HashMap<&'static str, TypeDef>> = OnceLock::new();
    TABLE.get_or_init(|| read_elements(include_str!("r4/elements.txt"), read_codes(include_str!("r4/codes.txt"))))
}

/// What may stand beside a primitive, in its `_name` member. R4 calls it Element, an abstract type the data leaves out.
const ELEMENT: &str = "T\tElement\tdatatype\nid\t0\t1\tstring\nextension\t0\t*\tExtension";

type Codes = HashMap<&'static str, &'static ValueSet>;

/// Reads the code lists. They live as long as the program, so they are leaked on purpose: once, at first use.
fn read_codes(text: &'static str) -> Codes {
    read_value_sets(text).into_iter().map(|(name, set)| (name, &*Box::leak(Box::new(set)))).collect()
}

/// The value sets that a file of them lists, by name.
pub fn read_value_sets(text: &'static str) -> Vec<(&'static str, ValueSet)> {
    let mut sets: Vec<(&'static str, ValueSet)> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut cells = line.split('\t');
        match (cells.next(), cells.next(), cells.next()) {
            (Some("V"), Some(name), url) => {
                sets.push((name, ValueSet { url: url.unwrap_or_default(), systems: Vec::new() }))
            }
            (Some(system), Some(codes), None) => {
                if let Some((_, set)) = sets.last_mut() {
                    set.systems.push((system, codes.split(' ').collect()));
                }
            }
            _ => {}
        }
    }
    sets
}

/// The value sets with a required binding in these types or the types of their elements, each once.
pub fn bound_value_sets(types: &[&str]) -> Vec<&'static ValueSet> {
    let mut waiting: Vec<&'static TypeDef> = types.iter().filter_map(|name| type_def(name)).collect();
    let (mut seen, mut sets) = (HashSet::new(), Vec::new());
    while let Some(def) = waiting.pop() {
        if !seen.insert(def.name) {
            continue;
        }
        for child in &def.children {
            sets.extend(child.codes.filter(|set| !sets.iter().any(|known: &&ValueSet| known.url == set.url)));
            waiting.extend(child.types.iter().filter_map(|kind| type_def(kind.name)));
        }
    }
    sets
}

fn read_elements(text: &'static str, codes: Codes) -> HashMap<&'static str, TypeDef> {
    let mut types: Vec<TypeDef> = Vec::new();
    for line in text.lines().chain(ELEMENT.lines()).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let cells: Vec<&'static str> = line.split('\t').collect();
        if let ["T", name, shape] = cells[..] {
            let shape = match shape {
                "resource" => Shape::Resource,
                "backbone" => Shape::Backbone,
                "primitive" => Shape::Primitive,
                _ => Shape::Datatype,
            };
            types.push(TypeDef { name, shape, children: Vec::new(), by_name: HashMap::new() });
        } else if let ([name, min, max, kinds, rest @ ..], Some(def)) = (&cells[..], types.last_mut()) {
            let flags = rest.first().copied().unwrap_or_default();
            let types: Vec<TypeRef> = kinds.split('|').map(type_ref).collect();
            for (index, kind) in types.iter().enumerate() {
                def.by_name.insert(member_name(name, kind.name), (def.children.len(), index));
            }
            def.children.push(ElementDef {
                name,
                required: *min != "0",
                many: *max != "1",
                types,
                modifier: flags.contains('!'),
                summary: flags.contains('s'),
                codes: rest.get(1).and_then(|set| codes.get(set)).copied(),
            });
        }
    }
    types.into_iter().map(|def| (def.name, def)).collect()
}

/// Reads `Reference(Patient,Group)`.
fn type_ref(text: &'static str) -> TypeRef {
    match text.split_once('(') {
        None => TypeRef { name: text, targets: Vec::new() },
        Some((name, targets)) => TypeRef { name, targets: targets.trim_end_matches(')').split(',').collect() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_knows_observations() {
        let observation = type_def("Observation").expect("Observation");
        let (status, kind) = observation.member("status").expect("status");
        assert!(status.required && !status.many && status.modifier && status.summary);
        assert_eq!(kind.name, "code");
        assert!(status.codes.is_some_and(|set| set.contains(None, "final") && !set.contains(None, "done")));
        let (value, kind) = observation.member("valueQuantity").expect("valueQuantity");
        assert_eq!((value.name, kind.name), ("value[x]", "Quantity"));
        let (subject, kind) = observation.member("subject").expect("subject");
        assert!(!subject.required && kind.targets.contains(&"Patient"));
        assert_eq!(observation.member("component").map(|(_, kind)| kind.name), Some("Observation.component"));
        assert!(is_resource_type("Medication") && !is_resource_type("Quantity") && !is_resource_type("Nonsense"));
    }
}
