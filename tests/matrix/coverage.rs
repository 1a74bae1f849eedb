//! Nothing of the service is without its place in the matrix: no route, no type, no interaction, no operation, no role.

use std::collections::BTreeSet;

use lcr_facade::access::Policies;
use lcr_facade::sandbox;

use crate::cells::{READS, WRITES};
use crate::measured::measured;
use crate::routes::{declared, routes};
use crate::rows::{is_trail, kinds};

/// The routes of which the matrix has nothing to say, and why.
const OPEN: [(&str, &str, &str); 5] = [
    ("GET", "/fhir/metadata", "open to anyone; it describes the service and knows no record"),
    ("GET", "/openapi.json", "open to anyone; it describes the service and knows no record but the sandbox's"),
    ("GET", "/health/live", "open to anyone; it says that the process runs"),
    ("GET", "/health/ready", "open to anyone; it says which part of the service fails"),
    ("GET", "/metrics", "open to whom the address is; figures of the service, about nobody"),
];

/// The operations of the matrix, with the types of which they are asked there; empty: every type of the record.
const OPERATIONS: [(&str, &[&str]); 14] = [
    ("everything", &["Patient"]),
    ("summary", &["Patient"]),
    ("lastn", &["Observation"]),
    ("match", &["Patient"]),
    ("validate", &[]),
    ("break-glass", &["Patient"]),
    ("self-claim", &["Patient"]),
    ("relate", &["Patient"]),
    ("relationships", &["Patient"]),
    ("end-relationship", &["Patient"]),
    ("protect", &["Patient"]),
    ("access-alerts", &["Patient"]),
    ("review", &["Patient"]),
    ("export", &["Patient"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_asked_for_a_column() {
    let asked = measured().await.requests.iter().map(|(method, route, _)| (method.clone(), route.clone()));
    let asked: BTreeSet<(String, String)> = asked.collect();
    let open: BTreeSet<(String, String)> =
        OPEN.iter().map(|(method, route, _)| ((*method).to_owned(), (*route).to_owned())).collect();
    // HEAD is GET without its body; tests/limits holds the two side by side.
    let declared: BTreeSet<(String, String)> = declared().into_iter().filter(|(method, _)| method != "HEAD").collect();
    let forgotten: Vec<_> = declared.iter().filter(|route| !asked.contains(route) && !open.contains(route)).collect();
    assert!(forgotten.is_empty(), "the matrix asks nothing of {forgotten:?}, and they are not among the open ones");
    let stale: Vec<_> = open.iter().filter(|route| asked.contains(route) || !declared.contains(route)).collect();
    assert!(stale.is_empty(), "these are not open any more: {stale:?}");
    // What is configured elsewhere has no rows of the record: the authorization server, which tests/smart asks, and the pages
    // for people, which tests/pages asks.
    let elsewhere: Vec<&str> =
        routes().split(".configure(").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert_eq!(elsewhere, ["oauth::routes", "docs::routes", "sandbox::routes"], "routes that the matrix does not know");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_has_its_columns() {
    let measured = measured().await;
    let record: BTreeSet<String> = kinds().into_iter().filter(|kind| !is_trail(kind)).map(str::to_owned).collect();
    let known = OPERATIONS.iter().map(|(name, types)| {
        let types: BTreeSet<String> = types.iter().map(|kind| (*kind).to_owned()).collect();
        ((*name).to_owned(), if types.is_empty() { record.clone() } else { types })
    });
    assert_eq!(
        measured.offered,
        known.collect(),
        "the operations that the CapabilityStatement has (left) and those that the matrix asks (right)"
    );
    for persona in &measured.personas {
        let columns = [&persona.looking, &persona.opening, &persona.telling].into_iter().flatten();
        let columns: BTreeSet<&str> = columns.map(|(column, _)| *column).collect();
        for (name, _) in OPERATIONS {
            assert!(columns.contains(format!("${name}").as_str()), "{}: no column ${name}", persona.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_persona_type_and_interaction_has_its_cell() {
    let measured = measured().await;
    let names: BTreeSet<&str> = measured.personas.iter().map(|persona| persona.name.as_str()).collect();
    let personas = sandbox::personas().expect("personas.toml");
    assert_eq!(names, personas.keys().map(String::as_str).collect(), "the personas");
    for persona in &measured.personas {
        for kind in kinds() {
            for column in READS.into_iter().chain(WRITES) {
                let cases = persona.cells.marks.get(&(kind, column)).map_or(0, std::collections::BTreeMap::len);
                let least = if is_trail(kind) { 1 } else { 3 };
                assert!(cases >= least, "{}: {column} of {kind} has {cases} cases", persona.name);
            }
        }
    }
    let roles: BTreeSet<&str> = measured.roles.keys().map(String::as_str).collect();
    let policies = Policies::default();
    assert_eq!(roles, policies.roles().map(|(name, _)| name).collect(), "the roles");
    let used: BTreeSet<String> = personas.into_values().map(|persona| persona.claims.role).collect();
    let unused: Vec<&&str> = roles.iter().filter(|role| !used.contains(**role)).collect();
    assert!(unused.is_empty(), "no persona has the role {unused:?}, so that nothing of it is measured");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_interaction_of_the_capability_statement_is_a_column() {
    let app = crate::common::TestApp::start().await;
    let reply = crate::common::send(app.open(reqwest::Method::GET, "/fhir/metadata")).await;
    let rest = reply.json()["rest"][0].clone();
    let of = |value: &serde_json::Value| -> Vec<String> {
        let codes = value["interaction"].as_array().into_iter().flatten();
        codes.filter_map(|interaction| interaction["code"].as_str()).map(str::to_owned).collect()
    };
    let resources = rest["resource"].as_array().expect("resources");
    let types: BTreeSet<&str> = resources.iter().filter_map(|resource| resource["type"].as_str()).collect();
    assert_eq!(types, kinds().into_iter().collect(), "the types");
    for code in resources.iter().flat_map(of) {
        let column = if code == "search-type" { "search" } else { code.as_str() };
        assert!(READS.into_iter().chain(WRITES).any(|known| known == column), "no column for {code}");
    }
    for code in of(&rest) {
        assert!(["batch", "transaction"].contains(&code.as_str()), "no column for {code} of the system");
    }
}
