//! Owns what a request passes before anything is done for it: the bounds on its head, how often its sender may ask, and a
//! turn among those that work at once. Behind it a request has so long; when it is given up, its statement is.

use std::pin::pin;
use std::time::Duration;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::AUTHORIZATION;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, ResponseError, web};
use futures_util::FutureExt;
use tokio::time::timeout;

use super::address::{household, origin};
use super::{State, cors};
use crate::config::{Load, RequestLimits};
use crate::error::Problem;
use crate::fhir::outcome::IssueType;
use crate::limits::{Busy, Rates, TooOften, Turn};
use crate::telemetry::metrics::{self, Rejection};

/// The rates of one process.
#[derive(Debug)]
pub struct AllRates {
    /// Requests, of a caller or of an address.
    pub requests: Rates,
    /// Unknown access tokens, of an address.
    pub tokens: Rates,
    /// Failed authentications, as a client from an address.
    pub secrets: Rates,
    /// Overrides that open nothing, of a user.
    pub claims: Rates,
}

impl AllRates {
    /// As configured.
    pub fn new(load: &Load) -> AllRates {
        let (second, minute, hour) = (Duration::from_secs(1), Duration::from_secs(60), Duration::from_secs(3_600));
        AllRates {
            requests: Rates::new(load.rate, second, load.burst),
            tokens: Rates::new(load.wrong_tokens, minute, load.wrong_tokens),
            secrets: Rates::new(load.wrong_secrets, minute, load.wrong_secrets),
            claims: Rates::new(load.wrong_claims, hour, load.wrong_claims),
        }
    }
}

/// Lets a request through, or refuses it at once.
pub async fn gate<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let state = request.app_data::<web::Data<State>>().cloned();
    let (Some(state), false) = (state, is_operators(request.path())) else {
        return Ok(next.call(request).await?.map_into_left_body());
    };
    let turn = match admit(&request, &state) {
        Ok(()) => state.turns.take().await.map_err(busy),
        Err(problem) => Err(problem),
    };
    let turn = match turn {
        Ok(turn) => turn,
        Err(problem) => {
            let mut response = problem.error_response();
            // It tells nothing of anybody, so any page may know why and when to come again.
            cors::open(response.headers_mut());
            return Ok(request.into_response(response).map_into_right_body());
        }
    };
    request.extensions_mut().insert(turn.clone());
    let seconds = state.config.load.request_seconds;
    let mut work = Box::pin(next.call(request));
    let watch = state.store.watch();
    let done = timeout(Duration::from_secs(seconds), &mut work).await;
    turn.end();
    match done {
        Ok(done) => {
            watch.done();
            Ok(done?.map_into_left_body())
        }
        Err(_) => Err(late(seconds).into()),
    }
}

/// Whether this is for operators, who have to see most when all else waits.
fn is_operators(path: &str) -> bool {
    path.starts_with("/health/") || path == "/metrics"
}

/// The bounds that cost nothing to look at.
fn admit(request: &ServiceRequest, state: &State) -> Result<(), Problem> {
    fits(request, state.config.limits)?;
    if request.headers().contains_key(AUTHORIZATION) {
        // Who asks is known soon.
        return Ok(());
    }
    match origin(request.peer_addr(), request.headers(), &state.config.proxies) {
        Some(address) => state.rates.requests.take(household(address)).map_err(Problem::from),
        None => Ok(()),
    }
}

fn fits(request: &ServiceRequest, limits: RequestLimits) -> Result<(), Problem> {
    let uri = request.uri();
    if uri.path().len() + uri.query().map_or(0, str::len) > limits.address {
        let words = format!(
            "the address is longer than {} bytes, the most this service takes (limits.address): send a long search by POST to _search",
            limits.address
        );
        return Err(Problem::new(StatusCode::URI_TOO_LONG, IssueType::TooLong, words));
    }
    let headers = request.headers();
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if headers.len() > limits.header_lines || bytes > limits.headers {
        let words = format!(
            "the request has more than {} header lines (limits.header_lines) or {} bytes of them (limits.headers): send fewer",
            limits.header_lines, limits.headers
        );
        return Err(Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, IssueType::TooLong, words));
    }
    Ok(())
}

/// Waits for a client, to send its body: while it does, its turn is somebody else's. None: that took longer than it may.
pub async fn waits<T>(
    turn: Option<&Turn>,
    longest: Duration,
    client: impl Future<Output = T>,
) -> Result<Option<T>, Busy> {
    let mut client = pin!(client);
    // Most bodies are there already.
    if let Some(done) = client.as_mut().now_or_never() {
        return Ok(Some(done));
    }
    turn.iter().for_each(|turn| turn.end());
    let done = timeout(longest, client).await.ok();
    if let Some(turn) = turn {
        turn.again().await?;
    }
    Ok(done)
}

/// 503 for a request that found no turn.
pub fn busy(_: Busy) -> Problem {
    metrics::rejected(Rejection::Load);
    let words = "more is asked of this service at the moment than it can do: nothing was done; try again after Retry-After seconds";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, IssueType::Throttled, words)
}

fn late(seconds: u64) -> Problem {
    let words = format!(
        "this took longer than {seconds} seconds (load.request_seconds) and was given up: ask for less at a time; whether a \
         change was made, a read tells"
    );
    Problem::new(StatusCode::GATEWAY_TIMEOUT, IssueType::Timeout, words)
}

impl From<TooOften> for Problem {
    fn from(refused: TooOften) -> Problem {
        metrics::rejected(Rejection::Rate);
        let seconds = refused.seconds();
        let words = format!("this was asked too often: try again in {seconds} seconds, and less often from then on");
        let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, IssueType::Throttled, words);
        Problem { retry_after: Some(seconds), ..problem }
    }
}
