//! Owns traces: the W3C context that comes in and goes out, and the way of spans to a collector (OTLP, protobuf over HTTP).
//!
//! A span holds words of this program and numbers, never what a caller sent: names of routes and statements, types, a status.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{Bytes, HeaderInjector, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use reqwest::header::HeaderMap;
use tokio::runtime::Handle;
use tracing::level_filters::LevelFilter;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

use crate::config::Traces;

/// The span that every request has, and the only one where nothing is exported: it carries the context on.
pub const REQUEST: &str = "request";

/// Spans of these modules alone are traced.
const OURS: &str = env!("CARGO_CRATE_NAME");

/// Why spans cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    #[error("traces.endpoint (OTEL_EXPORTER_OTLP_ENDPOINT) is not usable: {0}")]
    Exporter(#[from] ExporterBuildError),
    #[error("the HTTP client for traces.endpoint could not be made: {0}")]
    Http(#[from] reqwest::Error),
}

/// Where spans go; on the runtime that this is called on.
pub fn provider(config: &Traces) -> Result<SdkTracerProvider, TracesError> {
    let resource = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    // OTEL_SERVICE_NAME, which the builder has read, wins.
    let named = std::env::var_os("OTEL_SERVICE_NAME").is_some_and(|name| !name.is_empty());
    let resource = if named { resource } else { resource.with_service_name("lcr-facade") };
    let provider = SdkTracerProvider::builder().with_resource(resource.build());
    let Some(endpoint) = &config.endpoint else {
        // Nothing is recorded; a caller's own decision is still passed on.
        return Ok(provider.with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOff))).build());
    };
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(10))
        .build()?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Collector { http, runtime: Handle::current() })
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .build()?;
    let share = Sampler::TraceIdRatioBased(f64::from(config.percent) / 100.0);
    Ok(provider.with_batch_exporter(exporter).with_sampler(Sampler::ParentBased(Box::new(share))).build())
}

/// What makes OpenTelemetry's spans of the program's own.
pub fn layer<S>(provider: &SdkTracerProvider, exported: bool) -> impl Layer<S> + Send + Sync + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    let ours = tracing_subscriber::filter::filter_fn(move |metadata| {
        metadata.is_span() && metadata.target().starts_with(OURS) && (exported || metadata.name() == REQUEST)
    });
    let ours = ours.with_max_level_hint(if exported { LevelFilter::DEBUG } else { LevelFilter::INFO });
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("lcr"))
        // Where in the source and on which thread: costs more than it tells.
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false)
        .with_filter(ours)
}

/// The context a request came with.
struct Came<'a> {
    parent: Option<&'a str>,
    state: Option<&'a str>,
}

impl Extractor for Came<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            "traceparent" => self.parent,
            "tracestate" => self.state,
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}

/// Makes a span that nobody has entered yet a part of the trace that these headers name; one that is none is passed over.
pub fn adopt(span: &Span, parent: Option<&str>, state: Option<&str>) {
    let came = TraceContextPropagator::new().extract_with_context(&Context::new(), &Came { parent, state });
    if came.span().span_context().is_valid() {
        // Without a layer for traces there is nobody to tell.
        let _ = span.set_parent(came);
    }
}

/// The id of a span's trace, if it is in one.
pub fn trace_id(span: &Span) -> Option<String> {
    let context = span.context();
    let known = context.span().span_context().clone();
    known.is_valid().then(|| known.trace_id().to_string())
}

/// The headers by which the current span goes on elsewhere: `traceparent`, and `tracestate` where there is one.
pub fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    inject(&mut headers);
    headers
}

/// Puts them among others.
pub fn inject(headers: &mut HeaderMap) {
    let context = Span::current().context();
    TraceContextPropagator::new().inject_context(&context, &mut HeaderInjector(headers));
    // A trace without a vendor's state has nothing to say of it.
    if headers.get("tracestate").is_some_and(|state| state.is_empty()) {
        headers.remove("tracestate");
    }
}

/// The collector, by the HTTP client that everything here uses.
#[derive(Debug)]
struct Collector {
    http: reqwest::Client,
    runtime: Handle,
}

impl HttpClient for Collector {
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        let http = self.http.clone();
        // The exporter waits on a thread of its own, where no runtime is.
        let sent = self.runtime.spawn(async move {
            let request: reqwest::Request = request.map(reqwest::Body::from).try_into()?;
            let answer = http.execute(request).await?;
            let mut response = Response::builder().status(answer.status());
            if let Some(headers) = response.headers_mut() {
                headers.clone_from(answer.headers());
            }
            Ok(response.body(answer.bytes().await?)?)
        });
        Box::pin(async move {
            let answer: Result<Response<Bytes>, HttpError> = sent.await.unwrap_or_else(|error| Err(error.into()));
            super::metrics::exported(answer.as_ref().is_ok_and(|answer| answer.status().is_success()));
            answer
        })
    }
}
