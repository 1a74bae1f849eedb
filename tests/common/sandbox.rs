//! The sandbox that `lcr demo` serves, on a database of a test.

use lcr_facade::cli::import;
use lcr_facade::config::Config;
use lcr_facade::profile::{Strictness, Strictnesses};
use lcr_facade::sandbox;
use lcr_facade::smart::client::register_known;

use crate::common::TestApp;

/// A service with the sandbox's record, staff, relationships, sources and clients, where these sources are not held to the
/// profiles.
pub async fn sandbox(loose: &[&str]) -> TestApp {
    let mut profile = Strictnesses::default();
    profile.source.extend(loose.iter().map(|source| ((*source).to_owned(), Strictness::Off)));
    let app = TestApp::held(Config { sandbox: true, profile, ..Config::default() }).await;
    app.store.begin_sandbox().await.expect("the mark of a sandbox");
    for (file, lines) in
        [("record", sandbox::RECORD), ("staff", sandbox::STAFF), ("organisations", sandbox::ORGANISATIONS)]
    {
        let report = import::run_ndjson(&app.store, file, lines, &app.base, &app.strictness).await.expect("import");
        assert_eq!(report.refusals(), []);
    }
    let relationships = sandbox::relationships().expect("relationships");
    assert!(app.store.relate(&relationships).await.expect("relate").is_empty());
    for (id, (registration, secret)) in sandbox::clients(&app.url).expect("clients") {
        register_known(&app.store, &id, registration, secret).await.expect("a client");
    }
    for persona in sandbox::personas().expect("personas").values() {
        if let Some(source) = &persona.claims.source {
            app.store.name_source(source, Some(source)).await.expect("a source's URI");
        }
    }
    app
}
