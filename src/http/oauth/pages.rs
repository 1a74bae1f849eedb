//! Owns the pages that users see between an app and its code: plain HTML, everything from elsewhere escaped by the template
//! crate, no script, and a policy that lets nothing in.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use maud::{Markup, html};
use uuid::Uuid;

use crate::http::page::Frame;
pub use crate::http::page::go;
use crate::search::query;
use crate::smart::client::origin;
use crate::smart::describe;
use crate::smart::fault::Fault;
use crate::smart::flow::is_choice;
use crate::smart::given::Given;
use crate::smart::interact::{Patients, Session, View};

/// What a view looks like.
pub fn show(session: &Session, view: View) -> HttpResponse {
    match view {
        View::Go(address) => go(&address),
        View::Providers(list) => page(Some(session), "Sign in", &providers(session, &list)),
        View::Roles(titles) => page(Some(session), "Choose your role", &roles(session, &titles)),
        View::Patients(found) => page(Some(session), "Choose a patient", &patients(session, &found)),
        View::Consent => page(Some(session), "Let this app in?", &consent(session)),
        View::Manage(list) => page(Some(session), "Apps you have let in", &manage(session, &list)),
        View::Sorry(fault) => sorry(&fault),
    }
}

/// An error for the user's own eyes.
pub fn sorry(fault: &Fault) -> HttpResponse {
    let body = html! {
        p.lead role="alert" { (fault.description) "." }
        p { "Nothing was shared, and nobody was signed in to the app. Go back to it and try again; if this page comes again, "
            "show its words to whoever looks after the app." }
        p.code { "Error: " code { (fault.error) } }
    };
    let mut response = page(None, "This did not work", &body);
    *response.status_mut() = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::BAD_REQUEST);
    response
}

fn page(session: Option<&Session>, title: &str, body: &Markup) -> HttpResponse {
    let user = session.and_then(Session::user).map(|user| user.name.as_str()).filter(|name| !name.is_empty());
    Frame { title, user, form_to: &app_origin(session), ..Frame::default() }.show(body)
}

/// Where the app is: the answer to the last form leads there.
pub fn app_origin(session: Option<&Session>) -> String {
    let app = session.and_then(|session| session.flow.ask.as_ref()).map(|ask| {
        origin(&ask.redirect_uri)
            .or_else(|| ask.redirect_uri.split_once(':').map(|(scheme, _)| format!("{scheme}:")))
            .unwrap_or_default()
    });
    app.unwrap_or_default()
}

/// The form that answers this page.
fn form(session: &Session, body: &Markup) -> Markup {
    html! {
        form method="post" action="/oauth/continue" {
            input type="hidden" name="flow" value=(session.id);
            (body)
        }
    }
}

fn app(session: &Session) -> Markup {
    match &session.flow.ask {
        Some(ask) => html! { strong { (ask.client_name) } },
        None => html! { "London Care Record" },
    }
}

fn providers(session: &Session, list: &[(String, String)]) -> Markup {
    html! {
        p.lead { (app(session)) " asks who you are. How do you sign in?" }
        ul.choices {
            @for (name, title) in list {
                li { a.choice href={ "/oauth/continue?flow=" (session.id) "&provider=" (name) } { (title) } }
            }
        }
    }
}

fn roles(session: &Session, titles: &[String]) -> Markup {
    form(
        session,
        &html! {
            p.lead { "You have several roles. Choose the one you are working in now: what you see, and what the audit trail says, "
                "follows from it. Roles are never added together." }
            ul.choices {
                @for (at, title) in titles.iter().enumerate() {
                    li { button.choice name="role" value=(at) { (title) } }
                }
            }
            (cancel())
        },
    )
}

fn patients(session: &Session, list: &Patients) -> Markup {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let next = list.next.as_ref().map(|from| {
        let query = [pair("flow", &session.id), pair("q", &list.wanted), pair("from", from)];
        format!("/oauth/continue?{}", query::encode(&query))
    });
    html! {
        p.lead { (app(session)) " works with one patient at a time. These are the patients whose care you are involved in." }
        form.search method="get" action="/oauth/continue" role="search" {
            input type="hidden" name="flow" value=(session.id);
            label for="q" { "Name or NHS number" }
            div.row { input #q name="q" value=(list.wanted) autocomplete="off"; button { "Search" } }
        }
        (form(session, &html! {
            @if list.found.is_empty() {
                p role="status" { "No patient found. You can choose only patients whose care you are involved in." }
            }
            ul.choices {
                @for (id, label) in &list.found {
                    li { button.choice name="patient" value=(id) { (label) } }
                }
            }
            @if let Some(address) = &next { p { a.more href=(address) { "More patients" } } }
            (cancel())
        }))
    }
}

fn consent(session: &Session) -> Markup {
    let granted = session.flow.grantable();
    let (choices, rest): (Vec<&String>, Vec<&String>) = granted.iter().partition(|word| is_choice(word));
    form(
        session,
        &html! {
            p.lead { (app(session)) " asks to work with the record in your name. It never sees more than you do yourself." }
            @if let Some(label) = &session.flow.patient_label {
                div.patient { span { "Patient" } strong { (label) } }
            }
            @if let Some(work) = session.flow.work() {
                div.patient { span { "Your role" } strong { (work.title) } }
            }
            @if !choices.is_empty() {
                fieldset {
                    legend { "What it may do. Clear a box to leave something out." }
                    @for word in choices {
                        label.check {
                            input type="checkbox" name="scope" value=(word) checked;
                            span { (describe::scope(word)) code { (word) } }
                        }
                    }
                }
            }
            @if !rest.is_empty() {
                p.also { "It also gets to:" }
                ul.also { @for word in rest { li { (describe::scope(word)) " " code { (word) } } } }
            }
            div.row {
                button.primary { "Allow" }
                button name="action" value="cancel" { "Do not allow" }
            }
        },
    )
}

fn manage(session: &Session, list: &[(Uuid, Given)]) -> Markup {
    html! {
        p.lead { "These apps can work with the record in your name. What you take back ends at once." }
        @if list.is_empty() { p role="status" { "There is none." } }
        ul.apps {
            @for (family, given) in list {
                li {
                    h2 { (given.app) }
                    ul { @for word in given.claims.scope.split(' ') { li { (describe::scope(word)) " " code { (word) } } } }
                    (form(session, &html! {
                        button name="family" value=(family) { "Take back" span.hidden { " what " (given.app) " may do" } }
                    }))
                }
            }
        }
    }
}

fn cancel() -> Markup {
    html! { p { button.plain name="action" value="cancel" { "Cancel, and go back to the app" } } }
}
