//! Owns the launcher's part as an app: it exchanges the code that came back, and shows what it got and why, or why it got
//! nothing.

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderValue, SET_COOKIE};
use maud::{Markup, html};
use serde_json::Value;

use super::begun::Begun;
use super::denials::{self, reasons};
use super::explain::Explainer;
use super::question::Question;
use super::scopes::{Verdict, verdicts};
use super::{APP, client, frame, note, personas};
use crate::access::policy::PATIENT;
use crate::access::{Claims, Interaction};
use crate::http::oauth::Visit;
use crate::search::query;
use crate::smart;
use crate::smart::describe;
use crate::smart::desk::{Actor, Desk};
use crate::smart::fault::Fault;
use crate::smart::params::Params;
use crate::smart::token as tokens;

/// Answers the address that the launcher's codes are sent to.
pub async fn show(visit: &Visit, params: &Params) -> Result<HttpResponse, Fault> {
    let desk = visit.desk();
    let begun = Begun::of(visit).filter(|begun| begun.state.is_some() && begun.state.as_deref() == params.get("state"));
    let words = "this launch was answered already, or was begun in another browser: launch again";
    let begun = begun.ok_or_else(|| Fault::invalid_request(words))?;
    let mut response = match params.get("code") {
        Some(code) => granted(&desk, &begun, code).await?,
        None => refused(&desk, &begun, params).await?,
    };
    // A code that came twice would end what it gave: a page that is loaded again does not send it again.
    if let Ok(cookie) = HeaderValue::from_str(&begun.answered().cookie(desk.server.is_https())) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn granted(desk: &Desk<'_>, begun: &Begun, code: &str) -> Result<HttpResponse, Fault> {
    let app = client(desk, APP).await?;
    let request = [
        ("grant_type", "authorization_code".to_owned()),
        ("client_id", APP.to_owned()),
        ("code", code.to_owned()),
        ("redirect_uri", desk.server.url("/sandbox")),
        ("code_verifier", begun.verifier.clone().unwrap_or_default()),
    ];
    let request = query::encode(&request.map(|(name, value)| (name.to_owned(), value)));
    let reply = tokens::answer(desk, &app, &Params::read(&request)?).await;
    let reply = desk.audited(&Actor::client(APP), "token", reply).await?;
    let token = text(&reply, "access_token");
    let caller = smart::caller(desk.store, &desk.server.policies, Some(&format!("Bearer {token}"))).await;
    let caller = caller.map_err(|_| Fault::server_error())?;
    let asked = begun.scope.as_deref().unwrap_or_default();
    let role = &caller.claims().role;
    let verdicts = verdicts(asked, &app.registration.scope, role, &desk.server.policies, text(&reply, "scope"));
    let body = html! {
        (note("so you are shown a token. A real app keeps its tokens to itself."))
        p.lead { "The launch worked: this is what an app gets." }
        h2 { "What was granted" }
        (scopes(&verdicts))
        h2 { "The launch context" }
        (context(&reply, caller.claims()))
        h2 { "The token reply" }
        pre tabindex="0" aria-label="The token reply" { code { (serde_json::to_string_pretty(&reply).unwrap_or_default()) } }
        h2 { "Use it" }
        pre tabindex="0" aria-label="Commands that use the token" { code { (curl(desk, &reply, token)) } }
        h2 { "Denied something?" }
        form method="post" action="/sandbox/denials" {
            input type="hidden" name="token" value=(token);
            p { "After some requests of yours, 403, 404 and empty answers are explained here: "
                button { "Why was I denied?" } }
        }
        p { a href="/sandbox" { "Launch again" } }
    };
    Ok(frame("What the app got").show(&body))
}

fn scopes(verdicts: &[Verdict]) -> Markup {
    html! {
        div.table tabindex="0" role="region" aria-label="Scopes" { table {
            thead { tr { th scope="col" { "Asked for" } th scope="col" { "Granted" } th scope="col" { "What that means" } } }
            tbody {
                @for verdict in verdicts {
                    tr.not[verdict.got.is_empty()] {
                        th scope="row" { code { (verdict.asked) } }
                        td {
                            @match &verdict.got[..] {
                                [] => { "No" }
                                [one] if *one == verdict.asked => { "Yes" }
                                parts => { "In part: " @for part in parts { code { (part) } " " } }
                            }
                        }
                        td {
                            @for part in &verdict.got { (describe::scope(part)) ". " }
                            @if let Some(why) = &verdict.why {
                                @if verdict.got.is_empty() { "Not granted: " } @else { "Not all: " }
                                (why) "."
                            }
                        }
                    }
                }
            }
        } }
    }
}

fn context(reply: &Value, claims: &Claims) -> Markup {
    let said = [
        ("patient", "The Patient whose record the app opens"),
        ("encounter", "The Encounter, as the EPR knows it"),
        ("tenant", "The organisation it is launched at"),
        ("intent", "What the app is launched for"),
        ("need_patient_banner", "Whether the app has to show whose record that is"),
    ];
    let is_there = |name: &str| reply.get(name).filter(|value| !value.is_null()).map(plain);
    html! {
        dl.reasons {
            @for (name, words) in said {
                @if let Some(value) = is_there(name) { dt { code { (name) } } dd { (value) ": " (words) "." } }
            }
            @if let Some(user) = &claims.fhir_user { dt { code { "fhirUser" } } dd { (user) ": who the user is, in the id_token." } }
            dt { "Role" } dd { (claims.role) @if let Some(organisation) = &claims.organisation { " at " (organisation) } ": kept with the token, and decided by at every request." }
        }
    }
}

/// Commands that use the token, as a shell takes them.
fn curl(desk: &Desk<'_>, reply: &Value, token: &str) -> String {
    let base = &desk.server.fhir_base;
    let mut lines = vec![format!("TOKEN={token}")];
    let mut ask = |path: String| lines.push(format!("curl -s -H \"Authorization: Bearer $TOKEN\" \"{base}/{path}\""));
    match reply.get("patient").and_then(Value::as_str) {
        Some(patient) => {
            ask(format!("Patient/{patient}"));
            ask(format!("Observation?patient={patient}&_sort=-date&_count=5"));
        }
        None => ask("Patient?_count=3".to_owned()),
    }
    lines.join("\n")
}

async fn refused(desk: &Desk<'_>, begun: &Begun, params: &Params) -> Result<HttpResponse, Fault> {
    let users = personas()?;
    let error = params.get("error").unwrap_or_default();
    let words = params.get("error_description").unwrap_or_default();
    let persona = begun.signed_in.as_deref().and_then(|name| users.get(name));
    let mut why = html! {};
    let mut last = html! {};
    if let Some(persona) = persona {
        // As the service itself asked whether they may open the patient.
        let whose = if persona.claims.role == PATIENT { "patient" } else { "user" };
        let scope = format!("{whose}/Patient.rs __break-glass __self-claim");
        let claims = Claims { client: APP.to_owned(), scope, ..persona.claims.clone() };
        let caller = smart::would_be(claims, &desk.server.policies);
        let explainer = Explainer { store: desk.store, users: &users, caller: &caller };
        if let Some(id) = begun.patient.as_ref().filter(|_| words.contains("patient")) {
            let row = Question::Row { kind: "Patient".to_owned(), id: id.clone(), interaction: Interaction::Read };
            let explained = explainer.explain(&row).await?;
            denials::looked(desk, &caller, explained.people.clone()).await?;
            why = html! {
                h2 { "Why" }
                p { (persona.name()) " cannot open " code { "Patient/" (id) } ":" }
                (reasons(&explained))
            };
        }
        last = html! {
            details { summary { "The last requests of " (persona.name()) " through this app" } (denials::list(desk, &caller).await?) }
        };
    }
    let body = html! {
        (note("so you are told why. An app on a real record gets the error alone."))
        p.lead role="alert" { "The launch was refused: " (words) "." }
        p { "The app is told " code { "error=" (error) } " and " code { "error_description" } ", and nothing of the record." }
        (why)
        (last)
        p { a href="/sandbox" { "Launch again" } }
    };
    Ok(frame("Refused").show(&body))
}

fn text<'a>(reply: &'a Value, name: &str) -> &'a str {
    reply.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
