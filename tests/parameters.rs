//! Every search parameter that R4 defines for what this record keeps is served as R4 defines it, or
//! listed here with a reason.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{TestApp, send, shared};
use reqwest::Method;
use serde_json::Value;

const TYPES: [&str; 10] = [
    "AllergyIntolerance",
    "AuditEvent",
    "CarePlan",
    "Condition",
    "MedicationStatement",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
];

const EXTENSION: &str = "searches an extension that no UK Core profile has";
const GENETICS: &str = "searches an extension of HL7's genetics profiles, which this record does not take in";
const UNKEPT: &str = "searches what the audit trail does not keep of an event";
const EXAMPLE: &str = "an example of what a definition looks like, not a parameter";

/// What is not served: the id of R4's definition, its name in a query, and why.
const NOT_SERVED: &[(&str, &str, &str)] = &[
    ("Resource-query", "_query", "names a query that a server defines; this one defines none"),
    ("filter", "_filter", "a query language of its own, optional in R4"),
    ("patient-extensions-Patient-age", "age", "has no element: the answer changes with the day of asking"),
    ("patient-extensions-Patient-birthOrderBoolean", "birthOrderBoolean", EXTENSION),
    ("patient-extensions-Patient-mothersMaidenName", "mothersMaidenName", EXTENSION),
    ("observation-genetic-Observation-amino-acid-change", "amino-acid-change", GENETICS),
    ("observation-genetic-Observation-dna-variant", "dna-variant", GENETICS),
    ("observation-genetic-Observation-gene-amino-acid-change", "gene-amino-acid-change", GENETICS),
    ("observation-genetic-Observation-gene-dnavariant", "gene-dnavariant", GENETICS),
    ("observation-genetic-Observation-gene-identifier", "gene-identifier", GENETICS),
    ("AuditEvent-agent-name", "agent-name", UNKEPT),
    ("AuditEvent-entity-name", "entity-name", UNKEPT),
    ("AuditEvent-policy", "policy", UNKEPT),
    ("AuditEvent-site", "site", UNKEPT),
    ("AuditEvent-source", "source", "searches who observed, which is always this service"),
    ("example-extension", "part-agree", EXAMPLE),
    ("example-reference", "subject", EXAMPLE),
    ("example", "_id", EXAMPLE),
];

/// A parameter of a type: its R4 type and the URL of its definition.
type Params = BTreeMap<(String, String), (String, String)>;

/// What the CapabilityStatement says is served.
async fn served() -> Params {
    let app = TestApp::start().await;
    let statement = send(app.open(Method::GET, "/fhir/metadata")).await.json();
    let mut params = Params::new();
    for resource in statement["rest"][0]["resource"].as_array().expect("resources") {
        for param in resource["searchParam"].as_array().expect("parameters") {
            let text = |name: &str| param[name].as_str().unwrap_or_else(|| panic!("{name} of {param}")).to_owned();
            let key = (resource["type"].as_str().expect("type").to_owned(), text("name"));
            let twice = params.insert(key, (text("type"), text("definition")));
            assert!(twice.is_none(), "{param} twice");
        }
    }
    params
}

fn text<'a>(definition: &'a Value, name: &str) -> &'a str {
    definition[name].as_str().unwrap_or_else(|| panic!("{name} of {definition}"))
}

/// The types of this record that a definition is for.
fn types(definition: &Value) -> Vec<&'static str> {
    let bases: Vec<&str> = definition["base"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    match bases.iter().any(|base| ["Resource", "DomainResource"].contains(base)) {
        true => TYPES.to_vec(),
        false => TYPES.into_iter().filter(|kind| bases.contains(kind)).collect(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_parameter_of_r4_is_served_or_listed() {
    let Some(shared) = shared() else { return };
    let path = shared.join("spec/hl7-r4/SearchParameter.ndjson");
    let Ok(lines) = std::fs::read_to_string(&path) else {
        println!("skipped: there are no definitions at {}", path.display());
        return;
    };
    let definitions: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let definitions: Vec<&Value> = definitions.iter().filter(|definition| !types(definition).is_empty()).collect();
    assert!(definitions.len() > 100, "{} definitions: the file is not R4's", definitions.len());
    let served = served().await;
    let mut wrong = Vec::new();
    let (mut wanted, mut listed) = (BTreeSet::new(), BTreeSet::new());
    for definition in definitions {
        let (id, code, url) = (text(definition, "id"), text(definition, "code"), text(definition, "url"));
        let excuse = NOT_SERVED.iter().find(|(known, _, _)| *known == id);
        for kind in types(definition) {
            let found = served.get(&(kind.to_owned(), code.to_owned()));
            match (excuse, found) {
                (Some(_), Some((_, by))) if by == url => {
                    wrong.push(format!("{kind}.{code} is listed as not served, and is"))
                }
                (Some((_, name, _)), _) if *name != code => {
                    wrong.push(format!("{id} is listed as {name}, and is {code}"))
                }
                (Some(_), _) => {}
                (None, None) => wrong.push(format!("{kind}.{code} ({url}) is missing")),
                (None, Some((r4_type, by))) => {
                    wanted.insert((kind.to_owned(), code.to_owned()));
                    if r4_type != text(definition, "type") {
                        wrong
                            .push(format!("{kind}.{code} is {}, and is served as {r4_type}", text(definition, "type")));
                    }
                    if by != url {
                        wrong.push(format!("{kind}.{code} is defined by {url}, and the statement says {by}"));
                    }
                }
            }
        }
        listed.extend(excuse.map(|(known, _, _)| *known));
    }
    for (id, code, reason) in NOT_SERVED {
        if !listed.contains(id) {
            wrong.push(format!("{id} ({code}) is listed as not served, and R4 has no such parameter for these types"));
        }
        assert!(reason.len() > 10, "{id} has no reason");
    }
    for key in served.keys().filter(|key| !wanted.contains(key)) {
        wrong.push(format!("{}.{} is served, and R4 does not define it", key.0, key.1));
    }
    println!("{} parameters served, {} definitions listed as not served", served.len(), listed.len());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn compartments_have_the_members_of_r4() {
    let Some(shared) = shared() else { return };
    let path = shared.join("spec/hl7-r4/CompartmentDefinition.ndjson");
    let Ok(lines) = std::fs::read_to_string(&path) else {
        println!("skipped: there are no definitions at {}", path.display());
        return;
    };
    let definitions = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let patient = definitions.into_iter().find(|definition| definition["code"] == "Patient").expect("a compartment");
    let mut judged = 0;
    for spec in lcr_facade::resources::ALL {
        let resource = patient["resource"].as_array().expect("resources").iter().find(|r| r["code"] == spec.name);
        let params = resource.and_then(|resource| resource["param"].as_array());
        let params: BTreeSet<&str> = params.into_iter().flatten().filter_map(Value::as_str).collect();
        // What says whom a row is about is its compartment in the table; the others are listed beside it.
        let others: BTreeSet<&str> =
            params.iter().copied().filter(|code| !["subject", "patient"].contains(code)).collect();
        assert_eq!(others, spec.members.iter().copied().collect(), "{}", spec.name);
        let owned = matches!(spec.compartment, lcr_facade::resources::spec::Compartment::Subject(_));
        assert_eq!(owned, params.len() > others.len(), "{}", spec.name);
        judged += 1;
    }
    assert_eq!(judged, TYPES.len() - 1, "all but AuditEvent, which is no part of the record");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_requirements_that_are_claimed_are_met() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("spec/ukcore/uk-core-access");
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!("skipped: there are no requirements at {}", folder.display());
        return;
    };
    let read = |path: std::path::PathBuf| std::fs::read_to_string(path).expect("a file");
    let own =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fhir-profiles/CapabilityStatement/LCR-Server.json");
    let requirements: Vec<Value> = files
        .map(|file| file.expect("entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .chain([own])
        .map(|path| serde_json::from_str(&read(path)).expect("JSON"))
        .collect();
    let app = TestApp::start().await;
    let statement = send(app.open(Method::GET, "/fhir/metadata")).await.json();
    let list = |value: &Value, name: &str, member: &str| -> BTreeSet<String> {
        let items = value[name].as_array().into_iter().flatten();
        items.map(|item| item[member].as_str().unwrap_or_default().to_owned()).collect()
    };
    let mut met = BTreeSet::new();
    for requirement in &requirements {
        let ours = statement["rest"][0]["resource"].as_array().expect("resources");
        let meets = |wanted: &Value| {
            let Some(served) = ours.iter().find(|served| served["type"] == wanted["type"]) else { return false };
            let within = |name, member| list(wanted, name, member).is_subset(&list(served, name, member));
            let profiles = |resource: &Value| -> BTreeSet<String> {
                let profiles = resource["supportedProfile"].as_array().into_iter().flatten();
                profiles.map(|url| url.as_str().expect("url").to_owned()).collect()
            };
            // UK Core Access names its own profiles; what conforms to ours conforms to them.
            let is_own = requirement["url"].as_str().is_some_and(|url| url.starts_with("https://lcr.example/"));
            within("interaction", "code")
                && within("searchParam", "name")
                && within("operation", "definition")
                && (!is_own || within("searchParam", "definition") && profiles(wanted).is_subset(&profiles(served)))
        };
        if requirement["rest"][0]["resource"].as_array().expect("resources").iter().all(meets) {
            met.insert(requirement["url"].as_str().expect("url").to_owned());
        }
    }
    // Bulk Data Access asks for its operation at one level at least; its CapabilityStatement is not among the files here.
    let exports = |operations: &Value| {
        let mut all = operations.as_array().into_iter().flatten();
        all.any(|operation| {
            operation["name"] == "export"
                && operation["definition"].as_str().is_some_and(|url| url.contains("/bulkdata/"))
        })
    };
    if exports(&statement["rest"][0]["operation"]) {
        met.insert("http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data".to_owned());
    }
    let claimed = statement["instantiates"].as_array().expect("instantiates").iter();
    let claimed: BTreeSet<String> = claimed.map(|url| url.as_str().expect("url").to_owned()).collect();
    assert_eq!(claimed, met, "what is claimed (left) and what is met (right)");
}
