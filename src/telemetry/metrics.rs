//! Owns the figures for Prometheus: what is counted, under which names, and their text.
//!
//! Labels are words of this program alone: a method, a route's template, a statement's name, a reason. Nothing that a caller
//! sends becomes one, since that would tell of people and let callers fill the memory.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

use super::process::Process;

pub use prometheus::Error as MetricsError;

/// The media type of the text.
pub const MEDIA_TYPE: &str = prometheus::TEXT_FORMAT;

const REQUEST_SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
const DATABASE_SECONDS: &[f64] = &[0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
const ROWS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 1024.0];

/// Why a request was turned away before it did any work, or could not be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// 503: the database does not answer, or no connection was free in time.
    Database,
    /// 503: the audit trail could not be written.
    Audit,
    /// 503: as many requests work and wait as may.
    Load,
    /// 429: somebody asks too often, or guesses.
    Rate,
}

impl Rejection {
    const ALL: &[Rejection] = &[Rejection::Database, Rejection::Audit, Rejection::Load, Rejection::Rate];

    fn name(self) -> &'static str {
        match self {
            Rejection::Database => "database",
            Rejection::Audit => "audit",
            Rejection::Load => "load",
            Rejection::Rate => "rate",
        }
    }
}

/// The connections of one pool.
#[derive(Debug, Clone, Copy, Default)]
pub struct Connections {
    pub idle: usize,
    pub in_use: usize,
    pub most: usize,
}

struct Metrics {
    registry: Registry,
    requests: HistogramVec,
    in_flight: IntGauge,
    rejected: IntCounterVec,
    statements: HistogramVec,
    connections: IntGaugeVec,
    most_connections: IntGauge,
    waiting: IntGauge,
    waits: Histogram,
    audit_commits: HistogramVec,
    audit_rows: Histogram,
    audit_waiting: IntGauge,
    exports: IntCounterVec,
    process: Process,
}

/// One set for the process: what counts is all over the code, and a process is what Prometheus asks.
static METRICS: LazyLock<Result<Metrics, MetricsError>> = LazyLock::new(Metrics::new);

impl Metrics {
    fn new() -> Result<Metrics, MetricsError> {
        let registry = Registry::new();
        let build =
            Opts::new("lcr_build_info", "The program that runs").const_label("version", env!("CARGO_PKG_VERSION"));
        let build = registered(&registry, IntGauge::with_opts(build)?)?;
        build.set(1);
        let histograms = |name: &str, help: &str, buckets: &[f64], labels: &[&str]| {
            let opts = HistogramOpts::new(name, help).buckets(buckets.to_vec());
            registered(&registry, HistogramVec::new(opts, labels)?)
        };
        let histogram = |name: &str, help: &str, buckets: &[f64]| {
            let opts = HistogramOpts::new(name, help).buckets(buckets.to_vec());
            registered(&registry, Histogram::with_opts(opts)?)
        };
        let gauge = |name: &str, help: &str| registered(&registry, IntGauge::new(name, help)?);
        let counters = |name: &str, help: &str, label: &str| {
            registered(&registry, IntCounterVec::new(Opts::new(name, help), &[label])?)
        };
        let rejected = counters(
            "lcr_http_rejected_total",
            "Requests that were turned away or could not be answered, by reason",
            "reason",
        )?;
        // An alert compares with nought, so nought has to be there.
        for reason in Rejection::ALL {
            rejected.with_label_values(&[reason.name()]);
        }
        let exports =
            counters("lcr_trace_exports_total", "Batches of spans sent to the collector, by outcome", "outcome")?;
        Ok(Metrics {
            requests: histograms(
                "lcr_http_request_duration_seconds",
                "Requests from their head to the end of their answer, by method, route template and status class",
                REQUEST_SECONDS,
                &["method", "route", "status"],
            )?,
            in_flight: gauge("lcr_http_requests_in_flight", "Requests that are under way")?,
            rejected,
            statements: histograms(
                "lcr_database_statement_duration_seconds",
                "Statements of the database, by name",
                DATABASE_SECONDS,
                &["statement"],
            )?,
            connections: registered(
                &registry,
                IntGaugeVec::new(Opts::new("lcr_database_connections", "Open connections, by state"), &["state"])?,
            )?,
            most_connections: gauge("lcr_database_connections_max", "Connections that may be open")?,
            waiting: gauge("lcr_database_waiting", "Requests that wait for a connection")?,
            waits: histogram("lcr_database_wait_seconds", "How long was waited for a connection", DATABASE_SECONDS)?,
            audit_commits: histograms(
                "lcr_audit_commit_duration_seconds",
                "Commits of the audit trail, by outcome",
                DATABASE_SECONDS,
                &["outcome"],
            )?,
            audit_rows: histogram("lcr_audit_commit_rows", "Rows that one commit of the audit trail took", ROWS)?,
            audit_waiting: gauge("lcr_audit_requests_waiting", "Requests whose rows wait for the trail's next commit")?,
            exports,
            process: Process::register(&registry)?,
            registry,
        })
    }
}

fn registered<C: prometheus::core::Collector + Clone + 'static>(
    registry: &Registry,
    collector: C,
) -> Result<C, MetricsError> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

/// What is there, once `check` has said that it could be made.
fn metrics() -> Option<&'static Metrics> {
    METRICS.as_ref().ok()
}

/// Makes them, or says why they cannot be: called at the start, so that it is known before anything counts.
pub fn check() -> Result<(), String> {
    METRICS.as_ref().map(|_| ()).map_err(|error| error.to_string())
}

/// A request that is under way; one that is dropped without an answer was given up by its caller.
pub struct Request {
    method: &'static str,
    route: String,
    status: Option<u16>,
    began: Instant,
}

impl Request {
    /// Begins one. A method of the caller's own making counts as `other`.
    pub fn begin(method: &str, route: String) -> Request {
        const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        let method = METHODS.into_iter().find(|known| *known == method).unwrap_or("other");
        if let Some(metrics) = metrics() {
            metrics.in_flight.inc();
        }
        Request { method, route, status: None, began: Instant::now() }
    }

    /// It is answered so.
    pub fn answered(&mut self, status: u16) {
        self.status = Some(status);
    }

    /// The template of its route.
    pub fn route(&self) -> &str {
        &self.route
    }

    /// Its status so far.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// How long it has taken so far.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        let Some(metrics) = metrics() else { return };
        metrics.in_flight.dec();
        let class = match self.status {
            Some(200..300) => "2xx",
            Some(300..400) => "3xx",
            Some(400..500) => "4xx",
            Some(500..600) => "5xx",
            Some(_) => "1xx",
            None => "given_up",
        };
        let labels = [self.method, &self.route, class];
        metrics.requests.with_label_values(&labels).observe(self.elapsed().as_secs_f64());
    }
}

/// Counts a request that was turned away or could not be answered.
pub fn rejected(reason: Rejection) {
    if let Some(metrics) = metrics() {
        metrics.rejected.with_label_values(&[reason.name()]).inc();
    }
}

/// Counts a statement of the database.
pub fn statement(name: &'static str, took: Duration) {
    if let Some(metrics) = metrics() {
        metrics.statements.with_label_values(&[name]).observe(took.as_secs_f64());
    }
}

/// A wait for a connection; it ends when this is dropped.
pub struct Wait(Instant);

impl Wait {
    /// Begins one.
    pub fn begin() -> Wait {
        if let Some(metrics) = metrics() {
            metrics.waiting.inc();
        }
        Wait(Instant::now())
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(metrics) = metrics() {
            metrics.waiting.dec();
            metrics.waits.observe(self.0.elapsed().as_secs_f64());
        }
    }
}

/// Counts a commit of the audit trail, and what of it was waiting.
pub fn audit_commit(rows: usize, took: Duration, committed: bool) {
    if let Some(metrics) = metrics() {
        let outcome = if committed { "committed" } else { "failed" };
        metrics.audit_commits.with_label_values(&[outcome]).observe(took.as_secs_f64());
        metrics.audit_rows.observe(rows as f64);
    }
}

/// A request that waits for the audit trail, until this is dropped.
pub struct AuditWait(());

impl AuditWait {
    /// Begins the wait.
    pub fn begin() -> AuditWait {
        if let Some(metrics) = metrics() {
            metrics.audit_waiting.inc();
        }
        AuditWait(())
    }
}

impl Drop for AuditWait {
    fn drop(&mut self) {
        if let Some(metrics) = metrics() {
            metrics.audit_waiting.dec();
        }
    }
}

/// Counts a batch of spans that was sent, or could not be.
pub fn exported(arrived: bool) {
    if let Some(metrics) = metrics() {
        metrics.exports.with_label_values(&[if arrived { "taken" } else { "failed" }]).inc();
    }
}

/// All of it as Prometheus reads it, with the connections of these pools.
pub fn text(pools: impl IntoIterator<Item = Connections>) -> Result<String, MetricsError> {
    let Some(metrics) = metrics() else { return Ok(String::new()) };
    let add = |a: Connections, b: Connections| Connections {
        idle: a.idle + b.idle,
        in_use: a.in_use + b.in_use,
        most: a.most + b.most,
    };
    let all = pools.into_iter().fold(Connections::default(), add);
    let whole = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    metrics.connections.with_label_values(&["idle"]).set(whole(all.idle));
    metrics.connections.with_label_values(&["in_use"]).set(whole(all.in_use));
    metrics.most_connections.set(whole(all.most));
    metrics.process.look();
    TextEncoder::new().encode_to_string(&metrics.registry.gather())
}
