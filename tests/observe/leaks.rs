//! After everything was done that can be done, nothing of whom it was about, of what was asked and of what stood for a right
//! is in the log (our own parts at `trace`, sqlx at `debug`), in a span, among the figures, or in PostgreSQL's log as
//! docs/run-in-production.md has it set.

// A look into the database itself, which no interaction shows.
#![allow(clippy::disallowed_types)]

use std::path::PathBuf;

use lcr_facade::config::Config;
use sqlx::Connection;

use crate::common::send;
use crate::receiver::Receiver;
use crate::secrets::Secrets;
use crate::service::{Service, until};
use crate::support::{FAR, NEAR, world_with};
use crate::work::{About, PERSONAS, everything, mark, sign_ins};

/// What docs/run-in-production.md asks for, and every statement in PostgreSQL's log.
const DISCREET: [&str; 4] = [
    "log_parameter_max_length = 0",
    "log_parameter_max_length_on_error = 0",
    "log_error_verbosity = terse",
    "log_min_duration_statement = 0",
];

/// Ways to make the database fail, and back.
const FAULTS: [(&str, &str); 3] = [
    (
        "ALTER TABLE observation ADD CONSTRAINT broken CHECK (resource NOT LIKE '%zqmark%') NOT VALID",
        "ALTER TABLE observation DROP CONSTRAINT broken",
    ),
    ("REVOKE SELECT ON reach.patient FROM lcr_service", "GRANT SELECT ON reach.patient TO lcr_service"),
    (
        "REVOKE EXECUTE ON FUNCTION audit_append(audit_said[], bytea) FROM lcr_service",
        "GRANT EXECUTE ON FUNCTION audit_append(audit_said[], bytea) TO lcr_service",
    ),
];

/// A configuration with a webhook whose address and secret are nobody's business either.
fn file(webhook: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let secret = folder.join("observe-secret");
    std::fs::write(&secret, mark()).expect("a file");
    let path = folder.join("observe-leaks.toml");
    let text = format!(
        "[overrides]\nwebhook = \"{webhook}/hook?key={}\"\nwebhook_secret_file = \"{}\"\n",
        mark(),
        secret.display()
    );
    std::fs::write(&path, text).expect("a file");
    path
}

/// What the PostgreSQL of this test binary has logged.
fn postgres_log() -> String {
    let name = std::env::current_exe().expect("own path");
    let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name.file_name().expect("own name"));
    String::from_utf8_lossy(&std::fs::read(home.join("pg/log")).expect("its log")).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_anybody_is_in_a_log_a_span_or_a_figure() {
    let mut secrets = Secrets::default();
    let about = About::sandbox(&mut secrets);
    for value in ["9990000018", "9990000026", &format!("Attwood-{NEAR}"), &format!("Attwood-{FAR}"), "Rowan"] {
        secrets.add(value);
    }
    let collector = Receiver::start("200 OK", String::new()).await;
    let webhook = Receiver::start("500 Internal Server Error", String::new()).await;
    let mut world = world_with(Config::default()).await;
    // The mark by which `lcr demo` knows the record as its own, and fills it.
    world.app.store.begin_sandbox().await.expect("the mark of a sandbox");
    let mut owner = sqlx::PgConnection::connect(&world.app.database).await.expect("the database");
    let name: String = sqlx::query_scalar("SELECT current_database()").fetch_one(&mut owner).await.expect("its name");
    for setting in DISCREET {
        let set = format!("ALTER DATABASE {name} SET {setting}");
        sqlx::query(sqlx::AssertSqlSafe(set)).execute(&mut owner).await.expect(setting);
    }
    let config = file(&webhook.url);
    let settings = [
        ("RUST_LOG", "info,lcr_facade=trace,sqlx=debug"),
        ("LCR_CONFIG", config.to_str().expect("a path")),
        ("LCR_PROFILE", "off"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.as_str()),
        ("LCR_TRACES_PERCENT", "100"),
        ("OTEL_BSP_SCHEDULE_DELAY", "200"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "100000"),
    ];
    let service = Service::start("demo", &world.app.database, &settings).await;
    world.app.url = service.url.clone();
    world.app.base = format!("{}/fhir", service.url);

    sign_ins(&world, &mut secrets).await;
    let mut statuses = everything(&world.app, PERSONAS, &about, &mut secrets).await;
    for (breaks, mends) in FAULTS {
        sqlx::query(breaks).execute(&mut owner).await.expect(breaks);
        for (status, count) in everything(&world.app, &["gp", "gp-system"], &about, &mut secrets).await {
            *statuses.entry(status).or_default() += count;
        }
        sqlx::query(mends).execute(&mut owner).await.expect(mends);
    }
    // What was to happen did happen.
    for status in [200, 201, 400, 401, 403, 404, 415, 422, 500, 503] {
        assert!(statuses.contains_key(&status), "no answer was {status}: {statuses:?}");
    }
    until("the webhook is told", async || (!webhook.taken().is_empty()).then_some(())).await;
    let keys = "SELECT patient_id::text FROM patient_key WHERE length(patient_id::text) > 6";
    let keys: Vec<String> = sqlx::query_scalar(keys).fetch_all(&mut owner).await.expect("keys");
    keys.into_iter().for_each(|key| secrets.add(key));
    let figures = send(world.app.open(reqwest::Method::GET, "/metrics")).await.text;
    let log = service.stop().await;
    let spans: String =
        collector.taken().iter().map(|taken| String::from_utf8_lossy(&taken.body).into_owned() + "\n").collect();
    let postgres = postgres_log();

    // There is something to look through, and something to look for.
    assert!(secrets.len() > 800, "{} secrets", secrets.len());
    for (what, text, words) in [
        (
            "log",
            &log,
            ["answered", "a request failed in the store", "SQLSTATE 23514", "the webhook did not take"].as_slice(),
        ),
        (
            "spans",
            &spans,
            ["GET /fhir/{kind}/{id}", "audit commit", "write: rows", "POST /oauth/token", "webhook"].as_slice(),
        ),
        ("figures", &figures, ["lcr_database_statement_duration_seconds_bucket{statement=\"write: rows\""].as_slice()),
        ("PostgreSQL's log", &postgres, ["duration: ", "violates check constraint", "FROM reach.patient"].as_slice()),
    ] {
        for word in words {
            assert!(text.contains(word), "{what} lacks {word}");
        }
        println!("{what}: {} bytes", text.len());
        let found = secrets.within(text);
        assert!(found.is_empty(), "{what} tells {} values: {:#?}", found.len(), &found[..found.len().min(20)]);
    }
    println!(
        "{} requests by status: {statuses:?}; {} values looked for",
        statuses.values().sum::<usize>(),
        secrets.len()
    );
}
