//! Owns the values of a FHIRPath Patch: a `value[x]` of Parameters, or parts for an element whose type has no name.

use super::Fault;
use super::tree::Item;
use crate::fhir::elements::{ElementDef, Shape, TypeDef, member_name, type_def};
use crate::fhir::json::{Json, Object};
use crate::fhir::primitive::shorten;

/// A value as it was given.
#[derive(Debug)]
pub enum Given {
    /// Of a type that has a name.
    Typed { kind: &'static str, item: Item },
    /// Child elements by name.
    Parts(Vec<(String, Given)>),
    /// A whole resource.
    Resource(Object),
}

/// The value in a part of Parameters, which has passed R4's own check.
pub fn read(part: &Object) -> Result<Given, Fault> {
    let def = type_def("Parameters.parameter").ok_or("Parameters are not in the table")?;
    for (key, value) in &part.0 {
        let plain = key.strip_prefix('_').unwrap_or(key);
        match plain {
            "part" => {
                let parts = part.objects("part").map(|inner| {
                    let name = inner.text("name").unwrap_or_default().to_owned();
                    read(inner).map(|given| (name, given))
                });
                return Ok(Given::Parts(parts.collect::<Result<_, _>>()?));
            }
            "resource" => {
                if let Json::Object(resource) = value {
                    return Ok(Given::Resource(resource.clone()));
                }
            }
            _ => {
                if let Some((element, kind)) = def.member(plain).filter(|(element, _)| element.name == "value[x]") {
                    let side = |name: String| part.get(&name).cloned().unwrap_or(Json::Null);
                    let name = member_name(element.name, kind.name);
                    let item = Item { twin: side(format!("_{name}")), value: side(name) };
                    return Ok(Given::Typed { kind: kind.name, item });
                }
            }
        }
    }
    Err("the value is empty".to_owned())
}

/// What a given value is as this element: its JSON name there, and itself.
pub fn fit(element: &ElementDef, given: &Given) -> Result<(String, Item), Fault> {
    let plain = |value: Json| Item { value, twin: Json::Null };
    match (given, &element.types[..]) {
        (Given::Typed { kind, item }, types) if element.name.ends_with("[x]") => {
            let fits = types.iter().any(|known| known.name == *kind);
            let known: Vec<&str> = types.iter().map(|known| known.name).collect();
            match fits {
                true => Ok((member_name(element.name, kind), item.clone())),
                false => Err(format!("{} is not of type {kind}; it may be {}", element.name, known.join(", "))),
            }
        }
        (Given::Typed { kind, item }, [own]) => {
            let primitive = |name: &str| type_def(name).is_some_and(|def| def.shape == Shape::Primitive);
            match own.name == *kind || (primitive(own.name) && primitive(kind)) {
                true => Ok((element.name.to_owned(), item.clone())),
                false => Err(format!("{} is of type {}, not {kind}", element.name, own.name)),
            }
        }
        (Given::Parts(parts), [own]) => {
            let def = type_def(own.name).filter(|def| def.shape != Shape::Primitive);
            let def =
                def.ok_or_else(|| format!("{} has no parts: give it a value of type {}", element.name, own.name))?;
            Ok((element.name.to_owned(), plain(Json::Object(build(def, parts)?))))
        }
        (Given::Resource(resource), [own]) if own.name == "Resource" => {
            Ok((element.name.to_owned(), plain(Json::Object(resource.clone()))))
        }
        _ => Err(format!("the value does not fit {}", element.name)),
    }
}

/// An object of child elements given one by one.
fn build(def: &TypeDef, parts: &[(String, Given)]) -> Result<Object, Fault> {
    let mut object = Object::default();
    for (name, given) in parts {
        let element = child(def, name)?;
        let (json, item) = fit(element, given)?;
        let twin = format!("_{json}");
        if !element.many {
            if object.get(&json).is_some() || object.get(&twin).is_some() {
                return Err(format!("{name} is given twice, and does not repeat"));
            }
            [(json, item.value), (twin, item.twin)]
                .into_iter()
                .filter(|(_, value)| *value != Json::Null)
                .for_each(|(name, value)| object.set(&name, value));
            continue;
        }
        // Items and their twins stay side by side.
        let length = object.get(&json).or(object.get(&twin)).map_or(0, |list| list.items().len());
        for (name, value) in [(json, item.value), (twin, item.twin)] {
            let mut items = match object.get(&name) {
                Some(Json::Array(items)) => items.clone(),
                _ => vec![Json::Null; length],
            };
            items.push(value);
            object.set(&name, Json::Array(items));
        }
    }
    object.0.retain(|(_, value)| !matches!(value, Json::Array(items) if items.iter().all(|item| *item == Json::Null)));
    Ok(object)
}

/// The child element of this name; a choice goes by its name with or without the type.
pub fn child<'a>(def: &'a TypeDef, name: &str) -> Result<&'a ElementDef, Fault> {
    let choice = format!("{name}[x]");
    let found = def.children.iter().find(|child| child.name == name || child.name == choice);
    found
        .or_else(|| def.member(name).map(|(element, _)| element))
        .ok_or_else(|| format!("R4 has no element \"{}\" in {}", shorten(name), def.name))
}
