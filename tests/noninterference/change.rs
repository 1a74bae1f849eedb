//! From the recipe of a change to the change.

use serde_json::{Value, json};

use super::query::{encoded, pairs};
use super::recipe::{Body, Change, Named, Part, Verb};
use super::tables::{Tables, one, pick};
use crate::world::{about, labelled, nhs};

/// A change as a request, or an entry of a Bundle, asks for it.
pub struct Asked {
    pub method: &'static str,
    /// `Type`, `Type/id` or `Type?criteria`.
    pub url: String,
    /// A resource, or a patch.
    pub body: Option<Value>,
    /// Whether the body is JSON Patch.
    pub is_json_patch: bool,
    pub if_match: Option<String>,
    pub if_none_exist: Option<String>,
    pub kind: &'static str,
}

/// Renders a change; in a Bundle a patch is one by FHIRPath.
pub fn change(tables: &Tables, change: &Change, in_bundle: bool) -> Asked {
    let spec = tables.written(change.ty);
    let criteria = |parts: &[Part]| encoded(&pairs(tables, spec, false, parts));
    let if_match = change.if_match.map(|n| format!("W/\"{}\"", n + 1));
    let mut id = change.body.id.map(|n| tables.id(spec.name, n));
    // Who may choose ids learns by 409 that one is in use: known, and accepted. So these do not put under hidden ones,
    // except with If-Match, which the absent and the hidden fail alike.
    let own = tables.chooses_ids && if_match.is_none();
    let named = |named: &Named, puts: bool| match named {
        Named::Id(n) if own && puts => (Some(tables.open_id(spec.name, *n)), "update"),
        Named::Id(n) => (Some(tables.changed_id(spec.name, *n)), "update"),
        Named::Where(_) => (None, "conditional update"),
    };
    let url = |at: &Named, id: &Option<String>| match (at, id) {
        (Named::Where(parts), _) => format!("{}?{}", spec.name, criteria(parts)),
        (_, Some(id)) => format!("{}/{id}", spec.name),
        (_, None) => spec.name.to_owned(),
    };
    if own && let (Verb::Update(_), Some(n)) = (&change.verb, change.body.id) {
        id = Some(tables.open_id(spec.name, n));
    }
    let asked = |method, kind, url| Asked {
        method,
        kind,
        url,
        body: None,
        is_json_patch: false,
        if_match: if_match.clone(),
        if_none_exist: None,
    };
    match &change.verb {
        Verb::Create(condition) => Asked {
            body: Some(resource(tables, spec.name, None, &change.body)),
            if_none_exist: condition.as_ref().map(|parts| criteria(parts)),
            if_match: None,
            ..asked("POST", if condition.is_some() { "conditional create" } else { "create" }, spec.name.to_owned())
        },
        Verb::Update(at) => {
            let (chosen, kind) = named(at, true);
            let mut body = resource(tables, spec.name, chosen.as_deref().or(id.as_deref()), &change.body);
            if tables.chooses_ids && spec.is_person() && body.get("id").is_none() {
                // It may be any that the criteria find.
                body.as_object_mut().expect("an object").remove("identifier");
            }
            Asked { body: Some(body), ..asked("PUT", kind, url(at, &chosen)) }
        }
        Verb::Patch(at, form) => {
            let (chosen, kind) = named(at, false);
            let kind = if kind == "update" { "patch" } else { "conditional patch" };
            let (body, is_json_patch) = patch(tables, spec.name, *form, change.body.subject, in_bundle);
            Asked { body: Some(body), is_json_patch, ..asked("PATCH", kind, url(at, &chosen)) }
        }
        Verb::Delete(at) => {
            let (chosen, kind) = named(at, false);
            asked("DELETE", if kind == "update" { "delete" } else { "conditional delete" }, url(at, &chosen))
        }
    }
}

/// The resource to be sent.
pub fn resource(tables: &Tables, kind: &str, id: Option<&str>, body: &Body) -> Value {
    let patient = match body.subject % 16 {
        15 => format!("?identifier={}", tables.number(body.subject / 16)),
        _ => tables.subject(body.subject / 16),
    };
    let known: &[usize] = match (tables.chooses_ids, id) {
        (false, _) => &[1, 2, 3, 11, 12, 13, 14, 50],
        // Clients may say that a Patient of theirs is anybody: hidden, seen or new.
        (true, _) => &[1, 2, 3, 11, 12, 14, 50, 51],
    };
    let number = one(known, body.number);
    let mut resource = match kind {
        "Organization" | "Practitioner" | "PractitionerRole" => json!({"resourceType": kind, "active": true}),
        _ => about(kind, "x", &patient, number),
    };
    let reference = format!("Patient/{patient}").replace("/?", "?");
    for element in ["subject", "patient"] {
        if resource.get(element).is_some() {
            resource[element] = json!({"reference": reference});
        }
    }
    match id {
        Some(id) => resource["id"] = json!(id),
        None => drop(resource.as_object_mut().expect("an object").remove("id")),
    }
    if let Some(n) = body.identifier {
        let marks = ["mark-of-hidden-only-CarePlan", "mark-of-veiled-only-CarePlan", "mark-of-own-0", "mark-of-own-1"];
        let mark = json!({"system": "http://example.org/marks", "value": pick(&marks, n)});
        match resource["identifier"].as_array_mut() {
            Some(identifiers) => identifiers.push(mark),
            None => resource["identifier"] = json!([mark]),
        }
    }
    if let Some(n) = body.refers {
        let (element, target) = match kind {
            "CarePlan" => ("addresses", "Condition"),
            "Observation" => ("hasMember", "Observation"),
            "Patient" => ("generalPractitioner", "Practitioner"),
            "MedicationStatement" => ("reasonReference", "Condition"),
            _ => ("", ""),
        };
        if !element.is_empty() {
            resource[element] = json!([{"reference": format!("{target}/{}", tables.id(target, n))}]);
        }
    }
    match body.label % 4 {
        1 => labelled(resource, "R"),
        2 => labelled(resource, "V"),
        3 => {
            resource["meta"] = json!({"source": "http://example.org/source/other"});
            resource
        }
        _ => resource,
    }
}

/// A patch, and whether it is JSON Patch.
fn patch(tables: &Tables, kind: &str, form: u8, subject: u16, in_bundle: bool) -> (Value, bool) {
    let element = if kind == "AllergyIntolerance" { "patient" } else { "subject" };
    let reference = format!("Patient/{}", tables.subject(subject));
    let by_path = json!({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [
        {"name": "type", "valueCode": "add"}, {"name": "path", "valueString": kind},
        {"name": "name", "valueString": "language"}, {"name": "value", "valueCode": "en"}]}]});
    if in_bundle || form % 6 == 5 {
        return (by_path, false);
    }
    let operations = match form % 6 {
        0 => json!([{"op": "add", "path": "/language", "value": "en"}]),
        1 => json!([]),
        2 => json!([{"op": "test", "path": format!("/{element}/reference"), "value": reference}]),
        3 => json!([{"op": "replace", "path": format!("/{element}/reference"), "value": reference}]),
        _ => {
            json!([{"op": "add", "path": "/identifier", "value": [{"system": "http://example.org/marks", "value": nhs(11)}]}])
        }
    };
    (operations, true)
}
