//! Roles are data: what the configuration says of one takes the place of what the program brings.

use lcr_facade::access::Policies;
use lcr_facade::access::policy::RolePolicy;
use lcr_facade::config::Config;

use crate::common::TestApp;
use crate::world::{GP_SOURCE, NEAR, about, labelled, patient, put, relate};

fn with(name: &str, role: &str) -> Config {
    let role: RolePolicy = toml::from_str(role).expect("a role");
    Config { policies: Policies::with(&[(name.to_owned(), role)].into()).expect("policies"), ..Config::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configured_role_takes_the_place_of_the_programs() {
    for (role, condition, restricted, observation) in [
        ("types = { \"*\" = \"rs\" }\nup_to = \"N\"", 200, 404, 200),
        ("types = { Patient = \"rs\", Condition = \"rs\" }\nup_to = \"R\"", 200, 200, 403),
        ("types = { Condition = \"s\" }\nup_to = \"R\"", 403, 403, 403),
        ("types = {}\nup_to = \"V\"", 403, 403, 403),
    ] {
        let app = TestApp::with(with("nurse", role)).await;
        let source = app.source(GP_SOURCE).await;
        put(&source, &patient("near", NEAR)).await;
        put(&source, &about("Condition", "c", "near", NEAR)).await;
        put(&source, &labelled(about("Condition", "r", "near", NEAR), "R")).await;
        put(&source, &about("Observation", "o", "near", NEAR)).await;
        relate(&app, NEAR, "practitioner", "nurse").await;
        let nurse = app.persona("nurse").await;
        for (path, status) in [("Condition/c", condition), ("Condition/r", restricted), ("Observation/o", observation)]
        {
            assert_eq!(nurse.get(path).await.status, status, "{role}: {path}");
        }
    }
}
