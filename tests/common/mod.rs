//! A running service for a test: a real PostgreSQL of this test binary, a database of this test, real HTTP.

// Each test binary uses a part of it; and a test may look into the database that it judges.
#![allow(dead_code, clippy::disallowed_types)]

pub mod kept;

use std::path::PathBuf;
use std::sync::OnceLock;

use lcr_facade::access::Claims;
use lcr_facade::app::App;
use lcr_facade::cli::import::{self, Report};
use lcr_facade::cluster::{Cluster, Durability};
use lcr_facade::config::{Config, Load};
use lcr_facade::profile::{Strictness, Strictnesses};
use lcr_facade::smart;
use lcr_facade::store::Store;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;
use sqlx::Connection;

/// Where the data that this project did not write is, if it is there.
pub fn shared() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let path = std::env::var_os("LCR_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: there is no shared data at {}; set LCR_SHARED", path.display());
    None
}

/// Whether a test that needs the shared data has to be passed over; says why.
pub fn skipped() -> bool {
    shared().is_none()
}

/// The cluster of this test binary. It ends with the process.
fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let name = std::env::current_exe().expect("own path");
        let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name.file_name().expect("own name"));
        // Databases of an earlier run are of no use.
        let _ = std::fs::remove_dir_all(&home);
        std::fs::create_dir_all(&home).expect("a folder for the cluster");
        Cluster::start(&home, Durability::Throwaway, &|words| println!("{words}")).expect("a PostgreSQL")
    })
}

/// The name of an empty record that all others of this test binary are copied from: a copy is quicker than migrations.
static TEMPLATE: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();

/// Makes the empty record.
async fn template(cluster: &Cluster) -> String {
    let name = "lcrtemplate".to_owned();
    lcr_facade::store::create_database(&cluster.url("postgres"), &name).await.expect("database");
    let store = Store::connect(&cluster.url(&name), 1).expect("store");
    store.migrate().await.expect("migrations");
    store.close().await;
    // Keys of people follow from a secret; with the same one, two databases are comparable.
    let mut raw = sqlx::PgConnection::connect(&cluster.url(&name)).await.expect("connection");
    let fix = "UPDATE service_key SET secret = decode(repeat('07', 32), 'hex') WHERE name = 'person'";
    sqlx::query(fix).execute(&mut raw).await.expect("a known secret");
    raw.close().await.expect("closed");
    name
}

/// A service on a database of its own.
pub struct TestApp {
    pub url: String,
    pub base: String,
    pub database: String,
    pub store: Store,
    pub strictness: Strictnesses,
    client: Client,
}

impl TestApp {
    /// Starts with an empty record.
    pub async fn start() -> TestApp {
        TestApp::with(Config::default()).await
    }

    /// Starts with an empty record and this configuration, but holds nobody to the profiles: most tests write no more than what
    /// they are about. The address is the system's choice.
    pub async fn with(config: Config) -> TestApp {
        TestApp::held(Config { profile: Strictnesses::all(Strictness::Off), ..config }).await
    }

    /// The same, held to the profiles as the configuration says.
    pub async fn held(config: Config) -> TestApp {
        let name = format!("t{}", uuid::Uuid::new_v4().simple());
        let cluster = tokio::task::spawn_blocking(cluster).await.expect("cluster");
        let template = TEMPLATE.get_or_init(|| template(cluster)).await;
        let mut server = sqlx::PgConnection::connect(&cluster.url("postgres")).await.expect("connection");
        let copy = format!("CREATE DATABASE {name} TEMPLATE {template}");
        sqlx::query(sqlx::AssertSqlSafe(copy)).execute(&mut server).await.expect("a database");
        let database = cluster.url(&name);
        let store = Store::connect(&database, 2).expect("store");
        let mut raw = sqlx::PgConnection::connect(&database).await.expect("connection");
        let own =
            "UPDATE service_key SET secret = sha256(convert_to(gen_random_uuid()::text, 'UTF8')) WHERE name = 'cursor'";
        sqlx::query(own).execute(&mut raw).await.expect("a secret of its own");
        // A test asks in a minute what a person asks in a year. Tests of the bounds bring their own.
        let load = match config.load == Load::default() {
            true => Load {
                queue: 100_000,
                queue_ms: 60_000,
                rate: 0,
                wrong_tokens: 0,
                wrong_secrets: 0,
                wrong_claims: 0,
                ..config.load
            },
            false => config.load,
        };
        let config = Config { listen: ([127, 0, 0, 1], 0).into(), workers: 2, connections: 4, load, ..config };
        let strictness = config.profile.clone();
        let app = App::build(config, &database).await.expect("app");
        let url = app.url().to_owned();
        tokio::spawn(app.run());
        TestApp { base: format!("{url}/fhir"), url, database, store, strictness, client: Client::new() }
    }

    /// A token that says this.
    pub async fn token(&self, claims: &Claims) -> String {
        smart::issue(&self.store, claims, 3600).await.expect("token")
    }

    /// A token of a client that shares in as this source and reads its own.
    pub async fn source(&self, name: &str) -> Session<'_> {
        let token = self.token(&source_claims(name)).await;
        Session { app: self, token }
    }

    /// A session of a sandbox persona.
    pub async fn persona(&self, name: &str) -> Session<'_> {
        let claims = lcr_facade::sandbox::persona(name).expect("persona");
        Session { app: self, token: self.token(&claims).await }
    }

    /// Imports files as a source.
    pub async fn import(&self, paths: &[PathBuf], source: Option<&str>) -> Report {
        import::run(&self.store, paths, source, &self.base, &self.strictness).await.expect("import")
    }

    /// A request without a token.
    pub fn open(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }
}

/// What a client bound to a source says.
pub fn source_claims(name: &str) -> Claims {
    Claims {
        client: format!("client-{name}"),
        scope: "system/*.cruds".to_owned(),
        role: "system".to_owned(),
        source: Some(name.to_owned()),
        ..Claims::default()
    }
}

/// Requests with one token.
pub struct Session<'a> {
    pub app: &'a TestApp,
    pub token: String,
}

/// An answer, read to its end.
pub struct Reply {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Reply {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("header"))
    }

    /// The ids of a Bundle's resources, in order.
    pub fn ids(&self) -> Vec<String> {
        let bundle = self.json();
        let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
        let found = entries.iter().filter(|entry| entry["search"]["mode"] != "outcome");
        found.map(|entry| entry["resource"]["id"].as_str().expect("id").to_owned()).collect()
    }

    /// The address of a link.
    pub fn link(&self, relation: &str) -> Option<String> {
        let bundle = self.json();
        let links = bundle["link"].as_array()?;
        let link = links.iter().find(|link| link["relation"] == relation)?;
        Some(link["url"].as_str()?.to_owned())
    }
}

impl Session<'_> {
    /// A request under /fhir, or of a whole URL, to be filled and sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}/{path}", self.app.base) };
        self.app.client.request(method, url).bearer_auth(&self.token)
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Reply {
        send(self.request(Method::GET, path)).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: impl ToString) -> Reply {
        send(json(self.request(Method::POST, path), body)).await
    }

    /// PUT of JSON.
    pub async fn put(&self, path: &str, body: impl ToString) -> Reply {
        send(json(self.request(Method::PUT, path), body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        send(self.request(Method::DELETE, path)).await
    }

    /// Every resource a search finds, page by page, as (id, resource).
    pub async fn all(&self, path: &str) -> Vec<(String, Value)> {
        let (mut found, mut next) = (Vec::new(), Some(path.to_owned()));
        while let Some(page) = next {
            let reply = self.get(&page).await;
            assert_eq!(reply.status, 200, "{page}: {}", reply.text);
            let bundle = reply.json();
            for entry in bundle["entry"].as_array().into_iter().flatten().filter(|e| e["search"]["mode"] == "match") {
                let resource = entry["resource"].clone();
                found.push((resource["id"].as_str().expect("id").to_owned(), resource));
            }
            next = reply.link("next");
        }
        found
    }
}

/// Makes a request one with a JSON body.
pub fn json(request: RequestBuilder, body: impl ToString) -> RequestBuilder {
    request.header("Content-Type", "application/fhir+json").body(body.to_string())
}

/// Sends, and reads the whole answer.
pub async fn send(request: RequestBuilder) -> Reply {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    let reply = Reply { status, headers, text: response.text().await.expect("a body") };
    kept::keep(&reply);
    reply
}
