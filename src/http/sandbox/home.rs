//! `GET /sandbox`: the page that plays the EPR. Where an app that the launcher plays gets its answer, the same address.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use maud::{Markup, html};

use super::{APP, EPR, among, frame, note, personas, reply};
use crate::http::call::rows_about;
use crate::http::oauth::Visit;
use crate::http::oauth::pages::sorry;
use crate::http::page::Frame;
use crate::sandbox::Persona;
use crate::smart::client::Client;
use crate::smart::desk::{Actor, Desk};
use crate::smart::fault::Fault;
use crate::smart::params::Params;
use crate::smart::people;
use crate::store::Outcome;

/// What the launcher asks for unless something else is wanted; `launch` or `launch/patient` comes with the way of the launch.
const SCOPE: &str = "openid fhirUser patient/*.rs online_access";

/// A patient of the list.
struct Choice {
    id: String,
    label: String,
    /// The personas in whose care they are.
    with: Vec<String>,
}

/// The page, or the answer that the launcher's own launch came to.
pub async fn home(visit: Visit) -> HttpResponse {
    let shown = async {
        let params = Params::read(&visit.query)?;
        if params.has("code") || params.has("error") {
            return reply::show(&visit, &params).await;
        }
        page(&visit.desk(), &params).await
    };
    shown.await.unwrap_or_else(|fault| sorry(&fault))
}

async fn page(desk: &Desk<'_>, params: &Params) -> Result<HttpResponse, Fault> {
    let users = personas()?;
    let chosen = params.get("persona").filter(|name| users.contains_key(*name)).unwrap_or("gp");
    let patients = patients(desk, &users).await?;
    let clients: Vec<Client> = desk.store.clients().await?;
    let apps: Vec<Client> =
        clients.into_iter().filter(|app| !app.disabled && !app.registration.redirect_uris.is_empty()).collect();
    // A form's answer leads to the app that is launched, which may be anybody's who is registered here.
    let mut origins: Vec<&str> = apps.iter().flat_map(|app| app.origins.iter().map(String::as_str)).collect();
    origins.sort_unstable();
    origins.dedup();
    let body = html! {
        (note("everybody can be anybody. This page plays the EPR: it launches an app for whom you choose."))
        form.launcher method="post" action="/sandbox/launch" {
            fieldset {
                legend { "How is it launched?" }
                (radio("how", "ehr", true, "From the EPR", "The app is told who is signed in and whose record is open; nobody is asked again."))
                (radio("how", "standalone", false, "By itself", "The app knows this service's address alone: its user signs in, and chooses a patient where it asks for one."))
            }
            (who(&users, chosen))
            (whom(&patients, chosen))
            (app(&apps))
            p { button.primary { "Launch" } }
        }
        p { a href="/sandbox/denials" { "Why was I denied?" } " explains the last requests of a token." }
    };
    let form_to = origins.join(" ");
    Ok(Frame { form_to: &form_to, scripts: &["/sandbox/launcher.js"], ..frame("Launch an app") }.show(&body))
}

/// The Patients by name, with who is in their care. The EPR's look at its list is audited.
async fn patients(desk: &Desk<'_>, users: &BTreeMap<String, Persona>) -> Result<Vec<Choice>, Fault> {
    let known = desk.store.sandbox_patients().await?;
    let row = desk.row(&Actor::client(EPR), "Patient", "Patient? to launch an app for", Outcome::Success);
    desk.trail.record(rows_about(row, known.iter().map(|patient| patient.patient_id))).await?;
    let mut all: Vec<Choice> = known
        .into_iter()
        .map(|patient| {
            let mut with: Vec<String> = among(users, &patient.holders).into_iter().map(str::to_owned).collect();
            let own = users.iter().filter(|(_, user)| user.claims.patient.as_ref() == Some(&patient.id));
            with.extend(own.map(|(name, _)| name.clone()));
            Choice { label: people::label(&patient.resource), id: patient.id, with }
        })
        .collect();
    all.sort_by(|a, b| a.label.cmp(&b.label));
    Ok(all)
}

fn who(users: &BTreeMap<String, Persona>, chosen: &str) -> Markup {
    html! {
        fieldset data-way="how" data-for="ehr" {
            legend { "Who is signed in there?" }
            label for="persona" { "Persona" }
            select #persona name="persona" {
                @for (name, persona) in users {
                    option value=(name) selected[name == chosen] { (persona.name()) ", " (persona.about()) }
                }
            }
            noscript { button formmethod="get" formaction="/sandbox" { "Show whose record they may open" } }
        }
    }
}

fn whom(patients: &[Choice], chosen: &str) -> Markup {
    let option = |patient: &Choice| {
        html! { option value=(patient.id) data-with=(patient.with.join(" ")) { (patient.label) } }
    };
    let is_near = |patient: &&Choice| patient.with.iter().any(|name| name == chosen);
    let (near, far): (Vec<&Choice>, Vec<&Choice>) = patients.iter().partition(is_near);
    html! {
        fieldset data-way="how" data-for="ehr" {
            legend { "Whose record is open there?" }
            label for="patient" { "Patient" }
            select #patient name="patient" aria-describedby="near" {
                optgroup #cared label="In this persona's care" { @for patient in near { (option(patient)) } }
                optgroup #others label="Not in their care: will be refused" { @for patient in far { (option(patient)) } }
            }
            p.hint #near { "Choose one of the second group to see a refusal, and what explains it." }
        }
    }
}

fn app(apps: &[Client]) -> Markup {
    let sample = apps.iter().find(|app| app.client_id == APP).and_then(|app| app.registration.launch_uri.as_deref());
    html! {
        fieldset {
            legend { "Which app is it?" }
            (radio("app", "token", true, "Show the token reply", "This page plays the app, and explains what it got: scopes, context, and curl lines to use it."))
            div.more data-way="app" data-for="token" {
                label for="scope" { "Scopes that it asks for" }
                input #scope name="scope" value=(SCOPE) autocomplete="off" spellcheck="false" aria-describedby="scope-hint";
                p.hint #scope-hint { code { "launch" } " or " code { "launch/patient" } " is added as it fits. Other apps say themselves what they ask for." }
            }
            @if let Some(address) = sample {
                (radio("app", "sample", false, "The sample app", address))
            }
            (radio("app", "other", false, "An app of yours", "Registered here with lcr client add."))
            div.more data-way="app" data-for="other" {
                label for="client" { "Client" }
                select #client name="client" {
                    @for app in apps {
                        option value=(app.client_id) data-launch=[app.registration.launch_uri.as_deref()] {
                            (app.registration.name) " (" (app.client_id) ")"
                        }
                    }
                }
                label for="launch_url" { "Launch URL" }
                input #launch_url name="launch_url" autocomplete="off" placeholder="the one it is registered with" aria-describedby="url-hint";
                p.hint #url-hint { "On an origin of the client's redirect URIs." }
            }
        }
    }
}

/// One of several ways, with what it means.
fn radio(name: &str, value: &str, checked: bool, title: &str, words: &str) -> Markup {
    html! {
        label.check {
            input type="radio" name=(name) value=(value) checked[checked];
            span { strong { (title) } span.hint { (words) } }
        }
    }
}
