//! Where operations are, by which methods, and what the CapabilityStatement says of them.

use reqwest::Method;
use serde_json::Value;

use crate::common::{TestApp, send};
use crate::support::{audited, refused};

/// Name, definition, types.
const SERVED: [(&str, &str, &[&str]); 4] = [
    ("lastn", "http://hl7.org/fhir/OperationDefinition/Observation-lastn", &["Observation"]),
    ("match", "http://hl7.org/fhir/OperationDefinition/Patient-match", &["Patient"]),
    ("summary", "http://hl7.org/fhir/uv/ips/OperationDefinition/summary", &["Patient"]),
    ("validate", "http://hl7.org/fhir/OperationDefinition/Resource-validate", &crate::world::TYPES),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_statement_names_what_is_served() {
    let app = TestApp::start().await;
    let statement = send(app.open(Method::GET, "/fhir/metadata")).await.json();
    for resource in statement["rest"][0]["resource"].as_array().expect("resources") {
        let operations = resource["operation"].as_array().cloned().unwrap_or_default();
        for (name, definition, kinds) in SERVED {
            let said: Vec<&Value> = operations.iter().filter(|operation| operation["name"] == name).collect();
            let here = kinds.contains(&resource["type"].as_str().expect("type"));
            assert_eq!(said.len(), usize::from(here), "{name} of {}", resource["type"]);
            assert!(said.iter().all(|operation| operation["definition"] == definition), "{said:?}");
        }
        for operation in &operations {
            let name = operation["name"].as_str().expect("name");
            assert!(!name.starts_with('$'), "cpb-8: the name without the dollar sign");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_says_what_is() {
    let app = TestApp::start().await;
    let source = app.source("a").await;
    for (method, path, words) in [
        (Method::GET, "Patient/$banana", "Patient/$match"),
        (Method::POST, "Patient/$banana", "Patient/[id]/$summary"),
        (Method::GET, "Patient/1/$banana", "Patient/[id]/$summary"),
        (Method::GET, "Patient/$summary", "Patient/[id]/$summary"),
        (Method::POST, "Patient/1/$match", "Patient/$match"),
        (Method::GET, "Condition/$lastn", "Condition/$validate"),
        (Method::GET, "$banana", "Observation/$lastn"),
        (Method::POST, "$validate", "[type]/$validate"),
        (Method::POST, "Patient/$", "Patient/$match"),
        (Method::DELETE, "Patient/$banana", "Patient/$match"),
    ] {
        refused(&send(source.request(method, path)).await, 404, words);
    }
    refused(&source.get("Banana/$validate").await, 404, "Banana");
    for (method, path, allow) in [
        (Method::GET, "Patient/$match", "POST"),
        (Method::GET, "Patient/$validate", "POST"),
        (Method::GET, "Patient/1/$validate", "POST"),
        (Method::PUT, "Observation/$lastn", "GET, HEAD, POST"),
        (Method::DELETE, "Patient/1/$summary", "GET, HEAD, POST"),
    ] {
        let reply = send(source.request(method.clone(), path)).await;
        assert_eq!(reply.header("allow"), allow, "{method} {path}");
        refused(&reply, 405, "is asked by");
    }
    for path in ["/fhir/Patient/1/$summary", "/fhir/Observation/$lastn", "/fhir/Patient/$banana", "/fhir/$banana"] {
        let reply = send(app.open(Method::GET, path)).await;
        assert_eq!(reply.status, 401, "{path}");
    }
    assert!(audited(&app, "banana").await.is_empty(), "nothing was asked of the record");
    let reply =
        send(source.request(Method::POST, "Observation/$lastn").header("Content-Type", "text/plain").body("x")).await;
    refused(&reply, 415, "application/fhir+json");
    let reply =
        send(source.request(Method::GET, "Observation/$lastn?patient=1&code=x").header("Accept", "text/html")).await;
    refused(&reply, 406, "json");
}
