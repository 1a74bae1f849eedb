//! Scripts of `tests/browser`: whether node, its packages and chromium are there, and how a script is run.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the scripts are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser")
}

/// Whether node and its packages are there, and a browser where one is needed. In CI they have to be.
pub fn ready(browser: bool) -> bool {
    let node = Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success());
    let missing = if !node {
        "node"
    } else if !folder().join("node_modules/fhirclient").is_dir() {
        "the packages of tests/browser (npm ci --prefix tests/browser)"
    } else if browser && chromium().is_none() {
        "chromium"
    } else {
        return true;
    };
    assert!(
        std::env::var_os("CI").is_none(),
        "{missing} is missing, and CI has to run this test: see scripts/setup.sh"
    );
    println!("skipped: {missing} is missing; `make test` installs it where it can");
    false
}

/// The browser.
pub fn chromium() -> Option<PathBuf> {
    let known = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    let named = std::env::var_os("LCR_CHROMIUM").map(PathBuf::from);
    named.into_iter().chain(known.iter().map(PathBuf::from)).find(|path| path.is_file())
}

/// A script with its settings.
pub fn node(script: &str, settings: &serde_json::Value) -> Command {
    let mut command = Command::new("node");
    command.arg(script).arg(settings.to_string()).current_dir(folder());
    command
}

/// Runs a script to its end, which has to be a good one; every step has to be among what it printed.
pub async fn run(script: &'static str, settings: serde_json::Value, steps: &[&str]) {
    let run = tokio::task::spawn_blocking(move || node(script, &settings).output().expect("node runs"));
    let output = run.await.expect("it ends");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    for step in steps {
        assert!(out.contains(step), "{step} was not seen:\n{out}");
    }
}
