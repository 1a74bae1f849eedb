//! What every generated record must be: repeatable, valid, plausible. Here: how to look at one.

use serde_json::Value;

use super::*;

mod plausible;
mod relations;
mod repeatable;
mod valid;

fn run(patients: u32, seed: u64, observations: u32) -> Vec<Record> {
    records(Options { patients, seed, observations }).expect("within the limit").collect()
}

fn ndjson(record: &Record) -> String {
    let mut lines: Vec<String> = record.resources.iter().map(Value::to_string).collect();
    lines.extend(record.relationships.iter().map(Relationship::to_csv_row));
    lines.join("\n")
}

/// The string at a path like `subject.reference`; a number steps into an array.
fn at<'a>(resource: &'a Value, path: &str) -> Option<&'a str> {
    let step = |value: &'a Value, part: &str| match part.parse::<usize>() {
        Ok(index) => value.get(index),
        Err(_) => value.get(part),
    };
    path.split('.').try_fold(resource, step)?.as_str()
}

fn kind(resource: &Value) -> &str {
    at(resource, "resourceType").expect("a type")
}

fn of<'a>(record: &'a Record, wanted: &'a str) -> impl Iterator<Item = &'a Value> {
    record.resources.iter().filter(move |resource| kind(resource) == wanted)
}

fn code<'a>(resource: &'a Value, field: &str) -> Option<&'a str> {
    at(resource, &format!("{field}.coding.0.code"))
}

/// Every value in a resource, itself included.
fn walk(value: &Value) -> Vec<&Value> {
    let mut all = vec![value];
    let mut next = 0;
    while let Some(value) = all.get(next).copied() {
        match value {
            Value::Array(items) => all.extend(items),
            Value::Object(fields) => all.extend(fields.values()),
            _ => {}
        }
        next += 1;
    }
    all
}
