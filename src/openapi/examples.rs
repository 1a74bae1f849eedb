//! Owns what the document shows: resources of the sandbox's record, and values of parameters that find them for its `gp`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::example::{Example, ExampleBuilder};

use super::{errors, responses};
use crate::fhir::bundle::Writer;
use crate::fhir::json::{Json, Object};
use crate::fhir::outcome::{Issue, outcome};
use crate::fhir::{text, xml};
use crate::operations::{self, Operation};
use crate::resources;
use crate::resources::index;
use crate::resources::spec::{Kind, Param, ResourceSpec};
use crate::sandbox;

/// The base URL of the addresses in examples: the one that `make demo` has.
pub const BASE: &str = "http://127.0.0.1:8080/fhir";

/// Whom the examples are about: the first patient of the record.
const PATIENT: &str = "13c4dc1b-7947-4d74-9add-0ad316d0a6f3";

/// The parameters that are filled in from the start, beside a patient's id. Together they find something.
const FILLED: [(&str, &str); 10] = [
    ("Patient", "identifier"),
    ("Condition", "clinical-status"),
    ("Observation", "category"),
    ("MedicationStatement", "patient"),
    ("AllergyIntolerance", "patient"),
    ("CarePlan", "patient"),
    ("Observation", "patient"),
    ("Condition", "patient"),
    ("Practitioner", "identifier"),
    ("Organization", "identifier"),
];

/// What operations are asked with in examples.
const ASKED: [(&str, &str); 15] = [
    ("nhs-number", "9990791902"),
    ("birth-date", "1963-06-09"),
    ("reason", "Unconscious in the emergency department"),
    ("holder", "https://fhir.nhs.uk/Id/ods-organization-code|Y9R01"),
    ("basis", "referral"),
    ("relationship", "1"),
    ("restricted", "false"),
    ("alert", "0190f3a0-0000-7000-8000-000000000000"),
    ("verdict", "appropriate"),
    ("max", "1"),
    ("onlyCertainMatches", "false"),
    ("count", "5"),
    ("_count", "5"),
    ("_type", "Condition"),
    ("_outputFormat", "application/fhir+ndjson"),
];

/// Every example by name, in JSON and in XML.
pub fn all() -> BTreeMap<String, RefOr<Example>> {
    let mut all = BTreeMap::new();
    for spec in resources::served() {
        let Some(resource) = of_type(spec) else { continue };
        if !spec.is_trail() {
            add(&mut all, &format!("{}-new", spec.name), fresh(&resource));
        }
        add(&mut all, &format!("{}-found", spec.name), bundle("searchset", spec.name, &stored(resource.clone())));
        add(&mut all, spec.name, stored(resource));
    }
    add(&mut all, "transaction", transaction());
    add(&mut all, "fhirpath-patch", parse(FHIRPATH_PATCH));
    all.insert("json-patch.json".to_owned(), example(value(JSON_PATCH)));
    all.insert("xml-patch.xml".to_owned(), example(Value::from(XML_PATCH)));
    for operation in operations::ALL.iter().filter(|operation| !is_of_a_resource(operation)) {
        add(&mut all, &format!("{}-asked", operation.name), asked(operation));
    }
    for (status, code, words, place) in responses::SHOWN {
        add(&mut all, &errors::name(status), of_json(outcome(&[Issue::error(code, words).at(place)])));
    }
    all
}

const JSON_PATCH: &str = r#"[{"op":"replace","path":"/status","value":"completed"}]"#;
const XML_PATCH: &str =
    r#"<diff xmlns:f="http://hl7.org/fhir"><replace sel="f:CarePlan/f:status/@value">completed</replace></diff>"#;
const FHIRPATH_PATCH: &str = r#"{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},{"name":"path","valueString":"CarePlan.status"},{"name":"value","valueCode":"completed"}]}]}"#;

fn example(value: Value) -> RefOr<Example> {
    ExampleBuilder::new().value(Some(value)).into()
}

fn add(all: &mut BTreeMap<String, RefOr<Example>>, name: &str, resource: Object) {
    all.insert(format!("{name}.xml"), example(Value::from(xml::from_json(&resource, true))));
    all.insert(format!("{name}.json"), example(value(&Json::Object(resource).to_string())));
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

fn of_json(json: Json) -> Object {
    match json {
        Json::Object(object) => object,
        _ => Object::default(),
    }
}

fn parse(text: &str) -> Object {
    Json::parse(text.as_bytes()).map(of_json).unwrap_or_default()
}

/// A resource of the record, and its row of search columns.
struct Known {
    kind: String,
    resource: Object,
    row: Object,
}

/// Everything that is about the patient of the examples, and the directory; read once.
fn known() -> &'static [Known] {
    static KNOWN: OnceLock<Vec<Known>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let own = sandbox::RECORD.lines().filter(|line| line.contains(PATIENT)).chain(sandbox::STAFF.lines());
        let read = own.map(parse).filter_map(|resource| {
            let kind = resource.text("resourceType")?.to_owned();
            let row = index::columns(resources::find(&kind)?, &resource, BASE);
            Some(Known { kind, resource, row })
        });
        read.collect()
    })
}

/// What there is of a type.
fn about(spec: &ResourceSpec) -> impl Iterator<Item = &'static Known> {
    known().iter().filter(|known| known.kind == spec.name)
}

/// The example of a type: one with a value, where its resources have values.
pub fn of_type(spec: &'static ResourceSpec) -> Option<Object> {
    if spec.is_trail() {
        return Some(parse(include_str!("audit_event.json")));
    }
    let with_value = about(spec).find(|known| known.resource.get("valueQuantity").is_some());
    with_value.or_else(|| about(spec).next()).map(|known| known.resource.clone())
}

/// Its id, where it is one that is there.
pub fn id_of(spec: &'static ResourceSpec) -> Option<String> {
    of_type(spec).filter(|_| !spec.is_trail())?.text("id").map(str::to_owned)
}

/// As it is served.
fn stored(mut resource: Object) -> Object {
    let mut meta = resource.get("meta").and_then(Json::as_object).cloned().unwrap_or_default();
    meta.set("versionId", Json::string("1"));
    meta.set("lastUpdated", Json::string("2026-11-22T09:30:00.000Z"));
    resource.set("meta", Json::Object(meta));
    resource
}

/// As it is sent to be created.
fn fresh(resource: &Object) -> Object {
    let mut resource = resource.clone();
    resource.remove("id");
    resource.remove("meta");
    resource
}

fn bundle(kind: &str, of: &str, resource: &Object) -> Object {
    let url = format!("{BASE}/{of}/{}", resource.text("id").unwrap_or_default());
    let mut writer = Writer::new(kind, None, &[("self", format!("{BASE}/{of}"))]);
    writer.found(&url, &Json::Object(resource.clone()).to_string());
    parse(&writer.finish())
}

/// A transaction that writes the example plan.
fn transaction() -> Object {
    let plan = resources::find("CarePlan").and_then(of_type).map(|plan| fresh(&plan)).unwrap_or_default();
    let request = Json::object([("method", Json::string("POST")), ("url", Json::string("CarePlan"))]);
    let entry = Json::object([
        ("fullUrl", Json::string("urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a")),
        ("resource", Json::Object(plan)),
        ("request", request),
    ]);
    of_json(Json::object([
        ("resourceType", Json::string("Bundle")),
        ("type", Json::string("transaction")),
        ("entry", Json::Array(vec![entry])),
    ]))
}

/// Whether an operation is asked with a resource of any type, which is the body itself.
pub fn is_of_a_resource(operation: &Operation) -> bool {
    operation.kinds.is_empty() && operation.parameters.iter().any(|parameter| parameter.is_resource())
}

/// What an operation is asked with, as Parameters.
fn asked(operation: &Operation) -> Object {
    let parts = operation.parameters.iter().filter_map(|parameter| {
        if parameter.is_resource() {
            let resource = resources::find(parameter.kind).and_then(of_type)?;
            let members = [("name", Json::string(parameter.name)), ("resource", Json::Object(fresh(&resource)))];
            return Some(Json::object(members));
        }
        let text = asked_with(parameter.name)?;
        let value = match parameter.kind {
            "boolean" => Json::Bool(text == "true"),
            "unsignedInt" | "positiveInt" => Json::Number(text.to_owned()),
            _ => Json::string(text),
        };
        let kind = crate::fhir::elements::member_name("value[x]", parameter.kind);
        Some(Json::object([("name", Json::string(parameter.name)), (kind.as_str(), value)]))
    });
    let mut parts: Vec<Json> = parts.collect();
    if operation.searches {
        let named = |(name, value)| Json::object([("name", Json::string(name)), ("valueString", Json::string(value))]);
        parts.extend(searched().map(named));
    }
    let mut parameters = of_json(Json::object([("resourceType", Json::string("Parameters"))]));
    if !parts.is_empty() {
        parameters.set("parameter", Json::Array(parts));
    }
    parameters
}

/// What a search within an operation is for in examples.
pub fn searched() -> impl Iterator<Item = (&'static str, String)> {
    [("patient", format!("Patient/{PATIENT}")), ("category", "laboratory".to_owned())].into_iter()
}

/// The example value of an operation's parameter.
pub fn asked_with(name: &str) -> Option<&'static str> {
    ASKED.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

/// Whether a search parameter is filled in from the start.
pub fn is_filled(spec: &ResourceSpec, param: &Param) -> bool {
    FILLED.contains(&(spec.name, param.code)) || (spec.name, param.code) == ("PractitionerRole", "practitioner")
}

/// A value of a search parameter that finds something.
pub fn of_param(spec: &'static ResourceSpec, param: &Param) -> Option<String> {
    about(spec).find_map(|known| found_by(spec, param, known))
}

/// A value with which a parameter finds this resource.
fn found_by(spec: &'static ResourceSpec, param: &Param, known: &Known) -> Option<String> {
    let Known { resource, row, .. } = known;
    let first = |name: &str| row.get(name).and_then(|values| values.items().next()).cloned();
    let text = || first(param.column).and_then(|value| value.as_str().map(str::to_owned));
    let escaped = |text: String| text.replace('\\', "\\\\").replace(',', "\\,").replace('$', "\\$");
    match param.kind {
        Kind::Id => resource.text("id").map(str::to_owned),
        Kind::Instant => Some("ge2026".to_owned()),
        Kind::Token => text().map(|token| escaped(token).replace("%7C", "|")),
        // A text is stored folded and as it was.
        Kind::Text => text().and_then(|text| text.split(text::DIVIDER).next().map(str::to_owned)).map(escaped),
        Kind::Code(_) | Kind::Truth | Kind::Uri | Kind::Canonical(_) => text().map(escaped),
        Kind::Phonetic => resource.objects("name").find_map(|name| name.text("family").map(str::to_owned)),
        Kind::Date | Kind::Dates => {
            let lo = first(&format!("{}_lo", param.column))?;
            lo.as_str().and_then(|lo| lo.get(..4)).filter(|year| *year > "1000").map(|year| format!("ge{year}"))
        }
        Kind::Reference(_) => text().filter(|target| !target.starts_with('=')),
        Kind::Quantity => quantity(first(param.column)?.as_object()?),
        Kind::Either([first, _]) => found_by(spec, spec.param(first)?, known),
        Kind::Composite { parts: [left, right], within_component: false } => {
            let half = |code: &str| found_by(spec, spec.param(code)?, known);
            Some(format!("{}${}", half(left)?, half(right)?))
        }
        Kind::Composite { .. } => {
            let component = first(param.column)?;
            let component = component.as_object()?;
            let code = component.get("code")?.items().next()?.as_str()?.to_owned();
            let value = component.objects("value_quantity").find_map(quantity)?;
            param.code.ends_with("quantity").then(|| format!("{code}${value}"))
        }
        Kind::Words { .. } => None,
    }
}

/// `number|system|code` of a quantity as it is indexed.
fn quantity(interval: &Object) -> Option<String> {
    let number = interval.get("lo")?;
    let unit = interval.text("system").zip(interval.text("code"));
    Some(unit.map_or(number.to_string(), |(system, code)| format!("{number}|{system}|{code}")))
}
