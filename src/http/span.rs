//! A request's name, span and trace. The span names the route, never the address: ids, queries and tokens stay out of logs.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use tracing::Span;
use tracing::field::{Empty, display};
use tracing_actix_web::RootSpanBuilder;
use uuid::Uuid;

use super::State;
use super::format::without_identity;
use super::guarded::guard;
use crate::telemetry::traces;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The name of a request, in its log lines, its audit rows and its answer.
#[derive(Debug, Clone, Copy)]
pub struct RequestId(pub Uuid);

/// Gives every request a name, the caller's own if it is a UUID, and every answer that name its place in the trace, and the headers that all have.
pub async fn name<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let id = name_of(&request);
    let trace = traces::headers();
    let https = request.app_data::<web::Data<State>>().is_some_and(|state| state.base.starts_with("https://"));
    let finish = |headers: &mut HeaderMap| {
        if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
            headers.insert(REQUEST_ID, value);
        }
        for (name, known) in [("traceparent", TRACEPARENT), ("tracestate", TRACESTATE)] {
            if let Some(value) = trace.get(name).and_then(|value| HeaderValue::from_bytes(value.as_bytes()).ok()) {
                headers.insert(known, value);
            }
        }
        guard(headers, https);
        without_identity(headers);
    };
    match next.call(request).await {
        Ok(mut response) => {
            finish(response.headers_mut());
            Ok(response)
        }
        // A request that was given up: its answer is made of the error, further out.
        Err(error) => {
            let mut response = error.error_response();
            finish(response.headers_mut());
            Err(InternalError::from_response(error, response).into())
        }
    }
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
