//! Owns a resource as the elements FHIRPath sees, over its JSON: a primitive and its `_name` twin are one element, and
//! a list's items and their twins stay side by side.

use super::Fault;
use crate::fhir::elements::{ElementDef, Shape, TypeDef, member_name, type_def};
use crate::fhir::json::{Json, Object};

/// One step down the JSON.
#[derive(Debug, Clone, PartialEq)]
pub enum Key {
    Member(String),
    Item(usize),
}

/// An element: the object that has it, and which member of that it is.
#[derive(Debug, Clone)]
pub struct Place {
    /// The way from the resource to the object; empty for the resource's own elements.
    pub parent: Vec<Key>,
    /// The JSON name, without the underscore of a twin.
    pub name: String,
    /// Which of a list, for an element that repeats.
    pub index: Option<usize>,
    pub element: &'static ElementDef,
    pub kind: &'static str,
}

/// What a path leads to: the resource or an element of it.
#[derive(Debug, Clone)]
pub enum Node {
    Root,
    Element(Place),
}

/// One value of an element with its twin; `Null` where there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub value: Json,
    pub twin: Json,
}

impl Place {
    fn is_primitive(&self) -> bool {
        type_def(self.kind).is_some_and(|def| def.shape == Shape::Primitive)
    }

    /// The way to the object that holds the element's own children.
    fn inside(&self) -> Vec<Key> {
        let name = if self.is_primitive() { format!("_{}", self.name) } else { self.name.clone() };
        let mut way = self.parent.clone();
        way.push(Key::Member(name));
        way.extend(self.index.map(Key::Item));
        way
    }

    /// Whether both are items of the same list.
    pub fn beside(&self, other: &Place) -> bool {
        self.parent == other.parent && self.name == other.name
    }

    /// The value, where the element has one and not only extensions.
    pub fn value<'a>(&self, resource: &'a Object) -> Option<&'a Json> {
        let value = object_at(resource, &self.parent)?.get(&self.name)?;
        let value = match (self.index, value) {
            (Some(at), Json::Array(items)) => items.get(at)?,
            (_, value) => value,
        };
        Some(value).filter(|value| **value != Json::Null)
    }
}

impl Node {
    /// The way to the object of its children.
    pub fn inside(&self) -> Vec<Key> {
        match self {
            Node::Root => Vec::new(),
            Node::Element(place) => place.inside(),
        }
    }

    /// The definition of what it is.
    pub fn def(&self, resource: &Object) -> Option<&'static TypeDef> {
        let of_resource = |object: &Object| object.text("resourceType").and_then(type_def);
        match self {
            Node::Root => of_resource(resource),
            Node::Element(place) if place.kind == "Resource" => of_resource(object_at(resource, &place.inside())?),
            Node::Element(place) if place.is_primitive() => type_def("Element"),
            Node::Element(place) => type_def(place.kind),
        }
    }

    /// Its child elements of this name; `None` if R4 has no such element there.
    pub fn children(&self, resource: &Object, name: &str) -> Option<Vec<Place>> {
        let def = self.def(resource)?;
        let choice = format!("{name}[x]");
        let element = def.children.iter().find(|child| child.name == name || child.name == choice)?;
        let parent = self.inside();
        let Some(object) = object_at(resource, &parent) else { return Some(Vec::new()) };
        let mut found = Vec::new();
        for kind in &element.types {
            let json = member_name(element.name, kind.name);
            let (value, twin) = (object.get(&json), object.get(&format!("_{json}")));
            let length = |side: Option<&Json>| match side {
                Some(Json::Array(items)) if element.many => items.len(),
                other => usize::from(other.is_some()),
            };
            let place = |index| Place { parent: parent.clone(), name: json.clone(), index, element, kind: kind.name };
            let count = length(value).max(length(twin));
            found.extend((0..count).map(|at| place(element.many.then_some(at))));
        }
        Some(found)
    }
}

/// The object at the end of a way.
fn object_at<'a>(resource: &'a Object, way: &[Key]) -> Option<&'a Object> {
    let Some((first, rest)) = way.split_first() else { return Some(resource) };
    let Key::Member(name) = first else { return None };
    let mut here = resource.get(name)?;
    for key in rest {
        here = match (key, here) {
            (Key::Member(name), Json::Object(object)) => object.get(name)?,
            (Key::Item(at), Json::Array(items)) => items.get(*at)?,
            _ => return None,
        };
    }
    here.as_object()
}

/// The object at the end of a way, made where it is not there: a primitive without extensions has no twin yet.
fn object_made<'a>(resource: &'a mut Object, way: &[Key]) -> Result<&'a mut Object, Fault> {
    let lost = || "there is nothing at this path".to_owned();
    let Some((first, rest)) = way.split_first() else { return Ok(resource) };
    let Key::Member(name) = first else { return Err(lost()) };
    let mut here = member_made(resource, name, rest.first());
    for (at, key) in rest.iter().enumerate() {
        here = match (key, here) {
            (Key::Member(name), Json::Object(object)) => member_made(object, name, rest.get(at + 1)),
            (Key::Item(index), Json::Array(items)) => {
                while items.len() <= *index {
                    items.push(Json::Null);
                }
                let item = items.get_mut(*index).ok_or_else(lost)?;
                if *item == Json::Null {
                    *item = Json::Object(Object::default());
                }
                item
            }
            _ => return Err(lost()),
        };
    }
    match here {
        Json::Object(object) => Ok(object),
        _ => Err(lost()),
    }
}

fn member_made<'a>(object: &'a mut Object, name: &str, next: Option<&Key>) -> &'a mut Json {
    let at = match object.0.iter().position(|(key, _)| key == name) {
        Some(at) => at,
        None => {
            let empty = match next {
                Some(Key::Item(_)) => Json::Array(Vec::new()),
                _ => Json::Object(Object::default()),
            };
            let at = beside(object, name);
            object.0.insert(at, (name.to_owned(), empty));
            at
        }
    };
    &mut object.0[at].1
}

/// Where a new member goes: a twin after its element, anything else at the end.
fn beside(object: &Object, name: &str) -> usize {
    let element = name.strip_prefix('_').and_then(|plain| object.0.iter().position(|(key, _)| key == plain));
    element.map_or(object.0.len(), |at| at + 1)
}

/// Changes the items of a member; one that does not repeat has at most one. An error leaves the member in pieces: the
/// patch has failed.
pub fn edit<T>(
    resource: &mut Object,
    parent: &[Key],
    name: &str,
    many: bool,
    change: impl FnOnce(&mut Vec<Item>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let object = object_made(resource, parent)?;
    let twin_name = format!("_{name}");
    let mut side = |name: &str| match object.0.iter_mut().find(|(key, _)| key == name) {
        Some((_, value)) => match std::mem::replace(value, Json::Null) {
            Json::Array(items) if many => items,
            other => vec![other],
        },
        None => Vec::new(),
    };
    let (mut values, mut twins) = (side(name), side(&twin_name));
    let length = values.len().max(twins.len());
    values.resize(length, Json::Null);
    twins.resize(length, Json::Null);
    let mut items: Vec<Item> = values.into_iter().zip(twins).map(|(value, twin)| Item { value, twin }).collect();
    let result = change(&mut items)?;
    let (values, twins): (Vec<Json>, Vec<Json>) = items.into_iter().map(|item| (item.value, item.twin)).unzip();
    put(object, name, values, many);
    put(object, &twin_name, twins, many);
    Ok(result)
}

fn put(object: &mut Object, name: &str, mut values: Vec<Json>, many: bool) {
    if values.iter().all(|value| *value == Json::Null) {
        object.remove(name);
        return;
    }
    let value = if many { Json::Array(values) } else { values.swap_remove(0) };
    match object.0.iter_mut().find(|(key, _)| key == name) {
        Some((_, old)) => *old = value,
        None => {
            let at = beside(object, name);
            object.0.insert(at, (name.to_owned(), value));
        }
    }
}

/// Gives a member another name in its place, for a choice that gets another type.
pub fn rename(resource: &mut Object, parent: &[Key], from: &str, to: &str) -> Result<(), Fault> {
    let object = object_made(resource, parent)?;
    let twins = (format!("_{from}"), format!("_{to}"));
    for (key, _) in &mut object.0 {
        if key == from {
            to.clone_into(key);
        } else if *key == twins.0 {
            key.clone_from(&twins.1);
        }
    }
    Ok(())
}

/// Takes away what is left empty on the way: FHIR has no empty objects.
pub fn prune(resource: &mut Object, way: &[Key]) {
    let mut way = way.to_vec();
    while !way.is_empty() {
        if object_at(resource, &way).is_some_and(|object| !object.0.is_empty()) {
            return;
        }
        let last = way.pop();
        let (Some(Key::Item(at)), Some(Key::Member(name))) = (&last, way.last().cloned()) else {
            if let (Some(Key::Member(name)), Ok(object)) = (last, object_made(resource, &way)) {
                object.remove(&name);
            }
            continue;
        };
        way.pop();
        let at = *at;
        let plain = name.strip_prefix('_').unwrap_or(&name).to_owned();
        let is_twin = plain.len() < name.len();
        // The twin of an item that has a value goes by itself; an item without either goes as a whole.
        let cut = edit(resource, &way, &plain, true, |items| {
            if let Some(item) = items.get_mut(at) {
                match is_twin && item.value != Json::Null {
                    true => item.twin = Json::Null,
                    false => drop(items.remove(at)),
                }
            }
            Ok(())
        });
        if cut.is_err() {
            return;
        }
    }
}
