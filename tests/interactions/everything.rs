//! Patient/$everything: all of a compartment and the professionals it refers to, as a stream and in pages.

// A look into the audit trail itself, which no interaction shows.
#![allow(clippy::disallowed_types)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::common::{Session, TestApp, source_claims};
use crate::support::*;

/// `Type/id` of every entry, with its search mode; none is there twice.
fn entries(bundle: &Value) -> BTreeMap<String, String> {
    let list = bundle["entry"].as_array().cloned().unwrap_or_default();
    let name = |entry: &Value| {
        let (kind, id) = (&entry["resource"]["resourceType"], &entry["resource"]["id"]);
        let name = format!("{}/{}", kind.as_str().expect("type"), id.as_str().expect("id"));
        assert!(entry["fullUrl"].as_str().is_some_and(|url| url.ends_with(&name)), "{entry}");
        (name, entry["search"]["mode"].as_str().expect("mode").to_owned())
    };
    let found: BTreeMap<String, String> = list.iter().map(name).collect();
    assert_eq!(found.len(), list.len(), "an entry twice");
    found
}

async fn all(session: &Session<'_>, path: &str) -> BTreeMap<String, String> {
    let reply = judged(session.get(path).await);
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    assert_eq!(reply.json()["type"], "searchset");
    entries(&reply.json())
}

/// A patient with rows from 2020 on, whose results a role, its practitioner and organisation made.
async fn filled(session: &Session<'_>, results: usize) {
    keep(session, "p", patient("P")).await;
    keep(session, "q", patient("Q")).await;
    for (kind, row) in [
        ("Practitioner", json!({"id": "gp", "name": [{"family": "A"}]})),
        ("Practitioner", json!({"id": "unused"})),
        ("Organization", json!({"id": "ward", "name": "Ward", "partOf": {"reference": "Organization/trust"}})),
        ("Organization", json!({"id": "trust", "name": "Trust"})),
        (
            "PractitionerRole",
            json!({"id": "role", "practitioner": {"reference": "Practitioner/gp"}, "organization": {"reference": "Organization/ward"}}),
        ),
    ] {
        let row = with(row, json!({"resourceType": kind}));
        put(session, &format!("{kind}/{}", row["id"].as_str().expect("id")), &row).await;
    }
    let mut rows = Vec::new();
    for n in 0..results {
        let row = with(
            minimal("Observation", "Patient/p"),
            json!({"id": format!("o{n}"), "effectiveDateTime": format!("{}-06-01", 2020 + n % 5),
                "performer": [{"reference": "PractitionerRole/role"}]}),
        );
        rows.push(json!({"resource": row, "request": {"method": "PUT", "url": format!("Observation/o{n}")}}));
    }
    let bundle = json!({"resourceType": "Bundle", "type": "transaction", "entry": rows});
    assert_eq!(post(session, "", &bundle).await.status, 200);
    put(session, "Condition/c", &with(minimal("Condition", "Patient/p"), json!({"id": "c"}))).await;
    let period = json!({"id": "plan", "period": {"start": "2021-01-01", "end": "2021-12-31"}});
    put(session, "CarePlan/plan", &with(minimal("CarePlan", "Patient/p"), period)).await;
    let other = json!({"id": "by-p", "performer": [{"reference": "Patient/p"}]});
    put(session, "Observation/by-p", &with(minimal("Observation", "Patient/q"), other)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_there_in_a_stream_and_in_pages() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    // More rows than one statement of the stream brings.
    filled(&session, 1203).await;
    let whole = all(&session, "Patient/p/$everything").await;
    let mut wanted: BTreeMap<String, String> =
        (0..1203).map(|n| (format!("Observation/o{n}"), "match".to_owned())).collect();
    for name in ["Patient/p", "Condition/c", "CarePlan/plan", "Observation/by-p"] {
        wanted.insert(name.to_owned(), "match".to_owned());
    }
    for name in ["PractitionerRole/role", "Practitioner/gp", "Organization/ward", "Organization/trust"] {
        wanted.insert(name.to_owned(), "include".to_owned());
    }
    assert_eq!(whole, wanted);
    let (mut paged, mut next) = (BTreeMap::new(), Some("Patient/p/$everything?_count=500".to_owned()));
    while let Some(url) = next {
        let reply = judged(session.get(&url).await);
        let page = entries(&reply.json());
        let matches: BTreeSet<&String> = page.iter().filter(|(_, mode)| *mode == "match").map(|(n, _)| n).collect();
        assert!(matches.len() <= 500 && matches.iter().all(|name| !paged.contains_key(*name)), "{url}");
        paged.extend(page);
        next = reply.link("next");
    }
    assert_eq!(paged, whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn its_parameters_narrow_it() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    filled(&session, 10).await;
    let observations = |years: &[usize]| -> BTreeSet<String> {
        (0..10).filter(|n| years.contains(&(2020 + n % 5))).map(|n| format!("Observation/o{n}")).collect()
    };
    let matches = async |query: &str| -> BTreeSet<String> {
        let found = all(&session, &format!("Patient/p/$everything?{query}")).await;
        found.into_iter().filter(|(_, mode)| mode == "match").map(|(name, _)| name).collect()
    };
    // What says no date is there whatever the dates.
    let undated = ["Patient/p", "Condition/c", "Observation/by-p"].map(str::to_owned);
    let dated = |years: &[usize], plan: bool| -> BTreeSet<String> {
        let plan = plan.then(|| "CarePlan/plan".to_owned());
        observations(years).into_iter().chain(undated.clone()).chain(plan).collect()
    };
    for (query, wanted) in [
        ("start=2022", dated(&[2022, 2023, 2024], false)),
        ("end=2021", dated(&[2020, 2021], true)),
        ("end=2020-12-31", dated(&[2020], false)),
        ("start=2021-06-01&end=2021-06-01", dated(&[2021], true)),
        ("start=2021-06-02&end=2022-05-31", dated(&[], true)),
        ("start=2021-06&end=2023-06&_count=100", dated(&[2021, 2022, 2023], true)),
        ("_type=Condition", ["Condition/c".to_owned()].into()),
        ("_type=Condition,CarePlan", ["Condition/c".to_owned(), "CarePlan/plan".to_owned()].into()),
        ("_since=2999-01-01T00:00:00Z", BTreeSet::new()),
    ] {
        assert_eq!(matches(query).await, wanted, "{query}");
    }
    let row = judged(session.get("Condition/c").await).json();
    let since = row["meta"]["lastUpdated"].as_str().expect("time");
    let later = matches(&format!("_since={since}")).await;
    let wanted = ["Condition/c", "CarePlan/plan", "Observation/by-p"].map(str::to_owned);
    assert!(wanted.iter().all(|name| later.contains(name)) && !later.contains("Patient/p"), "{later:?}");
    let along = all(&session, "Patient/p/$everything?_type=Observation,Organization").await;
    assert!(along.keys().all(|name| !name.starts_with("Practitioner")), "{along:?}");
    for (path, status) in [
        ("Patient/nobody/$everything", 404),
        ("Patient/p/$everything?start=x", 400),
        ("Patient/p/$everything?_type=Banana", 400),
        ("Patient/p/$everything?_type=Practitioner", 400),
        ("Patient/p/$everything?_count=x", 400),
        ("Patient/p/$everything?_since=yesterday", 400),
        ("Patient/p/$everything?code=1", 400),
        ("Patient/p/$everything?_count=2&_cursor=abc", 400),
        ("Patient/$everything", 400),
    ] {
        assert_eq!(judged(session.get(path).await).status, status, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_person_seen_has_an_audit_row_and_scopes_bound_it() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    filled(&session, 3).await;
    let claims = |scope: &str| lcr_facade::access::Claims { scope: scope.to_owned(), ..source_claims("a") };
    let narrow = Session { app: &app, token: app.token(&claims("system/Patient.r system/Condition.s")).await };
    let found = all(&narrow, "Patient/p/$everything").await;
    assert_eq!(found.keys().collect::<Vec<_>>(), ["Condition/c"]);
    assert_eq!(judged(narrow.get("Patient/p/$everything?_type=Observation").await).status, 403);
    let none = Session { app: &app, token: app.token(&claims("system/Condition.s")).await };
    assert_eq!(judged(none.get("Patient/p/$everything").await).status, 403, "the Patient itself has to be readable");
    let mut raw = PgConnection::connect(&app.database).await.expect("connection");
    let people = async |raw: &mut PgConnection| -> Vec<String> {
        let find = "SELECT k.id FROM audit a JOIN patient_key k USING (patient_id) WHERE a.query LIKE '%$everything%' \
                    AND a.outcome = 0 ORDER BY a.at DESC, a.link DESC, a.place DESC LIMIT 2";
        let mut ids: Vec<String> = sqlx::query_scalar(find).fetch_all(raw).await.expect("rows");
        ids.sort();
        ids
    };
    for path in ["Patient/p/$everything", "Patient/p/$everything?_count=100"] {
        sqlx::query("DELETE FROM audit").execute(&mut raw).await.expect("emptied");
        all(&session, path).await;
        assert_eq!(people(&mut raw).await, ["p", "q"], "{path}: q is seen through what p performed");
    }
}
