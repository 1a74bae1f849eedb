//! Searches that enter other resources (chains, `_has`, `_include`, `_revinclude`) enter none that is hidden.

use serde_json::{Value, json};

use crate::common::{Session, TestApp};
use crate::world::{ELSEWHERE, GP_SOURCE, NEAR, about, address, full, labelled, persona, put};

/// Rows in reach that refer to hidden ones, and hidden ones that refer to rows in reach.
async fn crossed() -> TestApp {
    let app = full().await;
    let (gp, elsewhere) = (app.source(GP_SOURCE).await, app.source(ELSEWHERE).await);
    let plan = |id: &str, patient: &str, condition: &str| {
        let mut plan = about("CarePlan", id, patient, NEAR);
        plan["addresses"] = json!([{"reference": condition}]);
        plan
    };
    put(&gp, &plan("to-near", "near", "Condition/near-Condition")).await;
    put(&gp, &plan("to-far", "near", "Condition/far-Condition")).await;
    put(&gp, &plan("to-veil", "near", "Condition/veil-Condition")).await;
    put(&elsewhere, &plan("from-far", "far", "Condition/near-Condition")).await;
    put(&elsewhere, &labelled(plan("from-veil", "near", "Condition/near-Condition"), "V")).await;
    let panel = |id: &str, patient: &str, member: &str| {
        let mut panel = about("Observation", id, patient, NEAR);
        panel["hasMember"] = json!([{"reference": member}]);
        panel
    };
    put(&gp, &panel("panel-of-far", "near", "Observation/far-Observation")).await;
    put(&elsewhere, &panel("far-panel", "far", "Observation/near-Observation")).await;
    // The middle of this path is hidden, its ends are not.
    put(&gp, &panel("outer", "near", "Observation/middle")).await;
    put(&elsewhere, &panel("middle", "far", "Observation/near-Observation")).await;
    let mut linked = crate::world::patient("near", NEAR);
    linked["link"] = json!([{"other": {"reference": "Patient/far"}, "type": "seealso"}]);
    put(&gp, &linked).await;
    app
}

async fn found(session: &Session<'_>, query: &str) -> Vec<String> {
    let mut rows: Vec<String> = session.all_entries(query).await.iter().map(address).collect();
    rows.sort();
    rows
}

impl Session<'_> {
    /// Every resource of every page, matches and what comes with them.
    async fn all_entries(&self, path: &str) -> Vec<Value> {
        let (mut found, mut next) = (Vec::new(), Some(path.to_owned()));
        while let Some(page) = next {
            let reply = self.get(&page).await;
            assert_eq!(reply.status, 200, "{page}: {}", reply.text);
            let entries = reply.json()["entry"].as_array().cloned().unwrap_or_default();
            found.extend(entries.into_iter().map(|entry| entry["resource"].clone()));
            next = reply.link("next");
        }
        found
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hidden_is_neither_entered_nor_brought_along() {
    let app = crossed().await;
    for name in ["gp", "nurse", "patient"] {
        let session = persona(&app, name).await;
        for (query, expected) in [
            ("CarePlan?condition:Condition.code=38341003", vec!["CarePlan/to-near"]),
            ("CarePlan?condition._id=far-Condition", vec![]),
            ("CarePlan?condition._id=veil-Condition,near-Condition", vec!["CarePlan/to-near"]),
            ("CarePlan?condition.code:not=nothing", vec!["CarePlan/to-near"]),
            ("CarePlan?condition.subject:Patient.family=attwood", vec!["CarePlan/to-near"]),
            ("CarePlan?condition.subject:Patient._id=far", vec![]),
            ("Condition?_has:CarePlan:condition:status=active", vec!["Condition/near-Condition"]),
            ("Condition?_has:CarePlan:condition:_id=from-far", vec![]),
            ("Condition?_has:CarePlan:condition:_id=from-veil", vec![]),
            ("Condition?_has:CarePlan:condition:_id:not=to-near", vec![]),
            ("Observation?has-member:Observation.status=final", vec![]),
            ("Observation?has-member:Observation.has-member:Observation._id=near-Observation", vec![]),
            ("Observation?_has:Observation:has-member:status=final", vec![]),
            ("Patient?_has:Condition:patient:_id=far-Condition", vec![]),
            ("Patient?_has:Condition:patient:_id=veil-Condition", vec![]),
            ("Patient?link:Patient._id=far", vec![]),
            ("Patient?_id=near&_include=Patient:link", vec!["Patient/near"]),
            ("CarePlan?_id=to-far&_include=CarePlan:condition", vec!["CarePlan/to-far"]),
            ("CarePlan?_id=to-far,to-veil&_include=*", vec!["CarePlan/to-far", "CarePlan/to-veil", "Patient/near"]),
            ("CarePlan?_id=to-near&_include=CarePlan:condition", vec!["CarePlan/to-near", "Condition/near-Condition"]),
            ("Observation?_id=outer&_include=Observation:has-member", vec!["Observation/outer"]),
            (
                "Condition?_id=near-Condition&_revinclude=CarePlan:condition",
                vec!["CarePlan/to-near", "Condition/near-Condition"],
            ),
            (
                "Observation?_id=near-Observation&_revinclude=Observation:has-member",
                vec!["Observation/near-Observation"],
            ),
            ("Patient?_id=near&_revinclude=Condition:patient", vec!["Condition/near-Condition", "Patient/near"]),
            ("Condition?_id=far-Condition&_include=*&_revinclude=*", vec![]),
        ] {
            assert_eq!(found(&session, query).await, expected, "{name}: {query}");
            let counted = session.get(&format!("{query}&_total=accurate&_count=0")).await.json()["total"].as_u64();
            let kind = query.split('?').next().expect("a type");
            let matches = expected.iter().filter(|row| row.starts_with(&format!("{kind}/"))).count();
            assert_eq!(counted, Some(matches as u64), "{name} counts: {query}");
        }
    }
    // A client sees along the same ways what it wrote, and nothing that others did.
    let elsewhere = app.source(ELSEWHERE).await;
    assert_eq!(found(&elsewhere, "CarePlan?_id=from-far&_include=*").await, ["CarePlan/from-far", "Patient/far"]);
    assert_eq!(found(&elsewhere, "CarePlan?condition.code=38341003").await, Vec::<String>::new());
    let stranger = persona(&app, "stranger").await;
    assert_eq!(
        found(&stranger, "Patient?_has:Condition:patient:code=38341003&_revinclude=*").await,
        Vec::<String>::new()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_that_is_not_the_callers_is_not_entered() {
    let app = crossed().await;
    let worker = persona(&app, "social-worker").await;
    let lab = persona(&app, "lab-feed").await;
    for (session, query) in [
        (&worker, "Patient?_has:Observation:patient:code=38341003"),
        (&worker, "Patient?_has:Observation:patient:code=nothing"),
        (&worker, "Patient?_has:CarePlan:patient:_has:Observation:based-on:code=38341003"),
        (&worker, "Patient?_revinclude=Observation:patient"),
        (&worker, "Patient?_revinclude=MedicationStatement:*"),
        (&worker, "Condition?evidence-detail:Observation.code=38341003"),
        (&worker, "Condition?_include=Condition:evidence-detail:Observation"),
        (&lab, "Observation?patient.family=attwood"),
        (&lab, "Observation?subject:Patient._id=near"),
        (&lab, "Observation?_include=Observation:patient:Patient"),
        (&lab, "Observation?based-on:CarePlan.status=active"),
    ] {
        for lenient in [false, true] {
            let request = session.request(reqwest::Method::GET, query);
            let request = if lenient { request.header("Prefer", "handling=lenient") } else { request };
            let reply = crate::common::send(request).await;
            assert_eq!(reply.status, 403, "{query}: {}", reply.text);
        }
    }
    // What is asked for in general brings what the caller may see.
    let all = found(&worker, "Patient?_id=near&_revinclude=*").await;
    assert!(
        !all.iter().any(|row| row.starts_with("Observation/") || row.starts_with("MedicationStatement/")),
        "{all:?}"
    );
    assert!(all.contains(&"Condition/near-Condition".to_owned()), "{all:?}");
    let far: Vec<String> = found(&worker, "Patient?_revinclude=*").await;
    assert!(!far.iter().any(|row| ["/far", "/veil", "/gone"].iter().any(|hidden| row.contains(hidden))), "{far:?}");
}
