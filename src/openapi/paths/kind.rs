//! One type: search, create, read, update, patch, delete, by id and by criteria, and history.

use utoipa::openapi::Paths;
use utoipa::openapi::link::LinkBuilder;
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{OneOfBuilder, SchemaType};
use utoipa::openapi::{Ref, Required, Response};

use super::super::bodies::{self, FORM, JSON, XML, json, schema, shown, xml};
use super::super::parameters::of_search;
use super::super::responses::{header, shared};
use super::super::{parameters, values};
use super::{ALWAYS, WITH_BODY, With, add, call};
use crate::patch::FORMATS;
use crate::resources::spec::ResourceSpec;

/// Everything that a type's addresses answer.
pub fn of_type(paths: &mut Paths, spec: &'static ResourceSpec) {
    searches(paths, spec);
    reads(paths, spec);
    if !spec.is_trail() {
        versions(paths, spec);
        changes(paths, spec);
        changes_by_criteria(paths, spec);
    }
}

fn searches(paths: &mut Paths, spec: &'static ResourceSpec) {
    let kind = spec.name;
    let found = shared(&format!("{kind}-found"));
    let words = in_the_sandbox(spec);
    let get = call(&format!("search{kind}"), kind, &format!("Search for {kind}"), words)
        .takes(of_search(spec, false))
        .takes(["Prefer-handling"]);
    add(paths, HttpMethod::Get, &format!("/fhir/{kind}"), get.answers(200, found.clone()).fails(&ALWAYS));
    let post =
        call(&format!("search{kind}ByPost"), kind, &format!("Search for {kind}, with the parameters in a form"), words)
            .request_body(Some(form(spec, false)))
            .takes(["Prefer-handling"]);
    let post = post.answers(200, found).fails(&ALWAYS).fails(&WITH_BODY);
    add(paths, HttpMethod::Post, &format!("/fhir/{kind}/_search"), post);
}

/// The parameters of a search as a form.
pub fn form(spec: &'static ResourceSpec, in_compartment: bool) -> RequestBody {
    let chosen = |code: &str| !(in_compartment && matches!(code, "patient" | "subject"));
    let params = spec.all_params().filter(|param| param.offered() && chosen(param.code));
    let fields = params.map(|param| (param.code, false, values::of(spec, param)));
    let content = bodies::form(fields.chain(parameters::form_fields(spec)));
    RequestBodyBuilder::new().content(FORM, content).build()
}

/// Where the persona `gp` is not the one to ask.
fn in_the_sandbox(spec: &ResourceSpec) -> &'static str {
    if spec.is_trail() { "In the sandbox, ask as `privacy-officer`, or as `patient` for his own." } else { "" }
}

fn reads(paths: &mut Paths, spec: &'static ResourceSpec) {
    let kind = spec.name;
    let get = call(&format!("read{kind}"), kind, &format!("Read one {kind}"), in_the_sandbox(spec))
        .takes([format!("{kind}.id"), "read-summary".to_owned(), format!("{kind}._elements")])
        .takes(["_format", "_pretty", "If-None-Match", "If-Modified-Since"])
        .answers(200, shared(kind))
        .answers(304, shared("unchanged"))
        .fails(&ALWAYS)
        .fails(&[404]);
    let get = if spec.is_trail() { get } else { get.fails(&[410]) };
    add(paths, HttpMethod::Get, &format!("/fhir/{kind}/{{id}}"), get);
}

fn versions(paths: &mut Paths, spec: &'static ResourceSpec) {
    let kind = spec.name;
    let id = format!("{kind}.id");
    let range = ["_since", "_at", "history-count", "_format", "_pretty"];
    let of_type = call(&format!("read{kind}TypeHistory"), kind, &format!("Every version of every {kind}"), "");
    let of_type = of_type.takes(range).answers(200, shared("history")).fails(&ALWAYS);
    add(paths, HttpMethod::Get, &format!("/fhir/{kind}/_history"), of_type);
    let of_one = call(&format!("read{kind}History"), kind, &format!("Every version of one {kind}"), "");
    let of_one = of_one.takes([&id]).takes(range).answers(200, shared("history")).fails(&ALWAYS).fails(&[404]);
    add(paths, HttpMethod::Get, &format!("/fhir/{kind}/{{id}}/_history"), of_one);
    let version = call(&format!("read{kind}Version"), kind, &format!("Read one version of a {kind}"), "")
        .takes([id, "version".to_owned(), "read-summary".to_owned(), format!("{kind}._elements")])
        .takes(["_format", "_pretty", "If-None-Match", "If-Modified-Since"])
        .answers(200, shared(kind))
        .answers(304, shared("unchanged"))
        .fails(&ALWAYS)
        .fails(&[404, 410]);
    add(paths, HttpMethod::Get, &format!("/fhir/{kind}/{{id}}/_history/{{vid}}"), version);
}

/// What a change can end with, beside what every call can.
const CHANGED: [u16; 6] = [404, 409, 410, 412, 413, 415];

fn changes(paths: &mut Paths, spec: &'static ResourceSpec) {
    let kind = spec.name;
    let (id, new) = (format!("{kind}.id"), format!("{kind}-new"));
    let create = call(&format!("create{kind}"), kind, &format!("Create a {kind}"), "The server chooses the id")
        .takes(["If-None-Exist", "Prefer-return", "_format", "_pretty"])
        .request_body(Some(bodies::resource(kind, &[&new], false)))
        .answers(200, written(spec, "It was there already: `If-None-Exist` found it"))
        .answers(201, made(spec))
        .fails(&ALWAYS)
        .fails(&[404, 409, 412, 413, 415, 422]);
    add(paths, HttpMethod::Post, &format!("/fhir/{kind}"), create);
    let words = "The body's id is the address's. Sources may choose ids: what is not there is created.";
    let update = call(&format!("update{kind}"), kind, &format!("Update a {kind}"), words)
        .takes([&id])
        .takes(["If-Match", "Prefer-return", "_format", "_pretty"])
        .request_body(Some(bodies::resource(kind, &[kind], false)))
        .answers(200, written(spec, "It was changed"))
        .answers(201, made(spec))
        .fails(&ALWAYS)
        .fails(&CHANGED)
        .fails(&[422]);
    add(paths, HttpMethod::Put, &format!("/fhir/{kind}/{{id}}"), update);
    let patch = call(&format!("patch{kind}"), kind, &format!("Change parts of a {kind}"), "")
        .takes([&id])
        .takes(["If-Match", "Prefer-return", "_format", "_pretty"])
        .request_body(Some(patches()))
        .answers(200, written(spec, "It was changed"))
        .fails(&ALWAYS)
        .fails(&CHANGED)
        .fails(&[422]);
    add(paths, HttpMethod::Patch, &format!("/fhir/{kind}/{{id}}"), patch);
    let delete = call(&format!("delete{kind}"), kind, &format!("Delete a {kind}"), "Its history can still be read")
        .takes([&id])
        .takes(["If-Match", "Prefer-return", "_format", "_pretty"])
        .answers(200, confirmed())
        .answers(204, shared("gone"))
        .fails(&ALWAYS)
        .fails(&[404, 409, 412]);
    add(paths, HttpMethod::Delete, &format!("/fhir/{kind}/{{id}}"), delete);
}

fn changes_by_criteria(paths: &mut Paths, spec: &'static ResourceSpec) {
    let kind = spec.name;
    let path = format!("/fhir/{kind}");
    let criteria = format!("{kind}.criteria");
    let shared_names = ["If-Match", "Prefer-return", "_format", "_pretty"];
    let words = "The criteria are those of a search of the type: `identifier`, or any other of its parameters. They have to \
                 select one resource; where several match the answer is 412.";
    let update =
        call(&format!("update{kind}ByCriteria"), kind, &format!("Update the {kind} that matches, or create it"), words)
            .takes([&criteria])
            .takes(shared_names)
            .request_body(Some(bodies::resource(kind, &[&format!("{kind}-new")], false)))
            .answers(200, written(spec, "It was changed"))
            .answers(201, made(spec))
            .fails(&ALWAYS)
            .fails(&CHANGED)
            .fails(&[422]);
    add(paths, HttpMethod::Put, &path, update);
    let patch =
        call(&format!("patch{kind}ByCriteria"), kind, &format!("Change parts of the {kind} that matches"), words)
            .takes([&criteria])
            .takes(shared_names)
            .request_body(Some(patches()))
            .answers(200, written(spec, "It was changed"))
            .fails(&ALWAYS)
            .fails(&CHANGED)
            .fails(&[422]);
    add(paths, HttpMethod::Patch, &path, patch);
    let delete = call(&format!("delete{kind}ByCriteria"), kind, &format!("Delete the {kind} that matches"), words)
        .takes([&criteria])
        .takes(shared_names)
        .answers(200, confirmed())
        .answers(204, shared("gone"))
        .fails(&ALWAYS)
        .fails(&[404, 409, 412]);
    add(paths, HttpMethod::Delete, &path, delete);
}

/// The resource as it is now; its headers, where `Prefer: return=minimal` asked for nothing else.
fn written(spec: &ResourceSpec, words: &str) -> ResponseBuilder {
    let mut response = ResponseBuilder::new().description(words);
    for name in ["ETag", "Last-Modified", "Location", "X-Request-Id"] {
        response = response.header_ref(name, header(name));
    }
    let one = OneOfBuilder::new()
        .schema_type(SchemaType::AnyValue)
        .item(Ref::from_schema_name(spec.name))
        .item(Ref::from_schema_name("OperationOutcome"));
    let content = shown(one.into(), [(spec.name, format!("{}.json", spec.name))]);
    response.content(JSON, content).content(XML, xml(&[spec.name]))
}

/// The resource as it was made, and where to go on with it.
fn made(spec: &ResourceSpec) -> Response {
    let kind = spec.name;
    let mut response = written(spec, "It was created");
    for (name, verb) in [("read", "read"), ("readHistory", "history"), ("delete", "delete")] {
        let id = match verb {
            "history" => format!("read{kind}History"),
            verb => format!("{verb}{kind}"),
        };
        let link = LinkBuilder::new().operation_id(id).parameter("id", "$response.body#/id");
        response = response.link(name, link.build());
    }
    response.build()
}

/// A deletion in words.
fn confirmed() -> Response {
    let response = ResponseBuilder::new().description("It is not there any more; said in words, as `Prefer` asked");
    response.content(JSON, json("OperationOutcome", &[])).content(XML, xml(&[])).build()
}

/// The patches there are, one example each.
pub fn patches() -> RequestBody {
    let mut body = RequestBodyBuilder::new().required(Some(Required::True));
    for format in FORMATS {
        let (of, example) = match format {
            "application/json-patch+json" => ("json-patch", "json-patch.json"),
            "application/xml-patch+xml" => ("xml", "xml-patch.xml"),
            JSON => ("parameters-sent", "fhirpath-patch.json"),
            _ => ("xml", "fhirpath-patch.xml"),
        };
        body = body.content(format, shown(schema(of), [("patch", example.to_owned())]));
    }
    body.build()
}
