//! Owns fixed values and patterns: whether an element is this value, or has at least what this one has.

use crate::fhir::json::{Json, Object};
use crate::fhirpath::{Node, same};

/// Whether the element is this value, nothing less and nothing more.
pub fn equals(value: &Json, node: &Node) -> bool {
    match (value, node.object) {
        (Json::Object(wanted), Some(own)) => wanted.0.len() == own.0.len() && members(wanted, own, same),
        (plain, _) => node.value.is_some_and(|own| same(plain, own)),
    }
}

/// Whether the element has all that the pattern has.
pub fn fits(pattern: &Json, node: &Node) -> bool {
    match (pattern, node.object) {
        (Json::Object(wanted), Some(own)) => members(wanted, own, within),
        (plain, _) => node.value.is_some_and(|own| same(plain, own)),
    }
}

fn members(wanted: &Object, own: &Object, agree: impl Fn(&Json, &Json) -> bool) -> bool {
    wanted.0.iter().all(|(name, value)| own.get(name).is_some_and(|own| agree(value, own)))
}

/// Whether a value has all that the pattern has; of a list, each item of the pattern in any place.
fn within(pattern: &Json, own: &Json) -> bool {
    match (pattern, own) {
        (Json::Object(pattern), Json::Object(own)) => members(pattern, own, within),
        (Json::Array(items), Json::Array(own)) => items.iter().all(|item| own.iter().any(|own| within(item, own))),
        _ => same(pattern, own),
    }
}
