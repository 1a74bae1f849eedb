//! `/sandbox`: where apps are launched as an EPR would, and refusals are explained. It tells what a record of real people
//! hides, so all of it stands in one scope, which exists in `lcr demo` alone: elsewhere its addresses are unknown ones.

mod app;
mod begun;
mod denials;
mod explain;
mod home;
mod launch;
mod question;
mod reply;
mod scopes;
mod sign_in;

use std::collections::BTreeMap;

use actix_web::guard::GuardContext;
use actix_web::{HttpResponse, web};
use maud::{Markup, html};

use super::State;
use super::oauth::only;
use super::page::{COMMON, Frame};
use crate::sandbox::{self, Persona};
use crate::smart::client::Client;
use crate::smart::desk::Desk;
use crate::smart::fault::Fault;

/// The client that the launcher plays itself, and that the sample app is.
const APP: &str = "sandbox-app";

/// The client that launches.
const EPR: &str = "sandbox-epr";

/// Every route, behind the one guard.
pub fn routes(app: &mut web::ServiceConfig) {
    app.service(
        web::scope("/sandbox")
            .guard(is_sandbox)
            .configure(app::routes)
            .service(only("").route(web::get().to(home::home)))
            .service(only("/launch").route(web::post().to(launch::launch)))
            .service(only("/denials").route(web::get().to(denials::get)).route(web::post().to(denials::post)))
            .service(only("/sign-in").route(web::get().to(sign_in::get)).route(web::post().to(sign_in::post)))
            .service(only("/style.css").route(web::get().to(style)))
            .service(only("/launcher.js").route(web::get().to(script))),
    );
}

/// Whether this service is a sandbox. Where it is not, the scope does not match, and the address is one that nobody knows.
fn is_sandbox(context: &GuardContext<'_>) -> bool {
    context.app_data::<web::Data<State>>().is_some_and(|state| state.config.sandbox)
}

async fn style() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(include_str!("style.css"))
}

async fn script() -> HttpResponse {
    HttpResponse::Ok().content_type("text/javascript; charset=utf-8").body(include_str!("launcher.js"))
}

/// A page of the sandbox.
fn frame(title: &str) -> Frame<'_> {
    Frame {
        title,
        styles: &[COMMON, "/sandbox/style.css"],
        places: &[("/sandbox", "Launch an app"), ("/sandbox/denials", "Why was I denied?"), ("/docs", "API")],
        ..Frame::default()
    }
}

/// What every page here begins with.
fn note(words: &str) -> Markup {
    html! { div.sandbox role="note" { strong { "Sandbox." } " Nobody here is real, and " (words) } }
}

/// Everybody who can be signed in as.
fn personas() -> Result<BTreeMap<String, Persona>, Fault> {
    sandbox::users().map_err(|_| Fault::server_error())
}

/// A client that is registered and not disabled.
async fn client(desk: &Desk<'_>, id: &str) -> Result<Client, Fault> {
    let client: Option<Client> = desk.store.client(id).await?;
    let words = "no app is registered here under this client_id: register it with lcr client add";
    client.filter(|client| !client.disabled).ok_or_else(|| Fault::invalid_request(words))
}

/// The personas who are among these holders of care relationships.
fn among<'a>(users: &'a BTreeMap<String, Persona>, keys: &[String]) -> Vec<&'a str> {
    let is = |persona: &Persona| persona.holders().iter().any(|key| keys.contains(key));
    users.iter().filter(|(_, persona)| is(persona)).map(|(name, _)| name.as_str()).collect()
}
