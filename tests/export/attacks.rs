//! What nobody gets by an export: as a user, without leave, by another's job, and of whom is no longer in reach.

use lcr_facade::access::Claims;
use serde_json::Value;

use crate::common::{Reply, TestApp, send};
use crate::support::{backend, begin, claims, fetch, files, ids, kick_off, lines, manifest, run};
use crate::world::{about, nhs, patient, put, relate, session};

const ORGANISATION: &str = "Y9XYZ";

/// Two people of another source's in the organisation's care, with a result each.
async fn filled(app: &TestApp) {
    let other = backend(app, "other", None).await;
    for n in 1..=2 {
        put(&other, &patient(&format!("p{n}"), n)).await;
        put(&other, &about("Observation", &format!("o{n}"), &format!("p{n}"), n)).await;
        put(&other, &about("Condition", &format!("c{n}"), &format!("p{n}"), n)).await;
        relate(app, n, "organisation", ORGANISATION).await;
    }
}

fn says(reply: &Reply, status: u16, words: &str) {
    assert!(reply.status == status && reply.text.contains(words), "{} {}", reply.status, reply.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_backend_service_with_leave_exports() {
    let app = TestApp::start().await;
    filled(&app).await;
    for name in ["gp", "patient", "privacy-officer", "nurse"] {
        let user = lcr_facade::sandbox::persona(name).expect("persona");
        let user = Claims { scope: format!("{} system/*.rs __export", user.scope), ..user };
        let user = session(&app, &user).await;
        for path in ["$export", "Patient/$export"] {
            says(&send(kick_off(&user, path)).await, 403, "may not do this");
        }
    }
    let full = claims("own", Some(ORGANISATION));
    for (scope, words) in [
        ("system/*.cruds", "ask for the scope __export"),
        ("__export", "system/*.rs"),
        ("__export system/*.r", "system/*.rs"),
        ("__export user/*.rs", "system/*.rs"),
    ] {
        let client = session(&app, &Claims { scope: scope.to_owned(), ..full.clone() }).await;
        says(&send(kick_off(&client, "$export")).await, 403, words);
    }
    let unbound = session(&app, &Claims { source: None, ..full }).await;
    says(&send(kick_off(&unbound, "$export?_type=Patient")).await, 403, "bound to a source");
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_of_one_type_export_that_type() {
    let app = TestApp::start().await;
    filled(&app).await;
    let scope = "__export system/Observation.rs".to_owned();
    let narrow = session(&app, &Claims { scope, ..claims("own", Some(ORGANISATION)) }).await;
    let found = files(&manifest(&narrow, &begin(&narrow, "$export").await).await);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["Observation"]);
    says(&send(kick_off(&narrow, "$export?_type=Observation,Condition")).await, 403, "Condition");
    // A job that a wider token of the same client began gives a narrower one no more than that has.
    let wide = backend(&app, "own", Some(ORGANISATION)).await;
    let wider = files(&manifest(&wide, &begin(&wide, "$export").await).await);
    says(&fetch(&narrow, &wider["Condition"]).await, 403, "Condition");
    assert_eq!(ids(&lines(&fetch(&narrow, &wider["Observation"]).await)), ["o1", "o2"]);
    let granular = "__export system/Observation.rs?code=http://snomed.info/sct|1".to_owned();
    let granular = session(&app, &Claims { scope: granular, ..claims("own", Some(ORGANISATION)) }).await;
    assert_eq!(lines(&fetch(&granular, &wider["Observation"]).await), Vec::<Value>::new());
    // A chain in a filter enters a type as a search would.
    let chain = "$export?_typeFilter=Observation%3Fsubject:Patient.family%3DAttwood";
    says(&send(kick_off(&narrow, chain)).await, 403, "Patient");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_its_clients_alone() {
    let app = TestApp::start().await;
    filled(&app).await;
    let owner = backend(&app, "own", Some(ORGANISATION)).await;
    let status = begin(&owner, "$export").await;
    let url = files(&manifest(&owner, &status).await)["Patient"].clone();
    // The same source and organisation, but another client.
    let other = Claims { client: "another".into(), ..claims("own", Some(ORGANISATION)) };
    let other = session(&app, &other).await;
    let guessed = format!("{}/$export/{}", app.base, uuid::Uuid::new_v4());
    let bad = format!("{}/$export/banana", app.base);
    let words = |reply: &Reply| (reply.status.as_u16(), reply.text.clone());
    let never = words(&other.get(&guessed).await);
    assert_eq!(never.0, 404);
    for reply in [
        other.get(&status).await,
        other.delete(&status).await,
        fetch(&other, &url).await,
        other.get(&bad).await,
        fetch(&other, &format!("{bad}/Patient.ndjson")).await,
        fetch(&owner, &format!("{guessed}/Patient.ndjson")).await,
        fetch(&owner, &format!("{status}/Banana.ndjson")).await,
        fetch(&owner, &format!("{status}/AuditEvent.ndjson")).await,
        fetch(&owner, &format!("{status}/Patient")).await,
    ] {
        assert_eq!(words(&reply), never);
    }
    assert_eq!(owner.get(&status).await.status, 200, "nobody ended it");
    // A user's token of the same client's name gets nothing of it.
    let user = Claims { client: "backend-of-own".into(), ..lcr_facade::sandbox::persona("gp").expect("persona") };
    says(&fetch(&session(&app, &user).await, &url).await, 403, "__export");
    assert_eq!(send(app.open(reqwest::Method::GET, url.strip_prefix(&app.url).expect("a path"))).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_between_kick_off_and_file_is_in_no_file() {
    let app = TestApp::start().await;
    filled(&app).await;
    let client = backend(&app, "own", Some(ORGANISATION)).await;
    let found = files(&manifest(&client, &begin(&client, "$export").await).await);
    let patients = async || ids(&lines(&fetch(&client, &found["Patient"]).await));
    let results = async || ids(&lines(&fetch(&client, &found["Observation"]).await));
    assert_eq!(
        (patients().await, results().await),
        (vec!["p1".to_owned(), "p2".into()], vec!["o1".to_owned(), "o2".into()])
    );
    run(&app, "UPDATE care_relationship SET revoked_at = now() WHERE patient_id = (SELECT patient_id FROM patient_key WHERE id = 'p1')").await;
    assert_eq!((patients().await, results().await), (vec!["p2".to_owned()], vec!["o2".to_owned()]));
    let guard = Claims { scope: "system/*.cruds __protect".into(), ..claims("other", None) };
    let values = [("nhs-number", nhs(2)), ("opted-out", "true".to_owned()), ("reason", "they asked for it".to_owned())];
    let values = values.map(|(name, value)| serde_json::json!({"name": name, "valueString": value}));
    let body = serde_json::json!({"resourceType": "Parameters", "parameter": values});
    let reply = session(&app, &guard).await.post("Patient/$protect", body).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!((patients().await, results().await), (vec![], vec![]));
}
