//! Whether the process lives, and whether it can serve.

use actix_web::{HttpResponse, web};

use super::State;

/// `GET /health/live`
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("live\n")
}

/// `GET /health/ready`
pub async fn ready(state: web::Data<State>) -> HttpResponse {
    match state.store.ready().await {
        Ok(()) => HttpResponse::Ok().content_type("text/plain").body("ready\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            HttpResponse::ServiceUnavailable().content_type("text/plain").body("the database does not answer\n")
        }
    }
}
