//! A trace goes through: it comes in by `traceparent`, goes out to whom the service asks, is in the log, and reaches a
//! collector whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use lcr_facade::config::Config;
use lcr_facade::smart::client::{self, ClientKind, Registration};
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Reply, TestApp, send};
use crate::receiver::{Receiver, Taken};
use crate::service::{Service, until};
use crate::support::*;
use crate::wire::Span;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

/// The parts of a traceparent: trace, span, flags.
fn parts(traceparent: &str) -> (String, String, String) {
    let parts: Vec<&str> = traceparent.split('-').collect();
    assert!(parts.len() == 4 && parts[0] == "00", "{traceparent}");
    (parts[1].to_owned(), parts[2].to_owned(), parts[3].to_owned())
}

async fn ask(app: &TestApp, token: &str, path: &str, traceparent: &str) -> Reply {
    let request = app.open(Method::GET, path).bearer_auth(token).header("traceparent", traceparent);
    send(request.header("tracestate", "vendor=opaque")).await
}

/// The child of a span, by name.
fn child<'a>(spans: &'a [Span], parent: &Span, name: &str) -> &'a Span {
    let found = spans.iter().find(|span| span.parent == parent.id && span.name == name);
    found.unwrap_or_else(|| panic!("{} has no child {name}: {spans:#?}", parent.name))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_from_the_caller_to_the_collector() {
    let collector = Receiver::start("200 OK", String::new()).await;
    let mut app = TestApp::start().await;
    let source = app.source("https://lcr.example/source/observe").await;
    let put = source.put("Patient/traced", json!({"resourceType": "Patient", "id": "traced"})).await;
    assert!(put.status.is_success(), "{}", put.text);
    let token = source.token;
    // Nobody but the caller decides that this is traced.
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str()),
        ("LCR_TRACES_PERCENT", "0"),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
    ];
    let service = Service::start("serve", &app.database, &settings).await;
    app.url = service.url.clone();

    let reply = ask(&app, &token, "/fhir/Patient?_id=traced", &format!("00-{TRACE}-{CALLER}-01")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let (trace, own, flags) = parts(reply.header("traceparent"));
    assert_eq!((trace.as_str(), flags.as_str(), reply.header("tracestate")), (TRACE, "01", "vendor=opaque"));
    assert_ne!(own, CALLER);
    let refused = ask(&app, "no-such-token", "/fhir/Patient/traced", &format!("00-{TRACE}-{CALLER}-01")).await;
    assert_eq!(refused.status, 401);
    // Not sampled by its caller: its trace goes on, and nothing is sent of it.
    let quiet = "1".repeat(32);
    let unsampled = ask(&app, &token, "/fhir/Patient/traced", &format!("00-{quiet}-{CALLER}-00")).await;
    assert_eq!(parts(unsampled.header("traceparent")).0, quiet);
    assert_eq!(parts(unsampled.header("traceparent")).2, "00");
    // What is none is passed over.
    for none in ["rubbish", "00-00000000000000000000000000000000-b7ad6b7169203331-01", "ff-x-y-z"] {
        let reply = ask(&app, &token, "/fhir/Patient/traced", none).await;
        assert_eq!(reply.status, 200);
        let (trace, _, flags) = parts(reply.header("traceparent"));
        assert!(trace != TRACE && trace != "0".repeat(32) && flags == "00", "{none}: {trace}");
    }

    let name = "GET /fhir/{kind}";
    let spans = until("the spans arrive", async || {
        let spans = collector.spans();
        let has = |name: &str| spans.iter().any(|span| span.name == name);
        (has(name) && has("GET /fhir/{kind}/{id}")).then_some(spans)
    })
    .await;
    let log = service.stop().await;
    let traces: BTreeSet<&str> = spans.iter().map(|span| span.trace.as_str()).collect();
    assert_eq!(traces, BTreeSet::from([TRACE]), "only what the caller asked for is sent");
    let root = spans.iter().find(|span| span.name == name).expect("it was there");
    assert_eq!((root.id.as_str(), root.parent.as_str(), root.kind, root.is_error), (own.as_str(), CALLER, 2, false));
    assert_eq!(root.attributes["http.route"], "/fhir/{kind}");
    assert_eq!(root.attributes["http.request.method"], "GET");
    assert_eq!(root.attributes["http.response.status_code"], "200");
    assert_eq!(root.attributes["request_id"], reply.header("x-request-id"));
    assert_eq!(root.resource["service.name"], "lcr-facade");
    assert_eq!(root.resource["service.version"], env!("CARGO_PKG_VERSION"));
    let token = child(&spans, child(&spans, root, "token"), "token");
    assert_eq!((token.attributes["db.system.name"].as_str(), token.kind), ("postgresql", 3));
    let search = child(&spans, root, "search");
    assert_eq!(child(&spans, search, "grant").attributes["resource_type"], "Patient");
    child(&spans, search, "search");
    child(&spans, root, "audit");
    // Every span lies within its parent, which is there, and takes time.
    let all: BTreeMap<&str, &Span> = spans.iter().map(|span| (span.id.as_str(), span)).collect();
    for span in spans.iter().filter(|span| span.parent != CALLER) {
        let parent = all.get(span.parent.as_str()).unwrap_or_else(|| panic!("{span:?} has no parent"));
        assert!(parent.began <= span.began && span.began <= span.ended, "{span:?} in {parent:?}");
    }

    // The log has the same ids.
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let of = |id: &str| {
        let found = lines.iter().find(|line| line["message"] == "answered" && line["spans"][0]["request_id"] == id);
        found.unwrap_or_else(|| panic!("{id} has no line in {log}"))
    };
    let line = of(reply.header("x-request-id"));
    let span = &line["spans"][0];
    assert_eq!((&span["trace_id"], &span["http.route"]), (&json!(TRACE), &json!("/fhir/{kind}")));
    assert_eq!((&line["status"], &line["level"]), (&json!(200), &json!("INFO")));
    assert!(line["duration_ms"].as_f64().expect("a number") > 0.0, "{line}");
    assert_eq!(of(refused.header("x-request-id"))["status"], 401);
    assert!(!log.contains("_sqlx_migrations"), "PostgreSQL's notices are in the log: {log}");
    assert!(!lines.iter().any(|line| line["spans"][0]["http.route"] == "/health/ready"), "probes fill the log: {log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_collector_a_trace_still_goes_on() {
    let mut app = TestApp::start().await;
    let token = app.source("https://lcr.example/source/observe").await.token;
    let service = Service::start("serve", &app.database, &[]).await;
    app.url = service.url.clone();
    for flags in ["00", "01"] {
        let reply = ask(&app, &token, "/fhir/Patient?_count=1", &format!("00-{TRACE}-{CALLER}-{flags}")).await;
        assert_eq!(reply.status, 200);
        let (trace, own, said) = parts(reply.header("traceparent"));
        assert_eq!((trace.as_str(), said.as_str()), (TRACE, flags));
        assert_ne!(own, CALLER);
    }
    assert!(service.stop().await.contains(TRACE), "the log does not know the trace");
}

/// The configuration file of a service that asks others.
fn file(provider: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("observe-asks.toml");
    let text = format!(
        "[[sign_in]]\nname = \"there\"\ntitle = \"There\"\nkind = \"oidc\"\nissuer = \"{provider}\"\n\
         client_id = \"here\"\nclient_secret = \"upstream secret\"\n"
    );
    std::fs::write(&path, text).expect("a file");
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_service_asks_is_told_the_trace() {
    let keys = json!({"keys": [jwk(ES384, jsonwebtoken::Algorithm::ES384, "ec")]});
    let publisher = Receiver::start("200 OK", keys.to_string()).await;
    let provider = Receiver::start("503 Service Unavailable", String::new()).await;
    let mut world = world_with(Config::default()).await;
    let backend = Registration {
        kind: ClientKind::Asymmetric,
        jwks_uri: Some(format!("{}/jwks", publisher.url)),
        redirect_uris: Vec::new(),
        launch_uri: None,
        scope: "system/*.rs".into(),
        organisation: Some("Y90001".into()),
        source: Some("https://lcr.example/source/observe".into()),
        ..public()
    };
    client::register(&world.app.store, "asking", backend, &[], false).await.expect("a client");
    let config = file(&provider.url);
    let service =
        Service::start("serve", &world.app.database, &[("LCR_CONFIG", config.to_str().expect("a path"))]).await;
    world.app.url = service.url.clone();
    world.app.base = format!("{}/fhir", service.url);

    let assertion = Assertion::new(&world, "asking").sign();
    let pairs = [
        ("grant_type", "client_credentials"),
        ("scope", "system/Patient.rs"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion.as_str()),
    ];
    let request =
        world.app.open(Method::POST, "/oauth/token").header("Content-Type", "application/x-www-form-urlencoded");
    let request =
        request.header("traceparent", format!("00-{TRACE}-{CALLER}-01")).header("tracestate", "vendor=opaque");
    let reply = send(request.body(form(&pairs))).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let told = |taken: &Taken| {
        let parts = parts(&taken.header("traceparent").expect("a traceparent"));
        assert_ne!(parts.1, CALLER, "the service is a step of its own");
        parts.0
    };
    let taken = publisher.taken();
    assert!(!taken.is_empty(), "nobody asked for the keys");
    assert!(taken.iter().all(|taken| told(taken) == TRACE));
    assert_eq!(taken[0].header("tracestate").as_deref(), Some("vendor=opaque"));

    // A sign-in looks for the provider's discovery document.
    let browser = world.browser();
    let page = browser.get(&format!("/oauth/authorize?{}", Ask::new(&world, "app", "patient/*.rs").query())).await;
    let page = browser.follow(page).await;
    let asked = provider.taken();
    assert!(asked.iter().any(|taken| taken.head.contains("/.well-known/openid-configuration")), "{}", page.text);
    assert_eq!(told(&asked[0]), parts(page.header("traceparent")).0);
    service.stop().await;
}
