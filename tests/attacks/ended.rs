//! Attacks with a token that has just ended. The service knew it a moment ago, and remembers what it said; whatever ended it,
//! and wherever, the very next request is turned away as one with no token in force, and has its row.

// These tests end tokens as another instance would, in the database.
#![allow(clippy::disallowed_types)]

use lcr_facade::access::Claims;
use lcr_facade::app::App;
use lcr_facade::config::Config;
use lcr_facade::smart::secret;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::common::{Session, TestApp, send};
use crate::kit::{database, outcome, refused};
use crate::world::{ELSEWHERE, NEAR, about, claims, full, persona, put, session};

/// What ends a token while it is remembered, or makes it say something else.
#[derive(Debug, Clone, Copy)]
enum End {
    Revoked,
    Expired,
    FamilyEnded,
    ClientDisabled,
    Narrowed,
    Widened,
}

const ENDS: [End; 6] = [End::Revoked, End::Expired, End::FamilyEnded, End::ClientDisabled, End::Narrowed, End::Widened];

/// Ends it as another instance would: over a connection of its own.
async fn end(app: &TestApp, raw: &mut PgConnection, token: &str, end: End) {
    let hash = secret::hash(token);
    match end {
        End::Revoked => app.store.drop_token(&hash).await.expect("revoked"),
        End::FamilyEnded => {
            let family: Uuid = sqlx::query_scalar("SELECT family FROM token WHERE hash = $1")
                .bind(hash.as_slice())
                .fetch_one(raw)
                .await
                .expect("a family");
            app.store.end_family(family).await.expect("ended");
        }
        End::ClientDisabled => {
            let client = "SELECT claims ->> 'client' FROM token WHERE hash = $1";
            let client: String =
                sqlx::query_scalar(client).bind(hash.as_slice()).fetch_one(raw).await.expect("a client");
            app.store.disable_client(&client).await.expect("disabled");
        }
        End::Expired | End::Narrowed | End::Widened => {
            let change = match end {
                End::Expired => "UPDATE token SET expires_at = now() WHERE hash = $1",
                End::Narrowed => {
                    "UPDATE token SET claims = jsonb_set(claims, '{scope}', '\"user/CarePlan.r\"') WHERE hash = $1"
                }
                _ => "UPDATE token SET claims = jsonb_set(claims, '{role}', '\"system\"') WHERE hash = $1",
            };
            sqlx::query(change).bind(hash.as_slice()).execute(raw).await.expect("changed");
        }
    }
}

/// A token of a family and a client of its own.
async fn token(app: &TestApp, raw: &mut PgConnection, n: usize) -> String {
    let token = app.token(&Claims { client: format!("client-{n}"), ..claims("gp") }).await;
    let family = sqlx::query("UPDATE token SET family = $2 WHERE hash = $1");
    let hash = secret::hash(&token);
    family.bind(hash.as_slice()).bind(Uuid::now_v7()).execute(raw).await.expect("a family");
    token
}

/// Every kind of read, found and not found and refused, and what else the same routes answer. A link to a next page is in the
/// place of `@`.
const READS: [(&str, &str); 30] = [
    ("GET", "Patient/near"),
    ("HEAD", "Patient/near"),
    ("GET", "Patient/near?_elements=id"),
    ("GET", "Patient/near?_summary=count"),
    ("GET", "Patient/absent"),
    ("GET", "Patient/far"),
    ("GET", "Patient/no%20id"),
    ("GET", "Patient/near/_history/1"),
    ("GET", "Patient/near/_history/9"),
    ("GET", "Practitioner/absent"),
    ("GET", "AuditEvent/absent"),
    ("GET", "Sausage/near"),
    ("GET", "Condition?patient=near&_count=1&_sort=_id"),
    ("HEAD", "Condition?patient=near"),
    ("GET", "@"),
    ("GET", "Condition?patient=far"),
    ("GET", "Condition?patient=near,far"),
    ("GET", "Condition?_id=absent"),
    ("GET", "Patient?identifier=https://fhir.nhs.uk/Id/nhs-number%7C123"),
    ("GET", "Condition?patient=near&_summary=count"),
    ("GET", "Condition?patient=near&_include=Condition:subject&_total=accurate"),
    ("GET", "Condition?code:in=http://example.org/nothing"),
    ("GET", "Condition?nonsense=1"),
    ("GET", "Practitioner"),
    ("GET", "Sausage"),
    ("GET", "?_type=Patient,Condition"),
    ("GET", "?_type=Sausage"),
    ("GET", "Patient/near/Condition"),
    ("GET", "Patient/near/Practitioner"),
    ("GET", "Patient/no%20id/Condition"),
];

/// What is no read by itself.
const OTHERS: [(&str, &str); 9] = [
    ("GET", "Patient/near/_history"),
    ("GET", "Patient/near/$everything"),
    ("GET", "Patient/near/$summary"),
    ("GET", "Observation/$lastn?patient=near"),
    ("GET", "$nonsense"),
    ("DELETE", "CarePlan/absent"),
    ("POST", "CarePlan/$validate"),
    ("POST", "CarePlan"),
    ("POST", ""),
];

/// An instance of one worker, which remembers what was asked of it whatever connection it came by.
async fn instance(app: &TestApp) -> String {
    let config = Config { listen: ([127, 0, 0, 1], 0).into(), workers: 1, connections: 4, ..Config::default() };
    let app = App::build(config, &app.database).await.expect("an instance");
    let base = format!("{}/fhir", app.url());
    tokio::spawn(app.run());
    base
}

fn request(session: &Session<'_>, (method, path): (&str, &str), base: &str, next: &str) -> RequestBuilder {
    let url = if path == "@" { next.to_owned() } else { format!("{base}/{path}") };
    let request = session.request(method.parse::<Method>().expect("a method"), &url);
    match (method, path) {
        ("POST", "") => {
            let read = json!({"request": {"method": "GET", "url": "Patient/near"}});
            crate::common::json(request, json!({"resourceType": "Bundle", "type": "batch", "entry": [read]}))
        }
        ("POST", _) => crate::common::json(request, about("CarePlan", "p", "near", NEAR)),
        _ => request,
    }
}

/// The answer to a token that is not in force.
fn unknown() -> Value {
    outcome("expired", "UNAUTHORIZED", "the access token is unknown or has expired: get a new one")
}

/// Rows of the trail, and those of tokens that were turned away.
async fn rows(raw: &mut PgConnection) -> (i64, i64) {
    let count = "SELECT count(*), count(*) FILTER (WHERE resource_type = 'access-token' AND outcome = 4) FROM audit";
    sqlx::query_as(count).fetch_one(raw).await.expect("a count")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_good_a_moment_ago() {
    let app = full().await;
    put(&app.source(ELSEWHERE).await, &about("Condition", "near-second", "near", NEAR)).await;
    let (base, mut raw) = (instance(&app).await, database(&app).await);
    let mut n = 0;
    for kind in READS.into_iter().chain(OTHERS) {
        // What does not end in a statement of its own, or does not go by what is remembered, is looked up: one end tells.
        let ends = if OTHERS.contains(&kind) { &ENDS[..1] } else { &ENDS[..] };
        for how in ends.iter().copied() {
            n += 1;
            let token = token(&app, &mut raw, n).await;
            let session = Session { app: &app, token: token.clone() };
            let first = session.get(&format!("{base}/Condition?patient=near&_count=1&_sort=_id")).await;
            let next = first.link("next").unwrap_or_else(|| panic!("no next page: {}", first.text));
            let before = send(request(&session, kind, &base, &next)).await;
            assert_ne!(before.status, 401, "{kind:?}: {}", before.text);
            end(&app, &mut raw, &token, how).await;
            let (all, away) = rows(&mut raw).await;
            let reply = send(request(&session, kind, &base, &next)).await;
            assert_eq!(reply.status, 401, "{kind:?} {how:?}: {}", reply.text);
            assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"lcr\", error=\"invalid_token\"");
            if kind.0 != "HEAD" {
                refused(&reply, 401, &unknown());
            }
            assert_eq!(rows(&mut raw).await, (all + 1, away + 1), "{kind:?} {how:?}: rows of the trail");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_and_a_format_that_nobody_has() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    let form = |body: &'static str| {
        let request = gp.request(Method::POST, "Condition/_search");
        request.header("Content-Type", "application/x-www-form-urlencoded").body(body)
    };
    let picture = || gp.request(Method::GET, "Patient/near").header("Accept", "image/png");
    let no_form = || gp.request(Method::POST, "Condition/_search").header("Content-Type", "text/plain").body("x");
    assert_eq!(send(form("patient=near")).await.status, 200);
    assert_eq!(send(picture()).await.status, 406);
    assert_eq!(send(no_form()).await.status, 415);
    app.store.drop_token(&secret::hash(&gp.token)).await.expect("revoked");
    for request in [form("patient=near"), form("nonsense=1"), form("_format=png"), picture(), no_form()] {
        refused(&send(request).await, 401, &unknown());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ends_on_one_instance() {
    let app = full().await;
    let gp = persona(&app, "gp").await;
    let read = [instance(&app).await, instance(&app).await].map(|base| format!("{base}/Patient/near"));
    for url in read.iter().chain(&read) {
        assert_eq!(gp.get(url).await.status, 200);
    }
    app.store.drop_token(&secret::hash(&gp.token)).await.expect("revoked");
    for url in &read {
        refused(&gp.get(url).await, 401, &unknown());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_token_says_now_counts_and_not_what_it_said() {
    let app = full().await;
    let (base, mut raw) = (instance(&app).await, database(&app).await);
    let gp = session(&app, &claims("gp")).await;
    let (read, count) = (format!("{base}/Patient/near"), format!("{base}/Condition?patient=near&_summary=count"));
    assert_eq!(gp.get(&read).await.status, 200);
    let stranger = serde_json::to_value(claims("stranger")).expect("claims");
    let replace = sqlx::query("UPDATE token SET claims = $2 WHERE hash = $1");
    let hash = secret::hash(&gp.token);
    replace.bind(hash.as_slice()).bind(stranger).execute(&mut raw).await.expect("replaced");
    // Once it is as unknown; from then on it is the other token.
    refused(&gp.get(&read).await, 401, &unknown());
    assert_eq!(gp.get(&read).await.status, 404);
    assert_eq!(gp.get(&count).await.json()["total"], 0);
}
