//! `GET|POST /oauth/continue`: the pages between a request and its code.

use actix_web::{HttpResponse, web};

use super::Visit;
use super::pages::{self, sorry};
use crate::smart::fault::Fault;
use crate::smart::interact;
use crate::smart::params::Params;

/// The page that is next.
pub async fn get(visit: Visit) -> HttpResponse {
    show(&visit).await.unwrap_or_else(|fault| sorry(&fault))
}

/// The answer to a page.
pub async fn post(visit: Visit, mut payload: web::Payload) -> HttpResponse {
    answer(&visit, &mut payload).await.unwrap_or_else(|fault| sorry(&fault))
}

async fn show(visit: &Visit) -> Result<HttpResponse, Fault> {
    let params = Params::read(&visit.query)?;
    let desk = visit.desk();
    let mut session = interact::resume(&desk, params.get("flow").unwrap_or_default(), visit.browser()).await?;
    let view = session.next(&desk, &params).await?;
    Ok(pages::show(&session, view))
}

async fn answer(visit: &Visit, payload: &mut web::Payload) -> Result<HttpResponse, Fault> {
    let params = visit.form(payload).await?;
    let desk = visit.desk();
    let mut session = interact::resume(&desk, params.get("flow").unwrap_or_default(), visit.browser()).await?;
    let view = session.answer(&desk, &params).await?;
    Ok(pages::show(&session, view))
}
