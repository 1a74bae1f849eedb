//! The figures for Prometheus, and the counting of requests.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{self, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse, web};
use tracing::Span;

use super::{State, nothing_here};
use crate::error::Problem;
use crate::store::Store;
use crate::telemetry::metrics::{self, Request};

/// The pools of all workers.
#[derive(Clone, Default)]
pub struct Pools(Arc<Mutex<Vec<Store>>>);

impl Pools {
    /// Adds one.
    pub fn add(&self, store: Store) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(store);
    }

    fn text(&self) -> HttpResponse {
        let pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match metrics::text(pools.iter().map(Store::connections)) {
            Ok(text) => HttpResponse::Ok().content_type(metrics::MEDIA_TYPE).body(text),
            Err(error) => {
                tracing::error!(%error, "the figures could not be written");
                HttpResponse::InternalServerError().finish()
            }
        }
    }
}

/// `GET /metrics`, unless it has an address of its own.
pub async fn shared(state: web::Data<State>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    if state.config.metrics.listen.is_some() {
        return nothing_here(request).await;
    }
    Ok(state.pools.text())
}

/// `GET /metrics` at its own address.
pub async fn own(pools: web::Data<Pools>) -> HttpResponse {
    pools.text()
}

/// Counts a request from its head to the end of its answer, and writes its line in the log.
pub async fn count<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<Counted>, Error> {
    let route = request.match_pattern().unwrap_or_else(|| "none".to_owned());
    let mut counted = Line { request: Request::begin(request.method().as_str(), route), span: Span::current() };
    match next.call(request).await {
        Ok(response) => {
            counted.request.answered(response.status().as_u16());
            Ok(response.map_body(|_, body| Counted { body: body.boxed(), _line: counted }))
        }
        Err(error) => {
            counted.request.answered(error.as_response_error().status_code().as_u16());
            Err(error)
        }
    }
}

/// A request's line in the log: written when the answer has left, or was given up.
struct Line {
    request: Request,
    span: Span,
}

impl Drop for Line {
    fn drop(&mut self) {
        let duration_ms = (self.request.elapsed().as_secs_f64() * 1e5).round() / 100.0;
        let _inside = self.span.enter();
        match self.request.status() {
            // Probes come all the time.
            Some(status) if self.request.route().starts_with("/health/") || self.request.route() == "/metrics" => {
                tracing::debug!(status, duration_ms, "answered");
            }
            Some(status) => tracing::info!(status, duration_ms, "answered"),
            None => tracing::info!(duration_ms, "given up by the caller"),
        }
    }
}

/// An answer's body that is counted when it ends.
pub struct Counted {
    body: BoxBody,
    _line: Line,
}

impl MessageBody for Counted {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<Result<web::Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_next(cx)
    }
}
