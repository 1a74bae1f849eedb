//! An export under way: its status, its end and its files. What begins one is an operation.

use utoipa::openapi::path::{HttpMethod, ParameterBuilder, ParameterIn};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Content, Paths, RefOr, Required, Response};

use super::super::bodies::{JSON, XML, json, xml};
use super::super::parameters::one_of;
use super::super::responses::{header, plain};
use super::{ALWAYS, With, add, call};
use crate::resources;

const TAG: &str = "Operations";
const WHOSE: &str = "For the client that began it; to others there is none. In the sandbox, ask as `gp-system`.";

/// Each address with its methods.
pub fn all(paths: &mut Paths) {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let id = || {
        let words = "The export, as Content-Location named it";
        let id = ParameterBuilder::new().name("id").parameter_in(ParameterIn::Path).required(Required::True);
        id.schema(Some(text())).description(Some(words))
    };
    let waits = ResponseBuilder::new().description("It is not ready").header_ref("X-Progress", header("X-Progress"));
    let waits = waits.header_ref("Retry-After", header("Retry-After")).build();
    let mut manifest = plain("HL7's manifest: the time of the export, and the address of each type's file", "manifest");
    manifest.headers.insert("Expires".to_owned(), RefOr::Ref(header("Expires")));
    let status = call("exportStatus", TAG, "How far an export is, and which files there are", WHOSE).parameter(id());
    let status = status.answers(200, manifest).answers(202, waits).fails(&ALWAYS).fails(&[404]);
    add(paths, HttpMethod::Get, "/fhir/$export/{id}", status);
    let over = ResponseBuilder::new().description("It is over; files that were being sent break off");
    let end = call("cancelExport", TAG, "End an export", WHOSE).parameter(id());
    let end = end.answers(202, over.build()).fails(&ALWAYS).fails(&[404]);
    add(paths, HttpMethod::Delete, "/fhir/$export/{id}", end);
    let names: Vec<String> = resources::ALL.iter().map(|spec| format!("{}.ndjson", spec.name)).collect();
    let name = ParameterBuilder::new().name("file").parameter_in(ParameterIn::Path).required(Required::True);
    let name = name.schema(Some(one_of(names.iter().map(String::as_str)))).description(Some("The type's file"));
    let lines =
        ResponseBuilder::new().description("The resources of the type within reach, one a line, as they are now");
    let lines = lines.content("application/fhir+ndjson", Content::new(Some(text()))).build();
    let file = call("exportFile", TAG, "A file of an export", WHOSE).parameter(id()).parameter(name);
    add(
        paths,
        HttpMethod::Get,
        "/fhir/$export/{id}/{file}",
        file.answers(200, lines).fails(&ALWAYS).fails(&[404, 429]),
    );
}

/// The answer to what begins one.
pub fn begun() -> Response {
    let words = "The export has begun; Content-Location says where to ask how far it is";
    let response = ResponseBuilder::new().description(words).header_ref("X-Request-Id", header("X-Request-Id"));
    let response = response.header_ref("Content-Location", header("Content-Location"));
    response.content(JSON, json("OperationOutcome", &[])).content(XML, xml(&[])).build()
}
