//! delete: gone for read and search, never for history.

use reqwest::Method;
use serde_json::json;

use crate::common::TestApp;
use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_is_gone_and_stays_in_history() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    for kind in TYPES {
        let body = marked(minimal(kind, "Patient/p"), "doomed");
        let first = post(&session, kind, &body).await;
        let id = first.json()["id"].as_str().expect("id").to_owned();
        let path = format!("{kind}/{id}");
        let second = put(&session, &path, &with(body.clone(), json!({"id": id, "language": "de"}))).await;
        assert_eq!(count(&session, kind, "doomed").await, 1, "{kind}");

        let gone = delete(&session, &path).await;
        assert_eq!((gone.status.as_u16(), gone.text.as_str()), (204, ""), "{kind}");
        let read = get(&session, &path).await;
        refused(&read, 410, "", &format!("{kind} after delete"));
        assert_eq!(read.json()["issue"][0]["code"], "deleted", "{kind}");
        for (version, was) in [(1, &first), (2, &second)] {
            let old = get(&session, &format!("{path}/_history/{version}")).await;
            assert_eq!((old.status.as_u16(), &old.text), (200, &was.text), "{kind} version {version}");
        }
        refused(
            &get(&session, &format!("{path}/_history/3")).await,
            410,
            "",
            &format!("{kind}: the version of the delete"),
        );
        refused(&get(&session, &format!("{path}/_history/4")).await, 404, "", &format!("{kind}: no version yet"));
        assert_eq!(count(&session, kind, "doomed").await, 0, "{kind}: search still finds it");
        assert!(
            get(&session, &format!("{kind}?_id={id}")).await.ids().is_empty(),
            "{kind}: search by _id still finds it"
        );

        // Idempotent: again is as good as once, and makes no version.
        assert_eq!(delete(&session, &path).await.status, 204, "{kind}: delete again");
        assert_eq!(get(&session, &format!("{path}/_history")).await.json()["total"], 3, "{kind}");

        let again = put(&session, &path, &with(body, json!({"id": id}))).await;
        assert_eq!(
            (again.status.as_u16(), again.header("etag")),
            (201, "W/\"4\""),
            "{kind}: made again {}",
            again.text
        );
        assert_eq!(again.header("location"), format!("{}/{path}/_history/4", app.base));
        assert_eq!(get(&session, &path).await.text, again.text, "{kind}");
        assert_eq!(count(&session, kind, "doomed").await, 1, "{kind}: search finds it again");
        refused(&get(&session, &format!("{path}/_history/3")).await, 410, "", &format!("{kind}: the delete stays"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_can_be_guarded_too() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    keep(&session, "d", patient("Test")).await;
    keep(&session, "d", patient("Test")).await;
    let guarded = |etag: &str| ask(header(&session, Method::DELETE, "Patient/d", "If-Match", etag));
    refused(&guarded("W/\"1\"").await, 412, "", "stale");
    assert_eq!(get(&session, "Patient/d").await.status, 200);
    assert_eq!(guarded("W/\"2\"").await.status, 204);
    let body = with(patient("Test"), json!({"id": "d"}));
    for etag in ["W/\"2\"", "W/\"3\""] {
        let request = header(&session, Method::PUT, "Patient/d", "If-Match", etag);
        refused(&ask(crate::common::json(request, &body)).await, 412, "", "there is no current version to match");
    }
    refused(&get(&session, "Patient/d").await, 410, "", "still gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_learns_of_what_is_not_theirs_by_deleting_it() {
    let app = TestApp::start().await;
    let (owner, other) = (app.source("owner").await, app.source("other").await);
    keep(&owner, "owned", patient("Test")).await;
    keep(&owner, "deleted", patient("Test")).await;
    delete(&owner, "Patient/deleted").await;
    let never = delete(&other, "Patient/never-was").await;
    assert!([204, 404].contains(&never.status.as_u16()), "{} {}", never.status, never.text);
    for id in ["owned", "deleted"] {
        let reply = delete(&other, &format!("Patient/{id}")).await;
        assert_eq!((reply.status, &reply.text), (never.status, &never.text), "delete of {id}");
        let read = get(&other, &format!("Patient/{id}")).await;
        let absent = get(&other, "Patient/never-was").await;
        assert_eq!((read.status, &read.text), (absent.status, &absent.text), "read of {id}");
    }
    assert_eq!(get(&owner, "Patient/owned").await.status, 200, "not deleted by another");
}
