//! `GET|POST /sandbox/sign-in`: the sandbox's own sign-in, a page of personas, which hands over to the same callback as any
//! other provider. As at a workplace, whoever is signed in at the EPR that launches an app is not asked again.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use maud::html;

use super::begun::Begun;
use super::note;
use crate::http::oauth::Visit;
use crate::http::oauth::pages::{app_origin, go, sorry};
use crate::http::page::Frame;
use crate::sandbox::{self, Persona};
use crate::search::query;
use crate::smart::fault::Fault;
use crate::smart::interact::{self, Session};
use crate::smart::params::Params;

/// The page; or on at once, where the sandbox's EPR launched the app for whom it knows.
pub async fn get(visit: Visit) -> HttpResponse {
    let shown = async {
        let session = session(&visit, &Params::read(&visit.query)?).await?;
        let users = sandbox::users().map_err(|_| Fault::server_error())?;
        let launched_for = launched_for(&session, &users);
        let at_the_epr = Begun::of(&visit).and_then(|begun| begun.signed_in);
        match launched_for.filter(|(name, _)| at_the_epr.as_deref() == Some(name)) {
            Some((_, persona)) => signed_in(&visit, &session, persona).await,
            None => Ok(page(&session, &users, launched_for.map(|(name, _)| name))),
        }
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
        signed_in(&visit, &session, persona).await
    };
    chosen.await.unwrap_or_else(|fault| sorry(&fault))
}

/// The authorization that waits for a persona.
async fn session(visit: &Visit, params: &Params) -> Result<Session, Fault> {
    interact::resume(&visit.desk(), params.get("flow").unwrap_or_default(), visit.browser()).await
}

async fn signed_in(visit: &Visit, session: &Session, persona: &Persona) -> Result<HttpResponse, Fault> {
    let code = session.sandbox_code(&visit.desk(), persona.name(), &persona.claims).await?;
    let back = [("code".to_owned(), code), ("state".to_owned(), session.id.clone())];
    Ok(go(&format!("/oauth/callback?{}", query::encode(&back))))
}

/// The persona that an EPR said the launch is for.
fn launched_for<'a>(session: &Session, users: &'a BTreeMap<String, Persona>) -> Option<(&'a str, &'a Persona)> {
    let user = session.flow.ask.as_ref()?.launch.as_ref()?.user.as_deref()?;
    let (name, persona) = users.iter().find(|(_, persona)| persona.claims.user.as_deref() == Some(user))?;
    Some((name, persona))
}

fn page(session: &Session, users: &BTreeMap<String, Persona>, first: Option<&str>) -> HttpResponse {
    let mut order: Vec<(&str, &Persona)> = users.iter().map(|(name, persona)| (name.as_str(), persona)).collect();
    order.sort_by_key(|(name, _)| first != Some(name));
    let body = html! {
        (note("there are no passwords: choose whom to be. A service with real records never shows this page."))
        @if first.is_some() { p { "The EPR launched this app for the first of them; nobody else can go on with the launch." } }
        form method="post" action="/sandbox/sign-in" {
            input type="hidden" name="flow" value=(session.id);
            ul.choices {
                @for (name, persona) in order {
                    li {
                        button.choice name="persona" value=(name) {
                            strong { (persona.name()) }
                            span { (persona.about()) }
                        }
                    }
                }
            }
        }
    };
    let form_to = app_origin(Some(session));
    Frame { title: "Sign in as a persona", form_to: &form_to, ..Frame::default() }.show(&body)
}
