//! The document's calls, and a service with the sandbox's record to try them on.

use std::path::{Path, PathBuf};

use lcr_facade::cli::import;
use lcr_facade::config::Config;
use lcr_facade::sandbox;
use serde_json::Value;

use crate::common::TestApp;

pub fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openapi")
}

/// One call of the document.
pub struct Call<'a> {
    pub method: String,
    pub path: &'a str,
    pub id: &'a str,
    pub body: &'a Value,
}

/// Every call.
pub fn calls(document: &Value) -> Vec<Call<'_>> {
    let paths = document["paths"].as_object().expect("paths");
    let all =
        paths.iter().flat_map(|(path, item)| item.as_object().expect("a path").iter().map(move |one| (path, one)));
    all.map(|(path, (method, body))| Call {
        method: method.to_uppercase(),
        path,
        id: body["operationId"].as_str().expect("operationId"),
        body,
    })
    .collect()
}

impl Call<'_> {
    /// Its parameters, from the components where they stand there.
    pub fn parameters<'a>(&'a self, document: &'a Value) -> impl Iterator<Item = &'a Value> {
        let all = self.body["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().map(|parameter| followed(document, parameter))
    }

    /// The persona of the sandbox who may ask: the first that the description names, else the GP.
    pub fn persona(&self) -> &str {
        let words = self.body["description"].as_str().unwrap_or_default();
        words.split_once("In the sandbox, ask as `").and_then(|(_, rest)| rest.split('`').next()).unwrap_or("gp")
    }
}

/// What a reference stands for.
pub fn followed<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(place) => document.pointer(&place[1..]).expect("what is referred to"),
        None => value,
    }
}

/// A service with the sandbox's record, as `lcr demo` loads it.
pub async fn sandboxed() -> TestApp {
    let app = TestApp::with(Config { sandbox: true, ..Config::default() }).await;
    for (name, text) in [("record", sandbox::RECORD), ("staff", sandbox::STAFF)] {
        let report = import::run_ndjson(&app.store, name, text, &app.base).await.expect("import");
        assert_eq!(report.refusals(), []);
    }
    for persona in sandbox::personas().expect("personas").values() {
        if let Some(source) = &persona.claims.source {
            app.store.name_source(source, Some(source)).await.expect("a name");
        }
    }
    let unknown = app.store.relate(&sandbox::relationships().expect("relationships")).await.expect("relate");
    assert!(unknown.is_empty());
    app
}
