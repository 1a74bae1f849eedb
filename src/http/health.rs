//! Whether the process lives, and whether it can serve. What is not well is named, with what to do; nothing else is told.

use std::time::{Duration, Instant};

use actix_web::{HttpResponse, web};
use tokio::sync::Mutex;

use super::State;
use crate::search::cursor::CursorKey;
use crate::smart::keys;
use crate::store::{AuditTrail, Part, Store};

/// Probes that come within this time share an answer.
const KEPT: Duration = Duration::from_secs(1);

/// A look that takes longer has its answer: it is not well.
const PATIENCE: Duration = Duration::from_secs(2);

/// What readiness is judged by: one for all workers, on a connection of its own, so that a busy service is not an ill one.
pub struct Readiness {
    store: Store,
    trail: AuditTrail,
    key: CursorKey,
    /// When was looked last, and what was wrong.
    last: Mutex<Option<(Instant, Vec<Part>)>>,
}

impl Readiness {
    /// Nobody has looked yet.
    pub fn new(store: Store, trail: AuditTrail, key: CursorKey) -> Readiness {
        Readiness { store, trail, key, last: Mutex::new(None) }
    }

    /// The parts that are not well.
    async fn faults(&self) -> Vec<Part> {
        let mut last = self.last.lock().await;
        if let Some((_, faults)) = last.as_ref().filter(|(at, _)| at.elapsed() < KEPT) {
            return faults.clone();
        }
        let faults = self.look().await;
        if !faults.is_empty() {
            tracing::warn!(parts = ?faults, "not ready");
        }
        *last = Some((Instant::now(), faults.clone()));
        faults
    }

    async fn look(&self) -> Vec<Part> {
        let until = tokio::time::Instant::now() + PATIENCE;
        let mut faults = Vec::new();
        for part in Part::ALL {
            if !tokio::time::timeout_at(until, self.is_well(part)).await.unwrap_or(false) {
                faults.push(part);
            }
            // Without a database nothing is known of the rest.
            if faults == [Part::Database] {
                break;
            }
        }
        faults
    }

    async fn is_well(&self, part: Part) -> bool {
        let well = self.store.is_well(part, &self.key).await.unwrap_or(false);
        well && match part {
            Part::Keys => keys::can_sign(&self.store).await.unwrap_or(false),
            Part::Audit => self.trail.is_written(),
            _ => true,
        }
    }
}

/// `GET /health/live`
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("live\n")
}

/// `GET /health/ready`
pub async fn ready(state: web::Data<State>) -> HttpResponse {
    let faults = state.readiness.faults().await;
    if faults.is_empty() {
        return HttpResponse::Ok().content_type("text/plain").body("ready\n");
    }
    let lines = faults.iter().map(|part| part.words()).map(|(name, words)| format!("{name}: {words}\n"));
    let body = format!("not ready\n{}", lines.collect::<String>());
    HttpResponse::ServiceUnavailable().content_type("text/plain").body(body)
}
