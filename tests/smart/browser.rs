//! A real browser and the official SMART client (npm `fhirclient`): launches to a rendered patient, refresh, revocation.
//! The script is in `tests/browser/`; LCR_SCREENSHOTS names a folder for pictures of the pages.

use std::process::{Child, Command, Stdio};

use lcr_facade::smart::client::{self, Registration};
use serde_json::json;

use crate::node::{chromium, ready, run};
use crate::support::*;

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
    let steps = [
        "EHR launch: a rendered patient",
        "refresh: a new token, the same patient",
        "revocation: denied",
        "standalone launch: a rendered patient, by keyboard",
        "taken back: denied",
        "every page is accessible at its width",
    ];
    run("launch.mjs", settings, &steps).await;
}
