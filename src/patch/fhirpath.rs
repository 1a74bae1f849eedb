//! FHIRPath Patch (R4 fhirpatch.html): add, insert, delete, replace and move, given as Parameters.
//!
//! A path that leads to nothing is an error, but for delete; one that leads to several elements is an error, but for
//! insert and move, where they have to be the whole of one list. What is left empty goes with what was deleted.

use super::path::{Fuel, Path};
use super::tree::{Item, Node, Place, edit, prune, rename};
use super::value::{self, Given};
use super::{Budget, Fault, MOST_OPERATIONS, PatchError};
use crate::fhir::json::{Json, Object};
use crate::fhir::primitive::shorten;

/// One operation, read.
#[derive(Debug)]
pub struct Operation {
    text: String,
    path: Path,
    what: What,
}

#[derive(Debug)]
enum What {
    Add { name: String, value: Given },
    Insert { index: usize, value: Given },
    Delete,
    Replace { value: Given },
    Move { source: usize, destination: usize },
}

/// Reads Parameters that have passed R4's own check.
pub fn parse(parameters: &Object) -> Result<Vec<Operation>, PatchError> {
    let count = parameters.objects("parameter").count();
    if count > MOST_OPERATIONS {
        let words = format!("{count} operations, more than the {MOST_OPERATIONS} of one patch: send an update");
        return Err(PatchError::new(0, "", words));
    }
    let read = |(at, parameter): (usize, &Object)| {
        let path = part(parameter, "path").ok().flatten().and_then(text).unwrap_or_default();
        operation(parameter).map_err(|words| PatchError::new(at, &path, words))
    };
    parameters.objects("parameter").enumerate().map(read).collect()
}

/// The part of this name, which may be there once.
fn part<'a>(parameter: &'a Object, name: &str) -> Result<Option<&'a Object>, Fault> {
    let mut parts = parameter.objects("part").filter(|part| part.text("name") == Some(name));
    match (parts.next(), parts.next()) {
        (first, None) => Ok(first),
        _ => Err(format!("it has more than one {name}")),
    }
}

/// The text of a part, of whichever of FHIR's kinds of text.
fn text(part: &Object) -> Option<String> {
    ["valueString", "valueCode"].iter().find_map(|name| part.text(name)).map(str::to_owned)
}

fn operation(parameter: &Object) -> Result<Operation, Fault> {
    const PARTS: [&str; 7] = ["type", "path", "name", "value", "index", "source", "destination"];
    if parameter.text("name") != Some("operation") {
        return Err("each parameter of a FHIRPath Patch is named \"operation\"".to_owned());
    }
    for name in parameter.objects("part").filter_map(|part| part.text("name")) {
        if !PARTS.contains(&name) {
            return Err(format!("\"{}\" is not one of its parts: {}", shorten(name), PARTS.join(", ")));
        }
    }
    let word = |name: &str| {
        let found = part(parameter, name)?.and_then(text);
        found.ok_or_else(|| format!("it has no {name}: a part with a valueString or valueCode"))
    };
    let number = |name: &str| {
        let kinds = ["valueInteger", "valueUnsignedInt", "valuePositiveInt"];
        let found = part(parameter, name)?.and_then(|part| kinds.iter().find_map(|kind| part.get(kind)));
        let number = match found {
            Some(Json::Number(number)) => number.parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| format!("it has no {name}: a part with a valueInteger, 0 or more"))
    };
    let value = || value::read(part(parameter, "value")?.ok_or("it has no value")?);
    let what = match word("type")?.as_str() {
        "add" => What::Add { name: word("name")?, value: value()? },
        "insert" => What::Insert { index: number("index")?, value: value()? },
        "delete" => What::Delete,
        "replace" => What::Replace { value: value()? },
        "move" => What::Move { source: number("source")?, destination: number("destination")? },
        other => return Err(format!("\"{}\" is not one of add, insert, delete, replace, move", shorten(other))),
    };
    let text = word("path")?;
    Ok(Operation { path: Path::parse(&text)?, text, what })
}

/// Does the operations in their order. `most` bounds what they add, in bytes.
pub fn apply(mut resource: Object, operations: &[Operation], most: usize) -> Result<Json, PatchError> {
    let (mut budget, fuel) = (Budget(most), Fuel::full());
    for (at, operation) in operations.iter().enumerate() {
        let Operation { text, path, what } = operation;
        let done = path.find(&resource, &fuel).and_then(|found| run(&mut resource, found, what, &mut budget));
        done.map_err(|words| PatchError::new(at, text, words))?;
    }
    Ok(Json::Object(resource))
}

fn run(resource: &mut Object, found: Vec<Node>, what: &What, budget: &mut Budget) -> Result<(), Fault> {
    match what {
        What::Add { name, value } => add(resource, &one(found)?, name, value, budget),
        What::Delete if found.is_empty() => Ok(()),
        What::Delete => delete(resource, &element(one(found)?)?),
        What::Replace { value } => replace(resource, &element(one(found)?)?, value, budget),
        What::Insert { index, value } => {
            let (list, length) = list(found)?;
            let item = value::fit(list.element, value)?.1;
            admit(budget, &item, list.parent.len() + 2)?;
            if *index > length {
                return Err(format!("the list has {length} items, so nothing can come at {index}"));
            }
            edit(resource, &list.parent, &list.name, true, |items| {
                items.insert((*index).min(items.len()), item);
                Ok(())
            })
        }
        What::Move { source, destination } => {
            let (list, length) = list(found)?;
            if *source >= length || *destination >= length {
                return Err(format!("the list has {length} items: source and destination are 0 to {}", length - 1));
            }
            edit(resource, &list.parent, &list.name, true, |items| {
                let item = items.remove(*source);
                items.insert(*destination, item);
                Ok(())
            })
        }
    }
}

fn one(mut found: Vec<Node>) -> Result<Node, Fault> {
    match (found.len(), found.pop()) {
        (1, Some(node)) => Ok(node),
        (0, _) => Err("the path leads to nothing".to_owned()),
        (many, _) => Err(format!("the path leads to {many} elements: name one of them")),
    }
}

fn element(node: Node) -> Result<Place, Fault> {
    match node {
        Node::Element(place) => Ok(place),
        Node::Root => Err("the path is the resource itself: name an element of it".to_owned()),
    }
}

/// The one list whose items these are, all of them, and how many.
fn list(found: Vec<Node>) -> Result<(Place, usize), Fault> {
    let count = found.len();
    let mut places = Vec::with_capacity(count);
    for node in found {
        places.push(element(node)?);
    }
    let Some(first) = places.first() else {
        return Err("the path leads to nothing: begin a list with add".to_owned());
    };
    if !first.element.many {
        return Err("the path leads to an element that does not repeat, not to a list".to_owned());
    }
    // In their order from 0 on, so that an index means the same in the path's answer and in the list.
    let whole = places.iter().enumerate().all(|(at, place)| place.beside(first) && place.index == Some(at));
    if !whole {
        return Err("the path leads to a part of a list or to several: name one whole list".to_owned());
    }
    Ok((first.clone(), count))
}

fn admit(budget: &mut Budget, item: &Item, depth: usize) -> Result<(), Fault> {
    budget.admit(&item.value, depth)?;
    budget.admit(&item.twin, depth)
}

fn add(resource: &mut Object, to: &Node, name: &str, value: &Given, budget: &mut Budget) -> Result<(), Fault> {
    let def = to.def(resource).ok_or("nothing can be added there")?;
    let element = value::child(def, name)?;
    let (json, item) = value::fit(element, value)?;
    let parent = to.inside();
    admit(budget, &item, parent.len() + 2)?;
    let there = to.children(resource, element.name.trim_end_matches("[x]")).is_some_and(|all| !all.is_empty());
    if there && !element.many {
        return Err(format!("{name} is there already and does not repeat: replace it"));
    }
    edit(resource, &parent, &json, element.many, |items| {
        items.push(item);
        Ok(())
    })
}

fn delete(resource: &mut Object, place: &Place) -> Result<(), Fault> {
    edit(resource, &place.parent, &place.name, place.element.many, |items| {
        let at = place.index.unwrap_or(0);
        if at < items.len() {
            items.remove(at);
        }
        Ok(())
    })?;
    prune(resource, &place.parent);
    Ok(())
}

fn replace(resource: &mut Object, place: &Place, value: &Given, budget: &mut Budget) -> Result<(), Fault> {
    let (json, item) = value::fit(place.element, value)?;
    admit(budget, &item, place.parent.len() + 2)?;
    if json != place.name {
        rename(resource, &place.parent, &place.name, &json)?;
    }
    edit(resource, &place.parent, &json, place.element.many, |items| {
        if let Some(old) = items.get_mut(place.index.unwrap_or(0)) {
            *old = item;
        }
        Ok(())
    })
}

#[cfg(test)]
#[path = "fhirpath_tests.rs"]
mod tests;
