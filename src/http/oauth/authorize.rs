//! `GET|POST /oauth/authorize` (SMART 2.2 §2.0.7): where an app sends its user.

use actix_web::{HttpResponse, web};

use super::pages::{self, go, sorry};
use super::{Visit, cookie};
use crate::smart::desk::Actor;
use crate::smart::fault::Fault;
use crate::smart::flow::Flow;
use crate::smart::interact;
use crate::smart::params::Params;
use crate::smart::request::{self, Rejected, error_uri};
use crate::smart::secret;
use crate::store::Outcome;

/// With the parameters in the address.
pub async fn get(visit: Visit) -> HttpResponse {
    let params = Params::read(&visit.query);
    authorize(&visit, params).await
}

/// With the parameters in a form (the capability `authorize-post`).
pub async fn post(visit: Visit, mut payload: web::Payload) -> HttpResponse {
    let params = if visit.query.is_empty() {
        visit.form(&mut payload).await
    } else {
        Err(Fault::invalid_request("send the parameters in the form alone"))
    };
    authorize(&visit, params).await
}

async fn authorize(visit: &Visit, params: Result<Params, Fault>) -> HttpResponse {
    match begin(visit, params).await {
        Ok(response) => response,
        Err(fault) => sorry(&fault),
    }
}

async fn begin(visit: &Visit, params: Result<Params, Fault>) -> Result<HttpResponse, Fault> {
    let desk = visit.desk();
    let actor = |id: &str| Actor { role: "user".to_owned(), ..Actor::client(id) };
    let params = desk.audited(&actor(""), "authorization", params).await?;
    let ask = match request::check(desk.server, desk.store, &params).await {
        Ok(ask) => ask,
        Err(Rejected::Page(fault)) => {
            return desk
                .audited(&actor(params.get("client_id").unwrap_or_default()), "authorization", Err(fault))
                .await;
        }
        Err(Rejected::ToClient { client_id, redirect_uri, state, fault }) => {
            let words = format!("{}: {}", fault.error, fault.description);
            desk.audit(&actor(&client_id), "authorization", &words, Outcome::Refused).await?;
            return Ok(go(&error_uri(&redirect_uri, state.as_deref(), &fault)));
        }
    };
    start(visit, Flow::new(Some(ask))).await
}

/// Begins in this browser, and shows the first page.
pub async fn start(visit: &Visit, flow: Flow) -> Result<HttpResponse, Fault> {
    let desk = visit.desk();
    let browser = match visit.browser() {
        Some(known) => known.to_owned(),
        None => secret::random()?,
    };
    let id = interact::begin(&desk, &flow, &browser).await?;
    let mut session = interact::resume(&desk, &id, Some(&browser)).await?;
    let view = session.next(&desk, &Params::default()).await?;
    let mut response = pages::show(&session, view);
    let cookie = cookie(desk.server.is_https(), &browser);
    if let Ok(value) = cookie.parse() {
        response.headers_mut().insert(actix_web::http::header::SET_COOKIE, value);
    }
    Ok(response)
}
