//! `_summary` and `_elements` (R4 §3.1.1.5.8 and 9): what is left of a resource, and that it says so.

use super::super::definitions::{Definitions, Element, array};
use super::result::Page;
use serde_json::{Map, Value};

const SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";

/// What is wrong with a shown resource, given the whole one.
pub fn fault(
    definitions: &Definitions,
    page: &Page<'_>,
    whole: &Value,
    shown: &Value,
    is_match: bool,
) -> Option<String> {
    let summary = page.summary.unwrap_or("false");
    let ty = whole["resourceType"].as_str().unwrap_or_default();
    let wanted = page.elements.as_ref();
    if summary == "false" && wanted.is_none() {
        return (whole != shown).then(|| "it is not as it is stored".to_string());
    }
    // Both at once, and what either does to resources that come along, is the server's choice.
    if page.summary.is_some() && wanted.is_some() || wanted.is_some() && !is_match {
        return None;
    }
    let tagged = array(&shown["meta"]["tag"]).iter().any(|t| t["system"] == SYSTEM && t["code"] == "SUBSETTED");
    if !tagged {
        return Some("no SUBSETTED tag".to_string());
    }
    let (Some(whole), Some(shown)) = (whole.as_object(), shown.as_object()) else { return Some("no object".into()) };
    let rule = |name: &str, element: &Element| -> (bool, bool) {
        // Whether it must be there, whether it may.
        let important = element.mandatory || element.modifier;
        match (summary, wanted) {
            ("true", _) => (element.summary, element.summary || important),
            ("text", _) => (name == "text" || element.mandatory, name == "text" || important),
            ("data", _) => (name != "text", name != "text"),
            (_, Some(wanted)) => {
                let asked = wanted.iter().any(|w| w.trim_start_matches(&format!("{ty}.")) == name);
                (asked || element.mandatory, asked || important)
            }
            _ => (true, true),
        }
    };
    let deep = summary == "true";
    compare(definitions, ty, whole, shown, &rule, deep)
        .map(|fault| format!("_summary={summary} _elements={wanted:?}: {fault}"))
}

type Rule<'r> = dyn Fn(&str, &Element) -> (bool, bool) + 'r;

fn compare(
    definitions: &Definitions,
    path: &str,
    whole: &Map<String, Value>,
    shown: &Map<String, Value>,
    rule: &Rule<'_>,
    deep: bool,
) -> Option<String> {
    let below = definitions.below(path);
    for (key, value) in whole {
        let plain = key.trim_start_matches('_');
        if ["resourceType", "id", "meta"].contains(&plain) {
            if plain != "meta" && shown.get(key) != Some(value) {
                return Some(format!("{path}.{key} is missing"));
            }
            continue;
        }
        let choice = |name: &str, e: &Element| {
            plain
                .strip_prefix(name)
                .is_some_and(|ty| e.types.iter().any(|t| t.eq_ignore_ascii_case(ty)) && !ty.is_empty())
        };
        let found = below.iter().find(|(name, _)| *name == plain);
        let Some((name, element)) = found.or_else(|| below.iter().find(|(name, e)| choice(name, e))) else { continue };
        let (must, may) = rule(name, element);
        match shown.get(key) {
            None if must => return Some(format!("{path}.{key} is missing")),
            None => {}
            Some(_) if !may => return Some(format!("{path}.{key} should not be there")),
            Some(other) => {
                let inner = element.types.iter().any(|t| t == "BackboneElement") && deep;
                let fault = if inner {
                    let pairs = |v: &Value| v.as_array().cloned().unwrap_or_else(|| vec![v.clone()]);
                    let (left, right) = (pairs(value), pairs(other));
                    let under = format!("{path}.{name}");
                    let both = left.iter().zip(&right).filter_map(|(l, r)| l.as_object().zip(r.as_object()));
                    let mut faults = both.filter_map(|(l, r)| compare(definitions, &under, l, r, rule, deep));
                    faults.next().or_else(|| (left.len() != right.len()).then(|| format!("{under} has other items")))
                } else {
                    (value != other).then(|| format!("{path}.{key} is not as it is stored"))
                };
                if fault.is_some() {
                    return fault;
                }
            }
        }
    }
    let added = shown.keys().find(|key| !whole.contains_key(*key) && *key != "meta");
    added.map(|key| format!("{path}.{key} was never stored"))
}
