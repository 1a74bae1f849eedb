//! What every answer says to browsers; HEAD wherever GET is; and where `/` leads people.

use lcr_facade::config::Config;
use reqwest::{Client, Method, redirect};

use crate::common::{TestApp, send};
use crate::routes::declared;
use crate::support::gp;

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_closed_to_whoever_would_use_it_in_a_browser() {
    let app = TestApp::start().await;
    let gp = gp(&app).await;
    for path in [
        "/",
        "/fhir/metadata",
        "/fhir/Patient",
        "/fhir/Patient/none",
        "/fhir/Banana",
        "/nothing",
        "/openapi.json",
        "/health/live",
        "/docs",
        "/docs/start.js",
        "/oauth/authorize",
        "/oauth/style.css",
        "/oauth/jwks.json",
        "/oauth/token",
        "/sandbox",
        "/fhir/Patient?_format=xml",
        "/fhir/.well-known/smart-configuration",
    ] {
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            let reply = send(gp.request(method.clone(), &format!("{}{path}", app.url))).await;
            let policy = reply.header("content-security-policy");
            assert!(
                policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
                "{method} {path}: {policy}"
            );
            assert!(!policy.contains("unsafe"), "{method} {path}: {policy}");
            assert_eq!(reply.header("x-content-type-options"), "nosniff", "{method} {path}");
            assert_eq!(reply.header("referrer-policy"), "no-referrer", "{method} {path}");
            assert!(!reply.header("cache-control").is_empty(), "{method} {path}");
            assert_eq!(reply.header("strict-transport-security"), "", "{method} {path}: not over http");
            for name in ["content-security-policy", "x-content-type-options", "cache-control"] {
                assert_eq!(reply.headers.get_all(name).iter().count(), 1, "{method} {path}: {name}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_https_browsers_are_told_to_stay_there() {
    let public_url = Some("https://record.example.nhs.uk".to_owned());
    let app = TestApp::with(Config { public_url, ..Config::default() }).await;
    for path in ["/fhir/metadata", "/docs", "/nothing"] {
        let reply = send(app.open(Method::GET, path)).await;
        assert_eq!(reply.header("strict-transport-security"), "max-age=31536000", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn head_is_get_without_the_body() {
    let app = TestApp::start().await;
    let gp = gp(&app).await;
    let (mut seen, routes) = (0, declared());
    // What an export holds is fetched or not at all.
    for (_, pattern) in routes.iter().filter(|(method, route)| method == "GET" && !route.contains("$export")) {
        let path = pattern.replace(r"{operation:\$[^/]*}", "$lastn").replace("{kind}", "Patient");
        let url = format!("{}{}", app.url, path.replace("{id}", "none").replace("{version}", "1"));
        let get = send(gp.request(Method::GET, &url)).await;
        let head = send(gp.request(Method::HEAD, &url)).await;
        assert_eq!(head.status, get.status, "{url}");
        assert_eq!(head.text, "", "{url}");
        for name in ["content-type", "etag", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{url} {name}");
        }
        seen += 1;
    }
    assert!(seen > 10, "the routes are not read any more");
    for path in
        ["/docs", "/oauth/jwks.json", "/fhir/.well-known/smart-configuration", "/.well-known/openid-configuration"]
    {
        assert_eq!(send(app.open(Method::HEAD, path)).await.status, 200, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_come_to_the_front_door_are_shown_the_documentation() {
    let app = TestApp::start().await;
    let client = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
    let ask = async |accept: &str| send(client.get(format!("{}/", app.url)).header("Accept", accept)).await;
    let reply = ask("text/html,application/xhtml+xml,*/*;q=0.8").await;
    assert_eq!((reply.status.as_u16(), reply.header("location")), (303, "/docs"));
    let reply = ask("application/json").await;
    assert_eq!(reply.status, 404);
    assert!(reply.text.contains("/fhir"), "{}", reply.text);
}
