//! Owns what the program tells of itself: logs, figures (`metrics`) and traces (`traces`). None of them may hold what a
//! caller sent or what the record holds.

pub mod metrics;
mod process;
pub mod traces;

use std::io::IsTerminal;

use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt};

use crate::config::Traces;
use traces::TracesError;

/// What PostgreSQL says beside its answers ("relation already exists, skipping") is of interest to nobody who did not ask.
const QUIET: &str = "sqlx=warn";

/// What was started; `finish` it when the program ends.
pub struct Telemetry(SdkTracerProvider);

/// Starts logging to standard error: text, or JSON with `LCR_LOG_FORMAT=json`; levels by `RUST_LOG`. And the way of spans
/// to a collector, where there is one.
pub fn start(default: &str, traces: &Traces) -> Result<Telemetry, TracesError> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(format!("{default},{QUIET}")));
    // Colours are for people who watch; a file or a collector would keep them as noise.
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let lines = match std::env::var("LCR_LOG_FORMAT").as_deref() {
        Ok("json") => lines.json().flatten_event(true).with_current_span(false).boxed(),
        _ => lines.boxed(),
    };
    let provider = traces::provider(traces)?;
    let spans = traces::layer(&provider, traces.endpoint.is_some());
    // A second start in one process (tests) keeps the first.
    let _ = Registry::default().with(lines.with_filter(filter)).with(spans).try_init();
    Ok(Telemetry(provider))
}

impl Telemetry {
    /// Sends what has not been sent; a collector that does not answer is waited for a few seconds.
    pub async fn finish(self) {
        // The provider waits for its thread, which needs the runtime.
        let _ =
            tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(std::time::Duration::from_secs(5))).await;
    }
}
