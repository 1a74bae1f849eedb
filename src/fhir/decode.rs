//! Owns the check of a resource against R4's element table: one walk over the strict JSON value.
//!
//! It refuses what it does not know and reports every finding with its FHIRPath expression. It
//! never changes the value: what passes is what the client sent.

use super::elements::{ElementDef, Shape, TypeDef, TypeRef, is_resource_type, type_def};
use super::invariants;
use super::json::{Json, Object};
use super::outcome::{Issue, IssueType};
use super::primitive;

/// The most findings reported for one resource; a hostile one would make thousands.
const MAX_ISSUES: usize = 50;

/// Checks a whole resource, R4's structure and invariants. Empty: nothing wrong.
pub fn check(resource: &Object) -> Vec<Issue> {
    let mut walk = Walk { issues: Vec::new(), path: String::new(), contained: false };
    walk.resource(resource, None);
    walk.issues
}

/// What an element with nothing but an id is.
const ID_ALONE: &str = "ele-1: an element needs a value or children beside its id";

struct Walk {
    issues: Vec<Issue>,
    path: String,
    contained: bool,
}

impl Walk {
    fn report(&mut self, code: IssueType, words: impl Into<String>) {
        if self.issues.len() < MAX_ISSUES {
            self.issues.push(Issue::error(code, words).at(&self.path));
        }
    }

    /// Runs `f` one step further down the path.
    fn within(&mut self, step: &str, f: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        self.path.push_str(step);
        f(self);
        self.path.truncate(length);
    }

    fn resource(&mut self, object: &Object, around: Option<&Object>) {
        let def = object.text("resourceType").filter(|name| is_resource_type(name)).and_then(type_def);
        let Some(def) = def else {
            let words = match object.get("resourceType") {
                None => "there is no resourceType: name the type, as in \"resourceType\": \"Observation\"".to_owned(),
                Some(other) => {
                    format!("resourceType {} is not a resource type of R4", primitive::shorten(&other.to_string()))
                }
            };
            return self.within(if self.path.is_empty() { "resourceType" } else { ".resourceType" }, |walk| {
                walk.report(IssueType::Structure, words);
            });
        };
        if self.path.is_empty() {
            self.path.push_str(def.name);
        }
        self.members(object, def, true);
        for broken in invariants::of_resource(def.name, object, around.is_some()) {
            self.report(IssueType::Invariant, broken);
        }
        if around.is_none() {
            for broken in invariants::references(object) {
                self.report(IssueType::Invariant, broken);
            }
        }
    }

    fn members(&mut self, object: &Object, def: &'static TypeDef, is_resource: bool) {
        // A list of findings that is full gets no longer.
        if self.issues.len() >= MAX_ISSUES {
            return;
        }
        if object.0.is_empty() {
            return self.report(IssueType::Structure, "an empty object {}: leave the element out or give it content");
        }
        if !is_resource && def.name != "Element" && object.0.iter().all(|(key, _)| key == "id") {
            self.report(IssueType::Invariant, ID_ALONE);
        }
        let mut chosen: Vec<(&str, &str)> = Vec::new();
        for (key, value) in &object.0 {
            if is_resource && key == "resourceType" {
                continue;
            }
            let shadow = key.strip_prefix('_');
            let name = shadow.unwrap_or(key);
            let known = def.member(name).filter(|(_, kind)| {
                shadow.is_none() || type_def(kind.name).is_some_and(|t| t.shape == Shape::Primitive)
            });
            let Some((element, kind)) = known else {
                if self.issues.len() >= MAX_ISSUES {
                    return;
                }
                self.unknown(key, def);
                continue;
            };
            if element.name.ends_with("[x]") {
                if let Some((_, other)) = chosen.iter().find(|(e, n)| *e == element.name && *n != name) {
                    let words = format!("{other} and {name} are both there: {} may have one of them", element.name);
                    self.report(IssueType::Structure, words);
                }
                chosen.push((element.name, name));
            }
            let twin = shadow.is_none().then(|| object.get(&format!("_{key}"))).flatten();
            self.within(&format!(".{name}"), |walk| match shadow {
                Some(_) => walk.shadow(value, object.get(name), element),
                None => walk.element(value, twin, element, kind, object),
            });
        }
        for missing in def.children.iter().filter(|child| child.required) {
            let present = missing.types.iter().any(|kind| {
                let name = super::elements::member_name(missing.name, kind.name);
                object.get(&name).is_some() || object.get(&format!("_{name}")).is_some()
            });
            if !present {
                let words = format!("{} is required in {} and is not there", missing.name, def.name);
                self.within(&format!(".{}", missing.name.trim_end_matches("[x]")), |walk| {
                    walk.report(IssueType::Required, words);
                });
            }
        }
        for broken in invariants::of_datatype(def.name, object) {
            self.report(IssueType::Invariant, broken);
        }
    }

    fn unknown(&mut self, key: &str, def: &TypeDef) {
        let known: Vec<String> = def.members().collect();
        let wanted = key.trim_start_matches('_').to_ascii_lowercase();
        let close = known.iter().find(|name| name.to_ascii_lowercase() == wanted);
        let hint = match close {
            Some(name) => format!("; did you mean {name}?"),
            None => String::new(),
        };
        let words = format!("R4 has no element \"{}\" in {}{hint}", primitive::shorten(key), def.name);
        self.within(&format!(".{}", primitive::shorten(key)), |walk| walk.report(IssueType::Structure, words));
    }

    /// A member `name`: one value or, for a repeating element, an array of them.
    fn element(&mut self, value: &Json, twin: Option<&Json>, element: &ElementDef, kind: &TypeRef, parent: &Object) {
        match (element.many, value) {
            (true, Json::Array(items)) if items.is_empty() => {
                self.report(IssueType::Structure, "an empty array []: leave the element out");
            }
            (true, Json::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    let stands_in =
                        matches!(twin, Some(Json::Array(twins)) if matches!(twins.get(index), Some(Json::Object(_))));
                    if *item == Json::Null && stands_in {
                        continue;
                    }
                    self.within(&format!("[{index}]"), |walk| walk.single(item, element, kind, parent));
                }
            }
            (true, _) => self.report(IssueType::Structure, "repeats, so it must be an array: put the value in [ ]"),
            (false, Json::Array(_)) => {
                self.report(IssueType::Structure, "does not repeat, so it must not be an array: send the value alone");
            }
            (false, one) => self.single(one, element, kind, parent),
        }
    }

    fn single(&mut self, value: &Json, element: &ElementDef, kind: &TypeRef, parent: &Object) {
        if *value == Json::Null {
            return self.report(IssueType::Structure, "null: leave the element out");
        }
        if kind.name == "Resource" {
            return match (element.name, value) {
                ("contained", _) => self.contained(value, parent),
                // A Bundle's or Parameters' resource stands by itself.
                (_, Json::Object(object)) => {
                    let around = std::mem::take(&mut self.contained);
                    self.resource(object, None);
                    self.contained = around;
                }
                (_, other) => self.report(IssueType::Structure, format!("is {}, not a resource", json_kind(other))),
            };
        }
        let Some(def) = type_def(kind.name) else {
            return self.report(IssueType::Exception, format!("type {} is missing from the table", kind.name));
        };
        match (def.shape, value) {
            (Shape::Primitive, _) => self.primitive(value, element, def.name),
            (_, Json::Object(object)) => {
                self.members(object, def, false);
                self.binding(object, element, def.name);
            }
            (_, other) => {
                let words = format!("is {}, but {} is an object", json_kind(other), kind.name);
                self.report(IssueType::Structure, words);
            }
        }
    }

    fn contained(&mut self, value: &Json, parent: &Object) {
        match value {
            Json::Object(_) if self.contained => {
                self.report(
                    IssueType::Invariant,
                    "a contained resource holds contained resources, which R4 forbids (dom-2)",
                );
            }
            Json::Object(object) => {
                self.contained = true;
                self.resource(object, Some(parent));
                self.contained = false;
            }
            other => self.report(IssueType::Structure, format!("is {}, not a resource", json_kind(other))),
        }
    }

    fn primitive(&mut self, value: &Json, element: &ElementDef, kind: &'static str) {
        let fault = match (kind, value) {
            ("boolean", Json::Bool(_)) => None,
            ("integer" | "unsignedInt" | "positiveInt" | "decimal", Json::Number(text)) => {
                primitive::number_fault(kind, text)
            }
            ("boolean", _) => Some(format!("is {}, not true or false without quotes", json_kind(value))),
            ("integer" | "unsignedInt" | "positiveInt" | "decimal", _) => {
                Some(format!("is {}, not a number without quotes", json_kind(value)))
            }
            ("string", Json::String(text)) if element.name == "id" && text.contains(char::is_whitespace) => {
                Some("is an element's id, which has no white space".to_owned())
            }
            (_, Json::String(text)) => primitive::fault(kind, text),
            _ => Some(format!("is {}, but {kind} is a string in quotes", json_kind(value))),
        };
        if let Some(words) = fault {
            return self.report(IssueType::Value, words);
        }
        if let (Some(codes), Some(code)) = (element.codes, value.as_str())
            && !codes.contains(None, code)
        {
            let words =
                format!("\"{}\" is not one of the codes R4 requires: {}", primitive::shorten(code), codes.list());
            self.report(IssueType::CodeInvalid, words);
        }
    }

    /// A required binding on a Coding or CodeableConcept: at least one coding is in the set.
    fn binding(&mut self, object: &Object, element: &ElementDef, kind: &str) {
        let Some(codes) = element.codes else { return };
        let bound = |coding: &Object| {
            let pair = coding.text("system").zip(coding.text("code"));
            pair.is_some_and(|(system, code)| codes.contains(Some(system), code))
        };
        let broken = match kind {
            "Coding" => !bound(object),
            "CodeableConcept" => !object.objects("coding").any(bound),
            _ => false,
        };
        if broken {
            let words = format!("no coding is one of those R4 requires here ({}): {}", codes.url, codes.list());
            self.report(IssueType::CodeInvalid, words);
        }
    }

    /// A member `_name`: id and extensions of a primitive, or an array of them.
    fn shadow(&mut self, value: &Json, twin: Option<&Json>, element: &ElementDef) {
        let one = |walk: &mut Self, item: &Json, alone: bool| match (item, type_def("Element")) {
            (Json::Object(object), Some(def)) => {
                if alone && object.0.iter().all(|(key, _)| key == "id") {
                    walk.report(IssueType::Invariant, ID_ALONE);
                }
                walk.members(object, def, false);
            }
            (other, _) => {
                walk.report(
                    IssueType::Structure,
                    format!("is {}, not an object with id or extension", json_kind(other)),
                );
            }
        };
        match (element.many, value) {
            (true, Json::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    let value_there = matches!(twin, Some(Json::Array(values)) if values.get(index).is_some_and(|v| *v != Json::Null));
                    if *item == Json::Null && value_there {
                        continue;
                    }
                    self.within(&format!("[{index}]"), |walk| one(walk, item, !value_there));
                }
                if items.iter().all(|item| *item == Json::Null) {
                    self.report(IssueType::Structure, "an array of nothing: leave the element out");
                }
            }
            (true, _) => self.report(IssueType::Structure, "repeats, so its extensions must be an array"),
            (false, item) => one(self, item, twin.is_none()),
        }
    }
}

fn json_kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}
