//! Sources tell of care relationships, list what they told, and end it.

use serde_json::Value;

use crate::common::{Session, TestApp, source_claims};
use crate::support::{REASON, ask, done, part, values};
use crate::world::{FAR, GP_SOURCE, about, nhs, patient, persona, put, session};

const NURSE: &str = "https://fhir.nhs.uk/Id/sds-user-id|nurse";

/// A client that may tell of relationships, as this source.
async fn teller<'a>(app: &'a TestApp, source: &str) -> Session<'a> {
    let mut claims = source_claims(source);
    claims.scope.push_str(" __relate");
    session(app, &claims).await
}

async fn record() -> TestApp {
    let app = TestApp::start().await;
    let gp = app.source(GP_SOURCE).await;
    put(&gp, &patient("far", FAR)).await;
    put(&gp, &about("Condition", "far-condition", "far", FAR)).await;
    app
}

async fn listed(session: &Session<'_>) -> Vec<Value> {
    values(&session.get(&format!("Patient/$relationships?nhs-number={}", nhs(FAR))).await.json(), "relationship")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_told_relationship_opens_until_it_is_ended() {
    let app = record().await;
    let (hospital, nurse) = (teller(&app, "hospital").await, persona(&app, "nurse").await);
    let number = nhs(FAR);
    for (holder, who) in [
        (NURSE, "nurse"),
        ("https://fhir.nhs.uk/Id/ods-organization-code|Y9R01", "hospital-doctor"),
        ("https://fhir.nhs.uk/Id/ods-organization-code|Y9C01", "therapist"),
    ] {
        let user = persona(&app, who).await;
        assert_eq!(user.get("Condition/far-condition").await.status, 404, "{who}");
        let said = [
            ("nhs-number", number.as_str()),
            ("holder", holder),
            ("basis", "admission"),
            ("reason", "is on ward 3 now"),
        ];
        let told = done(&hospital, "relate", &said).await;
        let id = values(&told, "relationship")[0].as_str().expect("an id").to_owned();
        assert_eq!(user.get("Condition/far-condition").await.status, 200, "{who}");
        done(&hospital, "end-relationship", &[("relationship", id.as_str())]).await;
        assert_eq!(user.get("Condition/far-condition").await.status, 404, "{who}: ended ones grant nothing");
    }
    let known = listed(&hospital).await;
    assert_eq!(known.len(), 3);
    assert!(known.iter().all(|one| part(one, "ended").is_some()), "{known:?}");
    assert_eq!(part(&known[2], "holder").as_deref(), Some(NURSE));
    assert_eq!(part(&known[2], "basis").as_deref(), Some("admission"));
    assert!(listed(&teller(&app, "another").await).await.is_empty(), "what others told is not shown");
    assert_eq!(nurse.get("Patient/$relationships?nhs-number=9990000018").await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relationship_counts_within_its_time() {
    let app = record().await;
    let (hospital, nurse) = (teller(&app, "hospital").await, persona(&app, "nurse").await);
    let number = nhs(FAR);
    for (start, end, opens) in [
        (Some("2000-01-01"), Some("2001-01-01"), false),
        (Some("2999-01-01"), None, false),
        (Some("2000-01-01T00:00:00Z"), Some("2999-01-01T00:00:00+01:00"), true),
    ] {
        let mut said =
            vec![("nhs-number", number.as_str()), ("holder", NURSE), ("basis", "caseload"), ("reason", REASON)];
        said.extend(start.map(|start| ("start", start)));
        said.extend(end.map(|end| ("end", end)));
        done(&hospital, "relate", &said).await;
        assert_eq!(nurse.get("Condition/far-condition").await.status == 200, opens, "{start:?} to {end:?}");
    }
    // The same told again is one, with its new end.
    let said = [
        ("nhs-number", number.as_str()),
        ("holder", NURSE),
        ("basis", "caseload"),
        ("start", "2000-01-01T00:00:00Z"),
        ("end", "2002-01-01"),
        ("reason", REASON),
    ];
    done(&hospital, "relate", &said).await;
    assert_eq!(listed(&hospital).await.len(), 2, "2000 is told with another end");
    assert_eq!(nurse.get("Condition/far-condition").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_told_is_refused_by_name() {
    let app = record().await;
    let hospital = teller(&app, "hospital").await;
    let number = nhs(FAR);
    let good = [
        ("nhs-number", number.as_str()),
        ("holder", NURSE),
        ("basis", "referral"),
        ("reason", "referred by the practice"),
    ];
    for (name, value, status) in [
        ("nhs-number", "1234567890", 400),
        ("nhs-number", "9990000018", 404),
        ("holder", "nurse", 400),
        ("holder", "https://fhir.nhs.uk/Id/nhs-number|9990000018", 400),
        ("basis", "break_glass", 400),
        ("basis", "self_claimed", 400),
        ("start", "soon", 400),
        ("end", "1999-01-01", 400),
        ("reason", "x", 400),
        ("source", "another", 400),
    ] {
        let mut said: Vec<(&str, &str)> = good.iter().copied().filter(|(known, _)| *known != name).collect();
        said.push((name, value));
        let reply = ask(&hospital, "relate", &said).await;
        assert_eq!(reply.status, status, "{name}={value}: {}", reply.text);
    }
    let plain = app.source("hospital").await;
    assert_eq!(ask(&plain, "relate", &good).await.status, 403, "without the scope");
    let unbound = lcr_facade::access::Claims { source: None, ..source_claims("x") };
    let unbound = lcr_facade::access::Claims { scope: "system/*.rs __relate".to_owned(), ..unbound };
    assert_eq!(ask(&session(&app, &unbound).await, "relate", &good).await.status, 403, "without a source");
    let told = done(&hospital, "relate", &good).await;
    let id = values(&told, "relationship")[0].as_str().expect("an id").to_owned();
    let another = teller(&app, "another").await;
    for id in [id.as_str(), "999999", "not a number"] {
        assert_eq!(ask(&another, "end-relationship", &[("relationship", id)]).await.status, 404, "{id}");
    }
    assert_eq!(persona(&app, "nurse").await.get("Patient/far").await.status, 200, "nobody else ended it");
}
