//! Clients that nobody here wrote do their usual work: npm `fhir-kit-client` and PyPI `fhirpy`, as pinned beside this file.
//! Their packages are installed under `target/`. Without node or python3 a test says that it skips, but not in CI.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use common::TestApp;
use tools::{install, installed, python, there, words};

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/tools.rs"]
mod tools;

/// The longest a client may work.
const PATIENCE: Duration = Duration::from_secs(120);

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// Lets a client work on a service of its own.
async fn work(mut command: tokio::process::Command) {
    let app = TestApp::start().await;
    let token = app.source("clients").await.token;
    command.arg(&app.base).arg(token).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("done in time").expect("a client");
    println!("{}", words(&output));
    assert!(output.status.success(), "the client met what it did not expect: {}", words(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn fhir_kit_client_does_its_work() {
    if !there("node") || !there("npm") {
        return;
    }
    let folder = installed("node");
    for file in ["package.json", "package-lock.json", "work.mjs"] {
        std::fs::copy(here().join(file), folder.join(file)).expect("a copy");
    }
    let ready = install(&folder, &here().join("package-lock.json"), &mut || {
        let mut command = Command::new("npm");
        command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder);
        vec![command]
    });
    if ready {
        let mut command = tokio::process::Command::new("node");
        command.arg(folder.join("work.mjs"));
        work(command).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fhirpy_does_its_work() {
    if let Some(bin) = python("python", &here().join("requirements.txt")) {
        let mut command = tokio::process::Command::new(bin.join("python"));
        command.arg(here().join("work.py"));
        work(command).await;
    }
}
