//! `GET /oauth/manage`: what a user has let apps do, and how to take it back (the management endpoint of SMART 2.2).

use actix_web::HttpResponse;

use super::Visit;
use super::authorize::start;
use super::pages::sorry;
use crate::smart::flow::Flow;

/// Begins with signing in.
pub async fn manage(visit: Visit) -> HttpResponse {
    start(&visit, Flow::new(None)).await.unwrap_or_else(|fault| sorry(&fault))
}
