//! Owns the page above Swagger UI: what this is, what to try first, and as whom. Without the sandbox it says how a client is
//! registered instead.

use actix_web::HttpResponse;
use maud::{Markup, html};

use crate::error::Problem;
use crate::fhir::outcome::IssueType;
use crate::http::oauth::Visit;
use crate::http::page::Frame;
use crate::sandbox::{self, Persona};
use actix_web::http::StatusCode;

/// What Swagger UI asks for, unless somebody chooses otherwise.
const SCOPES: &str = "openid fhirUser user/*.cruds";

/// A thing to try: its name, what it shows, and the operation's tag and id in the OpenAPI document.
const TRIES: [(&str, &str, &str, &str); 4] = [
    ("Find a patient", "by NHS number, name or birth date", "Patient", "searchPatient"),
    ("Read their results", "newest first: laboratory, or vital signs", "Observation", "searchObservation"),
    ("Take everything", "all that the record has of one person, page by page", "Operations", "everythingOnePatient"),
    ("Read a summary", "an International Patient Summary, to be read by people too", "Operations", "summaryOnePatient"),
];

/// `GET /docs`
pub async fn page(visit: Visit) -> Result<HttpResponse, Problem> {
    let config = &visit.state.config;
    let personas = if config.sandbox { Some(sandbox::personas().map_err(|_| broken())?) } else { None };
    let client = if config.sandbox { "sandbox-app" } else { "" };
    let body = html! {
        p.lead { "A shared care record over FHIR R4: every call can be tried here, signed in as somebody. What you are shown is what "
            "that person may see, and your look is logged as theirs." }
        @match &personas {
            Some(personas) => (in_sandbox(personas.values())),
            None => (with_records(&config.root())),
        }
        p { "For programs: " a href="/openapi.json" { "/openapi.json" } " (OpenAPI 3.1), " a href="/fhir/metadata" { "/fhir/metadata" }
            " (CapabilityStatement), " a href="/fhir/.well-known/smart-configuration" { "SMART discovery" } "." }
        div #swagger-ui data-client=(client) data-scopes=(SCOPES) data-aud=(config.fhir_base()) {
            noscript { p { "Trying calls needs scripts; " a href="/openapi.json" { "the document" } " is there without." } }
        }
    };
    let places: &[(&str, &str)] =
        if config.sandbox { &[("/sandbox", "Launch an app"), ("/sandbox/denials", "Why was I denied?")] } else { &[] };
    let frame = Frame {
        title: "Try the API",
        styles: &["/docs/frame.css", "/docs/swagger-ui.css", "/docs/style.css"],
        scripts: &["/docs/swagger-ui-bundle.js", "/docs/start.js"],
        places,
        tool: true,
        ..Frame::default()
    };
    Ok(frame.show(&body))
}

fn tries() -> Markup {
    html! {
        @for (name, words, tag, operation) in TRIES {
            li { a.try href={ "#/" (tag) "/" (operation) } data-tag=(tag) data-operation=(operation) { (name) } ": " (words) "." }
        }
    }
}

fn in_sandbox<'a>(personas: impl Iterator<Item = &'a Persona>) -> Markup {
    html! {
        h2 { "Five things to try" }
        p { "First sign in: press " strong { "Authorize" } " below, then " strong { "Authorize" } " again in the dialog, choose " strong { "Dr Amara Okafor" }
            ", and allow. Each call has an example that finds something: press " strong { "Try it out" } ", then " strong { "Execute" } "." }
        ol.tries {
            (tries())
            li { "Be refused: log out in the dialog, sign in as " strong { "Dr Sam Reed" } ", who is in nobody's care team, and ask again. "
                a href="/sandbox/denials" { "Why was I denied?" } " tells what a real record hides." }
        }
        h2 { "Who you can be" }
        details.personas {
            summary { "The personas, and what each sees" }
            ul { @for persona in personas.filter(|persona| persona.claims.user.is_some()) {
                li { strong { (persona.name()) } ", " (persona.about()) }
            } }
        }
    }
}

fn with_records(root: &str) -> Markup {
    let add = format!(
        "lcr client add --name \"API documentation\" --redirect-uri {root}/docs/oauth2-redirect.html --scope \"{SCOPES}\""
    );
    html! {
        h2 { "Sign in" }
        p { "Calls are made as you, by an app that the operator has registered. It is registered once:" }
        pre tabindex="0" aria-label="The command that registers it" { code { (add) } }
        p { "Press " strong { "Authorize" } " below, put in the client_id that the command printed, and sign in as you always do. What you look at is real, and logged." }
        h2 { "What to try" }
        ol.tries { (tries()) }
    }
}

fn broken() -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, IssueType::Exception, "the sandbox's personas cannot be read")
}
