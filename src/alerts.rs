//! Owns the telling of overrides to a webhook: each alert once it is committed, again and again until it arrives. What is
//! sent says who and when, never whom; the review queue says the rest to who may know.

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::sync::Notify;
use tracing::Instrument;

use crate::config::{Overrides, secret};
use crate::store::{Store, Untold};
use crate::telemetry::traces;

/// How often is looked for alerts that other instances raised, or that did not arrive.
const EVERY: Duration = Duration::from_secs(5);

/// Why alerts cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum AlertsError {
    #[error(transparent)]
    Secret(#[from] secret::Unreadable),
    #[error("the HTTP client for overrides.webhook could not be made: {0}")]
    Http(#[from] reqwest::Error),
}

/// Who tells alerts.
pub struct Teller {
    store: Store,
    url: String,
    secret: Option<Vec<u8>>,
    http: reqwest::Client,
}

impl Teller {
    /// None where nobody is to be told.
    pub fn new(config: &Overrides, store: Store) -> Result<Option<Teller>, AlertsError> {
        let Some(url) = config.webhook.clone() else { return Ok(None) };
        let read = |path| secret::read("overrides.webhook_secret_file", path).map(String::into_bytes);
        let secret = config.webhook_secret_file.as_deref().map(read).transpose()?;
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(10))
            .build()?;
        Ok(Some(Teller { store, url, secret, http }))
    }

    /// Tells what there is to tell, whenever something comes or time has passed; ends with the process.
    pub async fn run(self, raised: Arc<Notify>) {
        loop {
            match self.store.untold().await {
                Ok(due) => {
                    for alert in due {
                        self.tell(&alert).instrument(tracing::debug_span!("webhook", otel.kind = "client")).await;
                    }
                }
                Err(error) => tracing::warn!(%error, "alerts could not be looked for"),
            }
            // Whichever comes first.
            let _ = tokio::time::timeout(EVERY, raised.notified()).await;
        }
    }

    async fn tell(&self, alert: &Untold) {
        let Ok(body) = serde_json::to_vec(alert) else { return };
        let mut request =
            self.http.post(&self.url).header("Content-Type", "application/json").headers(traces::headers());
        if let Some(signature) = self.secret.as_deref().and_then(|secret| signature(secret, &body)) {
            request = request.header("X-Lcr-Signature", signature);
        }
        let answer = request.body(body).send().await;
        let arrived = answer.as_ref().is_ok_and(|answer| answer.status().is_success());
        if !arrived {
            let status = answer.map_or(0, |answer| answer.status().as_u16());
            tracing::warn!(alert = %alert.alert_id, attempts = alert.attempts, status, "the webhook did not take an alert");
        } else if let Err(error) = self.store.told(alert.alert_id).await {
            tracing::warn!(%error, alert = %alert.alert_id, "an alert arrived and will be told once more");
        }
    }
}

/// `sha256=` and the HMAC-SHA256 of the body in hex.
fn signature(secret: &[u8], body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(body);
    let tag = mac.finalize().into_bytes();
    Some(format!("sha256={}", tag.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
}
