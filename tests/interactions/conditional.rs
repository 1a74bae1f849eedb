//! Conditional create, update and delete (R4 §3.1.0.8.1, §3.1.0.4.3, §3.1.0.7.1): none, one and several matches.

use lcr_facade::access::Claims;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::common::{self, Reply, Session, TestApp};
use crate::support::*;

/// POST with If-None-Exist.
fn create_if_none(session: &Session<'_>, criteria: &str, resource: &Value) -> RequestBuilder {
    let kind = resource["resourceType"].as_str().expect("type");
    common::json(session.request(Method::POST, kind), resource).header("If-None-Exist", criteria)
}

fn id(reply: &Reply) -> String {
    reply.json()["id"].as_str().unwrap_or_else(|| panic!("{}", reply.text)).to_owned()
}

const MARK: &str = "identifier=http://example.org/marks%7C";

#[tokio::test(flavor = "multi_thread")]
async fn a_conditional_create_makes_one_finds_one_or_refuses_several() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let body = marked(patient("First"), "one");
    let made = ask(create_if_none(&session, &format!("{MARK}one"), &body)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let again = ask(create_if_none(&session, &format!("{MARK}one"), &marked(patient("Second"), "one"))).await;
    assert_eq!(again.status, 200, "{}", again.text);
    // It tells which one there is, as it is.
    assert_eq!(again.text, made.text);
    for name in ["location", "etag", "last-modified"] {
        assert_eq!(again.header(name), made.header(name), "{name}");
    }
    assert_eq!(count(&session, "Patient", "one").await, 1);
    assert_eq!(get(&session, &format!("Patient/{}/_history", id(&made))).await.json()["total"], 1);
    // A leading question mark is no part of the criteria; several have to hold together.
    let both = format!("?{MARK}one&family=first");
    assert_eq!(ask(create_if_none(&session, &both, &body)).await.status, 200);
    let second = marked(patient("Second"), "one");
    let other = ask(create_if_none(&session, &format!("{MARK}one&family=second"), &second)).await;
    assert_eq!(other.status, 201, "no one with that mark is called so: {}", other.text);
    let several = ask(create_if_none(&session, &format!("{MARK}one"), &body)).await;
    refused(&several, 412, "", "several");
    assert_eq!(several.json()["issue"][0]["code"], "multiple-matches");
    assert_eq!(count(&session, "Patient", "one").await, 2);
    // What is deleted does not match.
    delete(&session, &format!("Patient/{}", id(&made))).await;
    assert_eq!(ask(create_if_none(&session, &format!("{MARK}one&family=first"), &body)).await.status, 201);
    // A body that may not be kept is refused, whether or not something matches.
    for mark in ["one", "never"] {
        let bad = with(body.clone(), json!({"colour": "red"}));
        refused(&ask(create_if_none(&session, &format!("{MARK}{mark}"), &bad)).await, 400, "Patient.colour", mark);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conditional_update_changes_one_makes_one_or_refuses() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    let path = format!("Patient?{MARK}u");
    let made = put(&session, &path, &marked(patient("None"), "u")).await;
    assert_eq!((made.status.as_u16(), made.header("etag")), (201, "W/\"1\""), "{}", made.text);
    let own = id(&made);
    let changed = put(&session, &path, &marked(patient("One"), "u")).await;
    assert_eq!((changed.status.as_u16(), changed.header("etag"), id(&changed)), (200, "W/\"2\"", own.clone()));
    let named = put(&session, &path, &with(marked(patient("Named"), "u"), json!({"id": own}))).await;
    assert_eq!((named.status.as_u16(), id(&named)), (200, own.clone()));
    let other = put(&session, &path, &with(marked(patient("Other"), "u"), json!({"id": "other"}))).await;
    refused(&other, 400, "id", "the body has another id than what matches");
    // No match, and an id of the caller's choice.
    let chosen = with(marked(patient("Chosen"), "v"), json!({"id": "chosen"}));
    let reply = put(&session, &format!("Patient?{MARK}v"), &chosen).await;
    assert_eq!((reply.status.as_u16(), id(&reply)), (201, "chosen".to_owned()), "{}", reply.text);
    // No match, but the id is in use: it would change what the criteria do not mean.
    let reply = put(&session, &format!("Patient?{MARK}w"), &with(chosen, json!({"name": [{"family": "Else"}]}))).await;
    refused(&reply, 409, "", "the id is in use");
    assert_eq!(get(&session, "Patient/chosen").await.header("etag"), "W/\"1\"");
    // If-Match counts too.
    let guarded = |etag: &str, path: &str| {
        common::json(session.request(Method::PUT, path), marked(patient("Guarded"), "u")).header("If-Match", etag)
    };
    refused(&ask(guarded("W/\"1\"", &path)).await, 412, "", "stale");
    refused(&ask(guarded("W/\"1\"", &format!("Patient?{MARK}absent"))).await, 412, "", "no version to match");
    assert_eq!(ask(guarded("W/\"3\"", &path)).await.status, 200);
    post(&session, "Patient", &marked(patient("Twin"), "u")).await;
    refused(&put(&session, &path, &marked(patient("Several"), "u")).await, 412, "", "several");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conditional_delete_takes_one_or_none_and_refuses_several() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    for (id, mark) in [("a", "d"), ("b", "e"), ("c", "e")] {
        keep(&session, id, marked(patient("Test"), mark)).await;
    }
    let none = delete(&session, &format!("Patient?{MARK}nobody")).await;
    assert_eq!((none.status.as_u16(), none.header("etag")), (204, ""), "nothing to do is no failure");
    let one = delete(&session, &format!("Patient?{MARK}d")).await;
    assert_eq!((one.status.as_u16(), one.header("etag")), (204, "W/\"2\""), "{}", one.text);
    assert_eq!(get(&session, "Patient/a").await.status, 410);
    refused(&delete(&session, &format!("Patient?{MARK}e")).await, 412, "", "several");
    assert_eq!(count(&session, "Patient", "e").await, 2);
    let stale = header(&session, Method::DELETE, &format!("Patient?{MARK}e&_id=b"), "If-Match", "W/\"7\"");
    refused(&ask(stale).await, 412, "", "stale");
    let words =
        header(&session, Method::DELETE, &format!("Patient?{MARK}e&_id=b"), "Prefer", "return=OperationOutcome");
    assert_eq!(ask(words).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn criteria_are_read_strictly() {
    let app = TestApp::start().await;
    let session = app.source("a").await;
    keep(&session, "kept", marked(patient("Kept"), "k")).await;
    for (criteria, status) in [
        ("", 412),
        ("?", 412),
        ("_format=json", 412),
        ("colour=red", 400),
        ("identifier", 400),
        ("identifier=", 400),
        ("Patient?identifier=k", 400),
        ("identifier:colour=k", 400),
        ("birthdate=yesterday", 400),
        ("identifier=k&_count=1", 400),
        ("identifier=k&_sort=family", 400),
        ("identifier=k&_include=Patient:link", 400),
        ("identifier=k&_summary=count", 400),
        ("identifier=k&_cursor=x", 400),
        ("identifier=%FF", 400),
        ("identifier=%00", 400),
    ] {
        let lenient = |request: RequestBuilder| request.header("Prefer", "handling=lenient");
        let created = ask(lenient(create_if_none(&session, criteria, &patient("New")))).await;
        refused(&created, status, "", &format!("create: {criteria}"));
        let query = criteria.trim_start_matches('?');
        if query.is_empty() {
            continue;
        }
        for method in [Method::PUT, Method::DELETE] {
            let request =
                lenient(common::json(session.request(method.clone(), &format!("Patient?{query}")), patient("New")));
            refused(&ask(request).await, status, "", &format!("{method}: {criteria}"));
        }
    }
    let twice = create_if_none(&session, "identifier=k", &patient("New")).header("If-None-Exist", "identifier=l");
    refused(&ask(twice).await, 400, "http.If-None-Exist", "two headers");
    let latin = common::json(session.request(Method::POST, "Patient"), patient("New"));
    let latin =
        latin.header("If-None-Exist", reqwest::header::HeaderValue::from_bytes(b"family=\xe9").expect("header"));
    refused(&ask(latin).await, 400, "http.If-None-Exist", "a header that is no text must not be passed over");
    assert_eq!(get(&session, "Patient?_count=0").await.json()["total"], 1, "nothing was made");
    // Any search parameter may be a criterion: chains, modifiers, ids.
    for criteria in ["_id=kept", "family:exact=Kept", "identifier:not=x&_id=kept", "_has:Observation:patient:code=x"] {
        let wanted = if criteria.starts_with("_has") { 201 } else { 200 };
        assert_eq!(ask(create_if_none(&session, criteria, &patient("New"))).await.status, wanted, "{criteria}");
    }
}

/// A client whose scopes have these letters.
async fn with_scope<'a>(app: &'a TestApp, letters: &str) -> Session<'a> {
    let claims = Claims { scope: format!("system/Patient.{letters}"), ..common::source_claims("a") };
    Session { app, token: app.token(&claims).await }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_needs_the_letter_s_beside_that_of_the_change() {
    let app = TestApp::start().await;
    let full = app.source("a").await;
    keep(&full, "kept", marked(patient("Kept"), "k")).await;
    // Letters, the change, whether something matches, the status.
    let rows = [
        ("c", "POST", true, 403),
        ("s", "POST", true, 403),
        ("cr", "POST", false, 403),
        ("cs", "POST", true, 200),
        ("cs", "POST", false, 201),
        ("u", "PUT", true, 403),
        ("us", "PUT", true, 200),
        ("us", "PUT", false, 403),
        ("cu", "PUT", false, 403),
        ("cus", "PUT", false, 201),
        ("us", "PATCH", true, 403),
        ("ru", "PATCH", true, 403),
        ("rus", "PATCH", true, 200),
        ("rus", "PATCH", false, 404),
        ("d", "DELETE", true, 403),
        ("s", "DELETE", true, 403),
        ("ds", "DELETE", false, 204),
    ];
    for (n, (letters, method, matches, status)) in rows.into_iter().enumerate() {
        let session = with_scope(&app, letters).await;
        let mark = if matches { "k".to_owned() } else { format!("none-{n}") };
        let body = marked(patient("Kept"), &mark);
        let reply = match method {
            "POST" => ask(create_if_none(&session, &format!("{MARK}{mark}"), &body)).await,
            "PATCH" => {
                let request = session.request(Method::PATCH, &format!("Patient?{MARK}{mark}"));
                ask(request.header("Content-Type", "application/json-patch+json").body("[]")).await
            }
            "PUT" => put(&session, &format!("Patient?{MARK}{mark}"), &body).await,
            _ => delete(&session, &format!("Patient?{MARK}{mark}")).await,
        };
        assert_eq!(reply.status, status, "{method} with {letters}, matches: {matches}: {}", reply.text);
    }
    assert_eq!(count(&full, "Patient", "k").await, 1);
}
