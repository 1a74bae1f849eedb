//! Owns how a statement is told of: its name and how long it took. Never its values, and not its text.

use std::future::Future;
use std::time::Instant;

use tracing::Instrument;

use crate::telemetry::metrics;

/// Runs a statement under a name of this program's own.
pub(super) async fn timed<T>(name: &'static str, statement: impl Future<Output = T>) -> T {
    let span = tracing::debug_span!(
        "statement",
        otel.name = name,
        otel.kind = "client",
        db.system.name = "postgresql",
        db.query.summary = name
    );
    let began = Instant::now();
    let answer = statement.instrument(span).await;
    metrics::statement(name, began.elapsed());
    answer
}
