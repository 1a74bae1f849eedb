//! What the service says of itself: discovery and health, open to anyone.

use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Content, Paths, Response};

use super::super::bodies::{JSON, XML, json, xml};
use super::super::responses::{header, plain};
use super::{With, add, call};

/// Where a client begins.
pub fn discovery(paths: &mut Paths) {
    let tag = "Discovery";
    let statement = ResponseBuilder::new().description("The CapabilityStatement");
    let statement = statement.content(JSON, json("CapabilityStatement", &[])).content(XML, xml(&[])).build();
    let metadata = call("readCapabilities", tag, "What the service can do", "").takes(["_format", "_pretty"]);
    add(paths, HttpMethod::Get, "/fhir/metadata", metadata.answers(200, statement).fails(&[406]).open());
    let smart = call("readSmartConfiguration", tag, "Where to sign in, and what SMART of it is there", "");
    let answer = plain("SMART App Launch 2.2's configuration", "configuration");
    add(paths, HttpMethod::Get, "/fhir/.well-known/smart-configuration", smart.answers(200, answer).open());
    let openid = call("readOpenidConfiguration", tag, "The same for OpenID Connect", "");
    let answer = plain("OpenID Connect's configuration", "configuration");
    add(paths, HttpMethod::Get, "/.well-known/openid-configuration", openid.answers(200, answer).open());
    let words = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("openapi", ObjectBuilder::new().schema_type(Type::String));
    let own = ResponseBuilder::new()
        .description("This document")
        .header_ref("ETag", header("ETag"))
        .content("application/json", Content::new(Some(words.required("openapi"))));
    let unchanged = super::super::responses::shared("unchanged");
    let document = call("readOpenapi", tag, "This document", "").takes(["If-None-Match"]);
    add(paths, HttpMethod::Get, "/openapi.json", document.answers(200, own.build()).answers(304, unchanged).open());
}

/// What probes ask.
pub fn health(paths: &mut Paths) {
    let said = |words: &str| -> Response {
        let text = ObjectBuilder::new().schema_type(Type::String);
        ResponseBuilder::new().description(words).content("text/plain", Content::new(Some(text))).build()
    };
    let live = call("isLive", "Health", "Whether the process runs", "").answers(200, said("It does")).open();
    add(paths, HttpMethod::Get, "/health/live", live);
    let ready =
        call("isReady", "Health", "Whether it can serve: database, migrations, keys, second lock, audit trail", "")
            .answers(200, said("It can"));
    let ready = ready.answers(503, said("It cannot, at the moment: a line for each part that fails, and what to do"));
    add(paths, HttpMethod::Get, "/health/ready", ready.open());
    let figures = call("readMetrics", "Health", "Figures for Prometheus, unless they have an address of their own", "");
    let figures = figures.answers(200, said("In Prometheus' text format")).fails(&[404]);
    add(paths, HttpMethod::Get, "/metrics", figures.open());
}
