//! Faults that exist only because two ask at once.

use reqwest::Method;

use super::bodies::patient;
use crate::common::{Session, TestApp, json, send};

/// The status of each of these requests, sent together.
async fn together(session: &Session<'_>, requests: Vec<(Method, String, String, Option<&str>)>) -> Vec<u16> {
    let mut running = tokio::task::JoinSet::new();
    for (method, path, body, if_match) in requests {
        let mut request = json(session.request(method, &path), body);
        if let Some(etag) = if_match {
            request = request.header("If-Match", etag);
        }
        running.spawn(async move { send(request).await.status.as_u16() });
    }
    let mut statuses = running.join_all().await;
    statuses.sort_unstable();
    statuses
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_updates_of_one_version_one_is_made() {
    let app = TestApp::start().await;
    let session = app.source("x").await;
    assert_eq!(session.put("Patient/kept", patient("")).await.status, 201);
    for version in 1..=5 {
        let etag = format!("W/\"{version}\"");
        let requests = (0..20).map(|n| {
            let body = patient(&format!(r#""multipleBirthInteger":{n}"#));
            (Method::PUT, "Patient/kept".to_owned(), body, Some(etag.as_str()))
        });
        let statuses = together(&session, requests.collect()).await;
        assert_eq!(statuses, [vec![200], vec![412; 19]].concat(), "version {version}");
        assert_eq!(session.get("Patient/kept/_history").await.json()["total"], version + 1);
    }
}

/// Several Patients may stand for one person, who is found by the NHS number; nobody is made twice or refused for the hurry.
#[tokio::test(flavor = "multi_thread")]
async fn many_patients_with_one_nhs_number_come_together() {
    let app = TestApp::start().await;
    let session = app.source("x").await;
    let body = r#"{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9434765919"}]}"#;
    let requests = (0..20).map(|_| (Method::POST, "Patient".to_owned(), body.to_owned(), None));
    assert_eq!(together(&session, requests.collect()).await, vec![201; 20]);
    let found = session.get("Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|9434765919&_total=accurate").await;
    assert_eq!(found.json()["total"], 20, "{}", found.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_that_cross_are_all_made_or_refused() {
    let app = TestApp::start().await;
    let session = app.source("x").await;
    let entry = |id: &str, n: usize| {
        format!(
            r#"{{"resource":{{"resourceType":"Patient","id":"{id}","multipleBirthInteger":{n}}},"request":{{"method":"PUT","url":"Patient/{id}"}}}}"#
        )
    };
    let requests = (0..20).map(|n| {
        let (a, b) = (entry("a", n), entry("b", n));
        let bundle = super::bodies::transaction(&if n % 2 == 0 { [&a, &b] } else { [&b, &a] });
        (Method::POST, String::new(), bundle, None)
    });
    assert_eq!(together(&session, requests.collect()).await, vec![200; 20]);
    let (a, b) = (session.get("Patient/a").await.json(), session.get("Patient/b").await.json());
    assert_eq!((&a["meta"]["versionId"], &b["meta"]["versionId"]), (&"20".into(), &"20".into()));
    assert_eq!(a["multipleBirthInteger"], b["multipleBirthInteger"], "half of a transaction is seen");
}
