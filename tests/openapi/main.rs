//! The OpenAPI document: that it is the committed one, valid, complete and true.

mod examples;
mod failures;
mod fuzz;
mod routed;
mod world;

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/routes.rs"]
mod routes;
#[path = "../common/tools.rs"]
mod tools;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use lcr_facade::openapi;
use reqwest::Method;
use serde_json::Value;

use common::{TestApp, send};

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/openapi.json")
}

/// The document, read.
fn document() -> Value {
    serde_json::from_str(openapi::document()).expect("JSON")
}

#[test]
fn the_committed_document_is_what_the_tables_say() {
    if std::env::var("LCR_GENERATE").is_ok_and(|value| value == "1") {
        std::fs::write(committed(), openapi::document()).expect("written");
        return;
    }
    let kept = std::fs::read_to_string(committed()).unwrap_or_default();
    // Split, not lines(): a missing last newline or a CR is a difference, too.
    let (kept, made): (Vec<&str>, Vec<&str>) = (kept.split('\n').collect(), openapi::document().split('\n').collect());
    if let Some(at) = (0..kept.len().max(made.len())).find(|at| kept.get(*at) != made.get(*at)) {
        let line = |text: &[&str]| text.get(at).map_or("(absent)".to_owned(), |line| (*line).to_owned());
        panic!(
            "openapi/openapi.json is not the document that the tables make: run `make generate` and commit it; line {} is \
             {:?} and should be {:?}",
            at + 1,
            line(&kept),
            line(&made)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_served_to_anyone_and_printed() {
    let app = TestApp::start().await;
    let reply = send(app.open(Method::GET, "/openapi.json").header("Origin", "https://elsewhere.example")).await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/json"));
    assert!(reply.text == openapi::document(), "what is served differs from the document");
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    assert_eq!(reply.header("cache-control"), "no-cache");
    let tag = reply.header("etag").to_owned();
    let again = send(app.open(Method::GET, "/openapi.json").header("If-None-Match", &tag)).await;
    assert_eq!((again.status.as_u16(), again.text.as_str(), again.header("etag")), (304, "", tag.as_str()));
    let other = send(app.open(Method::GET, "/openapi.json").header("If-None-Match", "W/\"0123\"")).await;
    assert_eq!(other.status, 200);
    let printed = Command::new(env!("CARGO_BIN_EXE_lcr")).arg("openapi").output().expect("lcr openapi");
    assert!(printed.status.success() && printed.stdout == openapi::document().as_bytes());
}

/// PyPI's `openapi-spec-validator`: it is kept, knows 3.1, and judges by the OpenAPI Initiative's own JSON Schema.
#[test]
fn it_is_valid() {
    let Some(bin) = tools::python("openapi", &world::here().join("requirements.txt")) else { return };
    let judge = |text: &str| {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("openapi-{}.json", text.len()));
        std::fs::write(&file, text).expect("a file");
        let output = Command::new(bin.join("openapi-spec-validator")).arg(&file).output().expect("a validator");
        std::fs::remove_file(file).expect("tidy");
        (output.status.success(), tools::words(&output))
    };
    let (valid, words) = judge(openapi::document());
    assert!(valid, "{words}");
    // It does judge.
    let broken = openapi::document().replacen("\"in\": \"query\"", "\"in\": \"nowhere\"", 1);
    assert!(!judge(&broken).0, "a document with a broken parameter is called valid");
}

#[test]
fn names_are_unique_and_references_lead_somewhere() {
    let document = document();
    let mut ids: Vec<&str> = world::calls(&document).iter().map(|call| call.id).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "two calls have one operationId");
    let mut dangling = Vec::new();
    references(&document, &mut |place| {
        let pointer = place.strip_prefix('#').expect("a reference within the document");
        if document.pointer(pointer).is_none() {
            dangling.push(place.to_owned());
        }
    });
    assert!(dangling.is_empty(), "{dangling:#?}");
    // What nothing refers to only makes it longer.
    let mut used: BTreeSet<String> = BTreeSet::new();
    references(&document, &mut |place| used.extend([place.to_owned()]));
    for (part, things) in document["components"].as_object().expect("components") {
        let idle: Vec<&String> = things
            .as_object()
            .expect("things")
            .keys()
            .filter(|name| part != "securitySchemes" && !used.contains(&format!("#/components/{part}/{name}")))
            .collect();
        assert!(idle.is_empty(), "{part}: {idle:?}");
    }
}

fn references(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                match inner {
                    Value::String(place) if name == "$ref" => found(place),
                    _ if name == "value" || name == "example" => {}
                    inner => references(inner, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}
