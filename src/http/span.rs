//! A request's name, span and trace. The span names the route, never the address: ids, queries and tokens stay out of logs.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use tracing::Span;
use tracing::field::{Empty, display};
use tracing_actix_web::RootSpanBuilder;
use uuid::Uuid;

use super::format::without_identity;
use crate::telemetry::traces;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The name of a request, in its log lines, its audit rows and its answer.
#[derive(Debug, Clone, Copy)]
pub struct RequestId(pub Uuid);

/// Gives every request a name, the caller's own if it is a UUID, and every answer that name and its place in the trace.
/// Nothing may be cached but what says so of itself.
pub async fn name<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let id = name_of(&request);
    let trace = traces::headers();
    let mut response = next.call(request).await?;
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    for (name, known) in [("traceparent", TRACEPARENT), ("tracestate", TRACESTATE)] {
        if let Some(value) = trace.get(name).and_then(|value| HeaderValue::from_bytes(value.as_bytes()).ok()) {
            response.headers_mut().insert(known, value);
        }
    }
    if !response.headers().contains_key(CACHE_CONTROL) {
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    without_identity(response.headers_mut());
    Ok(response)
}

/// The request's name, made at the first question.
fn name_of(request: &ServiceRequest) -> Uuid {
    if let Some(RequestId(id)) = request.extensions().get::<RequestId>() {
        return *id;
    }
    let own =
        request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    let id = own.unwrap_or_else(Uuid::now_v7);
    request.extensions_mut().insert(RequestId(id));
    id
}

/// Makes a request's span from its method, route template and name, in the trace that the request came with.
pub struct RouteSpan;

impl RootSpanBuilder for RouteSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let route = request.match_pattern().unwrap_or_else(|| "none".to_owned());
        let id = name_of(request);
        let method = request.method().as_str();
        let span = tracing::info_span!(
            "request",
            otel.name = format!("{method} {route}"),
            otel.kind = "server",
            otel.status_code = Empty,
            http.request.method = method,
            http.route = route,
            http.response.status_code = Empty,
            request_id = %id,
            trace_id = Empty,
        );
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        traces::adopt(&span, header(TRACEPARENT), header(TRACESTATE));
        if let Some(id) = traces::trace_id(&span) {
            span.record("trace_id", display(id));
        }
        span
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let status = match outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        span.record("http.response.status_code", status.as_u16());
        if status.is_server_error() {
            span.record("otel.status_code", "ERROR");
        }
    }
}
