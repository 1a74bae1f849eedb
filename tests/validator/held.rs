//! Owns what an answer is held to: each resource in it to the profile of its type, as FHIR's own words have it.

use crate::hapi::Item;
use serde_json::Value;
use serde_json::value::RawValue;

/// The types that have a profile here.
const TYPES: [&str; 11] = [
    "AllergyIntolerance",
    "AuditEvent",
    "CarePlan",
    "Condition",
    "MedicationStatement",
    "Observation",
    "OperationOutcome",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
];

/// The canonical of one of our profiles.
pub fn canonical(name: &str) -> String {
    format!("https://lcr.example/fhir/StructureDefinition/{name}")
}

/// The profile of a resource, if its type has one.
pub fn profile(resource: &Value) -> Option<String> {
    let kind = resource["resourceType"].as_str()?;
    let codes: Vec<&str> = items(&resource["category"])
        .flat_map(|category| items(&category["coding"]))
        .filter_map(|coding| coding["code"].as_str())
        .collect();
    let name = match kind {
        "Observation" if codes.contains(&"laboratory") && resource.get("hasMember").is_some() => {
            "Observation-Lab-Group"
        }
        "Observation" if codes.contains(&"laboratory") => "Observation-Lab",
        "Observation" if codes.contains(&"vital-signs") => "Observation-Vital",
        _ => TYPES.into_iter().find(|known| *known == kind)?,
    };
    Some(canonical(&format!("LCR-{name}")))
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// How the name of an item ends that leaves out on purpose what was not asked for (R4 §3.1.1.5.8): what it lacks is not judged.
pub const PART: &str = " (a part)";

/// A text as an item held to its type's profile, and each resource inside it as another, letter by letter.
pub fn each(kind: &str, name: &str, text: &str) -> Vec<Item> {
    let resource: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}: {text}"));
    let is = resource["resourceType"].as_str().unwrap_or("nothing").to_owned();
    let id = resource["id"].as_str().unwrap_or("-").to_owned();
    let profiles: Vec<String> = profile(&resource).into_iter().collect();
    let part = if text.contains("\"SUBSETTED\"") { PART } else { "" };
    let mut all = vec![Item { name: format!("{kind}/{name}: {is} {id}{part}"), profiles, text: text.to_owned() }];
    for inner in inside(text) {
        all.extend(each(kind, name, &inner));
    }
    all
}

/// What a resource is made of: its elements, and of their values the words that stand for something. What has a digit is a
/// number, an id or a code of a terminology that is not judged; a name or text is free.
pub fn shape(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let inner = members.iter().map(|(key, value)| match value {
                Value::String(text)
                    if ["family", "text", "display", "description", "title"].contains(&key.as_str()) =>
                {
                    format!("{key}:{}", text.is_empty())
                }
                value => format!("{key}:{}", shape(value)),
            });
            format!("{{{}}}", inner.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(shape).collect::<Vec<_>>().join(",")),
        Value::String(text) if text.contains(' ') || text.contains(|c: char| c.is_ascii_digit()) => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => {
            if other.is_number() {
                "0".to_owned()
            } else {
                other.to_string()
            }
        }
    }
}

/// The resources in a Bundle or Parameters, as they are written.
fn inside(text: &str) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Outer<'a> {
        #[serde(borrow, default)]
        entry: Vec<Inner<'a>>,
        #[serde(borrow, default)]
        parameter: Vec<Inner<'a>>,
    }
    #[derive(serde::Deserialize)]
    struct Inner<'a> {
        #[serde(borrow)]
        resource: Option<&'a RawValue>,
        #[serde(borrow)]
        response: Option<Response<'a>>,
    }
    #[derive(serde::Deserialize)]
    struct Response<'a> {
        #[serde(borrow)]
        outcome: Option<&'a RawValue>,
    }
    let Ok(outer) = serde_json::from_str::<Outer>(text) else { return Vec::new() };
    let inner = outer.entry.into_iter().chain(outer.parameter);
    let raw = inner.flat_map(|inner| [inner.resource, inner.response.and_then(|response| response.outcome)]);
    raw.flatten().map(|raw| raw.get().to_owned()).collect()
}
