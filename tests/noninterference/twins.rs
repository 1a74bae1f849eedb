//! The twins: two records, one of which also has rows that none of the personas may see.

use lcr_facade::access::Claims;
use lcr_facade::config::Config;
use lcr_facade::fhir::date;
use serde_json::{Value, json};

use crate::common::{Session, TestApp};
use crate::normal::Names;
use crate::questions::{BASE, crossing, rich};
use crate::world::{
    ELSEWHERE, GP_SOURCE, LAB_SOURCE, TYPES, about, address, claims, labelled, put, relate, relate_for, session,
};

/// Resources of those who give care.
const DIRECTORY: [&str; 3] = [
    include_str!("../search_oracle/extras/Organization.json"),
    include_str!("../search_oracle/extras/Practitioner.json"),
    include_str!("../search_oracle/extras/PractitionerRole.json"),
];

/// Those who are involved in the care of the seen.
const RELATED: [&str; 9] = [
    "gp",
    "hospital-doctor",
    "nurse",
    "social-worker",
    "out-of-hours",
    "therapist",
    "pharmacist",
    "health-assistant",
    "receptionist",
];

/// Who asks. Clients see the directory whatever its labels, so theirs has no rows that are hidden by one.
#[derive(Clone, Copy, PartialEq)]
pub enum Cast {
    People,
    Clients,
}

/// One of the twins, as a persona meets it.
pub struct Twin {
    pub app: TestApp,
    pub token: String,
    /// When what was written, by the twin's own clock; both have the same number of them.
    pub moments: Vec<String>,
    pub names: Names,
}

/// The twins, as a persona meets them.
pub struct Twins {
    pub with: Twin,
    pub without: Twin,
    /// The source that the persona writes under.
    source: Option<String>,
}

/// What a persona's token says; the patient's own is for `Patient/seen-a`.
pub fn claims_of(persona: &str) -> Claims {
    let mut claims = claims(persona);
    if persona == "patient" {
        claims.patient = Some("seen-a".to_owned());
    }
    claims
}

impl Twins {
    pub async fn new(cast: Cast, persona: &str) -> Twins {
        let (with, without) = tokio::join!(twin(cast, true), twin(cast, false));
        assert_eq!(with.moments.len(), without.moments.len());
        let mut twins = Twins { with, without, source: None };
        twins.meet(persona).await;
        twins
    }

    /// From now on it is this persona who asks.
    pub async fn meet(&mut self, persona: &str) {
        let claims = claims_of(persona);
        self.with.token = session(&self.with.app, &claims).await.token;
        self.without.token = session(&self.without.app, &claims).await.token;
        self.source = claims.source;
    }

    /// The source that the persona writes under.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }
}

impl Twin {
    pub fn session(&self) -> Session<'_> {
        Session { app: &self.app, token: self.token.clone() }
    }
}

/// What all see who are involved: of the source of the practice.
pub fn seen() -> Vec<Value> {
    [directory("seen"), rich("seen", 1), vec![about("Condition", "seen-last", "seen-a", 1)], crossing("seen", "hidden")]
        .concat()
}

/// What the laboratory has shared.
pub fn of_lab() -> Vec<Value> {
    let mut results =
        vec![about("Observation", "seen-lab", "seen-a", 1), about("Observation", "seen-lab-of-b", "seen-b", 2)];
    let own = rich("seen", 1).into_iter().filter(|r| r["resourceType"] == "Observation");
    results.extend(own.map(|mut result| {
        result["id"] = json!(result["id"].as_str().expect("id").replace("seen-", "seen-lab-"));
        result
    }));
    results
}

/// A plan of each persona's who writes under a source without other rows.
pub fn plans() -> Vec<(String, Value)> {
    let writers = ["hospital-doctor", "nurse", "social-worker", "out-of-hours"];
    let sources = writers.map(|persona| (persona, claims(persona).source.expect("a source")));
    let plan = |(persona, source)| (source, about("CarePlan", &format!("seen-plan-of-{persona}"), "seen-a", 1));
    sources.into_iter().map(plan).collect()
}

/// What is in one of the twins alone: whole people, and rows with values that no other has.
fn hidden() -> Vec<Value> {
    let only = TYPES.map(|kind| only(kind, &format!("hidden-only-{kind}"), "hidden-a", 14));
    [rich("hidden", 11), only.to_vec(), crossing("hidden", "seen")].concat()
}

/// In that one, too: rows about the very patients that are seen, but labelled so that no user may see them.
fn veiled(cast: Cast) -> Vec<Value> {
    let mut rows = seen();
    // A label on a Patient protects the person: what they show is to depend on it.
    rows.retain(|row| row["resourceType"] != "Patient");
    // Clients see every label: in the directory, and of the third patient, in whose care the practice is involved.
    let clinical = |row: &Value| TYPES.iter().any(|kind| row["resourceType"] == *kind);
    rows.retain(|row| cast == Cast::People || (clinical(row) && row["id"] != "seen-c"));
    let veil = |row: &Value| row.to_string().replace(r#""id":"seen-"#, r#""id":"veiled-"#);
    let mut rows: Vec<Value> = rows.iter().map(|row| serde_json::from_str(&veil(row)).expect("JSON")).collect();
    rows.extend(TYPES.iter().skip(1).map(|kind| only(kind, &format!("veiled-only-{kind}"), "seen-a", 1)));
    rows.into_iter().map(|row| labelled(row, "V")).collect()
}

/// Every resource of either twin.
pub fn everything(cast: Cast) -> Vec<Value> {
    let plans = plans().into_iter().map(|(_, plan)| plan).collect();
    [seen(), of_lab(), plans, hidden(), veiled(cast)].concat()
}

fn directory(name: &str) -> Vec<Value> {
    let lists = DIRECTORY.iter().map(|text| text.replace("oracle-", &format!("{name}-")));
    lists.flat_map(|text| serde_json::from_str::<Vec<Value>>(&text).expect("resources")).collect()
}

/// A row whose values no other row has.
fn only(kind: &str, id: &str, patient: &str, n: usize) -> Value {
    let text = about(kind, id, patient, n).to_string();
    let own = [
        ("38341003", "13645005"),
        ("2024-02-03", "2019-09-09"),
        ("5.5", "7.75"),
        ("Attwood", "Zuckermandel"),
        ("1950-05-05", "1931-03-02"),
    ];
    let text = own.iter().fold(text, |text, (common, rare)| text.replace(common, rare));
    let mut row: Value = serde_json::from_str(&text).expect("JSON");
    let mark = json!({"system": "http://example.org/marks", "value": format!("mark-of-{id}")});
    match row["identifier"].as_array_mut() {
        Some(identifiers) => identifiers.push(mark),
        None => row["identifier"] = json!([mark]),
    }
    row
}

/// One of the twins, with a clock.
struct Builder {
    app: TestApp,
    moments: Vec<String>,
    written: usize,
}

impl Builder {
    /// Writes as a source; every few rows the moment is noted. No two rows have one moment, so that the order of times
    /// is that of writing.
    async fn put(&mut self, source: &str, row: &Value) {
        let reply = put(&self.app.source(source).await, row).await;
        self.written += 1;
        if self.written.is_multiple_of(5) {
            let stored: Value = serde_json::from_str(&reply.text).expect("JSON");
            self.moments.push(stored["meta"]["lastUpdated"].as_str().expect("a time").to_owned());
        }
        self.tick();
    }

    /// Lets the millisecond pass.
    fn tick(&self) {
        let now = date::now();
        while date::now() <= now {
            std::thread::yield_now();
        }
    }
}

async fn twin(cast: Cast, with_hidden: bool) -> Twin {
    let base = BASE.strip_suffix("/fhir").expect("a base").to_owned();
    let app = TestApp::with(Config { public_url: Some(base), ..Config::default() }).await;
    let mut twin = Builder { app, moments: Vec::new(), written: 0 };
    // Hidden rows come before the others, so that every running number differs, between them, and after them.
    let (hidden, veiled) = (hidden(), veiled(cast));
    let hide = async |twin: &mut Builder, row: Option<&Value>| {
        if let Some(row) = row.filter(|_| with_hidden) {
            put(&twin.app.source(ELSEWHERE).await, row).await;
            twin.tick();
        }
    };
    for row in &hidden {
        hide(&mut twin, Some(row)).await;
    }
    for row in seen() {
        twin.put(GP_SOURCE, &row).await;
        let veil = address(&row).replace("/seen-", "/veiled-");
        hide(&mut twin, veiled.iter().find(|row| address(row) == veil)).await;
    }
    for row in veiled.iter().filter(|row| address(row).contains("/veiled-only-")) {
        hide(&mut twin, Some(row)).await;
    }
    for row in of_lab() {
        twin.put(LAB_SOURCE, &row).await;
    }
    for (source, plan) in plans() {
        twin.put(&source, &plan).await;
    }
    // Of the third patient, who is the practice's alone, another source has shared something, too.
    for kind in ["Condition", "CarePlan", "Observation"] {
        twin.put(ELSEWHERE, &about(kind, &format!("seen-shared-{kind}"), "seen-c", 3)).await;
    }
    if with_hidden {
        restless(&twin.app, &rich("hidden", 11)[0]).await;
    }
    for n in [1, 2] {
        for holder in RELATED {
            relate(&twin.app, n, "practitioner", holder).await;
        }
    }
    relate(&twin.app, 3, "organisation", "Y90001").await;
    twin.moments.push(date::to_instant(date::now()));
    twin.tick();
    Twin { app: twin.app, token: String::new(), moments: twin.moments, names: Names::default() }
}

/// Hidden rows that have moved, are deleted, or have changed often, and relationships that do not count.
async fn restless(app: &TestApp, patient: &Value) {
    let elsewhere = app.source(ELSEWHERE).await;
    put(&elsewhere, &about("Condition", "hidden-moved", "hidden-a", 11)).await;
    put(&elsewhere, &about("Condition", "hidden-moved", "hidden-b", 12)).await;
    let deleted = about("Condition", "hidden-deleted", "hidden-a", 11);
    put(&elsewhere, &deleted).await;
    assert_eq!(elsewhere.delete(&address(&deleted)).await.status, 204);
    for _ in 0..3 {
        put(&elsewhere, patient).await;
    }
    relate(app, 11, "practitioner", "somebody-else").await;
    relate_for(app, 11, "practitioner", "hospital-doctor", "2099-01-01T00:00:00Z", None).await;
    relate_for(app, 12, "practitioner", "nurse", "2000-01-01T00:00:00Z", Some("2001-01-01T00:00:00Z")).await;
    relate_for(app, 12, "organisation", "Y90001", "2000-01-01T00:00:00Z", Some("2001-01-01T00:00:00Z")).await;
}
