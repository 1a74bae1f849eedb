//! What these tests share: a backend service, the way from a kick-off to the files, and a look into the database.

// A look into the database itself, which no interaction shows.
#![allow(clippy::disallowed_types)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lcr_facade::access::Claims;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use sqlx::{Connection, PgConnection};

use crate::common::{Reply, Session, TestApp, send};
use crate::world;

/// What a backend service of this source and organisation says, with everything that an export takes.
pub fn claims(source: &str, organisation: Option<&str>) -> Claims {
    Claims {
        client: format!("backend-of-{source}"),
        scope: "system/*.cruds __export".to_owned(),
        role: "system".to_owned(),
        source: Some(source.to_owned()),
        organisation: organisation.map(str::to_owned),
        ..Claims::default()
    }
}

pub async fn backend<'a>(app: &'a TestApp, source: &str, organisation: Option<&str>) -> Session<'a> {
    world::session(app, &claims(source, organisation)).await
}

/// A kick-off as the IG has it.
pub fn kick_off(session: &Session<'_>, path: &str) -> RequestBuilder {
    session.request(Method::GET, path).header("Prefer", "respond-async").header("Accept", "application/fhir+json")
}

/// Begins an export, which must succeed; gives where its status is.
pub async fn begin(session: &Session<'_>, path: &str) -> String {
    let reply = send(kick_off(session, path)).await;
    assert_eq!(reply.status, 202, "{path}: {}", reply.text);
    reply.header("content-location").to_owned()
}

/// Asks for the status until it is ready, as long as that may take.
pub async fn manifest(session: &Session<'_>, status: &str) -> Value {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let reply = session.get(status).await;
        match reply.status.as_u16() {
            200 => return reply.json(),
            202 => assert!(Instant::now() < until, "the export does not get ready"),
            _ => panic!("{status}: {} {}", reply.status, reply.text),
        }
        // The service says when to ask again.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The address of each type's file.
pub fn files(manifest: &Value) -> BTreeMap<String, String> {
    let output = manifest["output"].as_array().expect("output");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    output.iter().map(|file| (text(&file["type"]), text(&file["url"]))).collect()
}

/// The resources of a file, one a line.
pub fn lines(reply: &Reply) -> Vec<Value> {
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.header("content-type"), "application/fhir+ndjson");
    assert!(reply.text.is_empty() || reply.text.ends_with('\n'), "a line that does not end");
    reply.text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// A request for a file as bulk clients make it.
pub async fn fetch(session: &Session<'_>, url: &str) -> Reply {
    send(session.request(Method::GET, url).header("Accept", "application/fhir+ndjson")).await
}

/// Everything that an export brings, by type.
pub async fn export(session: &Session<'_>, path: &str) -> BTreeMap<String, Vec<Value>> {
    let status = begin(session, path).await;
    let mut all = BTreeMap::new();
    for (kind, url) in files(&manifest(session, &status).await) {
        let found = lines(&fetch(session, &url).await);
        assert!(found.iter().all(|resource| resource["resourceType"] == kind.as_str()), "{kind}");
        all.insert(kind, found);
    }
    assert_eq!(session.delete(&status).await.status, 202);
    all
}

/// The ids of resources, in order.
pub fn ids(found: &[Value]) -> Vec<String> {
    let mut ids: Vec<String> = found.iter().map(|one| one["id"].as_str().expect("id").to_owned()).collect();
    ids.sort();
    ids
}

/// A connection as the owner of the tables.
pub async fn owner(app: &TestApp) -> PgConnection {
    PgConnection::connect(&app.database).await.expect("the database")
}

/// Runs a statement as the owner.
pub async fn run(app: &TestApp, statement: &'static str) -> u64 {
    sqlx::query(statement).execute(&mut owner(app).await).await.expect(statement).rows_affected()
}

/// Copies the Observation `of` so many times, each padded to some kilobytes, as rows of its own person and source.
pub async fn multiply(app: &TestApp, of: &str, times: i32) {
    let copy = "WITH pad AS (SELECT string_agg(md5(m::text), '') AS words FROM generate_series(1, 250) m) \
                INSERT INTO observation SELECT r.* FROM observation t, pad, generate_series(1, $2) n, \
                LATERAL json_populate_record(t, json_build_object('id', 'copy-' || lpad(n::text, 5, '0'), 'resource', \
                left(replace(t.resource, t.id, 'copy-' || n), -1) || ',\"note\":[{\"text\":\"' || pad.words || '\"}]}')) r \
                WHERE t.id = $1";
    let copied = sqlx::query(copy).bind(of).bind(times).execute(&mut owner(app).await).await.expect("copies");
    assert_eq!(copied.rows_affected(), u64::try_from(times).expect("a number"));
}
