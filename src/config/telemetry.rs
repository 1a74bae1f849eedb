//! Where figures are served and where traces go.

use std::net::SocketAddr;

use serde::Deserialize;

/// The figures for Prometheus.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Figures {
    /// An address of their own; without it they are at /metrics of the service's.
    pub listen: Option<SocketAddr>,
}

/// Traces for a collector that speaks OTLP over HTTP.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Traces {
    /// Its base URL; without it no span is made but that of the request.
    pub endpoint: Option<String>,
    /// Of a hundred requests whose callers have not decided, so many are traced.
    pub percent: u8,
}

impl Default for Traces {
    fn default() -> Self {
        Traces { endpoint: None, percent: 10 }
    }
}
