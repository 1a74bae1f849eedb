//! What the service answers to many who ask for many things: reads, searches, histories, operations, changes and refusals.

use std::collections::{BTreeSet, HashSet};

use lcr_facade::cli::import;
use lcr_facade::config::Config;
use lcr_facade::sandbox;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Reply, Session, TestApp, json as body, send};
use crate::hapi::{Item, root};
use crate::held;

/// The Patient who is a persona too; the gp's, the hospital doctor's, the nurse's and the social worker's.
const PATIENT: &str = "13c4dc1b-7947-4d74-9add-0ad316d0a6f3";
const NUMBER: &str = "9990791902";
/// Another patient of the practice, who is about to be restricted.
const OTHER: &str = "9994054007";
const REASON: &str = "found unconscious, no relative can be asked";

/// What is asked of each type of the record: P is the patient.
const SEARCHES: [&str; 8] = [
    "?patient=P&_count=10",
    "?patient=P&_summary=true&_count=3",
    "?patient=P&_summary=data&_count=2",
    "?patient=P&_summary=text&_count=2",
    "?patient=P&_summary=count",
    "?patient=P&_elements=code,status,category&_count=2",
    "?patient=P&_include=*&_total=accurate&_count=3",
    "?patient=P&_count=2&_sort=-_lastUpdated",
];

const CLINICAL: [&str; 5] = ["Condition", "Observation", "MedicationStatement", "AllergyIntolerance", "CarePlan"];

/// Who asks what, beside the searches.
#[rustfmt::skip]
const READS: &[(&str, &[&str])] = &[
    ("gp", &[
        "metadata", "Patient/P", "Patient/P/_history", "Patient/P/_history/1", "Patient/_history?_count=3", "Patient?_count=3",
        "Patient?_summary=true", "Patient?_elements=name", "Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|9999999999",
        "Patient?_has:Condition:patient:code=38341003", "Patient/P/Condition?_count=5", "Patient/P/*?_count=5",
        "?_type=Patient,CarePlan&_count=5", "Patient/P/$everything?_count=40", "Patient/P/$everything?_type=CarePlan",
        "Patient/P/$summary", "Observation/$lastn?patient=P&category=laboratory&max=1", "Practitioner?_count=3",
        "Practitioner/sandbox-gp", "PractitionerRole", "Organization", "Observation?code:text=blood&patient=P&_count=2",
        "Patient/nobody", "Patient/P/_history/99", "Banana", "Patient?banana=1", "Patient?birthdate=yesterday", "Condition/$lastn",
        "Patient?_format=turtle", "AuditEvent", "Observation?patient=P&category=vital-signs&_count=20", "Condition?_filter=x",
    ]),
    ("hospital-doctor", &["Observation?_security=R&_count=5", "Condition?_count=5", "Patient/P/$summary"]),
    ("nurse", &["Patient", "Patient/P/$everything?_count=10"]),
    ("social-worker", &["Patient/P/$summary", "Observation", "CarePlan?patient=P"]),
    ("receptionist", &["Patient/P", "Condition?patient=P"]),
    ("pharmacist", &["MedicationStatement?patient=P&_count=3", "CarePlan?patient=P"]),
    ("stranger", &["Patient", "Patient/P", "Patient/P/$summary"]),
    ("patient", &["Patient", "Patient/$everything?_count=20", "Patient/P/$summary", "AuditEvent?_count=20", "Condition?_count=3"]),
    ("privacy-officer", &["Patient", "Patient/$access-alerts", "Patient/$access-alerts?all=true"]),
    ("gp-system", &["Patient?_count=2", "Patient/$relationships?nhs-number=9990791902", "Condition/_history?_count=3"]),
];

/// What was heard, each text once.
#[derive(Default)]
struct Heard {
    items: Vec<Item>,
    known: HashSet<String>,
}

impl Heard {
    fn hear(&mut self, who: &str, what: &str, reply: &Reply) {
        let name = format!("{who} {what} {}", reply.status.as_u16()).replace('/', "|");
        let kind = reply.header("content-type");
        let items = match kind {
            _ if reply.text.is_empty() => return,
            _ if kind.starts_with("application/fhir+json") => held::each("emitted", &name, &reply.text),
            _ if kind.starts_with("application/fhir+xml") => {
                vec![Item::new(format!("emitted/{name}: xml"), &[], &reply.text)]
            }
            other => panic!("{name}: an answer in {other}"),
        };
        self.items.extend(items.into_iter().filter(|item| self.known.insert(item.text.clone())));
    }

    async fn get(&mut self, session: &Session<'_>, who: &str, path: &str) {
        let path = path.replace("P/", &format!("{PATIENT}/"));
        let path = if path.ends_with("/P") { path.replace("/P", &format!("/{PATIENT}")) } else { path };
        let path = path.replace("patient=P", &format!("patient={PATIENT}"));
        let reply = session.get(&path).await;
        self.hear(who, &path, &reply);
    }

    async fn ask(&mut self, session: &Session<'_>, who: &str, operation: &str, values: &[(&str, &str)]) -> Value {
        let values: Vec<Value> =
            values.iter().map(|(name, value)| json!({"name": name, "valueString": value})).collect();
        let said = json!({"resourceType": "Parameters", "parameter": values});
        let reply = session.post(operation, said).await;
        self.hear(who, operation, &reply);
        reply.json()
    }
}

/// Every answer of a sandbox that is asked by many.
pub async fn items() -> Vec<Item> {
    let app = TestApp::held(Config::default()).await;
    for (name, text) in [("record", sandbox::RECORD), ("staff", sandbox::STAFF)] {
        let report = import::run_ndjson(&app.store, name, text, &app.base, &app.strictness).await.expect("import");
        assert_eq!(report.refusals(), []);
    }
    let relationships = sandbox::relationships().expect("relationships");
    assert!(app.store.relate(&relationships).await.expect("relate").is_empty());
    let mut heard = Heard::default();
    let open = send(app.open(Method::GET, "/fhir/metadata")).await;
    heard.hear("nobody", "metadata", &open);
    heard.hear("nobody", "Patient", &send(app.open(Method::GET, "/fhir/Patient")).await);
    overrides(&app, &mut heard).await;
    changes(&app, &mut heard).await;
    let gp = app.persona("gp").await;
    for kind in CLINICAL {
        for search in SEARCHES {
            heard.get(&gp, "gp", &format!("{kind}{search}")).await;
        }
    }
    for (who, paths) in READS {
        let session = app.persona(who).await;
        for path in *paths {
            heard.get(&session, who, path).await;
        }
    }
    for path in ["metadata", "Patient?_count=2", "Observation?_count=5", "Patient/nobody", "CarePlan?_count=2"] {
        let request = gp.request(Method::GET, path).header("Accept", "application/fhir+xml");
        heard.hear("gp", path, &send(request).await);
    }
    operations(&app, &mut heard).await;
    // Last: the trail of all this.
    let officer = app.persona("privacy-officer").await;
    for path in [
        "AuditEvent?_count=100",
        "AuditEvent?outcome=4&_count=50",
        "AuditEvent?_count=50&type=110113",
        "AuditEvent?_summary=true&_count=5",
    ] {
        heard.get(&officer, "privacy-officer", path).await;
    }
    heard.items
}

/// What other test binaries kept (`LCR_KEEP_ANSWERS`). Most of them hold nobody to the profiles, and so neither does this: what
/// the service itself says has to meet them, the rest R4.
pub fn kept() -> Vec<Item> {
    let Some(folder) = crate::common::kept::folder() else { return Vec::new() };
    let all = crate::examples::files(&folder).into_iter().flat_map(|(name, text)| held::each("kept", &name, &text));
    let own = ["OperationOutcome", "AuditEvent"];
    let is_own = |item: &Item| own.iter().any(|kind| item.name.contains(&format!(": {kind} ")));
    let of = |item: Item| if is_own(&item) { item } else { Item { profiles: Vec::new(), ..item } };
    all.map(of).collect()
}

/// Overrides, claims, relationships and protections, and how they are reviewed.
async fn overrides(app: &TestApp, heard: &mut Heard) {
    let stranger = app.persona("stranger").await;
    let claim = [("nhs-number", NUMBER), ("birth-date", "1963-06-09"), ("reason", REASON)];
    heard.ask(&stranger, "stranger", "Patient/$self-claim", &claim).await;
    heard.ask(&stranger, "stranger", "Patient/$break-glass", &claim).await;
    heard.ask(&stranger, "stranger", "Patient/$break-glass", &claim[..1]).await;
    heard.get(&stranger, "stranger", "Condition?_count=2").await;
    let system = app.persona("gp-system").await;
    let told = [
        ("nhs-number", NUMBER),
        ("holder", "https://fhir.nhs.uk/Id/sds-user-id|999000000001"),
        ("basis", "caseload"),
        ("reason", "named nurse of this household"),
    ];
    let made = heard.ask(&system, "gp-system", "Patient/$relate", &told).await;
    let id = made["parameter"][0]["valueString"].as_str().expect("a relationship").to_owned();
    heard.get(&system, "gp-system", &format!("Patient/$relationships?nhs-number={NUMBER}")).await;
    heard.ask(&system, "gp-system", "Patient/$end-relationship", &[("relationship", &id)]).await;
    let officer = app.persona("privacy-officer").await;
    let protect = [("nhs-number", OTHER), ("restricted", "true"), ("reason", "asked for by the person")];
    heard.ask(&officer, "privacy-officer", "Patient/$protect", &protect).await;
    let alerts = heard.ask(&officer, "privacy-officer", "Patient/$access-alerts", &[]).await;
    let id = alerts["parameter"][0]["part"][0]["valueString"].as_str().expect("an alert").to_owned();
    let verdict = [("alert", id.as_str()), ("verdict", "appropriate"), ("note", "the ward confirmed it")];
    heard.ask(&officer, "privacy-officer", "Patient/$review", &verdict).await;
}

/// Changes that succeed and changes that are refused, with each kind of answer that may be preferred.
async fn changes(app: &TestApp, heard: &mut Heard) {
    let system = app.persona("gp-system").await;
    let good = |name: &str| {
        let path = root().join("fhir-profiles/examples").join(name);
        serde_json::from_str::<Value>(&std::fs::read_to_string(path).expect("an example")).expect("JSON")
    };
    let bundle = good("good/LCR-SubmissionBundle--transaction.json");
    for kind in ["transaction", "batch"] {
        for prefer in ["return=representation", "return=OperationOutcome", "return=minimal"] {
            let mut bundle = bundle.clone();
            bundle["type"] = json!(kind);
            let request = body(system.request(Method::POST, ""), bundle).header("Prefer", prefer);
            heard.hear("gp-system", &format!("{kind} {prefer}"), &send(request).await);
        }
    }
    heard.hear(
        "gp-system",
        "transaction refused",
        &system.post("", good("bad/LCR-SubmissionBundle--lcr-sub-2.json")).await,
    );
    let about = |mut resource: Value| {
        resource["subject"] = json!({"reference": format!("Patient/{PATIENT}")});
        resource.as_object_mut().expect("object").remove("id");
        resource
    };
    let condition = about(good("good/LCR-Condition--problem.json"));
    for prefer in ["return=representation", "return=OperationOutcome", "handling=strict"] {
        let request = body(system.request(Method::POST, "Condition"), &condition).header("Prefer", prefer);
        heard.hear("gp-system", &format!("create {prefer}"), &send(request).await);
    }
    let degraded = about(good("bad/LCR-MedicationStatement--lcr-med-4.json"));
    for prefer in ["return=representation", "return=OperationOutcome"] {
        let request = body(system.request(Method::POST, "MedicationStatement"), &degraded).header("Prefer", prefer);
        heard.hear("gp-system", &format!("degraded {prefer}"), &send(request).await);
    }
    let refused = [
        ("Condition", "lcr-con-1", about(good("bad/LCR-Condition--lcr-con-1.json"))),
        ("Patient", "lcr-pat-1", good("bad/LCR-Patient--lcr-pat-1.json")),
    ];
    for (kind, rule, resource) in refused {
        let reply = system.post(kind, &resource).await;
        assert_eq!(reply.status, 422, "{}", reply.text);
        heard.hear("gp-system", rule, &reply);
        heard.hear("gp-system", rule, &system.post(&format!("{kind}/$validate"), &resource).await);
    }
    heard.hear("gp-system", "no JSON", &system.post("Condition", "{").await);
    heard.hear("gp-system", "put", &system.put("Condition/another", &condition).await);
    let mut named = condition.clone();
    named["id"] = json!("another");
    heard.hear("gp-system", "put", &system.put("Condition/another", &named).await);
    let stale = body(system.request(Method::PUT, "Condition/another"), &named).header("If-Match", "W/\"9\"");
    heard.hear("gp-system", "stale", &send(stale).await);
    let patch = json!([{"op": "replace", "path": "/clinicalStatus/coding/0/code", "value": "resolved"}]).to_string();
    let patch = system
        .request(Method::PATCH, "Condition/another")
        .header("Content-Type", "application/json-patch+json")
        .body(patch);
    heard.hear("gp-system", "patch", &send(patch.header("Prefer", "return=representation")).await);
    heard.hear("gp-system", "delete", &system.delete("Condition/another").await);
    heard.hear("gp-system", "gone", &system.get("Condition/another").await);
    heard.hear("gp-system", "history", &system.get("Condition/another/_history").await);
    let plain = system.request(Method::POST, "Condition").header("Content-Type", "text/plain").body("x");
    heard.hear("gp-system", "text", &send(plain).await);
    heard.hear("gp-system", "method", &send(system.request(Method::PUT, "Condition")).await);
    let reads = json!({"resourceType": "Bundle", "type": "batch", "entry": [
        {"request": {"method": "GET", "url": format!("Patient/{PATIENT}")}},
        {"request": {"method": "GET", "url": format!("Observation?patient={PATIENT}&_count=2")}},
        {"request": {"method": "GET", "url": "Patient/nobody"}}]});
    heard.hear("gp-system", "batch of reads", &system.post("", reads).await);
}

/// Operations that look at what they are given.
async fn operations(app: &TestApp, heard: &mut Heard) {
    let gp = app.persona("gp").await;
    let who = json!({"resourceType": "Patient", "name": [{"family": "Wright-Dhillon", "given": ["Raymond"]}], "birthDate": "1963-06-09", "gender": "male"});
    let said = json!({"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": who}, {"name": "count", "valueInteger": 3}]});
    heard.hear("gp", "Patient|$match", &gp.post("Patient/$match", said).await);
    heard.hear("gp", "Patient|$validate", &gp.post("Patient/$validate", &who).await);
    let broken = json!({"resourceType": "Observation", "status": "done", "banana": 1, "code": {"text": "x"}});
    heard.hear("gp", "Observation|$validate", &gp.post("Observation/$validate", broken).await);
}

/// Nothing was heard of a kind that the service emits: the list is what a reader of this test is promised.
pub fn every_kind_is_there(names: &[&str]) {
    let kinds: BTreeSet<&str> = names.iter().filter_map(|name| name.rsplit(": ").next()?.split(' ').next()).collect();
    for kind in [
        "AllergyIntolerance",
        "AuditEvent",
        "Bundle",
        "CapabilityStatement",
        "CarePlan",
        "Composition",
        "Condition",
        "MedicationStatement",
        "Observation",
        "OperationOutcome",
        "Parameters",
        "Patient",
        "Practitioner",
        "xml",
    ] {
        assert!(kinds.contains(kind), "no {kind} among {kinds:?}");
    }
    for status in ["200", "201", "400", "401", "403", "404", "405", "406", "410", "412", "415", "422"] {
        assert!(names.iter().any(|name| name.contains(&format!(" {status}: "))), "no answer {status}");
    }
}
