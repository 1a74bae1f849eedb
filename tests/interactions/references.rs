//! Links between the entries of a transaction are resolved wherever they are (R4 §3.1.0.11.2), and
//! nothing else is changed.

use serde_json::{Value, json};

use crate::common::{Session, TestApp};
use crate::support::*;

const PATIENT: &str = "urn:uuid:5a1d4c9e-58a0-4e0c-8f5a-5b1c6ad00001";
const CONDITION: &str = "urn:uuid:5a1d4c9e-58a0-4e0c-8f5a-5b1c6ad00002";
const OBSERVATION: &str = "urn:oid:1.2.36.146.595.217.0.1";
const PLAN: &str = "urn:uuid:5a1d4c9e-58a0-4e0c-8f5a-5b1c6ad00004";

/// A CarePlan with links to the three in every kind of place. What is no link names them all the same.
fn plan(patient: &str, condition: &str, observation: &str) -> Value {
    let link = |reference: &str| json!({"reference": reference});
    let extension = |kind: &str, value: Value| json!({"url": "http://example.org/extension", kind: value});
    json!({
        "resourceType": "CarePlan",
        "contained": [{"resourceType": "Condition", "id": "c", "subject": link(patient),
            "evidence": [{"detail": [link(observation)]}]}],
        "extension": [
            extension("valueReference", link(condition)),
            extension("valueUri", json!(patient)),
            extension("valueUrl", json!(condition)),
            json!({"url": "http://example.org/outer", "extension": [extension("valueReference", link(observation))]}),
            extension("valueCanonical", json!(PATIENT)),
            extension("valueString", json!(PATIENT)),
            extension("valueMarkdown", json!(format!("[link]({CONDITION})"))),
        ],
        "identifier": [{"system": "http://example.org/ids", "value": PATIENT, "assigner": link(patient)}],
        "instantiatesCanonical": [CONDITION],
        "instantiatesUri": [condition, "http://example.org/other"],
        "status": "active",
        "intent": "plan",
        "title": PATIENT,
        "description": format!("see {PATIENT} and \"{CONDITION}\""),
        "subject": {"reference": patient, "display": PATIENT},
        "addresses": [link(condition), link("#c"), {"reference": condition, "identifier": {"value": CONDITION}}],
        "supportingInfo": [link(observation), link("urn:uuid:5a1d4c9e-58a0-4e0c-8f5a-5b1c6adfffff"), link("Patient/5")],
        "activity": [
            {"outcomeReference": [link(observation)]},
            {"detail": {"status": "scheduled", "reasonReference": [link(condition)], "performer": [link(patient)],
                "instantiatesUri": [observation]}},
        ],
        "note": [{"authorReference": link(patient), "text": format!("<a href=\"{PATIENT}\">")}],
    })
}

fn entries() -> Vec<Value> {
    vec![
        created(PATIENT, patient("Linked")),
        created(CONDITION, minimal("Condition", PATIENT)),
        created(OBSERVATION, minimal("Observation", PATIENT)),
    ]
}

async fn read(session: &Session<'_>, place: &str) -> Value {
    let reply = get(session, place).await;
    assert_eq!(reply.status, 200, "{place}: {}", reply.text);
    reply.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_link_follows_and_no_text_does() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    // The one that links may come before, between or after what it links to.
    for at in 0..=3 {
        let mut all = entries();
        all.insert(at, created(PLAN, plan(PATIENT, CONDITION, OBSERVATION)));
        let mut places = places(&transact(&session, all).await);
        let own = places.remove(at);
        let wanted = plan(&places[0], &places[1], &places[2]);
        let stored = plain(&read(&session, &own).await);
        for (name, value) in wanted.as_object().expect("object") {
            assert_eq!(&stored[name], value, "CarePlan.{name}, entry {at}");
        }
        assert_eq!(stored, wanted, "entry {at}");
        for (kind, parameter, target) in [
            ("CarePlan", "subject", &places[0]),
            ("CarePlan", "condition", &places[1]),
            ("CarePlan", "instantiates-uri", &places[1]),
            ("Condition", "patient", &places[0]),
        ] {
            let found = get(&session, &format!("{kind}?{parameter}={target}")).await.ids();
            assert_eq!(found.len(), 1, "{kind}?{parameter}={target}, entry {at}");
        }
    }
}

/// Types whose values must look like URNs are links all the same (R4 names them).
#[tokio::test(flavor = "multi_thread")]
async fn oid_and_uuid_are_links_too() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let body = |uuid: &str, oid: &str| {
        with(
            minimal("Condition", "Patient/p"),
            json!({"extension": [
            {"url": "http://example.org/extension", "valueUuid": uuid},
            {"url": "http://example.org/extension", "valueOid": oid}]}),
        )
    };
    let mut all = entries();
    all.push(entry("POST", "Condition", Some(body(PATIENT, OBSERVATION))));
    let places = places(&transact(&session, all).await);
    assert_eq!(plain(&read(&session, &places[3]).await), body(&places[0], &places[2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn links_in_the_narrative_follow() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let absolute = "http://other.example/fhir/Patient/7";
    // P stands for the patient's fullUrl, U for the absolute one; what is stored has R and A for where they ended up.
    let rows = [
        (r#"<a href="P">x</a>"#, r#"<a href="R">x</a>"#),
        (r#"<img src="P" alt="x"/>"#, r#"<img src="R" alt="x"/>"#),
        (r"<a href='P'>x</a>", r"<a href='R'>x</a>"),
        (r#"<a  title="t" href = "P" >x</a >"#, r#"<a  title="t" href = "R" >x</a >"#),
        ("<a\nhref=\"P\">x</a>", "<a\nhref=\"R\">x</a>"),
        (r#"<a href="U">x</a>"#, r#"<a href="A">x</a>"#),
        (r#"<a href="P">x</a><a href="P">y</a>"#, r#"<a href="R">x</a><a href="R">y</a>"#),
        // No links: text, another attribute, an address that only begins alike.
        (r#"<p>"P"</p>"#, r#"<p>"P"</p>"#),
        (r#"<p>href="P"</p>"#, r#"<p>href="P"</p>"#),
        (r#"<p title="P">x</p>"#, r#"<p title="P">x</p>"#),
        (r#"<a href="P0">x</a>"#, r#"<a href="P0">x</a>"#),
        (r##"<a href="#P">x</a>"##, r##"<a href="#P">x</a>"##),
    ];
    let mut wrong = Vec::new();
    for (sent, wanted) in rows {
        let narrative = |inner: &str| {
            let div = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{inner}</div>");
            with(minimal("Condition", "Patient/p"), json!({"text": {"status": "generated", "div": div}}))
        };
        let sent = narrative(&sent.replace('P', PATIENT).replace('U', absolute));
        let all = vec![
            entry("POST", "Condition", Some(sent.clone())),
            created(PATIENT, patient("Linked")),
            created(absolute, patient("Linked")),
        ];
        let places = places(&transact(&session, all).await);
        let stored = read(&session, &places[0]).await;
        let wanted = wanted.replace('P', PATIENT).replace('R', &places[1]).replace('A', &places[2]);
        if stored["text"] != narrative(&wanted)["text"] {
            wrong.push(format!("{}\n  wanted {wanted}\n  stored {}", sent["text"]["div"], stored["text"]["div"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn absolute_and_relative_links_follow_their_full_urls() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let root = "http://other.example/fhir";
    let seven = with(patient("Seven"), json!({"id": "7", "meta": {"versionId": "2"}}));
    // The fullUrl of the entry that links, the link, and whether it names the patient of the Bundle.
    let rows = [
        (Some(format!("{root}/Observation/1")), format!("{root}/Patient/7"), true),
        (Some(format!("{root}/Observation/1")), "Patient/7".to_owned(), true),
        (Some(format!("{root}/Observation/1")), "Patient/7/_history/2".to_owned(), true),
        (Some(format!("{root}/Observation/1")), format!("{root}/Patient/7/_history/2"), true),
        (Some("urn:uuid:5a1d4c9e-58a0-4e0c-8f5a-5b1c6ad00009".to_owned()), format!("{root}/Patient/7"), true),
        (None, format!("{root}/Patient/7"), true),
        (Some(format!("{root}/Observation/1")), "Patient/70".to_owned(), false),
        (Some(format!("{root}/Observation/1")), format!("{root}/Patient/70"), false),
        (Some(format!("{root}/Observation/1")), "Group/7".to_owned(), false),
        (Some("http://third.example/fhir/Observation/1".to_owned()), "Patient/7".to_owned(), false),
        (Some("urn:uuid:5a1d4c9e-58a0-4e0c-8f5a-5b1c6ad00009".to_owned()), "Patient/7".to_owned(), false),
        (None, "Patient/7".to_owned(), false),
    ];
    let mut wrong = Vec::new();
    for (full_url, link, follows) in rows {
        let body = with(minimal("Observation", "Patient/p"), json!({"focus": [{"reference": link}]}));
        let linking = match &full_url {
            Some(full_url) => created(full_url, body),
            None => entry("POST", "Observation", Some(body)),
        };
        let places =
            places(&transact(&session, vec![linking, created(&format!("{root}/Patient/7"), seven.clone())]).await);
        let stored = read(&session, &places[0]).await["focus"][0]["reference"].as_str().expect("reference").to_owned();
        // A link to a version may keep a version: the one the patient has here.
        let fits =
            if follows { stored == places[1] || stored == format!("{}/_history/1", places[1]) } else { stored == link };
        if !fits {
            wrong.push(format!("{link} in {full_url:?} became {stored}, the patient is {}", places[1]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_choose_their_ids_are_linked_too() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let own = |id: &str| format!("{}/Patient/{id}", app.base);
    let chosen = |id: &str| entry("PUT", &format!("Patient/{id}"), Some(with(patient("Chosen"), json!({"id": id}))));
    let named = |full_url: &str, entry: Value| with(entry, json!({"fullUrl": full_url}));
    let about = |subject: &str| entry("POST", "Observation", Some(minimal("Observation", subject)));
    let all = vec![
        about(PATIENT),
        named(PATIENT, chosen("by-urn")),
        named(&own("by-base"), chosen("by-base")),
        about(&own("by-base")),
        about("Patient/by-base"),
        chosen("unnamed"),
        about("Patient/unnamed"),
        named("http://other.example/fhir/Patient/renamed", chosen("by-other")),
        named("http://other.example/fhir/Observation/1", about("Patient/renamed")),
    ];
    assert_eq!(transact(&session, all).await.status, 200);
    for (id, number) in [("by-urn", 1), ("by-base", 2), ("unnamed", 1), ("by-other", 1), ("renamed", 0)] {
        let found = get(&session, &format!("Observation?subject=Patient/{id}")).await.ids();
        assert_eq!(found.len(), number, "about Patient/{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn links_may_go_in_circles() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let urns: Vec<String> = (0..6).map(|n| format!("urn:uuid:5a1d4c9e-58a0-4e0c-8f5a-5b1c6ad1000{n}")).collect();
    // Each names the next, the last the first, and each itself.
    let observation = |n: usize| {
        let members = json!([{"reference": urns[(n + 1) % 6]}, {"reference": urns[n]}]);
        created(&urns[n], with(minimal("Observation", PATIENT), json!({"hasMember": members})))
    };
    let mut all: Vec<Value> = (0..6).map(observation).collect();
    let linked = json!({"link": [{"type": "seealso", "other": {"reference": PATIENT}}]});
    all.push(created(PATIENT, with(patient("Circle"), linked)));
    let places = places(&transact(&session, all).await);
    for n in 0..6 {
        let stored = read(&session, &places[n]).await;
        let wanted = json!([{"reference": places[(n + 1) % 6]}, {"reference": places[n]}]);
        assert_eq!((&stored["hasMember"], &stored["subject"]["reference"]), (&wanted, &json!(places[6])), "entry {n}");
    }
    assert_eq!(read(&session, &places[6]).await["link"][0]["other"]["reference"], places[6]);
}
