//! Owns the connections that a worker keeps in hand for reads. The pool asks the server whether a connection is well each time
//! one is given back, a round trip for each statement; one whose statement has just been answered is kept without asking.
//! Never holds one whose statement failed or was given up: that is for the pool to look into.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Postgres};

/// How long a connection is kept from the pool, which replaces those that have grown old.
const AGE: Duration = Duration::from_secs(600);

/// The connections in hand.
pub struct Held {
    ready: Mutex<Vec<Reading>>,
    most: usize,
}

/// A connection, with the time at which it was taken from the pool.
pub struct Reading {
    connection: PoolConnection<Postgres>,
    since: Instant,
}

impl Reading {
    /// To run a statement on.
    pub fn on(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Held {
    /// Half of a pool's connections at most: the rest are for whoever asks the pool.
    pub fn of(connections: u32) -> Held {
        Held { ready: Mutex::default(), most: usize::try_from(connections / 2).unwrap_or_default() }
    }

    /// One in hand, or else one of the pool's.
    pub async fn take(&self, pool: &PgPool) -> Result<Reading, sqlx::Error> {
        let ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match ready {
            Some(reading) => Ok(reading),
            None => Ok(Reading { connection: pool.acquire().await?, since: Instant::now() }),
        }
    }

    /// Keeps one whose statement went well. One too many, or too old, goes back to the pool.
    pub fn keep(&self, reading: Reading) {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if ready.len() < self.most && reading.since.elapsed() < AGE {
            ready.push(reading);
        }
    }

    /// Gives all of them back.
    pub fn release(&self) {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
