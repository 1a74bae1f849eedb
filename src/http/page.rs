//! Owns the frame of every page that people see: its head, banner and foot, and the policy that lets nothing in from
//! elsewhere. What stands on a page is the business of who shows it; everything from elsewhere is escaped by the template crate.

use actix_web::HttpResponse;
use maud::{DOCTYPE, Markup, html};

/// The stylesheet of most pages.
pub const COMMON: &str = "/oauth/style.css";

/// What differs from page to page.
#[derive(Default)]
pub struct Frame<'a> {
    pub title: &'a str,
    /// Whom the banner greets.
    pub user: Option<&'a str>,
    /// Origins that a form's answer may lead to, beside this one: browsers count redirects as where a form goes.
    pub form_to: &'a str,
    /// Stylesheets of this service, in place of the common one alone.
    pub styles: &'a [&'a str],
    /// Scripts of this service. Without one none runs.
    pub scripts: &'a [&'a str],
    /// The places that the banner leads to, with their names.
    pub places: &'a [(&'a str, &'a str)],
    /// Whether the scripts ask this service themselves, and bring images of their own.
    pub tool: bool,
}

impl Frame<'_> {
    /// The page.
    pub fn show(&self, body: &Markup) -> HttpResponse {
        let whole = html! {
            (DOCTYPE)
            html lang="en-GB" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.title) " - London Care Record" }
                    @for address in if self.styles.is_empty() { &[COMMON] } else { self.styles } { link rel="stylesheet" href=(address); }
                    @for address in self.scripts { script src=(address) defer {} }
                }
                body {
                    a.skip href="#main" { "Skip to the content" }
                    header {
                        div.bar {
                            span.brand { "London Care Record" }
                            @if let Some(name) = self.user { span.user { "Signed in as " strong { (name) } } }
                            @if !self.places.is_empty() {
                                nav aria-label="Pages" { @for (address, name) in self.places { a href=(address) { (name) } } }
                            }
                        }
                    }
                    main #main { h1 { (self.title) } (body) }
                    footer { p { "Only staff involved in a person's care see their record, and every look is logged." } }
                }
            }
        };
        HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .insert_header(("Content-Security-Policy", self.policy()))
            .insert_header(("X-Frame-Options", "DENY"))
            .body(whole.into_string())
    }

    fn policy(&self) -> String {
        let script = if self.scripts.is_empty() { "" } else { "script-src 'self'; " };
        let tool = if self.tool { " data:; connect-src 'self'" } else { "" };
        format!(
            "default-src 'none'; {script}style-src 'self'; img-src 'self'{tool}; form-action 'self' {}; base-uri 'none'; frame-ancestors 'none'",
            self.form_to
        )
    }
}

/// Sends the browser on. 303: a form is not sent again.
pub fn go(address: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header(("Location", address)).finish()
}
