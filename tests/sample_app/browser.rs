//! Chromium opens the app as an EPR would and standalone; what it shows is compared with what the API answers. The script
//! is `tests/browser/app.mjs`; LCR_SCREENSHOTS names a folder for pictures of the pages and the printed record.

use lcr_facade::sandbox;
use serde_json::json;

use crate::common::TestApp;
use crate::node::{chromium, ready, run};
use crate::people::{self, MANY};

/// The sandbox that `lcr demo` serves, and the people of these tests.
async fn world() -> TestApp {
    let app = crate::sandbox::sandbox(&people::SOURCES).await;
    people::load(&app).await;
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_shows_the_record_in_a_browser() {
    if !ready(true) {
        return;
    }
    let app = world().await;
    let settings = json!({
        "service": app.url, "secret": sandbox::EPR_SECRET, "many": MANY,
        "screenshots": std::env::var("LCR_SCREENSHOTS").ok(), "browser": chromium(),
    });
    let steps = [
        "the full screen says what the API says",
        "every trend has the numbers of its results",
        "heavy record: the full screen says what the API says",
        "restricted person: what is withheld, doubtful, wrong and contradictory is told apart",
        "few words: nothing shared is said to be nothing shared",
        "more than is read at once: the rest on demand",
        "a role that does not see medicines and results is told so",
        "hostile text is text",
        "a patient sees their own record",
        "an EPR's own banner is not doubled",
        "standalone launch at 390 px, by keyboard",
        "on paper: whose, when, by whom",
        "what fails is tried again, alone",
        "a revoked token ends the session",
        "a session that ran out ends by itself",
        "signed out: the token is dead",
        "without a session: the way to one",
        "declined: said so",
        "a launch for another server goes nowhere",
        "no errors on the console",
    ];
    run("app.mjs", settings, &steps).await;
}
