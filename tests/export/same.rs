//! An export is the searches of its types and nothing else; both are what a look into the tables by hand says.

// The oracle is SQL of its own.
#![allow(clippy::disallowed_types)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::common::{Session, TestApp};
use crate::support::{backend, export, owner, run};
use crate::world::{TYPES, about, labelled, nhs, patient, put, relate, relate_for, session};

const PEOPLE: usize = 24;
const ORGANISATION: &str = "Y9XYZ";

/// Two sources, and people who are in the organisation's care, were, will be, or never; who opted out, or are restricted, or sealed;
/// rows with every label.
async fn filled(app: &TestApp) {
    let (own, other) = (backend(app, "own", None).await, backend(app, "other", None).await);
    for n in 0..PEOPLE {
        let (id, writer) = (format!("p{n:02}"), if n % 5 == 0 { &own } else { &other });
        let mut person = patient(&id, n);
        person["address"] = json!([{"line": ["1 Hidden Lane"]}]);
        put(writer, &if n % 13 == 12 { labelled(person, "V") } else { person }).await;
        for (at, kind) in TYPES[1..].iter().enumerate() {
            let label = ["N", "R", "V"][(n + at) % 3];
            put(writer, &labelled(about(kind, &format!("{kind}-{n}"), &id, n), label)).await;
            put(&other, &about(kind, &format!("{kind}-{n}-more"), &id, n)).await;
        }
        match n % 4 {
            0 => relate(app, n, "organisation", ORGANISATION).await,
            1 => {
                relate_for(app, n, "organisation", ORGANISATION, "2000-01-01T00:00:00Z", Some("2001-01-01T00:00:00Z"))
                    .await
            }
            2 => relate_for(app, n, "organisation", ORGANISATION, "2999-01-01T00:00:00Z", None).await,
            _ => relate(app, n, "organisation", "Y9ELSE").await,
        }
    }
    let guard = session(
        app,
        &lcr_facade::access::Claims {
            scope: "system/*.cruds __protect".into(),
            ..crate::support::claims("other", None)
        },
    )
    .await;
    for (n, what) in [(4, "opted-out"), (8, "restricted"), (0, "restricted"), (20, "opted-out")] {
        let values = [("nhs-number", nhs(n)), ("reason", "they asked for it".to_owned()), (what, "true".to_owned())];
        let values = values.map(|(name, value)| match value.as_str() {
            "true" => json!({"name": name, "valueBoolean": true}),
            text => json!({"name": name, "valueString": text}),
        });
        let reply = guard.post("Patient/$protect", json!({"resourceType": "Parameters", "parameter": values})).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
    }
    put(&other, &json!({"resourceType": "Organization", "id": "ward", "name": "Ward"})).await;
}

/// What somebody with a pencil would list for a service of the source `own`, in the organisation's name.
async fn by_hand(app: &TestApp, organisation: bool) -> BTreeMap<String, BTreeMap<String, Value>> {
    let mut eyes = owner(app).await;
    let mut all = BTreeMap::new();
    for (kind, table) in [
        ("Patient", "patient"),
        ("Condition", "condition"),
        ("Observation", "observation"),
        ("MedicationStatement", "medication_statement"),
        ("AllergyIntolerance", "allergy_intolerance"),
        ("CarePlan", "care_plan"),
    ] {
        let redacted = if kind == "Patient" { "t.redacted" } else { "NULL" };
        // R is as high as the role system sees of others; a Patient above N is shown without what is restricted, or not at all.
        let sql = format!(
            "SELECT t.id, CASE WHEN s.name = 'own' THEN t.resource ELSE coalesce({redacted}, t.resource) END \
             FROM {table} t JOIN source s USING (source_id) LEFT JOIN person_protection p USING (patient_id) \
             WHERE s.name = 'own' OR ($1 AND t.confidentiality <= 4 AND NOT coalesce(p.opted_out, false) AND coalesce(p.label, 3) <= 4 \
             AND t.patient_id IN (SELECT r.patient_id FROM care_relationship r WHERE r.holder = '{ORGANISATION}' \
             AND r.valid_from < now() AND coalesce(r.valid_to, 'infinity') > now()))"
        );
        let rows: Vec<(String, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(organisation).fetch_all(&mut eyes).await.expect("rows");
        let rows = rows.into_iter().map(|(id, text)| (id, serde_json::from_str(&text).expect("JSON"))).collect();
        all.insert(kind.to_owned(), rows);
    }
    all
}

async fn searched(session: &Session<'_>, kind: &str) -> BTreeMap<String, Value> {
    session.all(&format!("{kind}?_count=20")).await.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_what_the_searches_find_and_what_the_tables_say() {
    let app = TestApp::start().await;
    filled(&app).await;
    for organisation in [Some(ORGANISATION), None] {
        let session = backend(&app, "own", organisation).await;
        let exported = export(&session, "$export").await;
        let people = export(&session, "Patient/$export").await;
        let wanted = by_hand(&app, organisation.is_some()).await;
        for (kind, rows) in &exported {
            let count = rows.len();
            let rows: BTreeMap<String, Value> =
                rows.iter().map(|row| (row["id"].as_str().expect("id").to_owned(), row.clone())).collect();
            assert_eq!(rows.len(), count, "{kind}: a row twice");
            assert_eq!(rows, searched(&session, kind).await, "{kind}: the export (left) and the search (right)");
            let Some(wanted) = wanted.get(kind) else { continue };
            assert_eq!(&rows, wanted, "{kind}: the export (left) and the tables (right)");
            assert_eq!(people[kind].len(), count, "{kind} of patients");
        }
        assert_eq!(exported["Organization"].len(), 1, "the directory is everybody's");
        let found: BTreeSet<&str> =
            exported["Observation"].iter().filter_map(|row| row["subject"]["reference"].as_str()).collect();
        assert_eq!(found.contains("Patient/p16"), organisation.is_some(), "in care");
        assert!(!found.contains("Patient/p04") && !found.contains("Patient/p03"), "opted out; never in care");
    }
    // Rows that come in several pieces come once each.
    let many = "INSERT INTO condition SELECT r.* FROM condition t, generate_series(1, 3500) n, LATERAL json_populate_record(t, \
                json_build_object('id', 'c' || n, 'resource', replace(t.resource, t.id, 'c' || n))) r WHERE t.id = 'Condition-5'";
    assert_eq!(run(&app, many).await, 3500);
    let session = backend(&app, "own", None).await;
    let exported = export(&session, "$export?_type=Condition").await;
    let ids: BTreeSet<String> = crate::support::ids(&exported["Condition"]).into_iter().collect();
    assert_eq!((ids.len(), exported["Condition"].len()), (3500 + PEOPLE.div_ceil(5), 3500 + PEOPLE.div_ceil(5)));
}
