//! `POST /oauth/revoke` (RFC 7009).

use actix_web::{HttpResponse, web};

use super::{Visit, failed, json};
use crate::smart::desk::Actor;
use crate::smart::fault::Fault;
use crate::smart::revoke as ending;
use crate::store::Outcome;

/// Ends a token. One that is unknown has ended already.
pub async fn revoke(visit: Visit, mut payload: web::Payload) -> HttpResponse {
    match answer(&visit, &mut payload).await {
        Ok(()) => json(HttpResponse::Ok(), &serde_json::json!({})),
        Err(fault) => failed(&fault),
    }
}

async fn answer(visit: &Visit, payload: &mut web::Payload) -> Result<(), Fault> {
    let desk = visit.desk();
    let mut actor = Actor::client("");
    let result = async {
        let params = visit.back_channel(payload).await?;
        actor = super::token::claimed(&params);
        let client = visit.client(&params).await?;
        actor = Actor::client(&client.client_id);
        ending::revoke(desk.store, &client, &params).await
    };
    let result = result.await;
    if desk.audited(&actor, "revocation", result).await? {
        desk.audit(&actor, "revocation", "a token and what follows from it", Outcome::Success).await?;
    }
    Ok(())
}
