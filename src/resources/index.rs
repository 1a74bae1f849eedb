//! Owns the way from a resource to its search columns: one pass over the type's parameter table.
//!
//! The row comes out as JSON that PostgreSQL turns into a record of the table, so that columns are
//! found by name and an absent value is NULL.

use std::collections::HashSet;
use std::sync::OnceLock;

use super::path::{self, Path};
use super::spec::{Compartment, Kind, Param, ResourceSpec};
pub use super::tokens::{entry, escape_bar, token, typed_token};
use super::tokens::{token_texts, tokens, typed_tokens};
use super::words;
use crate::fhir::date::{self, Span};
use crate::fhir::json::{Json, Object};
use crate::fhir::nhs_number;
use crate::fhir::quantity;
use crate::fhir::reference::{self, Reference};
use crate::fhir::text;

/// The search columns of a resource. `base` is the service's public base URL, for absolute references to itself.
pub fn columns(spec: &'static ResourceSpec, resource: &Object, base: &str) -> Object {
    let mut row = Object::default();
    let (mut texts_of_tokens, mut typed) = (Vec::new(), Vec::new());
    for column in compiled(spec) {
        let values = column.path.values(resource);
        let name = column.param.column;
        match column.param.kind {
            Kind::Token => {
                texts_of_tokens.extend(
                    values.iter().flat_map(|(v, kind)| token_texts(v, kind)).map(|text| entry(name, &text::fold(text))),
                );
                typed
                    .extend(values.iter().flat_map(|(v, kind)| typed_tokens(v, kind)).map(|token| entry(name, &token)));
                put(&mut row, name, strings(values.iter().flat_map(|(v, kind)| tokens(v, kind))));
            }
            Kind::Code(_) => put(&mut row, name, strings(values.iter().filter_map(|(v, _)| plain(v)))),
            Kind::Truth => {
                let there = values.iter().any(|(v, _)| **v != Json::Bool(false));
                put(&mut row, name, strings([there.to_string()]));
            }
            Kind::Text => {
                put(&mut row, name, strings(values.iter().flat_map(|(v, kind)| texts(v, kind)).map(text::stored)))
            }
            Kind::Phonetic => {
                let parts = values.iter().filter_map(|(v, _)| v.as_str());
                put(&mut row, name, strings(parts.flat_map(text::sounds)));
            }
            Kind::Date => {
                if let Some(span) = values.iter().find_map(|(v, kind)| span(v, kind)) {
                    row.set(&format!("{name}_lo"), Json::string(date::to_text(span.lo)));
                    row.set(&format!("{name}_hi"), Json::string(date::to_text(span.hi)));
                }
            }
            Kind::Dates => {
                let spans: Vec<Span> = values.iter().filter_map(|(v, kind)| span(v, kind)).collect();
                put(&mut row, &format!("{name}_lo"), strings(spans.iter().map(|s| date::to_text(s.lo))));
                put(&mut row, &format!("{name}_hi"), strings(spans.iter().map(|s| date::to_text(s.hi))));
            }
            Kind::Reference(_) => put(&mut row, name, strings(values.iter().flat_map(|(v, _)| targets(v, base)))),
            Kind::Canonical(_) | Kind::Uri => put(&mut row, name, strings(values.iter().filter_map(|(v, _)| plain(v)))),
            Kind::Quantity => put(&mut row, name, values.iter().filter_map(|(v, kind)| interval(v, kind)).collect()),
            Kind::Composite { .. } => {
                put(&mut row, name, values.iter().filter_map(|(v, _)| v.as_object()).map(component).collect());
            }
            Kind::Id | Kind::Instant | Kind::Either(_) | Kind::Words { .. } => {}
        }
    }
    put(&mut row, TOKEN_TEXT, strings(texts_of_tokens));
    put(&mut row, TYPED_IDENTIFIER, strings(typed));
    row.set(WORDS, Json::String(words::of(resource)));
    row.set("edition", Json::Number(EDITION.to_string()));
    row
}

/// Which rules filled a row's search columns. It grows with every migration that adds one, and `lcr migrate` indexes the
/// rows of earlier editions again.
pub const EDITION: i16 = 2;

/// The column of texts of coded values, as entries of the column they belong to.
pub const TOKEN_TEXT: &str = "token_text";
/// The column of identifiers with their types, as entries likewise.
pub const TYPED_IDENTIFIER: &str = "typed_identifier";
/// The column of words, of narrative and all other text.
pub const WORDS: &str = "words";

/// A column that is filled from the resource: its name in two parts, and what it holds.
pub struct Filled {
    pub stem: &'static str,
    pub suffix: &'static str,
    pub holds: Holds,
}

/// What a search column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    Texts,
    Time,
    Times,
    Quantities,
    Components,
    Words,
    Edition,
}

/// Every column that is filled from the resource.
pub fn filled(spec: &'static ResourceSpec) -> Vec<Filled> {
    let column = |stem, suffix, holds| Filled { stem, suffix, holds };
    let own = compiled(spec).iter().flat_map(|Column { param, .. }| match param.kind {
        Kind::Date => vec![column(param.column, "_lo", Holds::Time), column(param.column, "_hi", Holds::Time)],
        Kind::Dates => vec![column(param.column, "_lo", Holds::Times), column(param.column, "_hi", Holds::Times)],
        Kind::Quantity => vec![column(param.column, "", Holds::Quantities)],
        Kind::Composite { .. } => vec![column(param.column, "", Holds::Components)],
        _ => vec![column(param.column, "", Holds::Texts)],
    });
    let every = [
        column(TOKEN_TEXT, "", Holds::Texts),
        column(TYPED_IDENTIFIER, "", Holds::Texts),
        column(WORDS, "", Holds::Words),
        column("edition", "", Holds::Edition),
    ];
    own.chain(every).collect()
}

/// The R4 types of the values of a parameter that has a column of its own.
pub fn types_of(spec: &'static ResourceSpec, param: &Param) -> Vec<&'static str> {
    let column = compiled(spec).iter().find(|column| column.param.column == param.column);
    column.map(|column| column.path.types()).unwrap_or_default()
}

/// The person a resource is about, as its reference says; none for the Patient itself and for what has no subject.
pub fn subject<'a>(spec: &ResourceSpec, resource: &'a Object, base: &str) -> Option<Reference<'a>> {
    let Compartment::Subject(element) = spec.compartment else { return None };
    let subject = resource.get(element)?.as_object()?;
    subject.text("reference").map(|text| reference::parse(text, base))
}

/// The NHS number by which a resource names the person it is about, where it has no literal reference.
pub fn logical_subject<'a>(spec: &ResourceSpec, resource: &'a Object) -> Option<&'a str> {
    let Compartment::Subject(element) = spec.compartment else { return None };
    let subject = resource.get(element)?.as_object()?;
    let identifier = subject.get("identifier")?.as_object()?;
    identifier.text("value").filter(|_| identifier.text("system") == Some(nhs_number::SYSTEM))
}

struct Column {
    param: &'static Param,
    path: Path,
}

/// The parameters that have a column of their own, with their paths compiled once for the life of the program.
fn compiled(spec: &'static ResourceSpec) -> &'static [Column] {
    static TABLES: OnceLock<Vec<(&'static str, Vec<Column>)>> = OnceLock::new();
    let tables = TABLES.get_or_init(|| super::ALL.iter().map(|spec| (spec.name, compile(spec))).collect());
    tables.iter().find(|(name, _)| *name == spec.name).map_or(&[], |(_, columns)| columns)
}

fn compile(spec: &'static ResourceSpec) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for param in spec.all_params() {
        let stored = !param.column.is_empty() && !matches!(param.kind, Kind::Id | Kind::Instant | Kind::Words { .. });
        if !stored || columns.iter().any(|known| known.param.column == param.column) {
            continue;
        }
        // A path that does not compile is a slip in a const table; the test below finds it before anyone runs it.
        if let Ok(path) = path::compile(spec.name, param.path) {
            columns.push(Column { param, path });
        }
    }
    columns
}

fn put(row: &mut Object, name: &str, values: Vec<Json>) {
    if !values.is_empty() {
        row.set(name, Json::Array(values));
    }
}

/// JSON strings, each once, in order.
fn strings(values: impl IntoIterator<Item = String>) -> Vec<Json> {
    let mut seen = HashSet::new();
    values.into_iter().filter(|value| seen.insert(value.clone())).map(Json::String).collect()
}

/// The text of a primitive that is compared as it is.
pub fn plain(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn texts<'a>(value: &'a Json, kind: &str) -> Vec<&'a str> {
    let parts: &[&str] = match kind {
        "HumanName" => &["family", "given", "prefix", "suffix", "text"],
        "Address" => &["line", "city", "district", "state", "postalCode", "country", "text"],
        _ => return value.as_str().into_iter().collect(),
    };
    let Some(object) = value.as_object() else { return Vec::new() };
    parts.iter().filter_map(|part| object.get(part)).flat_map(Json::items).filter_map(Json::as_str).collect()
}

/// The stretch of time of a date, Period or Timing.
fn span(value: &Json, kind: &str) -> Option<Span> {
    match (kind, value) {
        ("Period", Json::Object(period)) => {
            let end = |name: &str| period.text(name).and_then(date::parse_date_time);
            let (start, stop) = (end("start"), end("end"));
            let some = start.or(stop).is_some();
            some.then(|| Span { lo: start.map_or(date::EARLIEST, |s| s.lo), hi: stop.map_or(date::LATEST, |s| s.hi) })
        }
        ("Timing", Json::Object(timing)) => {
            let events = timing.get("event").into_iter().flat_map(Json::items).filter_map(Json::as_str);
            let outer = events.filter_map(date::parse_date_time).reduce(Span::hull);
            let bounds = timing.objects("repeat").find_map(|repeat| span(repeat.get("boundsPeriod")?, "Period"));
            outer.or(bounds)
        }
        ("date" | "dateTime" | "instant", Json::String(text)) => date::parse_date_time(text),
        _ => None,
    }
}

/// A reference as it is compared: `Type/id` in this record, the URL elsewhere; a logical one as `=system|value`.
fn targets(value: &Json, base: &str) -> Vec<String> {
    let Some(object) = value.as_object() else { return Vec::new() };
    let literal = object.text("reference").and_then(|text| match reference::parse(text, base) {
        Reference::Local { kind, id } => Some(format!("{kind}/{id}")),
        Reference::Other(url) => Some(url.to_owned()),
        Reference::Contained(_) => None,
    });
    let logical = object.get("identifier").map(|identifier| tokens(identifier, "Identifier")).unwrap_or_default();
    literal.into_iter().chain(logical.iter().map(|token| format!("={token}"))).collect()
}

/// A quantity as an interval, with its canonical form where its unit has one.
fn interval(value: &Json, kind: &str) -> Option<Json> {
    let object = value.as_object()?;
    let number = |name: &str| object.get(name).and_then(Json::as_object).map(|q| (q, q.get("value").cloned()));
    let (unit, low, high) = match kind {
        "Range" => {
            let (low, high) = (number("low"), number("high"));
            let unit = low.as_ref().or(high.as_ref())?.0;
            (unit, low.and_then(|(_, v)| v), high.and_then(|(_, v)| v))
        }
        "SampledData" => {
            let (unit, origin) = number("origin")?;
            let factor = object.get("factor").map(ToString::to_string);
            let (low, high) = quantity::sampled(&origin?.to_string(), factor.as_deref(), object.text("data")?)?;
            (unit, Some(Json::Number(low)), Some(Json::Number(high)))
        }
        _ => (object, Some(object.get("value")?.clone()), Some(object.get("value")?.clone())),
    };
    let mut row = Object::default();
    for (name, bound) in [("lo", &low), ("hi", &high)] {
        row.set(name, bound.clone().unwrap_or(Json::string(if name == "lo" { "-Infinity" } else { "Infinity" })));
    }
    for name in ["system", "code", "unit"] {
        unit.text(name).into_iter().for_each(|text| row.set(name, Json::string(text)));
    }
    let canonical = unit.text("system").zip(unit.text("code")).and_then(|(s, c)| quantity::canonical(s, c));
    if let Some(canonical) = canonical {
        let of = |bound: &Option<Json>, open: f64| match bound {
            Some(Json::Number(text)) => text.parse().map_or(open, |v| canonical.of(v)),
            _ => open,
        };
        row.set("canonical_lo", Json::string(of(&low, f64::NEG_INFINITY).to_string()));
        row.set("canonical_hi", Json::string(of(&high, f64::INFINITY).to_string()));
        row.set("canonical", Json::string(canonical.unit.clone()));
    }
    Some(Json::Object(row))
}

/// One component of an Observation, with what composites pair: code, coded value, quantity.
fn component(component: &Object) -> Json {
    let mut row = Object::default();
    let found = |name: &str, kind: &str| component.get(name).map(|v| tokens(v, kind)).unwrap_or_default();
    put(&mut row, "code", strings(found("code", "CodeableConcept")));
    put(&mut row, "value_concept", strings(found("valueCodeableConcept", "CodeableConcept")));
    let quantities = [("valueQuantity", "Quantity"), ("valueSampledData", "SampledData")];
    let intervals = quantities.iter().filter_map(|(name, kind)| interval(component.get(name)?, kind));
    put(&mut row, "value_quantity", intervals.collect());
    Json::Object(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_of_every_table_is_one_r4_has() {
        for spec in super::super::ALL {
            for param in spec.all_params().filter(|p| !p.path.is_empty()) {
                path::compile(spec.name, param.path).unwrap_or_else(|error| panic!("{}: {error}", param.code));
            }
        }
    }

    #[test]
    fn an_observation_becomes_its_columns() {
        let text = r#"{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"85354-9"},{"code":"a|b"}]},
            "subject":{"reference":"http://x/fhir/Patient/1/_history/2"},"effectivePeriod":{"start":"2020-01-01"},
            "valueQuantity":{"value":1.50,"system":"http://unitsofmeasure.org","code":"mg"},
            "component":[{"code":{"coding":[{"system":"s","code":"c"}]},"valueQuantity":{"value":7}}]}"#;
        let resource = Json::parse(text.as_bytes()).expect("JSON");
        let row = columns(
            super::super::find("Observation").expect("spec"),
            resource.as_object().expect("object"),
            "http://x/fhir",
        );
        let shown = Json::Object(row).to_string();
        for part in [
            r#""code":["http://loinc.org|85354-9","|a%7Cb"]"#,
            r#""component_code":["s|c"]"#,
            r#""component":[{"code":["s|c"],"value_quantity":[{"lo":7,"hi":7}]}]"#,
            r#""date_lo":"2020-01-01T00:00:00Z","date_hi":"9999-12-31T23:59:59.999999Z""#,
            r#""status":["final"]"#,
            r#""subject":["Patient/1"]"#,
            r#""value_quantity":[{"lo":1.50,"hi":1.50,"system":"http://unitsofmeasure.org","code":"mg","canonical_lo":"0.0015","canonical_hi":"0.0015","canonical":"g"}]"#,
        ] {
            assert!(shown.contains(part), "{part} is not in {shown}");
        }
    }
}
