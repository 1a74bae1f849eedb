//! What was measured, as it goes into results.json and from there into the report.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::load::Outcome;
use crate::record::Loading;

/// A run.
#[derive(Debug, Default, Serialize)]
pub struct Results {
    pub run: String,
    pub when: String,
    pub machine: BTreeMap<&'static str, String>,
    pub connections: usize,
    pub rounds: usize,
    pub seconds: f64,
    pub scales: Vec<Scale>,
}

/// All that was measured with so many patients.
#[derive(Debug, Default, Serialize)]
pub struct Scale {
    pub patients: u32,
    pub loading: Loading,
    /// Requests of a view, on average.
    pub view_requests: f64,
    pub view: Side,
    /// Statements of each kind of request, one sent at a time: without the audit trail's, and with.
    pub recorded: Vec<(String, f64, f64)>,
    /// The kinds that were measured alone.
    pub kinds: Vec<Side>,
    pub open: Vec<OpenRun>,
    pub costs: Option<Costs>,
    /// Milliseconds from the start until it was ready, each time.
    pub ready: Vec<f64>,
    pub memory: Option<Memory>,
    pub heavy: Option<Heavy>,
    pub everything: Option<Streamed>,
    pub export: Option<Streamed>,
    pub transaction: Option<Transaction>,
    pub parts: Vec<(String, f64)>,
    /// What could not be measured, and why.
    pub missing: Vec<String>,
}

/// One kind of request, or the view: the service and its limits, one figure a round.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Side {
    pub name: String,
    pub title: String,
    pub service: Vec<Outcome>,
    /// Requests a second of pgbench with the same statements, audit rows appended as the service did.
    pub limit: Vec<f64>,
    /// The same, as pgbench says it: with the looking up of values.
    pub limit_with_lookup: Vec<f64>,
    /// Requests a second of actix with the same bytes from memory.
    pub memory: Vec<f64>,
    /// CPU-microseconds of a request: the service's, PostgreSQL's.
    pub cpu_service: Vec<f64>,
    pub cpu_postgres: Vec<f64>,
}

/// An open loop: what was asked for and what came of it.
#[derive(Debug, Serialize)]
pub struct OpenRun {
    pub title: String,
    pub asked: f64,
    pub view: Outcome,
    /// Writes beside it.
    pub writes: Option<Outcome>,
}

/// Requests a second of one kind, with more and more of what protects it.
#[derive(Debug, Serialize)]
pub struct Costs {
    /// What was added, and the rate with it, one a round.
    pub steps: Vec<(String, Vec<f64>)>,
    /// What a request of the service took at the same number of connections, in microseconds of the whole machine.
    pub request: f64,
}

/// MiB of the service at 64 connections: before, at the end, at the most.
#[derive(Debug, Serialize)]
pub struct Memory {
    pub idle: f64,
    pub loaded: f64,
    pub most: f64,
}

/// The first page of results of a patient with many, and of others; microseconds.
#[derive(Debug, Serialize)]
pub struct Heavy {
    pub observations: usize,
    pub heavy: Vec<f64>,
    pub light: Vec<f64>,
}

/// What gives everything, beside COPY of the same rows: seconds and bytes.
#[derive(Debug, Serialize)]
pub struct Streamed {
    pub rows: f64,
    pub service: Vec<f64>,
    pub copy: Vec<f64>,
    pub bytes: f64,
}

/// Transactions of so many entries: rows a second, and COPY's.
#[derive(Debug, Serialize)]
pub struct Transaction {
    pub entries: usize,
    pub service: Vec<f64>,
    pub copy: f64,
}

/// The middle one.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// How far the extremes lie from the middle, as a share of it.
pub fn spread(values: &[f64]) -> f64 {
    let middle = median(values);
    values.iter().map(|value| (value - middle).abs() / middle).fold(0.0, f64::max)
}

impl Side {
    /// Requests a second, each round.
    pub fn rates(&self) -> Vec<f64> {
        self.service.iter().map(|outcome| outcome.rate).collect()
    }

    /// The middle of one of an outcome's figures.
    pub fn middle(&self, figure: impl Fn(&Outcome) -> f64) -> f64 {
        median(&self.service.iter().map(figure).collect::<Vec<f64>>())
    }

    /// The service's rate as a share of the limit's: the middle of the rounds' own ratios, since a round's two runs stand side by side.
    pub fn ratio(&self) -> f64 {
        median(&self.service.iter().zip(&self.limit).map(|(service, limit)| service.rate / limit).collect::<Vec<f64>>())
    }

    /// The same of HTTP's limit.
    pub fn memory_ratio(&self) -> f64 {
        median(
            &self.service.iter().zip(&self.memory).map(|(service, limit)| service.rate / limit).collect::<Vec<f64>>(),
        )
    }
}
