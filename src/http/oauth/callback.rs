//! `GET /oauth/callback`: where the upstream provider sends a user back.

use actix_web::HttpResponse;

use super::Visit;
use super::pages::{self, sorry};
use crate::smart::fault::Fault;
use crate::smart::interact;
use crate::smart::params::Params;

/// Takes the provider's code; `state` is the name of the authorization, which only its own browser can go on with.
pub async fn callback(visit: Visit) -> HttpResponse {
    go_on(&visit).await.unwrap_or_else(|fault| sorry(&fault))
}

async fn go_on(visit: &Visit) -> Result<HttpResponse, Fault> {
    let params = Params::read(&visit.query)?.once_each()?;
    let desk = visit.desk();
    let mut session = interact::resume(&desk, params.get("state").unwrap_or_default(), visit.browser()).await?;
    let view = session.returned(&desk, &params).await?;
    Ok(pages::show(&session, view))
}
