//! `GET|POST /sandbox/sign-in`: the sandbox's own sign-in, a page of personas. It is served by `lcr demo` alone, and hands
//! over to the same callback as any other provider.

use actix_web::{HttpResponse, web};

use super::Visit;
use super::pages::{self, go, sorry};
use crate::sandbox;
use crate::search::query;
use crate::smart::fault::Fault;
use crate::smart::interact::{self, Session};
use crate::smart::params::Params;

/// The page.
pub async fn get(visit: Visit) -> HttpResponse {
    let shown = async {
        let params = Params::read(&visit.query)?;
        let session = session(&visit, &params).await?;
        let personas = sandbox::users().map_err(|_| Fault::server_error())?;
        Ok::<_, Fault>(pages::personas(&session, &personas))
    };
    shown.await.unwrap_or_else(|fault| sorry(&fault))
}

/// The choice.
pub async fn post(visit: Visit, mut payload: web::Payload) -> HttpResponse {
    let chosen = async {
        let params = visit.form(&mut payload).await?;
        let session = session(&visit, &params).await?;
        let users = sandbox::users().map_err(|_| Fault::server_error())?;
        let name = params.get("persona").unwrap_or_default();
        let persona = users.get(name).ok_or_else(|| Fault::invalid_request("there is no such persona"))?;
        let code = session.sandbox_code(&visit.desk(), persona.name(), &persona.claims).await?;
        let back = [("code".to_owned(), code), ("state".to_owned(), session.id.clone())];
        Ok::<_, Fault>(go(&format!("/oauth/callback?{}", query::encode(&back))))
    };
    chosen.await.unwrap_or_else(|fault| sorry(&fault))
}

/// The authorization that waits for a persona; outside the sandbox there is none.
async fn session(visit: &Visit, params: &Params) -> Result<Session, Fault> {
    let desk = visit.desk();
    if desk.server.provider("sandbox").is_none() {
        return Err(Fault { status: 404, ..Fault::access_denied("personas are for the sandbox that lcr demo serves") });
    }
    interact::resume(&desk, params.get("flow").unwrap_or_default(), visit.browser()).await
}
