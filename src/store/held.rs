//! Owns the connections that a worker keeps in hand for reads. The pool asks the server whether a connection is well each time
//! one is given back, a round trip for each statement; one whose statement has just been answered is kept without asking.
//! Never holds one whose statement failed or was given up: that is for the pool to look into.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, Postgres};

use super::hosts::Hosts;

/// How long a connection is kept from the pool, which replaces those that have grown old.
const AGE: Duration = Duration::from_secs(600);

/// The connections in hand.
pub struct Held {
    ready: Mutex<Vec<Reading>>,
    most: usize,
}

/// A connection, with the times at which it was taken from the pool and last used.
pub struct Reading {
    connection: PoolConnection<Postgres>,
    since: Instant,
    used: Instant,
}

impl Reading {
    /// One of the pool's.
    pub fn new(connection: PoolConnection<Postgres>) -> Reading {
        let now = Instant::now();
        Reading { connection, since: now, used: now }
    }

    /// Whether it leads to the right host and lives: what the pool would ask of it (`hosts`).
    pub async fn may_be_used(&mut self, hosts: &Hosts) -> bool {
        let (age, idle) = (self.since.elapsed(), self.used.elapsed());
        hosts.may_be_used(&mut self.connection, age, idle).await.unwrap_or(false)
    }

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

    /// One in hand, if there is one.
    pub fn take(&self) -> Option<Reading> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Keeps one whose statement went well. One too many, or too old, goes back to the pool.
    pub fn keep(&self, mut reading: Reading) {
        reading.used = Instant::now();
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if ready.len() < self.most && reading.since.elapsed() < AGE {
            ready.push(reading);
        }
    }

    /// How many are in hand.
    pub fn count(&self) -> usize {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Gives all of them back.
    pub fn release(&self) {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
