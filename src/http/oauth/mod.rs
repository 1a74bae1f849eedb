//! The authorization server over HTTP: one file per endpoint. What is asked and answered; what is decided is in `smart`.

pub mod assets;
mod authorize;
mod callback;
mod capability;
mod introspect;
pub mod launch;
mod manage;
pub mod pages;
mod proceed;
mod revoke;
mod token;
mod well_known;

use std::future::{Ready, ready};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, RETRY_AFTER};
use actix_web::{
    FromRequest, HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder, Resource, ResponseError, web,
};
use futures_util::StreamExt;
use uuid::Uuid;

pub use capability::security;

use super::State;
use super::address::{household, origin};
use super::gate::waits;
use super::span::RequestId;
use crate::error::Problem;
use crate::fhir::outcome::IssueType;
use crate::limits::Turn;
use crate::smart::authenticate;
use crate::smart::client::Client;
use crate::smart::desk::Desk;
use crate::smart::fault::Fault;
use crate::smart::params::Params;

/// The largest form, in bytes.
const MOST_FORM: usize = 64 * 1024;

/// Every route.
pub fn routes(app: &mut web::ServiceConfig) {
    app.service(only("/oauth/authorize").route(web::get().to(authorize::get)).route(web::post().to(authorize::post)))
        .service(only("/oauth/continue").route(web::get().to(proceed::get)).route(web::post().to(proceed::post)))
        .service(only("/oauth/callback").route(web::get().to(callback::callback)))
        .service(only("/oauth/manage").route(web::get().to(manage::manage)))
        .service(only("/oauth/token").route(web::post().to(token::token)))
        .service(only("/oauth/introspect").route(web::post().to(introspect::introspect)))
        .service(only("/oauth/revoke").route(web::post().to(revoke::revoke)))
        .service(only("/oauth/launch").route(web::post().to(launch::launch)))
        .service(
            only("/oauth/jwks.json").route(web::get().to(well_known::keys)).route(web::head().to(well_known::keys)),
        )
        .service(only("/oauth/style.css").route(web::get().to(assets::style)).route(web::head().to(assets::style)))
        .service(
            only("/oauth/smart-style.json")
                .route(web::get().to(assets::smart_style))
                .route(web::head().to(assets::smart_style)),
        )
        .service(
            only("/.well-known/openid-configuration")
                .route(web::get().to(well_known::openid))
                .route(web::head().to(well_known::openid)),
        )
        .service(
            only("/fhir/.well-known/smart-configuration")
                .route(web::get().to(well_known::smart))
                .route(web::head().to(well_known::smart)),
        );
}

/// An address of this path, whose routes are its only methods.
pub fn only(path: &str) -> Resource {
    web::resource(path.to_owned()).default_service(web::to(wrong_method))
}

async fn wrong_method(request: HttpRequest) -> HttpResponse {
    let path = request.match_pattern().unwrap_or_default();
    let allowed = match path.as_str() {
        "/oauth/token" | "/oauth/introspect" | "/oauth/revoke" | "/oauth/launch" | "/sandbox/launch" => "POST",
        "/oauth/authorize" | "/oauth/continue" | "/sandbox/sign-in" | "/sandbox/denials" => "GET, POST",
        "/oauth/callback" | "/oauth/manage" => "GET",
        path if path.starts_with("/sandbox") => "GET",
        _ => "GET, HEAD",
    };
    let words = format!("{} is not served here: use {allowed}", request.method());
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, IssueType::NotSupported, words);
    let mut response = problem.error_response();
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

/// One request to the authorization server.
pub struct Visit {
    pub state: Arc<State>,
    pub request_id: Uuid,
    /// The query string as it came.
    pub query: String,
    headers: HeaderMap,
    origin: Option<IpAddr>,
    /// Its turn among those that work at once.
    turn: Option<Turn>,
}

impl FromRequest for Visit {
    type Error = Problem;
    type Future = Ready<Result<Visit, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let state = request.app_data::<web::Data<State>>().map(|data| Arc::clone(data));
        let request_id = request.extensions().get::<RequestId>().map_or_else(Uuid::now_v7, |id| id.0);
        ready(match state {
            Some(state) => Ok(Visit {
                origin: origin(request.peer_addr(), request.headers(), &state.config.proxies),
                turn: request.extensions().get::<Turn>().cloned(),
                state,
                request_id,
                query: request.query_string().to_owned(),
                headers: request.headers().clone(),
            }),
            None => {
                Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, IssueType::Exception, "the service is not set up"))
            }
        })
    }
}

impl Visit {
    /// What `smart` has at hand.
    pub fn desk(&self) -> Desk<'_> {
        let state = &self.state;
        Desk {
            server: &state.smart,
            store: &state.store,
            trail: &state.trail,
            key: &state.key,
            limits: state.config.search_limits(),
            request_id: self.request_id,
            address: self.origin.map(|address| address.to_string()),
        }
    }

    /// The Authorization header.
    pub fn authorization(&self) -> Option<&str> {
        self.headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap_or("not text"))
    }

    /// The client that a request proves to be from. Who fails at that again and again is not heard for a while.
    pub async fn client(&self, params: &Params) -> Result<Client, Fault> {
        let whose = (self.origin.map(household), authenticate::claimed(self.authorization(), params));
        let failures = &self.state.rates.secrets;
        failures.left(&whose).map_err(|refused| Fault::too_often(refused.seconds()))?;
        let client = authenticate::client(&self.state.smart, &self.state.store, self.authorization(), params).await;
        if client.as_ref().is_err_and(|fault| fault.error == "invalid_client") {
            // Refused or not, this one has failed.
            let _ = failures.take(&whose);
        }
        client
    }

    fn content_type(&self) -> String {
        let kind = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The parameters of a form, and of nothing else: what is in an address is in logs.
    pub async fn form(&self, payload: &mut web::Payload) -> Result<Params, Fault> {
        if self.content_type() != "application/x-www-form-urlencoded" {
            return Err(Fault::invalid_request(
                "send the parameters as Content-Type: application/x-www-form-urlencoded",
            ));
        }
        Params::read(&self.text(payload).await?)
    }

    /// The parameters of a form or of a JSON object.
    pub async fn form_or_json(&self, payload: &mut web::Payload) -> Result<Params, Fault> {
        if self.content_type() != "application/json" {
            return self.form(payload).await?.once_each();
        }
        let text = self.text(payload).await?;
        let members = serde_json::from_str(&text);
        Ok(Params::of_json(members.map_err(|_| Fault::invalid_request("the body is no JSON object"))?))
    }

    /// The parameters of a back channel, each once.
    pub async fn back_channel(&self, payload: &mut web::Payload) -> Result<Params, Fault> {
        if !self.query.is_empty() {
            return Err(Fault::invalid_request(
                "send the parameters in the body: what is in an address ends up in logs",
            ));
        }
        self.form(payload).await?.once_each()
    }

    async fn text(&self, payload: &mut web::Payload) -> Result<String, Fault> {
        let longest = Duration::from_secs(self.state.config.load.body_seconds);
        let sent = waits(self.turn.as_ref(), longest, collected(payload)).await.map_err(|_| Fault::busy())?;
        let bytes = sent.unwrap_or_else(|| Err(Fault::invalid_request("the body was not there in time")))?;
        String::from_utf8(bytes).map_err(|_| Fault::invalid_request("the body is not UTF-8"))
    }

    /// The browser's name, from its cookie.
    pub fn browser(&self) -> Option<&str> {
        self.cookie(cookie_name(self.state.smart.is_https())).filter(|value| value.len() == 43)
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.headers.get_all(COOKIE).filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

/// A form, up to its limit.
async fn collected(payload: &mut web::Payload) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Fault::invalid_request("the body ended before its time"))?;
        if bytes.len() + chunk.len() > MOST_FORM {
            return Err(Fault::invalid_request(format!("the body is larger than {MOST_FORM} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// A prefix that browsers keep: such a cookie is of this host, and of https alone (RFC 6265bis).
fn cookie_name(https: bool) -> &'static str {
    if https { "__Host-lcr-browser" } else { "lcr-browser" }
}

/// The cookie that binds an authorization to the browser it began in.
fn cookie(https: bool, browser: &str) -> String {
    let secure = if https { "; Secure" } else { "" };
    format!("{}={browser}; Path=/; HttpOnly; SameSite=Lax{secure}", cookie_name(https))
}

/// JSON of the authorization server: never kept by anybody.
fn json(mut response: HttpResponseBuilder, body: &serde_json::Value) -> HttpResponse {
    response.insert_header(("Pragma", "no-cache")).content_type("application/json").body(body.to_string())
}

/// A Fault as JSON (RFC 6749 §5.2).
fn failed(fault: &Fault) -> HttpResponse {
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = HttpResponse::build(status);
    if status == StatusCode::UNAUTHORIZED {
        response.insert_header(("WWW-Authenticate", "Basic realm=\"lcr\""));
    }
    if let Some(seconds) = fault.retry_after {
        response.insert_header((RETRY_AFTER, seconds.to_string()));
    }
    json(response, &serde_json::json!({ "error": fault.error, "error_description": fault.description }))
}
