//! `GET|POST /sandbox/denials`: the last requests of whoever has a token, out of the audit trail, and why each was answered as
//! it was. The look is audited like any other, with a row for each person it tells of.

use actix_web::{HttpResponse, web};
use maud::{Markup, html};

use super::explain::{Explained, Explainer};
use super::{frame, note, personas, question};
use crate::access::{Caller, Interaction};
use crate::http::call::rows_about;
use crate::http::oauth::Visit;
use crate::http::oauth::pages::sorry;
use crate::resources;
use crate::resources::spec::Compartment;
use crate::smart;
use crate::smart::desk::{Actor, Desk};
use crate::smart::fault::Fault;
use crate::store::{Asked, Outcome};

/// How many rows of the trail are looked at, and how many requests are shown.
const ROWS: i64 = 200;
const REQUESTS: usize = 20;

/// How the look itself stands in the trail.
const LOOK: &str = "the sandbox explains the last requests";

/// A request, and why it was answered as it was.
struct Request {
    asked: Asked,
    explained: Option<Explained>,
}

/// The form.
pub async fn get() -> HttpResponse {
    frame("Why was I denied?").show(&html! { (note("so you are told what a real record hides.")) (form()) })
}

/// The requests of a token.
pub async fn post(visit: Visit, mut payload: web::Payload) -> HttpResponse {
    let shown = async {
        let params = visit.form(&mut payload).await?;
        let desk = visit.desk();
        let token = params.get("token").unwrap_or_default().trim();
        let token = token.strip_prefix("Bearer ").unwrap_or(token);
        let caller = smart::caller(desk.store, &desk.server.policies, Some(&format!("Bearer {token}"))).await;
        let words = "this access token is unknown or has expired: paste one that is in force";
        let caller = caller.map_err(|_| Fault::invalid_request(words))?;
        let list = list(&desk, &caller).await?;
        Ok::<_, Fault>(frame("Why was I denied?").show(&html! {
            (note("so you are told what a real record hides."))
            (whose(&caller))
            (list)
            h2 { "Another token" }
            (form())
        }))
    };
    shown.await.unwrap_or_else(|fault| sorry(&fault))
}

fn form() -> Markup {
    html! {
        form.launcher method="post" action="/sandbox/denials" {
            label for="token" { "Access token" }
            input #token name="token" required autocomplete="off" spellcheck="false" aria-describedby="token-hint";
            p.hint #token-hint { "Of the launcher's token reply, of your app, or of " code { "lcr sandbox token gp" } ". What its user asked last through the same client is explained as that token stands now." }
            p { button.primary { "Explain" } }
        }
    }
}

/// The last requests of a caller's user through its client, explained.
pub async fn list(desk: &Desk<'_>, caller: &Caller) -> Result<Markup, Fault> {
    let claims = caller.claims();
    let users = personas()?;
    let explainer = Explainer { store: desk.store, users: &users, caller };
    let mut requests: Vec<Request> = Vec::new();
    for asked in desk.store.last_asked(&claims.client, claims.user.as_deref(), ROWS).await? {
        // A request has a row for each person it was about.
        let again =
            requests.iter_mut().find(|known| known.asked.request == asked.request && known.asked.query == asked.query);
        if let Some(known) = again {
            known.asked.found |= asked.found;
        } else if requests.len() < REQUESTS && asked.query != LOOK {
            requests.push(Request { asked, explained: None });
        }
    }
    for Request { asked, explained } in &mut requests {
        if let Some(question) =
            question::read(&asked.action, &asked.query).filter(|_| asked.refused || found_nobody(asked))
        {
            *explained = Some(explainer.explain(&question).await?);
        }
    }
    let people: Vec<i64> =
        requests.iter().filter_map(|request| request.explained.as_ref()).flat_map(|e| e.people.clone()).collect();
    looked(desk, caller, people).await?;
    Ok(shown(&requests))
}

/// Commits the audit rows of a look, without which nothing is told.
pub async fn looked(desk: &Desk<'_>, caller: &Caller, people: Vec<i64>) -> Result<(), Fault> {
    let row = desk.row(&Actor::of(caller.claims()), "AuditEvent", LOOK, Outcome::Success);
    Ok(desk.trail.record(rows_about(row, people)).await?)
}

/// Whether a search of people's records came to nothing.
fn found_nobody(asked: &Asked) -> bool {
    let of_people = |kind: &str| {
        resources::find(kind)
            .is_some_and(|spec| matches!(spec.compartment, Compartment::Person | Compartment::Subject(_)))
    };
    match question::read(&asked.action, &asked.query) {
        Some(question::Question::Rows { kind, interaction: Interaction::Search, .. }) => {
            !asked.found && of_people(&kind)
        }
        _ => false,
    }
}

/// Whose token it is.
fn whose(caller: &Caller) -> Markup {
    let claims = caller.claims();
    html! {
        div.patient { span { "Client" } strong { (claims.client) } }
        @if let Some(user) = &claims.user { div.patient { span { "User" } strong { (user) ", " (claims.role) } } }
        div.patient { span { "Scopes" } code { (claims.scope) } }
    }
}

fn shown(requests: &[Request]) -> Markup {
    html! {
        @if requests.is_empty() { p role="status" { "Nothing was asked yet. Ask something, and come back." } }
        ol.requests {
            @for Request { asked, explained } in requests {
                li.refused[asked.refused].empty[!asked.refused && explained.is_some()] {
                    p.asked { code { (verb(asked)) " " (asked.query) } span { (asked.at) " UTC" } }
                    p.outcome { strong { (outcome(asked, explained.as_ref())) } }
                    @if let Some(explained) = explained { (reasons(explained)) }
                }
            }
        }
    }
}

/// The reasons, each under its word.
pub fn reasons(explained: &Explained) -> Markup {
    html! { dl.reasons { @for (title, words) in &explained.reasons { dt { (title) } dd { (words) "." } } } }
}

fn verb(asked: &Asked) -> &str {
    match (asked.kind.as_str(), asked.action.as_str()) {
        ("110114", _) => "sign-in:",
        (_, "C") => "create",
        (_, "R") => "read",
        (_, "U") => "update",
        (_, "D") => "delete",
        (_, _) if asked.query.contains('$') => "operation",
        _ => "search",
    }
}

fn outcome(asked: &Asked, explained: Option<&Explained>) -> String {
    match (asked.refused, explained) {
        (true, Some(explained)) if !explained.answer.is_empty() => format!("Refused: {}", explained.answer),
        (true, _) => "Refused".to_owned(),
        (false, Some(_)) => "Answered, with nobody in it".to_owned(),
        (false, None) => "Answered".to_owned(),
    }
}
