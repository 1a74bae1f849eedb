//! Chromium uses the pages as a tester would. The scripts are `tests/browser/docs.mjs` and `tests/browser/sandbox.mjs`;
//! LCR_SCREENSHOTS names a folder for pictures of the pages.

use serde_json::json;

use crate::common::TestApp;
use crate::node::{chromium, ready, run};
use crate::sandbox::sandbox;

/// A patient in the care of the persona `gp`, and one in the care of another practice.
pub const NEAR: &str = "13c4dc1b-7947-4d74-9add-0ad316d0a6f3";
pub const FAR: &str = "2eb83071-2d94-46b5-b44e-88c31eb7f2f5";

fn settings(app: &TestApp) -> serde_json::Value {
    json!({
        "service": app.url, "near": NEAR, "far": FAR,
        "screenshots": std::env::var("LCR_SCREENSHOTS").ok(), "browser": chromium(),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tester_signs_in_at_the_documentation_and_tries_calls() {
    if !ready(true) {
        return;
    }
    let app = sandbox(&[]).await;
    let steps = [
        "signed in as gp by the real sign-in",
        "Patient search: 200 and a Bundle with entries",
        "Observation search: 200 and a Bundle with entries",
        "as stranger: 200 and nothing",
        "every page is accessible at its width",
    ];
    run("docs.mjs", settings(&app), &steps).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_launches_apps_and_explains_refusals() {
    if !ready(true) {
        return;
    }
    let app = sandbox(&[]).await;
    let steps = [
        "EHR launch: the token reply, explained",
        "denials: another patient, nobody, a scope, each explained",
        "stranger: refused, and told why",
        "standalone: an empty answer, explained",
        "the sample app: a full screen of a record",
        "every page is accessible at its width",
    ];
    run("sandbox.mjs", settings(&app), &steps).await;
}
