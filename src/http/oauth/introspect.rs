//! `POST /oauth/introspect` (RFC 7662).

use actix_web::{HttpResponse, web};

use super::{Visit, failed, json};
use crate::smart::desk::Actor;
use crate::smart::fault::Fault;
use crate::smart::introspect::{Asker, introspect as look, may};
use crate::smart::{self, Unauthorized};

/// Says what a token is good for, to whom it may concern.
pub async fn introspect(visit: Visit, mut payload: web::Payload) -> HttpResponse {
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
        actor = super::token::claimed(&params);
        let authorization = visit.authorization();
        let bearer =
            authorization.is_some_and(|header| header.get(..7).is_some_and(|s| s.eq_ignore_ascii_case("bearer ")));
        if bearer {
            let caller =
                smart::caller(desk.store, &desk.server.policies, authorization).await.map_err(|error| match error {
                    Unauthorized::Store(error) => error.into(),
                    other => Fault::invalid_client(other.to_string()),
                })?;
            return look(desk.server, desk.store, &Asker::Token(&caller), &params).await;
        }
        let client = visit.client(&params).await?;
        actor = Actor::client(&client.client_id);
        may(&client)?;
        look(desk.server, desk.store, &Asker::Client(&client), &params).await
    };
    let result = result.await;
    desk.audited(&actor, "introspection", result).await
}
