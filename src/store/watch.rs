//! Owns what becomes of a statement whose request was given up: it is stopped.
//!
//! PostgreSQL does not notice that nobody waits for an answer. So a connection that comes back while its statement runs is
//! closed, and the server, which looks at its client every so often (`client_connection_check_interval`), then stops the
//! statement and undoes its transaction. There is no asking for it to be cancelled, which might meet the statement of another.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};
use tokio::time::timeout;

/// How often PostgreSQL looks whether its client is still there, as it reads it.
pub const LOOKS: &str = "500ms";

/// How long, after a request was given up, connections that come back are asked whether they are free.
const LATELY: Duration = Duration::from_secs(10);

/// How long a free one may take to say so.
const SPARE: Duration = Duration::from_millis(250);

/// When a request was last given up. Clones tell of the same.
#[derive(Debug, Clone)]
pub struct GivenUp {
    began: Instant,
    /// Milliseconds since then; 0: never.
    last: Arc<AtomicU64>,
}

impl Default for GivenUp {
    fn default() -> Self {
        GivenUp { began: Instant::now(), last: Arc::default() }
    }
}

impl GivenUp {
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }

    fn lately(&self) -> bool {
        let last = self.last.load(Ordering::Relaxed);
        last > 0 && u128::from(self.now().saturating_sub(last)) < LATELY.as_millis()
    }

    /// Whether a connection that came back may be lent again. Most are not asked: asking is a round trip.
    pub async fn is_free(&self, connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
        if !self.lately() {
            return Ok(true);
        }
        match timeout(SPARE, connection.ping()).await {
            Ok(answered) => answered.map(|()| true),
            Err(_) => {
                tracing::debug!("a statement that nobody waits for is stopped");
                Ok(false)
            }
        }
    }
}

/// Watches over a request; dropped before it is `done`, the request was given up.
#[derive(Debug)]
pub struct Watch {
    given_up: GivenUp,
    is_done: bool,
}

impl Watch {
    /// Begins.
    pub fn new(given_up: &GivenUp) -> Watch {
        Watch { given_up: given_up.clone(), is_done: false }
    }

    /// The request came to its end.
    pub fn done(mut self) {
        self.is_done = true;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.is_done {
            self.given_up.last.store(self.given_up.now(), Ordering::Relaxed);
        }
    }
}
