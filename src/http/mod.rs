//! HTTP: one file per interaction of R4's REST API (§3.1). Routes, bodies, headers; no SQL, no policy.

mod address;
mod ahead;
mod answer;
mod batch;
mod body;
mod call;
pub mod cors;
mod docs;
mod entry;
mod export;
pub mod format;
pub mod gate;
mod guarded;
pub mod health;
mod history;
mod media;
mod metadata;
pub mod metrics;
mod oauth;
mod openapi;
mod operation;
mod page;
mod patch;
mod read;
mod sandbox;
mod search;
pub mod span;
mod squeeze;
mod task;
mod transaction;
mod unproven;
mod write;

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};

pub use answer::Answer;
pub use call::Call;
pub use unproven::Unproven;

use gate::AllRates;
use tokio::sync::{Notify, Semaphore};

use crate::config::Config;
use crate::error::Problem;
use crate::fhir::outcome::IssueType;
use crate::limits::Turns;
use crate::resources;
use crate::search::cursor::CursorKey;
use crate::search::query;
use crate::smart::recent::Recent;
use crate::smart::server::Server;
use crate::store::{AuditTrail, Store};

/// The media type of every answer as it is made.
pub const FHIR_JSON: &str = "application/fhir+json; charset=utf-8; fhirVersion=4.0";

/// The media type of an answer that was asked for in XML.
pub const FHIR_XML: &str = "application/fhir+xml; charset=utf-8; fhirVersion=4.0";

/// What a worker's requests share.
pub struct State {
    pub store: Store,
    pub trail: AuditTrail,
    /// Tokens that were used a moment ago.
    pub recent: Recent,
    pub key: CursorKey,
    pub config: Config,
    /// A permit for each export's file that may be sent at the same time.
    pub files: Arc<Semaphore>,
    /// Rings when an alert was raised.
    pub alerts: Arc<Notify>,
    /// The authorization server.
    pub smart: Arc<Server>,
    /// How many of this worker's requests work at once.
    pub turns: Arc<Turns>,
    /// How often somebody may ask, of all workers.
    pub rates: Arc<AllRates>,
    /// The public base URL of the FHIR API, without a slash at its end.
    pub base: String,
    /// What probes ask.
    pub readiness: Arc<health::Readiness>,
    /// The connections of all workers.
    pub pools: metrics::Pools,
}

/// Every route.
pub fn routes(app: &mut web::ServiceConfig) {
    app.configure(oauth::routes).configure(docs::routes).configure(sandbox::routes);
    let only = |path: &str| web::resource(path.to_owned()).default_service(web::to(wrong_method));
    app.service(
        web::scope("/fhir")
            .service(
                only("/metadata").route(web::get().to(metadata::metadata)).route(web::head().to(metadata::metadata)),
            )
            .service(
                only("")
                    .route(web::get().to(search::get_all))
                    .route(web::head().to(search::get_all))
                    .route(web::post().to(transaction::transaction)),
            )
            .service(
                only("/")
                    .route(web::get().to(search::get_all))
                    .route(web::head().to(search::get_all))
                    .route(web::post().to(transaction::transaction)),
            )
            .service(only("/_search").route(web::post().to(search::post_all)))
            .service(only("/_history").route(web::get().to(history::of_all)).route(web::head().to(history::of_all)))
            .service(only("/$export/{id}").route(web::get().to(export::status)).route(web::delete().to(export::cancel)))
            .service(only("/$export/{id}/{file}").route(web::get().to(export::file)))
            .service(
                web::resource(r"/{operation:\$[^/]*}")
                    .route(web::get().to(operation::on_system))
                    .route(web::head().to(operation::on_system))
                    .route(web::post().to(operation::on_system))
                    .default_service(web::to(operation::on_system)),
            )
            .service(
                web::resource(r"/{kind}/{operation:\$[^/]*}")
                    .route(web::get().to(operation::on_type))
                    .route(web::head().to(operation::on_type))
                    .route(web::post().to(operation::on_type))
                    .default_service(web::to(operation::on_type)),
            )
            .service(
                web::resource(r"/{kind}/{id}/{operation:\$[^/]*}")
                    .route(web::get().to(operation::on_instance))
                    .route(web::head().to(operation::on_instance))
                    .route(web::post().to(operation::on_instance))
                    .default_service(web::to(operation::on_instance)),
            )
            .service(only("/{kind}/_search").route(web::post().to(search::post)))
            .service(
                only("/{kind}/_history").route(web::get().to(history::of_type)).route(web::head().to(history::of_type)),
            )
            .service(
                only("/{kind}/{id}")
                    .route(web::get().to(read::current))
                    .route(web::head().to(read::current))
                    .route(web::put().to(write::update))
                    .route(web::patch().to(write::patch))
                    .route(web::delete().to(write::delete)),
            )
            .service(
                only("/{kind}/{id}/_history")
                    .route(web::get().to(history::of_instance))
                    .route(web::head().to(history::of_instance)),
            )
            .service(
                only("/{kind}/{id}/_history/{version}")
                    .route(web::get().to(read::version))
                    .route(web::head().to(read::version)),
            )
            .service(
                only("/Patient/{id}/{kind}")
                    .route(web::get().to(search::get_within))
                    .route(web::head().to(search::get_within)),
            )
            .service(only("/Patient/{id}/{kind}/_search").route(web::post().to(search::post_within)))
            .service(
                only("/{kind}")
                    .route(web::get().to(search::get))
                    .route(web::head().to(search::get))
                    .route(web::post().to(write::create))
                    .route(web::put().to(write::of_match))
                    .route(web::patch().to(write::of_match))
                    .route(web::delete().to(write::of_match)),
            ),
    )
    .service(only("/openapi.json").route(web::get().to(openapi::document)).route(web::head().to(openapi::document)))
    .service(only("/health/live").route(web::get().to(health::live)).route(web::head().to(health::live)))
    .service(only("/health/ready").route(web::get().to(health::ready)).route(web::head().to(health::ready)))
    .service(only("/metrics").route(web::get().to(metrics::shared)).route(web::head().to(metrics::shared)))
    .default_service(web::to(nothing_here));
}

async fn nothing_here(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let words = format!(
        "there is nothing at this address for {}; the FHIR API is at /fhir, described at /fhir/metadata",
        request.method()
    );
    Err(Problem::new(StatusCode::NOT_FOUND, IssueType::NotFound, words))
}

async fn wrong_method(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let words = format!(
        "{} is not an interaction of this service here; /fhir/metadata lists those there are",
        request.method()
    );
    // The trail is read alone.
    let trail = request.match_info().get("kind").and_then(resources::find).is_some_and(|spec| spec.is_trail());
    let allowed = match request.match_pattern().as_deref().unwrap_or_default() {
        "/fhir/{kind}" | "/fhir/{kind}/{id}" | "/fhir/Patient/{id}/{kind}" if trail => "GET, HEAD",
        "/fhir/{kind}" => "GET, HEAD, POST, PUT, PATCH, DELETE",
        "/fhir/{kind}/{id}" => "GET, HEAD, PUT, PATCH, DELETE",
        "/fhir/Patient/{id}/{kind}" => "GET, HEAD",
        "/fhir" | "/fhir/" => "GET, HEAD, POST",
        "/fhir/$export/{id}" => "GET, DELETE",
        "/fhir/$export/{id}/{file}" => "GET",
        path if path.ends_with("/_search") => "POST",
        _ => "GET, HEAD",
    };
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, IssueType::NotSupported, words);
    let mut response = problem.error_response();
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    Ok(response)
}

/// The first value of a parameter in a query string.
fn query_value(text: &str, name: &str) -> Option<String> {
    query::pairs(text).ok()?.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}
