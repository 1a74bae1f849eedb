//! A real browser and the official SMART client (npm `fhirclient`): launches to a rendered patient, refresh, revocation.
//! The script is in `tests/browser/`; LCR_SCREENSHOTS names a folder for pictures of the pages.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use lcr_facade::smart::client::{self, Registration};
use serde_json::json;

use crate::support::*;

/// Where the scripts are.
fn folder() -> PathBuf {
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

fn chromium() -> Option<PathBuf> {
    let known = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    let named = std::env::var_os("LCR_CHROMIUM").map(PathBuf::from);
    named.into_iter().chain(known.iter().map(PathBuf::from)).find(|path| path.is_file())
}

/// A script of `tests/browser` with its settings.
pub fn node(script: &str, settings: &serde_json::Value) -> Command {
    let mut command = Command::new("node");
    command.arg(script).arg(settings.to_string()).current_dir(folder());
    command
}

/// A process that ends with the test.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    pub fn start(mut command: Command) -> Running {
        Running(command.stdout(Stdio::piped()).spawn().expect("node runs"))
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("address").port()
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_launches_an_app_on_the_official_client() {
    if !ready(true) {
        return;
    }
    let world = world().await;
    let port = free_port();
    let registration = Registration {
        name: "Medicines viewer".into(),
        redirect_uris: vec![format!("http://localhost:{port}/index.html")],
        launch_uri: Some(format!("http://localhost:{port}/launch.html")),
        ..public()
    };
    client::register(&world.app.store, "browser-app", registration, &[], false).await.expect("a client");
    let settings = json!({
        "service": world.issuer(), "port": port, "epr": world.epr_secret, "patient": NEAR,
        "screenshots": std::env::var("LCR_SCREENSHOTS").ok(), "browser": chromium(),
    });
    let run = tokio::task::spawn_blocking(move || node("launch.mjs", &settings).output().expect("node runs"));
    let output = run.await.expect("it ends");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    for step in [
        "EHR launch: a rendered patient",
        "refresh: a new token, the same patient",
        "revocation: denied",
        "standalone launch: a rendered patient, by keyboard",
        "taken back: denied",
        "every page is accessible at its width",
    ] {
        assert!(out.contains(step), "{step} was not seen:\n{out}");
    }
}
