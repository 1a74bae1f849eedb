//! The order of elements, which XML asks for, by HL7's StructureDefinitions themselves and another XML parser's eyes.

use std::collections::HashMap;

use lcr_facade::fhir::xml;
use roxmltree::{Document, Node};
use serde_json::Value;

use crate::common::shared;
use crate::examples::{is_no_r4, object, resources};

/// The children of each path with their types, in order.
type Definitions = HashMap<String, Vec<(String, Vec<String>)>>;

fn definitions() -> Definitions {
    let file = shared().expect("shared data").join("spec/hl7-r4/StructureDefinition.ndjson");
    let text = std::fs::read_to_string(file).expect("definitions");
    let mut found = Definitions::new();
    for definition in text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")) {
        if definition["derivation"] == "constraint" {
            continue;
        }
        for element in definition["snapshot"]["element"].as_array().into_iter().flatten() {
            let path = element["path"].as_str().expect("path");
            let Some((parent, name)) = path.rsplit_once('.') else { continue };
            let reference =
                element["contentReference"].as_str().map(|target| target.trim_start_matches('#').to_owned());
            let types = element["type"].as_array().into_iter().flatten().map(|kind| match kind["code"].as_str() {
                Some("BackboneElement" | "Element") => path.to_owned(),
                other => other.expect("code").to_owned(),
            });
            let types: Vec<String> = reference.into_iter().chain(types).collect();
            found.entry(parent.to_owned()).or_default().push((name.to_owned(), types));
        }
    }
    found
}

/// Where a tag stands among the children of a path, and its type.
fn place<'a>(definitions: &'a Definitions, path: &str, tag: &str) -> Option<(usize, &'a str)> {
    definitions.get(path)?.iter().enumerate().find_map(|(at, (name, types))| {
        let kind = match name.strip_suffix("[x]") {
            None => (name == tag).then(|| types.first())??,
            Some(stem) => types.iter().find(|kind| {
                let mut letters = kind.chars();
                let first = letters.next().expect("letter").to_ascii_uppercase();
                tag.strip_prefix(stem).is_some_and(|rest| rest == format!("{first}{}", letters.as_str()))
            })?,
        };
        Some((at, kind.as_str()))
    })
}

fn faults(definitions: &Definitions, node: Node<'_, '_>, path: &str, found: &mut Vec<String>) {
    let mut last = 0;
    for child in node.children().filter(Node::is_element) {
        let tag = child.tag_name().name();
        let Some((at, kind)) = place(definitions, path, tag) else {
            found.push(format!("{path} has no {tag}"));
            continue;
        };
        if at < last {
            found.push(format!("{tag} of {path} is out of order"));
        }
        last = at;
        match kind {
            "xhtml" => {}
            "Resource" => {
                let inner = child.first_element_child().expect("a resource");
                faults(definitions, inner, inner.tag_name().name(), found);
            }
            _ => {
                let is_primitive = kind.starts_with(|c: char| c.is_ascii_lowercase());
                let allowed = |name: &str| match name {
                    "id" => true,
                    "url" => kind == "Extension",
                    _ => name == "value" && is_primitive,
                };
                let strange = child.attributes().find(|attribute| !allowed(attribute.name()));
                found.extend(strange.map(|attribute| format!("{}/@{} of {path}", tag, attribute.name())));
                faults(definitions, child, if is_primitive { "Element" } else { kind }, found);
            }
        }
    }
}

#[test]
fn elements_are_written_in_the_order_of_the_definitions() {
    if shared().is_none() {
        return;
    }
    let definitions = definitions();
    let (mut found, mut count) = (Vec::new(), 0);
    for (name, text) in resources("json").into_iter().chain(resources("ndjson")) {
        let mut resource = object(&text);
        if is_no_r4(&resource) {
            continue;
        }
        // JSON has no order; what comes out must not depend on it.
        resource.0.reverse();
        let written = xml::from_json(&resource, count % 2 == 0);
        let document = Document::parse(&written).unwrap_or_else(|error| panic!("{name}: {error}"));
        let root = document.root_element();
        let before = found.len();
        faults(&definitions, root, root.tag_name().name(), &mut found);
        found[before..].iter_mut().for_each(|words| *words = format!("{name}: {words}"));
        count += 1;
    }
    assert!(found.is_empty(), "{} faults in {count}:\n{}", found.len(), found[..found.len().min(20)].join("\n"));
    println!("{count} documents are in order");
    assert!(count > 4_900, "{count}");
    // The judge itself can say no.
    let wrong =
        "<Patient xmlns='http://hl7.org/fhir'><gender value='male'/><active value='true' url='x'/><a/></Patient>";
    let document = Document::parse(wrong).expect("XML");
    faults(&definitions, document.root_element(), "Patient", &mut found);
    assert_eq!(found.len(), 3, "{found:?}");
}
