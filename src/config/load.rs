//! How much the service takes on at once, how often somebody may ask, and how long anything may take.

use std::time::Duration;

use serde::Deserialize;

/// Bounds on all requests together, and on time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Load {
    /// Connections of clients that a worker holds open.
    pub clients: usize,
    /// Requests of a worker that work at once.
    pub turns: usize,
    /// Requests of a worker that wait for a turn.
    pub queue: usize,
    /// How long they wait, in milliseconds.
    pub queue_ms: u64,
    /// Requests a second of one caller, or of one address where no token says who asks; 0: as many as they like.
    pub rate: u32,
    /// Requests that may come at once where few came before.
    pub burst: u32,
    /// Unknown access tokens a minute from one address.
    pub wrong_tokens: u32,
    /// Failed authentications of a client a minute from one address.
    pub wrong_secrets: u32,
    /// Overrides a user may have refused in an hour.
    pub wrong_claims: u32,
    /// Seconds in which the first head on a connection has to be there.
    pub head_seconds: u64,
    /// Seconds in which a body has to be there.
    pub body_seconds: u64,
    /// Seconds that a connection may be idle between two requests.
    pub idle_seconds: u64,
    /// Seconds in which a request has to be answered.
    pub request_seconds: u64,
    /// Seconds in which a statement has to be done.
    pub statement_seconds: u64,
}

impl Default for Load {
    fn default() -> Self {
        Load {
            clients: 10_000,
            turns: 32,
            queue: 128,
            queue_ms: 1_000,
            rate: 300,
            burst: 3_000,
            wrong_tokens: 600,
            wrong_secrets: 60,
            wrong_claims: 20,
            head_seconds: 10,
            body_seconds: 60,
            idle_seconds: 60,
            request_seconds: 120,
            statement_seconds: 30,
        }
    }
}

impl Load {
    /// How long a request waits for its turn.
    pub fn patience(&self) -> Duration {
        Duration::from_millis(self.queue_ms)
    }
}
