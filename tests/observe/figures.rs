//! What /metrics says: against what was asked, against a reader that nobody here wrote, and from where.

// A look into the database itself, which no interaction shows.
#![allow(clippy::disallowed_types)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use lcr_facade::config::{Config, Figures};
use reqwest::Method;
use serde_json::json;
use sqlx::Connection;

use crate::common::{TestApp, send};
use crate::service::{free_address, until};
use crate::tools;

/// Every sample: name and labels as they stand, and the value.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a value");
            (name.to_owned(), value.parse().expect("a number"))
        })
        .collect()
}

async fn figures(app: &TestApp) -> BTreeMap<String, f64> {
    let reply = send(app.open(Method::GET, "/metrics")).await;
    assert_eq!(reply.status, 200);
    assert!(reply.header("content-type").starts_with("text/plain; version=0.0.4"), "{}", reply.header("content-type"));
    samples(&reply.text)
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_statements_and_commits_are_counted() {
    let app = TestApp::start().await;
    let source = app.source("https://lcr.example/source/observe").await;
    let put = source.put("Patient/seen", json!({"resourceType": "Patient", "id": "seen"})).await;
    assert!(put.status.is_success(), "{}", put.text);
    let before = figures(&app).await;
    for _ in 0..5 {
        assert_eq!(source.get("Patient/seen").await.status, 200);
    }
    assert_eq!(source.get("Patient/unseen").await.status, 404);
    let brew = source.request(Method::from_bytes(b"BREW").expect("a method"), "Patient/seen");
    assert_eq!(send(brew).await.status, 405);
    let asked = "lcr_http_request_duration_seconds_count{method=\"GET\",route=\"/fhir/{kind}/{id}\",status=\"";
    let grew = |after: &BTreeMap<String, f64>, name: &str| {
        after.get(name).copied().unwrap_or_default() - before.get(name).copied().unwrap_or_default()
    };
    let (taken, refused) = (format!("{asked}2xx\"}}"), format!("{asked}4xx\"}}"));
    let other = refused.replace("GET", "other");
    // A request is counted when its answer has left, a moment after it has come.
    let after = until("all are counted", async || {
        let after = figures(&app).await;
        let counted = grew(&after, &taken) >= 5.0 && grew(&after, &refused) >= 1.0 && grew(&after, &other) >= 1.0;
        counted.then_some(after)
    })
    .await;
    assert_eq!((grew(&after, &taken), grew(&after, &refused), grew(&after, &other)), (5.0, 1.0, 1.0));
    assert!(grew(&after, "lcr_database_statement_duration_seconds_count{statement=\"read\"}") >= 6.0);
    // A token that was used a moment ago is proved by the read's own statement; the first use was looked up.
    assert!(after["lcr_database_statement_duration_seconds_count{statement=\"token\"}"] >= 1.0);
    assert!(grew(&after, "lcr_audit_commit_rows_sum") >= 6.0);
    // Reads go on with connections in hand, so that few wait for one: the commits of the trail, at least.
    assert!(grew(&after, "lcr_database_wait_seconds_count") >= 1.0);
    assert!(
        after["process_cpu_seconds_total"] > 0.0 && after["process_open_fds"] > 3.0 && after["process_threads"] > 1.0
    );
    assert!(after["process_resident_memory_bytes"] > 1e6 && after["process_max_fds"] > 3.0);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_secs_f64();
    assert!((now - 3600.0..=now + 1.0).contains(&after["process_start_time_seconds"]), "{after:?}");
    assert_eq!(after[&format!("lcr_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"))], 1.0);
    // Two workers with four connections each.
    assert_eq!(after["lcr_database_connections_max"], 8.0);
    let open = after["lcr_database_connections{state=\"idle\"}"] + after["lcr_database_connections{state=\"in_use\"}"];
    assert!((1.0..=8.0).contains(&open), "{open}");
    assert!(after["lcr_http_requests_in_flight"] >= 1.0, "the one that asks is under way");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_without_a_database_have_their_reason() {
    let app = TestApp::start().await;
    let source = app.source("https://lcr.example/source/observe").await;
    let named = "lcr_http_rejected_total{reason=\"audit\"}";
    let before = figures(&app).await[named];
    let revoke = "REVOKE EXECUTE ON FUNCTION audit_append(audit_said[], bytea) FROM lcr_service";
    let mut owner = sqlx::PgConnection::connect(&app.database).await.expect("the database");
    sqlx::query(revoke).execute(&mut owner).await.expect(revoke);
    assert_eq!(source.get("Patient?family=x").await.status, 503);
    let after = figures(&app).await;
    assert!(after[named] > before, "{after:?}");
    assert!(after["lcr_audit_commit_duration_seconds_count{outcome=\"failed\"}"] >= 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_may_have_an_address_of_their_own() {
    let address = free_address();
    let metrics = Figures { listen: Some(address.parse().expect("an address")) };
    let app = TestApp::with(Config { metrics, ..Config::default() }).await;
    assert_eq!(send(app.open(Method::GET, "/metrics")).await.status, 404);
    let own = reqwest::get(format!("http://{address}/metrics")).await.expect("an answer");
    assert_eq!(own.status(), 200);
    assert!(own.text().await.expect("text").contains("lcr_build_info"));
    for path in ["/fhir/metadata", "/health/live", "/oauth/jwks.json"] {
        assert_eq!(reqwest::get(format!("http://{address}{path}")).await.expect("an answer").status(), 404, "{path}");
    }
}

/// PyPI's `prometheus-client` reads it, family by family; what is not by the conventions it refuses or calls unknown.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_prometheus_takes_all_of_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/observe");
    let Some(bin) = tools::python("observe", &folder.join("requirements.txt")) else { return };
    let app = TestApp::start().await;
    let source = app.source("https://lcr.example/source/observe").await;
    assert_eq!(source.get("Patient?family=x").await.status, 200);
    let text = send(app.open(Method::GET, "/metrics")).await.text;
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("observe-metrics.txt");
    std::fs::write(&file, text).expect("a file");
    let output = Command::new(bin.join("python")).arg(folder.join("read.py")).arg(&file).output().expect("python");
    assert!(output.status.success(), "{}", tools::words(&output));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("families: "), "{said}");
}
