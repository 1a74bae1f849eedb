//! Every example that somebody else published goes through XML and back. What this project writes, another reader reads.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use fhirbolt::FhirReleases;
use fhirbolt::element::Element;
use fhirbolt::serde::{DeserializationConfig, DeserializationMode};
use lcr_facade::fhir::json::{Json, Object};
use lcr_facade::fhir::{decode, xml};
use serde_json::Value;

use crate::common::shared;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Every resource in the shared data, with where it is.
pub fn resources(ending: &str) -> Vec<(String, String)> {
    let Some(shared) = shared() else { return Vec::new() };
    let mut paths = Vec::new();
    files(&shared.join("data"), &mut paths);
    paths.retain(|path| path.extension().is_some_and(|found| found == ending));
    let mut found = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).expect("text");
        let name = path.strip_prefix(&shared).expect("below").display().to_string();
        match ending {
            "ndjson" => found.extend(text.lines().map(|line| (name.clone(), line.to_owned()))),
            _ => found.push((name, text)),
        }
    }
    found
}

pub fn object(text: &str) -> Object {
    match Json::parse(text.as_bytes()) {
        Ok(Json::Object(object)) => object,
        other => panic!("{other:?}"),
    }
}

/// As serde reads it: numbers by their text, members in any order.
pub fn value(object: &Object) -> Value {
    serde_json::from_str(&Json::Object(object.clone()).to_string()).expect("JSON")
}

/// The first place where two values differ.
pub fn difference(path: &str, one: &Value, other: &Value) -> Option<String> {
    match (one, other) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            names.into_iter().find_map(|name| difference(&format!("{path}.{name}"), &one[name], &other[name]))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            (0..a.len()).find_map(|at| difference(&format!("{path}[{at}]"), &a[at], &b[at]))
        }
        _ if one == other => None,
        _ => Some(format!("{path}: {one} is not {other}")),
    }
}

/// A narrative is its `div`: what JSON has around it is not in XML, and the namespace is said where it was not.
pub fn with_plain_narratives(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                match value {
                    Value::String(div) if name == "div" => *div = div.trim().to_owned(),
                    other => with_plain_narratives(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(with_plain_narratives),
        _ => {}
    }
}

/// Two pairs are not the same resource: another age, and `1.0` beside `1.0e+0`.
const OTHERS: [&str; 2] = ["observation-example.xml", "observation-decimal.xml"];

/// Whether a difference is a fault of the published JSON, which the check of JSON finds too: the converter of the UK Core
/// examples made `{}` of comments and `"30"` of some decimals.
pub fn is_no_r4(resource: &Object) -> bool {
    decode::check(resource).iter().any(|issue| {
        issue.diagnostics.contains("an empty object {}") || issue.diagnostics.contains("not a number without quotes")
    })
}

#[test]
fn every_example_comes_back_from_xml_as_it_was() {
    let (mut wrong, mut faults, mut count) = (Vec::new(), 0, 0);
    for (name, text) in resources("json").into_iter().chain(resources("ndjson")) {
        let resource = object(&text);
        let mut wanted = value(&resource);
        with_plain_narratives(&mut wanted);
        for pretty in [false, true] {
            let written = xml::from_json(&resource, pretty);
            let found = match xml::to_json(written.as_bytes()) {
                Ok(back) => difference(&name, &wanted, &value(&back)),
                Err(error) => Some(format!("{name}: {}: {error}", error.path)),
            };
            match found {
                Some(_) if is_no_r4(&resource) => faults += 1,
                found => wrong.extend(found),
            }
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{} wrong of {count}:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
    println!("{count} resources went through XML and back; {} of them are not R4's JSON", faults / 2);
    assert!((count > 4_900 && faults == 22) || shared().is_none(), "{count} {faults}");
}

#[test]
fn xml_that_others_wrote_is_the_json_that_others_wrote() {
    let json: HashMap<String, String> = resources("json").into_iter().collect();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (name, text) in resources("xml") {
        let read = xml::to_json(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {}: {error}", error.path));
        let twin = json.get(&name.replace("/xml/", "/json/").replace(".xml", ".json"));
        let Some(twin) = twin.filter(|_| !OTHERS.iter().any(|other| name.ends_with(other))) else { continue };
        let twin = object(twin);
        let (mut wanted, mut found) = (value(&twin), value(&read));
        with_plain_narratives(&mut wanted);
        with_plain_narratives(&mut found);
        wrong.extend(difference(&name, &wanted, &found).filter(|_| !is_no_r4(&twin)));
        count += 1;
    }
    assert!(wrong.is_empty(), "{} wrong of {count}:\n{}", wrong.len(), wrong.join("\n"));
    println!("{count} XML examples agree with their JSON");
    assert!(count >= 145 || shared().is_none(), "{count}");
}

/// fhirbolt reads strictly: unknown elements and wrong shapes are errors to it. It does not look at the order.
#[test]
fn another_reader_reads_what_is_written() {
    let config = DeserializationConfig { mode: DeserializationMode::Strict };
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (name, text) in resources("json").into_iter().chain(resources("ndjson")) {
        let resource = object(&text);
        // It knows R4 only, and some examples are not even that.
        if !decode::check(&resource).is_empty() {
            continue;
        }
        let written = xml::from_json(&resource, false);
        let read: Result<Element<{ FhirReleases::R4 }>, _> = fhirbolt::xml::from_str(&written, Some(config));
        match read.map(|element| fhirbolt::json::to_string(&element, None)) {
            Ok(Ok(json)) => {
                let (mut wanted, mut found) = (value(&resource), serde_json::from_str(&json).expect("JSON"));
                without_narratives(&mut wanted);
                without_narratives(&mut found);
                wrong.extend(difference(&name, &wanted, &found));
            }
            Ok(Err(error)) => wrong.push(format!("{name}: {error}")),
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{} wrong of {count}:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
    println!("{count} resources were read by another");
    assert!(count > 4_500 || shared().is_none(), "{count}");
}

/// The other reader trims white space within narratives.
fn without_narratives(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.shift_remove("div");
            members.values_mut().for_each(without_narratives);
        }
        Value::Array(items) => items.iter_mut().for_each(without_narratives),
        _ => {}
    }
}
