//! `POST /oauth/launch`: an EPR's back channel, which gives the handle an app is launched with (SMART 2.2 §2.0.6).

use actix_web::{HttpResponse, web};

use super::{Visit, failed, json};
use crate::smart::client::Client;
use crate::smart::desk::{Actor, Desk};
use crate::smart::fault::Fault;
use crate::smart::launch as launches;
use crate::smart::params::Params;
use crate::store::Outcome;

/// Keeps the context, gives the handle.
pub async fn launch(visit: Visit, mut payload: web::Payload) -> HttpResponse {
    match answer(&visit, &mut payload).await {
        Ok(reply) => json(HttpResponse::Created(), &reply),
        Err(fault) => failed(&fault),
    }
}

async fn answer(visit: &Visit, payload: &mut web::Payload) -> Result<serde_json::Value, Fault> {
    let desk = visit.desk();
    let mut actor = Actor::client("");
    let result = async {
        let params = visit.form_or_json(payload).await?;
        actor = super::token::claimed(&params);
        let client = visit.client(&params).await?;
        actor = Actor::client(&client.client_id);
        made(&desk, &client, &params).await
    };
    let result = result.await;
    desk.audited(&actor, "launch", result).await
}

/// The handle for an EPR that has proved itself, audited.
pub async fn made(desk: &Desk<'_>, epr: &Client, params: &Params) -> Result<serde_json::Value, Fault> {
    let reply = launches::launch(desk.server, desk.store, epr, params).await?;
    let words =
        format!("app={}&user={}", params.get("app").unwrap_or_default(), params.get("user").unwrap_or_default());
    desk.audit(&Actor::client(&epr.client_id), "launch", &words, Outcome::Success).await?;
    Ok(reply)
}
