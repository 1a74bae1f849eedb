//! Every address in an answer is on the public base URL, whatever the request says of itself.

use lcr_facade::config::Config;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::common::{Reply, TestApp, json as with_body, send};

const BASE: &str = "https://records.example.org/a/lcr";

/// Every text in a value that is an address of this service, or of where the request went.
fn addresses(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.starts_with("http") => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| addresses(item, found)),
        Value::Object(members) => members.values().for_each(|value| addresses(value, found)),
        _ => {}
    }
}

fn from_elsewhere(request: RequestBuilder) -> RequestBuilder {
    request
        .header("Host", "evil.example:81")
        .header("X-Forwarded-Host", "evil.example")
        .header("X-Forwarded-Proto", "ftp")
        .header("X-Forwarded-Prefix", "/evil")
        .header("Forwarded", "host=evil.example;proto=ftp")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_is_on_the_public_base() {
    let app = TestApp::with(Config { public_url: Some(BASE.to_owned()), ..Config::default() }).await;
    let session = app.source("a").await;
    let ask = async |method: Method, path: &str, body: Option<Value>| -> Reply {
        let request = from_elsewhere(session.request(method.clone(), path));
        let reply = send(match body {
            Some(body) => with_body(request, body),
            None => request,
        })
        .await;
        assert!(reply.status.is_success(), "{method} {path}: {}", reply.text);
        assert!(!reply.text.contains("evil") && !reply.text.contains(&app.url), "{method} {path}: {}", reply.text);
        for (name, value) in &reply.headers {
            let value = value.to_str().expect("text");
            assert!(!value.contains("evil") && !value.contains(&app.url), "{method} {path}: {name}: {value}");
        }
        reply
    };
    let own = format!("{BASE}/fhir");
    let patient = json!({"resourceType": "Patient", "name": [{"family": "Based"}]});
    let created = ask(Method::POST, "Patient", Some(patient.clone())).await;
    let location = created.header("location").to_owned();
    let id = created.json()["id"].as_str().expect("id").to_owned();
    assert_eq!(location, format!("{own}/Patient/{id}/_history/1"));
    let put = ask(
        Method::PUT,
        "Patient/q",
        Some(json!({"resourceType": "Patient", "id": "q", "name": [{"family": "Based"}]})),
    )
    .await;
    assert_eq!(put.header("location"), format!("{own}/Patient/q/_history/1"));
    // A reference on the public base is to this record.
    let seen = json!({"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "c"},
        "subject": {"reference": format!("{own}/Patient/q")}});
    ask(Method::PUT, "Observation/o", Some(seen)).await;
    assert_eq!(ask(Method::GET, "Observation?subject=Patient/q", None).await.ids(), ["o"]);

    for path in [
        "Patient?family=based&_count=1",
        "Patient/_history?_count=1",
        "Patient/q/_history",
        "Observation?_include=Observation:subject",
        "Patient?_revinclude=Observation:subject",
        "?_type=Patient,Observation&_count=1",
        "_history?_count=1",
        "Patient/q/*?_count=1",
        "Patient/q/Observation",
        "Patient/q/$everything",
        "Patient/q/$everything?_count=1",
    ] {
        let reply = ask(Method::GET, path, None).await;
        let bundle = reply.json();
        for link in bundle["link"].as_array().expect("links") {
            let rest = link["url"].as_str().and_then(|url| url.strip_prefix(&own));
            assert!(rest.is_some_and(|rest| rest.starts_with(['/', '?'])), "{path}: {link}");
        }
        for entry in bundle["entry"].as_array().expect("entries") {
            let (kind, id) = (&entry["resource"]["resourceType"], &entry["resource"]["id"]);
            let wanted = format!("{own}/{}/{}", kind.as_str().expect("type"), id.as_str().expect("id"));
            assert_eq!(entry["fullUrl"], wanted, "{path}");
        }
        let mut found = Vec::new();
        addresses(&bundle, &mut found);
        let strange: Vec<&String> =
            found.iter().filter(|url| !url.starts_with(&own) && !url.contains("terminology.hl7.org")).collect();
        assert!(strange.is_empty(), "{path}: {strange:?}");
        if let Some(next) = reply.link("next") {
            let followed = ask(Method::GET, &next.replace(&own, &app.base), None).await;
            assert_eq!(followed.json()["entry"].as_array().map(Vec::len), Some(1), "{next}");
        }
    }
    for kind in ["transaction", "batch"] {
        let bundle = json!({"resourceType": "Bundle", "type": kind, "entry": [
            {"fullUrl": "urn:uuid:7c1b6d4e-0d6a-4b0e-9a3d-1d1f5e1c0b0a", "resource": patient, "request": {"method": "POST", "url": "Patient"}},
            {"request": {"method": "GET", "url": "Patient?family=based"}}]});
        let reply = ask(Method::POST, "", Some(bundle)).await.json();
        let place = reply["entry"][0]["response"]["location"].as_str().expect("location").to_owned();
        assert!(place.starts_with(&format!("{own}/Patient/")), "{place}");
    }
    let statement = ask(Method::GET, "metadata", None).await.json();
    assert_eq!(
        (&statement["url"], &statement["implementation"]["url"]),
        (&json!(format!("{own}/metadata")), &json!(own))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_public_base_addresses_are_where_it_listens() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let patient = json!({"resourceType": "Patient", "id": "q", "active": true});
    let reply = send(with_body(from_elsewhere(session.request(Method::PUT, "Patient/q")), patient)).await;
    assert_eq!(reply.header("location"), format!("{}/Patient/q/_history/1", app.base));
    let found = send(from_elsewhere(session.request(Method::GET, "Patient"))).await.json();
    assert_eq!(found["entry"][0]["fullUrl"], format!("{}/Patient/q", app.base));
}
