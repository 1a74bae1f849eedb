//! Owns how calls end: the answers that several of them share, their headers, and one for each status of an error.

use std::collections::BTreeMap;

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Header, Ref, RefOr, Response};

use super::bodies::{JSON, XML, json, schema, xml};
use super::errors;
use crate::fhir::outcome::IssueType;
use crate::resources::{self, spec::ResourceSpec};

/// A refusal of each status as the service gives it: code, diagnostics, expression. A test provokes those that can be.
pub const SHOWN: [(u16, IssueType, &str, &str); 13] = [
    (400, IssueType::Value, "_count: \"many\" is not a number of rows, 0 or more", "http._count"),
    (
        401,
        IssueType::Login,
        "there is no access token: send Authorization: Bearer <token>; in the sandbox, `lcr sandbox token gp` prints one",
        "",
    ),
    (403, IssueType::Forbidden, "the role doctor may not delete Patient in this record", ""),
    (404, IssueType::NotFound, "there is no such resource", ""),
    (
        406,
        IssueType::NotSupported,
        "this service answers in application/fhir+json and application/fhir+xml, of fhirVersion 4.0: ask for one of them in \
         Accept or _format",
        "",
    ),
    (409, IssueType::Conflict, "what the criteria match was changed at the same moment: send it again", ""),
    (410, IssueType::Deleted, "the resource was deleted; its history, up to version 2, can still be read", ""),
    (
        412,
        IssueType::Conflict,
        "If-Match names another version than the current one, W/\"1\": read it again and redo the change",
        "",
    ),
    (
        413,
        IssueType::TooLong,
        "the body is larger than 16777216 bytes, the most this service takes (limits.body): send less at a time",
        "",
    ),
    (
        415,
        IssueType::NotSupported,
        "send the body as JSON or XML, with Content-Type: application/fhir+json or application/fhir+xml",
        "http.Content-Type",
    ),
    (
        422,
        IssueType::BusinessRule,
        "the subject must be a patient you are in a care relationship with; Patient/nobody is not one",
        "",
    ),
    (
        429,
        IssueType::Throttled,
        "this client has 10 exports, the most it may have at once (limits.exports): DELETE those that are done with",
        "",
    ),
    (503, IssueType::Transient, "the record cannot be reached at the moment: try again shortly", ""),
];

/// Header, what it says, and an example.
const HEADERS: [(&str, &str, &str); 11] = [
    ("ETag", "The version of the resource", "W/\"1\""),
    ("Last-Modified", "When that version was written", "Sun, 22 Nov 2026 09:30:00 GMT"),
    ("Location", "The address of the version that was written", "http://127.0.0.1:8080/fhir/CarePlan/1/_history/1"),
    (
        "X-Request-Id",
        "The name of the request in log and audit trail; yours, if you sent a UUID",
        "0190f3a0-0000-7000-8000-000000000000",
    ),
    ("WWW-Authenticate", "How to authenticate", "Bearer realm=\"lcr\""),
    ("Retry-After", "Seconds to wait before trying again", "1"),
    (
        "Content-Location",
        "Where to ask how far it is",
        "http://127.0.0.1:8080/fhir/$export/5e0fbd5c-96bb-4e0c-9f3c-8a1c9bdc7f5e",
    ),
    ("X-Progress", "How far it is", "waiting for what was being written when the export began"),
    ("Expires", "Until when its files can be fetched", "Mon, 23 Nov 2026 09:30:00 GMT"),
    ("Accept-Patch", "The media types of patches", "application/json-patch+json"),
    ("Accept-Encoding", "The content codings that a body may have, where the one it had is not among them", "gzip, br"),
];

/// Every header by name.
pub fn headers() -> BTreeMap<String, RefOr<Header>> {
    let made = HEADERS.map(|(name, words, example)| {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let header = HeaderBuilder::new().schema(Some(text)).description(Some(words)).example(Some(example.into()));
        (name.to_owned(), RefOr::T(header.build()))
    });
    made.into()
}

/// A header of the components.
pub fn header(name: &str) -> Ref {
    Ref::new(format!("#/components/headers/{name}"))
}

/// An answer of the components.
pub fn shared(name: &str) -> RefOr<Response> {
    Ref::from_response_name(name).into()
}

/// Every shared answer by name.
pub fn all() -> BTreeMap<String, RefOr<Response>> {
    let mut all = BTreeMap::new();
    for spec in resources::served() {
        all.insert(spec.name.to_owned(), RefOr::T(of_type(spec)));
        let words = "A page of what matches, in a Bundle; links lead to the next and the previous";
        all.insert(format!("{}-found", spec.name), RefOr::T(bundle(words, &format!("{}-found", spec.name))));
    }
    let history = bundle("Versions, the newest first, in a Bundle", "");
    all.insert("history".to_owned(), RefOr::T(history));
    let nothing = ResponseBuilder::new().description("It is not there any more, whether or not it was before");
    all.insert("gone".to_owned(), RefOr::T(nothing.header_ref("ETag", header("ETag")).build()));
    let unchanged = ResponseBuilder::new().description("You have this version already");
    all.insert("unchanged".to_owned(), RefOr::T(unchanged.header_ref("ETag", header("ETag")).build()));
    // A method that an address does not have is in no call.
    let statuses = errors::statuses().filter(|status| *status != 405);
    all.extend(statuses.map(|status| (errors::name(status), RefOr::T(error(status)))));
    all
}

/// A Bundle, with an example where there is one.
pub fn bundle(words: &str, example: &str) -> Response {
    let examples: &[&str] = if example.is_empty() { &[] } else { &[example] };
    let response = ResponseBuilder::new().description(words).header_ref("X-Request-Id", header("X-Request-Id"));
    response.content(JSON, json("Bundle", examples)).content(XML, xml(examples)).build()
}

fn of_type(spec: &ResourceSpec) -> Response {
    let mut response = ResponseBuilder::new().description(format!("The {}", spec.name));
    for name in ["ETag", "Last-Modified", "X-Request-Id"] {
        response = response.header_ref(name, header(name));
    }
    response.content(JSON, json(spec.name, &[spec.name])).content(XML, xml(&[spec.name])).build()
}

/// A refusal, with everything that it may be for.
fn error(status: u16) -> Response {
    let rows = errors::ALL.iter().filter(|failure| failure.status == status);
    let words = rows.map(|failure| format!("- `{}`: {}. {}.\n", failure.code.code(), failure.when, failure.remedy));
    let name = errors::name(status);
    let examples: &[&str] = if SHOWN.iter().any(|(shown, ..)| *shown == status) { &[&name] } else { &[] };
    let mut response = ResponseBuilder::new().description(words.collect::<String>());
    let more = match status {
        401 => &["WWW-Authenticate"][..],
        415 => &["Accept-Patch", "Accept-Encoding"],
        429 | 503 => &["Retry-After"],
        _ => &[],
    };
    for name in more.iter().chain(&["X-Request-Id"]) {
        response = response.header_ref(*name, header(name));
    }
    response.content(JSON, json("OperationOutcome", examples)).content(XML, xml(examples)).build()
}

/// An answer in JSON that is not FHIR's, of any shape.
pub fn plain(words: &str, of: &str) -> Response {
    let content = utoipa::openapi::Content::new(Some(schema(of)));
    ResponseBuilder::new().description(words).content("application/json", content).build()
}
