//! Nothing is served without a token that is in force, on any route.

use std::collections::BTreeSet;

use lcr_facade::smart;
use reqwest::Method;

use crate::common::{json, send};
use crate::routes::declared;
use crate::world::{GP_SOURCE, about, address, claims, full, put};

/// Every route but the open ones: as `src/http/mod.rs` declares it, and a request that would find something there.
const CLOSED: &[(&str, &str, &str)] = &[
    ("POST", "/fhir", "/fhir"),
    ("POST", "/fhir/", "/fhir/"),
    ("GET", "/fhir", "/fhir?_type=Patient"),
    ("GET", "/fhir/", "/fhir/?_type=Patient"),
    ("HEAD", "/fhir", "/fhir?_type=Patient"),
    ("HEAD", "/fhir/", "/fhir/?_type=Patient"),
    ("POST", "/fhir/_search", "/fhir/_search"),
    ("GET", "/fhir/_history", "/fhir/_history"),
    ("HEAD", "/fhir/_history", "/fhir/_history"),
    ("GET", "/fhir/$export/{id}", "/fhir/$export/01920000-0000-7000-8000-000000000000"),
    ("DELETE", "/fhir/$export/{id}", "/fhir/$export/01920000-0000-7000-8000-000000000000"),
    ("GET", "/fhir/$export/{id}/{file}", "/fhir/$export/01920000-0000-7000-8000-000000000000/Patient.ndjson"),
    ("GET", r"/fhir/{operation:\$[^/]*}", "/fhir/$export"),
    ("HEAD", r"/fhir/{operation:\$[^/]*}", "/fhir/$export"),
    ("POST", r"/fhir/{operation:\$[^/]*}", "/fhir/$export"),
    ("GET", "/fhir/Patient/{id}/{kind}", "/fhir/Patient/near/Condition"),
    ("HEAD", "/fhir/Patient/{id}/{kind}", "/fhir/Patient/near/Condition"),
    ("POST", "/fhir/Patient/{id}/{kind}/_search", "/fhir/Patient/near/Condition/_search"),
    ("GET", r"/fhir/{kind}/{operation:\$[^/]*}", "/fhir/Patient/$everything"),
    ("HEAD", r"/fhir/{kind}/{operation:\$[^/]*}", "/fhir/Observation/$lastn?patient=near&code=38341003"),
    ("POST", r"/fhir/{kind}/{operation:\$[^/]*}", "/fhir/CarePlan/$validate"),
    ("GET", r"/fhir/{kind}/{id}/{operation:\$[^/]*}", "/fhir/Patient/near/$summary"),
    ("HEAD", r"/fhir/{kind}/{id}/{operation:\$[^/]*}", "/fhir/Patient/near/$everything"),
    ("POST", r"/fhir/{kind}/{id}/{operation:\$[^/]*}", "/fhir/CarePlan/near-CarePlan/$validate"),
    ("POST", "/fhir/{kind}/_search", "/fhir/Patient/_search"),
    ("GET", "/fhir/{kind}/_history", "/fhir/Patient/_history"),
    ("HEAD", "/fhir/{kind}/_history", "/fhir/Patient/_history"),
    ("GET", "/fhir/{kind}/{id}", "/fhir/Patient/near"),
    ("HEAD", "/fhir/{kind}/{id}", "/fhir/Patient/near"),
    ("HEAD", "/fhir/{kind}", "/fhir/Patient"),
    ("PUT", "/fhir/{kind}/{id}", "/fhir/CarePlan/near-CarePlan"),
    ("PATCH", "/fhir/{kind}/{id}", "/fhir/CarePlan/near-CarePlan"),
    ("DELETE", "/fhir/{kind}/{id}", "/fhir/CarePlan/near-CarePlan"),
    ("PUT", "/fhir/{kind}", "/fhir/CarePlan?_id=near-CarePlan"),
    ("PATCH", "/fhir/{kind}", "/fhir/CarePlan?_id=near-CarePlan"),
    ("DELETE", "/fhir/{kind}", "/fhir/CarePlan?_id=near-CarePlan"),
    ("GET", "/fhir/{kind}/{id}/_history", "/fhir/Patient/near/_history"),
    ("HEAD", "/fhir/{kind}/{id}/_history", "/fhir/Patient/near/_history"),
    ("GET", "/fhir/{kind}/{id}/_history/{version}", "/fhir/Patient/near/_history/1"),
    ("HEAD", "/fhir/{kind}/{id}/_history/{version}", "/fhir/Patient/near/_history/1"),
    ("GET", "/fhir/{kind}", "/fhir/Patient"),
    ("POST", "/fhir/{kind}", "/fhir/CarePlan"),
];

/// The routes that need no token, and say nothing of any patient.
const OPEN: &[(&str, &str)] = &[
    ("GET", "/fhir/metadata"),
    ("GET", "/openapi.json"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),
    ("HEAD", "/fhir/metadata"),
    ("HEAD", "/openapi.json"),
    ("HEAD", "/health/live"),
    ("HEAD", "/health/ready"),
    ("HEAD", "/metrics"),
];

#[test]
fn every_route_has_its_row() {
    let rows = CLOSED.iter().map(|(method, route, _)| (*method, *route)).chain(OPEN.iter().copied());
    let rows: BTreeSet<(String, String)> = rows.map(|(method, route)| (method.to_owned(), route.to_owned())).collect();
    let declared: BTreeSet<(String, String)> = declared().into_iter().collect();
    assert_eq!(declared, rows, "the routes (left) and the rows of this test (right) differ");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_in_force_every_route_answers_401() {
    let app = full().await;
    put(&app.source(GP_SOURCE).await, &about("CarePlan", "near-CarePlan", "near", 1)).await;
    let good = app.token(&claims("gp")).await;
    let expired = smart::issue(&app.store, &claims("gp"), -1).await.expect("a token");
    let ended_now = smart::issue(&app.store, &claims("gp"), 0).await.expect("a token");
    let (shorter, longer) = (&good[1..], format!("{good}A"));
    let flipped: String =
        good.chars().map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect();
    let headers: Vec<(&str, Option<String>)> = vec![
        ("none", None),
        ("empty", Some(String::new())),
        ("scheme alone", Some("Bearer".into())),
        ("no token", Some("Bearer ".into())),
        ("no scheme", Some(good.clone())),
        ("another scheme", Some(format!("Basic {good}"))),
        ("unknown", Some("Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into())),
        ("a character less", Some(format!("Bearer {shorter}"))),
        ("a character more", Some(format!("Bearer {longer}"))),
        ("in other case", Some(format!("Bearer {flipped}"))),
        ("two tokens", Some(format!("Bearer {good} {good}"))),
        ("two tokens, comma", Some(format!("Bearer x, Bearer {good}"))),
        ("quoted", Some(format!("Bearer \"{good}\""))),
        ("expired", Some(format!("Bearer {expired}"))),
        ("expiring as it was made", Some(format!("Bearer {ended_now}"))),
        ("SQL", Some("Bearer ' OR '1'='1".into())),
        ("wildcard", Some("Bearer %".into())),
    ];
    for (method, _, path) in CLOSED {
        for (name, header) in &headers {
            let method = Method::from_bytes(method.as_bytes()).expect("method");
            let mut request = app.open(method.clone(), path);
            if method == "POST" && path.ends_with("_search") {
                request = request.header("Content-Type", "application/x-www-form-urlencoded").body("");
            } else if method == "POST" || method == "PUT" {
                request = json(request, about("CarePlan", "near-CarePlan", "near", 1));
            }
            if let Some(value) = header {
                request = request.header("Authorization", value);
            }
            let reply = send(request).await;
            let case = format!("{method} {path} with token: {name}");
            assert_eq!(reply.status, 401, "{case}: {}", reply.text);
            assert!(reply.header("www-authenticate").starts_with("Bearer"), "{case}: no challenge");
            if method != "HEAD" {
                assert_eq!(reply.json()["resourceType"], "OperationOutcome", "{case}");
            }
            assert!(!reply.text.contains("Attwood") && !reply.text.contains(good.as_str()), "{case}: {}", reply.text);
        }
    }
    // Nothing was deleted or changed meanwhile, and the good token is good.
    let gp = app.source(GP_SOURCE).await;
    assert_eq!(gp.get("CarePlan/near-CarePlan").await.json()["meta"]["versionId"], "2");
    let lower = app.open(Method::GET, "/fhir/Patient/near").header("Authorization", format!("bearer {good}"));
    assert_eq!(send(lower).await.status, 200, "the scheme's case does not matter (RFC 9110)");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_counts_in_the_authorization_header_alone() {
    let app = full().await;
    let good = app.token(&claims("gp")).await;
    for path in [
        format!("/fhir/Patient/near?access_token={good}"),
        format!("/fhir/Patient?access_token={good}"),
        format!("/fhir/Patient?Authorization=Bearer%20{good}"),
        format!("/fhir/Patient/near/_history?access_token={good}"),
    ] {
        let reply = send(app.open(Method::GET, &path)).await;
        assert_eq!(reply.status, 401, "{path}: {}", reply.text);
        assert!(!reply.text.contains(good.as_str()), "{path} repeats the token");
    }
    let form =
        app.open(Method::POST, "/fhir/Patient/_search").header("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(send(form.body(format!("access_token={good}"))).await.status, 401, "in a form");
    let cookie = app.open(Method::GET, "/fhir/Patient/near").header("Cookie", format!("access_token={good}"));
    assert_eq!(send(cookie).await.status, 401, "in a cookie");
    for header in ["X-Authorization", "Proxy-Authorization", "X-Access-Token"] {
        let request = app.open(Method::GET, "/fhir/Patient/near").header(header, format!("Bearer {good}"));
        assert_eq!(send(request).await.status, 401, "in {header}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_without_an_interaction_show_and_change_nothing() {
    let app = full().await;
    let plan = about("CarePlan", "near-CarePlan", "near", 1);
    for method in ["PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECTX", "get"] {
        for path in
            ["/fhir/Patient/near", "/fhir/Patient", "/fhir/Patient/near/_history", "/fhir/Patient/_history", "/fhir"]
        {
            let request = app.open(Method::from_bytes(method.as_bytes()).expect("method"), path);
            let reply = send(json(request, &plan)).await;
            assert!(reply.status.is_client_error(), "{method} {path}: {}", reply.status);
            assert!(
                !reply.text.contains("Attwood") && reply.header("etag").is_empty(),
                "{method} {path}: {}",
                reply.text
            );
        }
    }
    for override_header in ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"] {
        let nurse = crate::world::persona(&app, "nurse").await;
        let reply = send(nurse.request(Method::GET, &address(&plan)).header(override_header, "DELETE")).await;
        assert_eq!(reply.status, 200, "{override_header} changed a GET");
    }
}
