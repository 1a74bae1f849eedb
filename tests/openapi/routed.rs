//! Nothing is routed without its place in the document, and nothing is in the document that is not routed.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;

use crate::common::send;
use crate::document;
use crate::routes::declared;
use crate::world::{calls, sandboxed};

/// What is routed and not in the document: pages for people, and what stands for another address.
const PASSED_OVER: [(&str, &str); 8] = [
    ("/oauth/continue", "a page between a request and its code"),
    ("/oauth/callback", "where the sign-in provider sends a browser back"),
    ("/oauth/manage", "pages on which users take back what they let apps do"),
    ("/oauth/style.css", "what the pages look like"),
    ("/sandbox/sign-in", "the sandbox's page of personas"),
    ("/fhir/", "the same as /fhir"),
    ("HEAD", "as GET, without the body (RFC 9110 §9.3.2)"),
    ("DEFAULT", "no method of its own"),
];

/// Methods and patterns that the service routes, in the order in which they are tried.
fn routed() -> Vec<(String, String)> {
    let text = include_str!("../../src/http/oauth/mod.rs");
    let text = text.split_once("pub fn routes(").expect("routes()").1.split_once("\n}").expect("its end").0;
    let mut all = Vec::new();
    for piece in text.split("only(\"").skip(1) {
        let (path, rest) = piece.split_once('"').expect("a path");
        for method in rest.split("web::").skip(1).filter_map(|rest| rest.split_once("()")) {
            all.push((method.0.to_uppercase(), path.to_owned()));
        }
    }
    assert!(all.len() > 14, "the routes of the authorization server are not read any more: {all:?}");
    all.extend(declared());
    all.retain(|(method, path)| !PASSED_OVER.iter().any(|(passed, _)| passed == method || passed == path));
    all
}

/// Whether a pattern of actix may stand for this address of the document.
fn stands_for(pattern: &str, path: &str) -> bool {
    // The pattern of an operation holds a slash of its own.
    let pattern = pattern.replace(r":\$[^/]*", "");
    let (left, right): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    let fits = |(pattern, part): (&&str, &&str)| match pattern.strip_prefix('{') {
        None => pattern == part,
        Some(inner) if inner.starts_with("operation") => part.starts_with('$'),
        // An id is an id in both; a type is a type.
        Some(inner) if inner.starts_with("kind") => part.starts_with(char::is_uppercase) || *part == "*",
        Some(_) => part.starts_with('{'),
    };
    left.len() == right.len() && left.iter().zip(&right).all(fits)
}

#[test]
fn routes_and_document_have_the_same_addresses() {
    let (routed, document) = (routed(), document());
    let calls = calls(&document);
    let forgotten: Vec<_> = routed
        .iter()
        .filter(|(method, pattern)| !calls.iter().any(|call| call.method == *method && stands_for(pattern, call.path)))
        .collect();
    assert!(forgotten.is_empty(), "routed, and not in the document: {forgotten:#?}");
    let invented: Vec<_> = calls
        .iter()
        .filter(|call| !routed.iter().any(|(method, pattern)| call.method == *method && stands_for(pattern, call.path)))
        .map(|call| format!("{} {}", call.method, call.path))
        .collect();
    assert!(invented.is_empty(), "in the document, and not routed: {invented:#?}");
}

/// What the CapabilityStatement says of itself, type by type, as addresses.
fn stated(statement: &Value) -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    let mut add = |method: &str, path: String| assert!(all.insert((method.to_owned(), path)), "twice");
    for kind in statement["rest"][0]["resource"].as_array().expect("types") {
        let name = kind["type"].as_str().expect("type");
        for interaction in kind["interaction"].as_array().expect("interactions") {
            match interaction["code"].as_str().expect("code") {
                "read" => add("GET", format!("/fhir/{name}/{{id}}")),
                "vread" => add("GET", format!("/fhir/{name}/{{id}}/_history/{{vid}}")),
                "update" => add("PUT", format!("/fhir/{name}/{{id}}")),
                "patch" => add("PATCH", format!("/fhir/{name}/{{id}}")),
                "delete" => add("DELETE", format!("/fhir/{name}/{{id}}")),
                "history-instance" => add("GET", format!("/fhir/{name}/{{id}}/_history")),
                "history-type" => add("GET", format!("/fhir/{name}/_history")),
                "create" => add("POST", format!("/fhir/{name}")),
                "search-type" => {
                    add("GET", format!("/fhir/{name}"));
                    add("POST", format!("/fhir/{name}/_search"));
                }
                other => panic!("the document has no place for {other}"),
            }
        }
        if kind["conditionalUpdate"] == true {
            add("PUT", format!("/fhir/{name}"));
            add("PATCH", format!("/fhir/{name}"));
        }
        if kind["conditionalDelete"] == "single" {
            add("DELETE", format!("/fhir/{name}"));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_says_what_the_capability_statement_says_and_every_call_is_answered() {
    let (app, document) = (sandboxed().await, document());
    let statement = send(app.open(Method::GET, "/fhir/metadata")).await.json();
    let calls = calls(&document);
    let ours: BTreeSet<(String, String)> =
        calls.iter().map(|call| (call.method.clone(), call.path.to_owned())).collect();
    let stated = stated(&statement);
    let missing: Vec<_> = stated.difference(&ours).collect();
    assert!(missing.is_empty(), "in the CapabilityStatement, and not in the document: {missing:#?}");
    // Of the addresses of a type and of its resources, the document has no others.
    let plain = |path: &str| {
        let parts: Vec<&str> = path.split('/').skip(2).collect();
        let own = parts.iter().all(|part| !part.starts_with('$'))
            && parts.first().is_some_and(|kind| kind.starts_with(char::is_uppercase));
        let compartment = parts.get(2).is_some_and(|kind| kind.starts_with(char::is_uppercase) || *kind == "*");
        own && !compartment
    };
    let more: Vec<_> = ours.difference(&stated).filter(|(_, path)| plain(path)).collect();
    assert!(more.is_empty(), "in the document, and not in the CapabilityStatement: {more:#?}");
    // Each operation, by the methods it is asked by.
    for kind in statement["rest"][0]["resource"].as_array().expect("types") {
        for operation in kind["operation"].as_array().into_iter().flatten() {
            let end = format!("/${}", operation["name"].as_str().expect("name"));
            let begin = format!("/fhir/{}/", kind["type"].as_str().expect("type"));
            let has = |call: &&crate::world::Call<'_>| call.path.starts_with(&begin) && call.path.ends_with(&end);
            assert!(calls.iter().filter(has).any(|call| call.method == "POST"), "{begin}…{end}");
        }
    }
    let gp = app.persona("gp").await;
    for call in &calls {
        let path = call.path.replace("{id}", "nobody").replace("{vid}", "1");
        let method: Method = call.method.parse().expect("method");
        let query = if call.id.ends_with("ByCriteria") { "?identifier=nobody" } else { "" };
        let reply = send(gp.request(method, &format!("{}{path}{query}", app.url))).await;
        assert!(reply.status != 405, "{} {}: {}", call.method, call.path, reply.text);
        assert!(!reply.text.contains("nothing at this address"), "{} {}: {}", call.method, call.path, reply.text);
        assert!(!reply.text.contains("no operation"), "{} {}: {}", call.method, call.path, reply.text);
        let status = reply.status.as_u16().to_string();
        let known = call.body["responses"].as_object().expect("responses");
        assert!(known.contains_key(&status), "{} {}: {status} is not in the document", call.method, call.path);
    }
}
