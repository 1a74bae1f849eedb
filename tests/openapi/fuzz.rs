//! PyPI's `schemathesis` against the served document, on a service with the sandbox's record, signed in as its GP and as a
//! system: every check. No failure of the service, and no status, header, media type or shape that is not in the document. What
//! is looser than its defaults stands with its reason in `schemathesis.toml`.
//!
//! Every build tries the examples and goes through the parameters (the phases `examples` and `coverage`) of one type of each
//! sort. `LCR_SCHEMATHESIS_EXAMPLES=20 cargo test --test openapi fuzz` looks longer: at every call, with so many made-up
//! requests of each, and one after another as links lead. To make up whole resources of R4 takes it an hour and more.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use lcr_facade::openapi;

use crate::tools::{python, words};
use crate::world::{here, sandboxed};

/// The calls of every build: one type of each sort, and all that is no type's. The others have the same code.
const TAGS: [&str; 8] =
    ["Discovery", "CarePlan", "Organization", "AuditEvent", "Whole record", "Operations", "Sign-in", "Health"];

/// The longest that a run may take: of every build, and when somebody asks for more.
const PATIENCE: [Duration; 2] = [Duration::from_secs(170), Duration::from_secs(4 * 3600)];

/// Lets it loose as somebody.
async fn tried(persona: &str) {
    let Some(bin) = python("openapi", &here().join("requirements.txt")) else { return };
    let app = sandboxed().await;
    let token = app.persona(persona).await.token;
    let document = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("schemathesis-{persona}.json"));
    std::fs::write(&document, openapi::document()).expect("a file");
    let more = std::env::var("LCR_SCHEMATHESIS_EXAMPLES").ok();
    let phases = if more.is_some() { "examples,coverage,fuzzing,stateful" } else { "examples,coverage" };
    let mut command = Command::new(bin.join("schemathesis"));
    command
        .arg("--config-file")
        .arg(here().join("schemathesis.toml"))
        .arg("run")
        .arg(format!("{}/openapi.json", app.url));
    command.args(["--checks", "all", "--phases", phases, "--seed", "1", "--generation-deterministic"]);
    command.args(["--max-examples", more.as_deref().unwrap_or("2")]);
    command.args(["--header", &format!("Authorization: Bearer {token}")]);
    if more.is_none() {
        command.args(TAGS.iter().flat_map(|tag| ["--include-tag", tag]));
    }
    // It leaves a folder of its own where it works.
    command.current_dir(env!("CARGO_TARGET_TMPDIR"));
    command.env("LCR_DOCUMENT", &document).env("SCHEMATHESIS_HOOKS", "xml_bodies").env("PYTHONPATH", here());
    let mut command = tokio::process::Command::from(command);
    let output = command.kill_on_drop(true).output();
    let output = tokio::time::timeout(PATIENCE[usize::from(more.is_some())], output)
        .await
        .expect("done in time")
        .expect("schemathesis");
    let said = words(&output);
    let summary = said.split_once("= SUMMARY =").map_or(said.as_str(), |(_, rest)| rest);
    println!("{persona}: {summary}");
    assert!(output.status.success(), "schemathesis found something as {persona}:\n{said}");
    // It did look.
    assert!(said.contains("Test cases:"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_answered_that_is_not_in_the_document() {
    tried("gp").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_to_a_system_that_may_write() {
    tried("gp-system").await;
}
