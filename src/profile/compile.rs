//! Reads a StructureDefinition's snapshot into a tree, once, at the start. What it cannot do is an error then.

use std::collections::BTreeMap;

use super::slices;
use super::tree::{Binding, Constraint, Element, Kind, Profile, Severity, Slicing};
use crate::fhir::elements::{ElementDef, Shape, TypeDef, TypeRef, is_resource_type, type_def};
use crate::fhir::invariants;
use crate::fhir::json::{Json, Object};
use crate::fhir::terminology::split_version;
use crate::fhirpath::Expression;

/// Where a definition says that a rule is good practice, no more.
const BEST_PRACTICE: &str = "http://hl7.org/fhir/StructureDefinition/elementdefinition-bestpractice";
const R4: &str = "http://hl7.org/fhir/StructureDefinition/";
/// Types that FHIRPath knows under another name; they are the values of primitives, ids and urls.
const SYSTEM: &str = "http://hl7.org/fhirpath/";

/// The elements of a snapshot by id, in their order.
pub struct Snapshot<'a> {
    by_id: BTreeMap<&'a str, &'a Object>,
    order: Vec<&'a str>,
    kinds: &'a BTreeMap<String, String>,
}

/// Reads a profile. `kinds` says what type each profile known here is for.
pub fn compile(definition: &Object, kinds: &BTreeMap<String, String>) -> Result<Profile, String> {
    let text = |name: &str| definition.text(name).ok_or_else(|| format!("there is no {name}"));
    let (url, kind) = (text("url")?.to_owned(), text("type")?.to_owned());
    let elements: Vec<&Object> =
        definition.objects("snapshot").flat_map(|snapshot| snapshot.objects("element")).collect();
    let mut snapshot = Snapshot { by_id: BTreeMap::new(), order: Vec::new(), kinds };
    for element in elements {
        let id = element.text("id").ok_or("an element has no id")?;
        snapshot.by_id.insert(id, element);
        snapshot.order.push(id);
    }
    let def = type_def(&kind).ok_or_else(|| format!("R4 has no type {kind}"))?;
    if !snapshot.by_id.contains_key(kind.as_str()) {
        return Err("there is no snapshot: make one".to_owned());
    }
    let root = snapshot.element(&kind, Place { own: None, def: Some(def) })?;
    Ok(Profile { version: text("version")?.to_owned(), url, kind, root })
}

/// Where an element stands in R4.
#[derive(Clone, Copy)]
struct Place {
    /// What R4 says of it; none for a root.
    own: Option<&'static ElementDef>,
    /// Its type, where it has one only.
    def: Option<&'static TypeDef>,
}

impl<'a> Snapshot<'a> {
    /// The element of this id.
    pub fn get(&self, id: &str) -> Option<&'a Object> {
        self.by_id.get(id).copied()
    }

    /// The id itself, as it stands in the snapshot.
    pub fn id(&self, id: &str) -> Option<&'a str> {
        self.by_id.get_key_value(id).map(|(id, _)| *id)
    }

    /// The ids right below this one, slices left out, with the last word of each.
    fn children(&self, id: &str) -> Vec<(&'a str, &'a str)> {
        let below = |other: &&'a str| -> Option<(&'a str, &'a str)> {
            let rest = other.strip_prefix(id)?.strip_prefix('.')?;
            (!rest.contains(['.', ':'])).then_some((*other, rest))
        };
        self.order.iter().filter_map(below).collect()
    }

    /// The slices of this element, with their names.
    pub fn slices(&self, id: &str) -> Vec<(&'a str, &'a str)> {
        let of = |other: &&'a str| -> Option<(&'a str, &'a str)> {
            let rest = other.strip_prefix(id)?.strip_prefix(':')?;
            (!rest.contains('.')).then_some((*other, rest))
        };
        self.order.iter().filter_map(of).collect()
    }

    /// The child of this name, a choice with or without its `[x]`.
    pub fn child(&self, id: &str, name: &str) -> Option<&'a str> {
        let plain = format!("{id}.{name}");
        let choice = format!("{plain}[x]");
        self.by_id.get_key_value(plain.as_str()).or(self.by_id.get_key_value(choice.as_str())).map(|(id, _)| *id)
    }

    fn element(&self, id: &str, place: Place) -> Result<Element, String> {
        let raw = self.get(id).ok_or_else(|| format!("there is no element {id}"))?;
        let mut element = Element { id: id.to_owned(), ..Element::default() };
        let word = id.rsplit('.').next().unwrap_or(id);
        let word = word.split(':').next().unwrap_or(word);
        element.name = word.trim_end_matches("[x]").to_owned();
        element.many = place.own.is_some_and(|own| own.many);
        let is_slice = id.rsplit('.').next().is_some_and(|word| word.contains(':'));
        self.count(raw, &mut element, place, is_slice)?;
        if let Some(own) = place.own {
            element.kinds = self.kinds_of(raw, own);
        }
        element.profiles = types(raw).flat_map(|kind| texts(kind, "profile")).map(str::to_owned).collect();
        element.profiles.retain(|url| self.kinds.contains_key(split_version(url).0));
        element.fixed = value(raw, "fixed").cloned();
        element.pattern = value(raw, "pattern").cloned();
        element.binding = binding(raw, place.own);
        for constraint in raw.objects("constraint") {
            element.constraints.extend(self.constraint(constraint)?);
        }
        let is_primitive = place.def.is_some_and(|def| def.shape == Shape::Primitive);
        // What stands beside a primitive is an Element's.
        let def = if is_primitive { type_def("Element") } else { place.def };
        for (child, word) in self.children(id) {
            // The value of a primitive is the primitive itself.
            if is_primitive && word == "value" {
                continue;
            }
            let Some(own) = def.and_then(|def| def.child(word)) else {
                return Err(format!("{child}: R4 has no such element there, or it is below a choice of several types"));
            };
            let built = self.element(child, Place { own: Some(own), def: self.def(child, own) })?;
            if !built.is_silent() {
                element.children.push(built);
            }
        }
        self.slicing(id, raw, &mut element, place)?;
        Ok(element)
    }

    /// The one type of an element; what is below a choice of several has no place.
    fn def(&self, id: &str, own: &'static ElementDef) -> Option<&'static TypeDef> {
        let named: Vec<&str> = self.get(id).into_iter().flat_map(types).filter_map(|kind| kind.text("code")).collect();
        match &own.types[..] {
            [one] => type_def(one.name),
            _ => match named[..] {
                [one] => type_def(one),
                _ => None,
            },
        }
    }

    fn count(&self, raw: &Object, element: &mut Element, place: Place, is_slice: bool) -> Result<(), String> {
        let bad = || format!("{} has no min or max that can be read", element.id);
        let Some(own) = place.own else { return Ok(()) };
        let min: usize = raw.get("min").map_or(Ok(0), |min| min.to_string().parse().map_err(|_| bad()))?;
        let max = match raw.text("max") {
            Some("*") | None => None,
            Some(max) => Some(max.parse::<usize>().map_err(|_| bad())?),
        };
        element.min = if !is_slice && min <= usize::from(own.required) { 0 } else { min };
        element.max = if !is_slice && !own.many && max == Some(1) { None } else { max };
        Ok(())
    }

    /// The types it may have, where these are fewer than R4's.
    fn kinds_of(&self, raw: &Object, own: &ElementDef) -> Option<Vec<Kind>> {
        let mut kinds: Vec<Kind> = Vec::new();
        for kind in types(raw) {
            let name = kind.text("code").filter(|name| !name.starts_with(SYSTEM))?;
            let profiles: Vec<&str> = texts(kind, "targetProfile").collect();
            let targets: Vec<String> = profiles.iter().filter_map(|url| self.target(url)).collect();
            // A profile of a type that is not known could be of any.
            let known = targets.len() == profiles.len();
            kinds.push(Kind { name: name.to_owned(), targets: if known { targets } else { Vec::new() } });
        }
        narrows(own, &kinds).then_some(kinds)
    }

    /// The resource type that a target profile is for.
    fn target(&self, url: &str) -> Option<String> {
        let url = split_version(url).0;
        if let Some(kind) = self.kinds.get(url) {
            return Some(kind.clone());
        }
        let name = match url.strip_prefix(R4) {
            Some(name) => name,
            // UK Core names its profiles by their types.
            None => url.rsplit('/').next()?.strip_prefix("UKCore-")?.split('-').next()?,
        };
        is_resource_type(name).then(|| name.to_owned()).filter(|name| name != "Resource")
    }

    fn constraint(&self, raw: &Object) -> Result<Option<Constraint>, String> {
        let key = raw.text("key").unwrap_or_default();
        let Some(expression) = raw.text("expression") else { return Ok(None) };
        if invariants::KEYS.contains(&key) {
            return Ok(None);
        }
        let good_practice = raw.objects("extension").any(|extension| extension.text("url") == Some(BEST_PRACTICE));
        let severity = match raw.text("severity") {
            Some("error") => Severity::Error,
            // That a resource has a narrative (dom-6) is good practice too, but tools lose the extension that says so.
            _ if good_practice || key == "dom-6" => Severity::Information,
            _ => Severity::Warning,
        };
        let expression = Expression::read(expression).map_err(|error| format!("{key}: {error}"))?;
        let human = raw.text("human").unwrap_or_default().to_owned();
        let is_r4 = raw.text("source").is_some_and(|source| source.starts_with(R4));
        Ok(Some(Constraint { key: key.to_owned(), severity, human, expression, is_r4 }))
    }

    fn slicing(&self, id: &str, raw: &Object, element: &mut Element, place: Place) -> Result<(), String> {
        let Some(slicing) = raw.objects("slicing").next() else { return Ok(()) };
        let closed = slicing.text("rules") == Some("closed");
        let mut made = Vec::new();
        for (slice, name) in self.slices(id) {
            let def = match place.own {
                Some(own) => self.def(slice, own),
                None => place.def,
            };
            let built = self.element(slice, Place { own: place.own, def })?;
            let built = slices::slice(self, slicing, slice, name, built)?;
            if closed || !built.element.is_silent() {
                made.push(built);
            }
        }
        if closed || !made.is_empty() {
            element.slicing = Some(Slicing { closed, slices: made });
        }
        Ok(())
    }
}

/// The types of an element.
pub fn types(raw: &Object) -> impl Iterator<Item = &Object> {
    raw.objects("type")
}

/// A list of texts.
pub fn texts<'a>(object: &'a Object, name: &str) -> impl Iterator<Item = &'a str> {
    object.get(name).into_iter().flat_map(Json::items).filter_map(Json::as_str)
}

/// `fixed[x]` or `pattern[x]`.
pub fn value<'a>(raw: &'a Object, stem: &str) -> Option<&'a Json> {
    let is_it =
        |key: &str| key.strip_prefix(stem).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
    raw.0.iter().find(|(key, _)| is_it(key)).map(|(_, value)| value)
}

/// The binding, unless it is no more than R4's own or binds nobody.
fn binding(raw: &Object, own: Option<&ElementDef>) -> Option<Binding> {
    let binding = raw.objects("binding").next()?;
    let set = split_version(binding.text("valueSet")?).0;
    let required = match binding.text("strength") {
        Some("required") => true,
        Some("extensible") => false,
        _ => return None,
    };
    let known = required && own.and_then(|own| own.codes).is_some_and(|codes| split_version(codes.url).0 == set);
    (!known).then(|| Binding { required, set: set.to_owned() })
}

/// Whether these types are fewer than R4's, or lead to fewer. R4 names the types of backbone elements by their paths.
fn narrows(own: &ElementDef, kinds: &[Kind]) -> bool {
    let is_left = |target: &&str, kind: &Kind| kind.targets.iter().any(|other| other == target);
    let fewer = |r4: &TypeRef| match kinds.iter().find(|kind| kind.name == r4.name) {
        None => !r4.name.contains('.'),
        Some(kind) if kind.targets.is_empty() => false,
        Some(kind) => r4.targets.is_empty() || !r4.targets.iter().all(|target| is_left(target, kind)),
    };
    !kinds.is_empty() && own.types.iter().any(fewer)
}
