//! `POST /oauth/token` (RFC 6749 §3.2).

use actix_web::{HttpResponse, web};

use super::{Visit, failed, json};
use crate::smart::desk::Actor;
use crate::smart::fault::Fault;
use crate::smart::params::Params;
use crate::smart::token as tokens;

/// Answers with a token, or says why not; a refusal is audited.
pub async fn token(visit: Visit, mut payload: web::Payload) -> HttpResponse {
    match answer(&visit, &mut payload).await {
        Ok(reply) => json(HttpResponse::Ok(), &reply),
        Err(fault) => failed(&fault),
    }
}

async fn answer(visit: &Visit, payload: &mut web::Payload) -> Result<serde_json::Value, Fault> {
    let desk = visit.desk();
    let mut actor = Actor::client("");
    let result = async {
        let params = visit.back_channel(payload).await?;
        actor = claimed(&params);
        let client = visit.client(&params).await?;
        actor = Actor::client(&client.client_id);
        tokens::answer(&desk, &client, &params).await
    };
    let result = result.await;
    desk.audited(&actor, "token", result).await
}

/// Who the request says it is from, before anything is proved.
pub fn claimed(params: &Params) -> Actor {
    Actor::client(params.get("client_id").unwrap_or_default())
}
