//! The table of refusals is whole: what the source can answer is in it, what is in it the source can answer, and what the
//! document shows of each status is what the service says.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use lcr_facade::openapi::errors;
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::common::{Reply, send};
use crate::document;
use crate::world::sandboxed;

/// Every Rust file of the product, without its test modules.
fn sources(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("openapi/errors.rs") {
            let text = fs::read_to_string(&path).expect("text");
            found.push(text.split("#[cfg(test)]").next().expect("text").to_owned());
        }
    }
    found
}

/// The word after a marker: `StatusCode::NOT_FOUND` gives NOT_FOUND.
fn words<'a>(text: &'a str, marker: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    text.match_indices(marker).map(move |(at, _)| {
        let rest = &text[at + marker.len()..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        (at, &rest[..end])
    })
}

/// `NotSupported` as `not-supported`.
fn code(variant: &str) -> String {
    let mut code = String::new();
    for letter in variant.chars() {
        if letter.is_uppercase() && !code.is_empty() {
            code.push('-');
        }
        code.push(letter.to_ascii_lowercase());
    }
    code
}

fn status(name: &str) -> u16 {
    (400..600)
        .find(|code| {
            let reason = reqwest::StatusCode::from_u16(*code).expect("a status").canonical_reason().unwrap_or_default();
            reason.to_uppercase().replace([' ', '-'], "_").replace('\'', "") == name
        })
        .unwrap_or_else(|| panic!("{name} is no status"))
}

/// The pairs that stand side by side in the source: a status and, right behind it, a code.
fn pairs(text: &str) -> Vec<(u16, String)> {
    let mut found = Vec::new();
    for marker in ["Problem::new(", "Problem::bad_request("] {
        for (at, _) in text.match_indices(marker) {
            // Up to the words, which are the last argument.
            let rest = &text[at + marker.len()..];
            let call = &rest[..rest.char_indices().nth(400).map_or(rest.len(), |(at, _)| at)];
            let codes: Vec<(usize, &str)> = words(call, "IssueType::").take(2).collect();
            let Some((first, _)) = codes.first() else { continue };
            let named = words(call, "StatusCode::").find(|(at, _)| at < first).map(|(_, name)| status(name));
            let Some(status) = named.or((marker == "Problem::bad_request(").then_some(400)) else { continue };
            // `if several { A } else { B }` is two.
            let choice = call[..*first].contains("if ");
            for (_, variant) in codes.iter().take(if choice { 2 } else { 1 }) {
                found.push((status, code(variant)));
            }
        }
    }
    found
}

#[test]
fn every_refusal_of_the_source_is_in_the_table_and_the_other_way_round() {
    let texts = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let table: BTreeSet<(u16, String)> =
        errors::ALL.iter().map(|failure| (failure.status, failure.code.code().to_owned())).collect();
    assert_eq!(table.len(), errors::ALL.len(), "a row is there twice");
    assert!(errors::ALL.is_sorted_by_key(|failure| failure.status), "the table is in the order of statuses");
    let written: BTreeSet<(u16, String)> = texts.iter().flat_map(|text| pairs(text)).collect();
    assert!(written.len() > 20, "the source is not read any more: {written:?}");
    let forgotten: Vec<_> = written.difference(&table).collect();
    assert!(forgotten.is_empty(), "answered, and not in src/openapi/errors.rs: {forgotten:?}");
    // Findings that stand alone get their status later: their codes have to be known under some status.
    let codes: BTreeSet<&str> = errors::ALL.iter().map(|failure| failure.code.code()).collect();
    let used: BTreeSet<String> =
        texts.iter().flat_map(|text| words(text, "IssueType::")).map(|(_, name)| code(name)).collect();
    let strange: Vec<_> =
        used.iter().filter(|code| !codes.contains(code.as_str()) && *code != "informational").collect();
    assert!(strange.is_empty(), "codes that no row has: {strange:?}");
    let statuses: BTreeSet<u16> = texts
        .iter()
        .flat_map(|text| words(text, "StatusCode::"))
        .filter(|(_, name)| name.chars().all(|c| c.is_uppercase() || c == '_') && !name.is_empty())
        .filter_map(|(_, name)| {
            (400..600).find(|code| {
                let reason =
                    reqwest::StatusCode::from_u16(*code).expect("status").canonical_reason().unwrap_or_default();
                reason.to_uppercase().replace([' ', '-'], "_") == name
            })
        })
        .collect();
    let known: BTreeSet<u16> = errors::statuses().collect();
    assert_eq!(statuses, known, "statuses of the source (left) and of the table (right)");
}

/// The example of a status, and what the service answers to that mistake.
#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_shown_as_the_service_gives_them() {
    let (app, document) = (sandboxed().await, document());
    let gp = app.persona("gp").await;
    let patient = "13c4dc1b-7947-4d74-9add-0ad316d0a6f3";
    let plan = |subject: &str| {
        json!({"resourceType": "CarePlan", "status": "active", "intent": "plan", "title": "A plan",
            "category": [{"text": "Asthma"}], "created": "2026-11-01", "author": {"display": "Dr Amara Okafor"},
            "subject": {"reference": format!("Patient/{subject}")}})
    };
    let made = gp.post("CarePlan", plan(patient)).await;
    let id = made.json()["id"].as_str().expect("id").to_owned();
    let mut own = plan(patient);
    own["id"] = id.clone().into();
    let stale = gp.request(Method::PUT, &format!("CarePlan/{id}")).header("If-Match", "W/\"7\"");
    let stale = send(stale.header(CONTENT_TYPE, "application/fhir+json").body(own.to_string())).await;
    gp.delete(&format!("CarePlan/{id}")).await;
    let huge = gp.request(Method::POST, "CarePlan").header(CONTENT_TYPE, "application/fhir+json");
    let replies: Vec<Reply> = vec![
        gp.get("Patient?_count=many").await,
        send(app.open(Method::GET, "/fhir/Patient")).await,
        gp.delete(&format!("Patient/{patient}")).await,
        gp.get("Patient/nobody").await,
        send(gp.request(Method::GET, "Patient").header(ACCEPT, "text/html")).await,
        gp.get(&format!("CarePlan/{id}")).await,
        stale,
        send(huge.body(vec![b' '; 16 * 1024 * 1024 + 1])).await,
        send(gp.request(Method::POST, "CarePlan").header(CONTENT_TYPE, "text/plain").body("plan")).await,
        gp.post("CarePlan", plan("nobody")).await,
    ];
    for reply in replies {
        let name = format!("error-{}.json", reply.status.as_u16());
        let shown = &document["components"]["examples"][&name]["value"];
        let said: Value = reply.json();
        assert_eq!(said, *shown, "{name}");
    }
}
