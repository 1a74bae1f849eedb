//! A care relationship counts while it is in force, for its holder, for its patient, and no longer.

// Revoking is a statement's, which no interaction makes.
#![allow(clippy::disallowed_types)]

use std::time::{Duration, Instant};

use sqlx::Connection;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::common::TestApp;
use crate::world::{ELSEWHERE, about, claims, patient, persona, put, relate, relate_for, session};

fn from_now(seconds: i64) -> String {
    (OffsetDateTime::now_utc() + time::Duration::seconds(seconds)).format(&Rfc3339).expect("a time")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_relationship_opens_its_patient_or_does_not() {
    let app = TestApp::start().await;
    let source = app.source(ELSEWHERE).await;
    let (past, future) = (from_now(-3600), from_now(3600));
    // Name, holder kind, holder, from, to, and whether Dr Okafor (user gp, organisation Y90001, team red) sees the patient.
    type Row<'a> = (&'a str, &'a str, &'a str, &'a str, Option<&'a str>, bool);
    let rows: Vec<Row<'_>> = vec![
        ("hers", "practitioner", "gp", &past, None, true),
        ("her organisation's", "organisation", "Y90001", &past, None, true),
        ("her team's", "team", "red", &past, None, true),
        ("ends later", "practitioner", "gp", &past, Some(&future), true),
        ("not begun", "practitioner", "gp", &future, None, false),
        ("ended", "practitioner", "gp", "2000-01-01T00:00:00Z", Some(&past), false),
        ("ends before it begins", "practitioner", "gp", &past, Some("2000-01-01T00:00:00Z"), false),
        ("team of her name", "team", "gp", &past, None, false),
        ("organisation of her name", "organisation", "gp", &past, None, false),
        ("practitioner of her organisation's name", "practitioner", "Y90001", &past, None, false),
        ("practitioner of her team's name", "practitioner", "red", &past, None, false),
        ("another's", "practitioner", "nurse", &past, None, false),
        ("in other case", "practitioner", "GP", &past, None, false),
        ("with a space", "practitioner", "gp ", &past, None, false),
        ("with a prefix", "practitioner", "practitioner/gp", &past, None, false),
        ("wildcard", "practitioner", "%", &past, None, false),
        ("beginning alike", "practitioner", "gp-system", &past, None, false),
        ("nobody", "practitioner", "", &past, None, false),
    ];
    let mut gp = claims("gp");
    gp.teams = vec!["red".to_owned()];
    let gp = session(&app, &gp).await;
    for (n, (name, kind, holder, from, to, sees)) in rows.into_iter().enumerate() {
        let id = format!("p{n}");
        put(&source, &patient(&id, n)).await;
        put(&source, &about("Condition", &format!("c{n}"), &id, n)).await;
        let before = gp.get(&format!("Patient/{id}")).await.status;
        assert_eq!(before, 404, "{name}: before");
        relate_for(&app, n, kind, holder, from, to).await;
        let expected = if sees { 200 } else { 404 };
        assert_eq!(gp.get(&format!("Patient/{id}")).await.status, expected, "{name}: Patient");
        assert_eq!(gp.get(&format!("Condition/c{n}")).await.status, expected, "{name}: Condition");
        let found = gp.get(&format!("Condition?patient={id}")).await.ids().len();
        assert_eq!(found, usize::from(sees), "{name}: search");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_user_team_or_organisation_is_related_to_nobody() {
    let app = TestApp::start().await;
    put(&app.source(ELSEWHERE).await, &patient("p", 1)).await;
    for (kind, holder) in [("practitioner", ""), ("team", ""), ("organisation", ""), ("practitioner", "gp")] {
        relate(&app, 1, kind, holder).await;
    }
    let mut nobody = claims("gp");
    (nobody.user, nobody.organisation) = (None, None);
    assert_eq!(session(&app, &nobody).await.get("Patient/p").await.status, 404);
    // An organisation named like the kind and holder of somebody else's relationship is another.
    for odd in ["practitioner/gp", "../practitioner/gp", "gp"] {
        nobody.organisation = Some(odd.to_owned());
        assert_eq!(session(&app, &nobody).await.get("Patient/p").await.status, 404, "organisation {odd}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_counts_at_once() {
    let app = TestApp::start().await;
    put(&app.source(ELSEWHERE).await, &patient("p", 1)).await;
    let gp = persona(&app, "gp").await;
    relate_for(&app, 1, "practitioner", "gp", "2000-01-01T00:00:00Z", None).await;
    assert_eq!(gp.get("Patient/p").await.status, 200);
    relate_for(&app, 1, "practitioner", "gp", "2000-01-01T00:00:00Z", Some("2001-01-01T00:00:00Z")).await;
    assert_eq!(gp.get("Patient/p").await.status, 404, "ended by its source");
    // One that runs out by itself.
    relate_for(&app, 1, "practitioner", "gp", "2002-01-01T00:00:00Z", Some(&from_now(2))).await;
    assert_eq!(gp.get("Patient/p").await.status, 200, "for two seconds more");
    let deadline = Instant::now() + Duration::from_secs(20);
    while gp.get("Patient/p").await.status == 200 {
        assert!(Instant::now() < deadline, "the relationship never ran out");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_relationship_is_none_and_stays_so() {
    let app = TestApp::start().await;
    put(&app.source(ELSEWHERE).await, &patient("p", 1)).await;
    let gp = persona(&app, "gp").await;
    relate(&app, 1, "practitioner", "gp").await;
    assert_eq!(gp.get("Patient/p").await.status, 200);
    let mut database = sqlx::PgConnection::connect(&app.database).await.expect("the database");
    sqlx::query("UPDATE care_relationship SET revoked_at = now()").execute(&mut database).await.expect("revoked");
    assert_eq!(gp.get("Patient/p").await.status, 404);
    // The same statement coming again, as nightly feeds do, does not undo the revocation.
    relate(&app, 1, "practitioner", "gp").await;
    assert_eq!(gp.get("Patient/p").await.status, 404, "told again");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_ends_between_two_pages_ends_the_paging() {
    let app = TestApp::start().await;
    let source = app.source(ELSEWHERE).await;
    put(&source, &patient("p", 1)).await;
    for n in 0..5 {
        put(&source, &about("Condition", &format!("c{n}"), "p", 1)).await;
    }
    relate(&app, 1, "organisation", "Y90001").await;
    let gp = persona(&app, "gp").await;
    let mut links = Vec::new();
    for path in
        ["Condition?_count=2&_total=accurate", "Condition?_count=2&_sort=-_lastUpdated", "Condition/_history?_count=2"]
    {
        let first = gp.get(path).await;
        assert_eq!(first.ids().len(), 2, "{path}");
        links.push(first.link("next").expect("a next page"));
    }
    relate_for(&app, 1, "organisation", "Y90001", "2000-01-01T00:00:00Z", Some("2001-01-01T00:00:00Z")).await;
    for link in links {
        let next = gp.get(&link).await;
        assert_eq!(next.status, 200, "{link}: {}", next.text);
        assert_eq!((next.ids(), next.link("next"), next.link("previous")), (vec![], None, None), "{link}");
        assert!(matches!(next.json()["total"].as_u64(), None | Some(0)), "{link}: {}", next.text);
    }
}
