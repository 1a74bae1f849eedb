//! Clients that nobody here wrote do their usual work: npm `fhir-kit-client` and PyPI `fhirpy`, as pinned beside this file.
//! Their packages are installed under `target/`. Without node or python3 a test says that it skips, but not in CI.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use common::TestApp;

#[path = "../common/mod.rs"]
mod common;

/// The longest a client may work.
const PATIENCE: Duration = Duration::from_secs(120);

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// A folder for what is installed; it outlives the run.
fn installed(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../clients").join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Whether a program is there. Where it has to be, its absence is an error.
fn there(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        assert!(std::env::var_os("CI").is_none(), "{program} is not here, and this is CI");
        println!("skipped: {program} is not here");
    }
    found
}

fn words(output: &Output) -> String {
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Installs what a lock file names, unless it was installed before. `false`: the packages cannot be had here.
fn install(folder: &Path, lock: &str, step: &mut dyn FnMut() -> Vec<Command>) -> bool {
    let wanted = std::fs::read(here().join(lock)).expect("a lock file");
    let stamp = folder.join("installed");
    if std::fs::read(&stamp).is_ok_and(|kept| kept == wanted) {
        return true;
    }
    for mut command in step() {
        let output = command.output().expect("a program that was there");
        if !output.status.success() {
            assert!(std::env::var_os("CI").is_none(), "{command:?}: {}", words(&output));
            println!("skipped: its packages cannot be installed: {command:?}: {}", words(&output));
            return false;
        }
    }
    std::fs::write(stamp, wanted).expect("a stamp");
    true
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
    let ready = install(&folder, "package-lock.json", &mut || {
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
    if !there("python3") {
        return;
    }
    let folder = installed("python");
    let python = folder.join("venv/bin/python");
    let ready = install(&folder, "requirements.txt", &mut || {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv", "--clear"]).arg(folder.join("venv"));
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary", ":all:", "-r"]);
        pip.arg(here().join("requirements.txt"));
        vec![venv, pip]
    });
    if ready {
        let mut command = tokio::process::Command::new(&python);
        command.arg(here().join("work.py"));
        work(command).await;
    }
}
