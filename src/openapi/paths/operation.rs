//! Operations, from their table: every address and method by which each is asked.

use utoipa::openapi::path::{HttpMethod, OperationBuilder};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{Paths, Required, Response};

use super::super::bodies::{self, FORM, JSON, XML, json, xml};
use super::super::responses::header;
use super::super::{examples, parameters};
use super::{ALWAYS, WITH_BODY, With, add, call, export};
use crate::operations::{self, Operation, Run};
use crate::resources::{self, spec::ResourceSpec};

/// Every operation of every type it is for.
pub fn all(paths: &mut Paths) {
    for operation in operations::ALL {
        for spec in resources::ALL.iter().copied().filter(|spec| operation.is_for(spec.name)) {
            let (kind, name, id) = (spec.name, operation.name, camel(operation.name));
            if operation.on_system.is_some() {
                ask(paths, operation, spec, (&format!("/fhir/${name}"), &id));
            }
            if operation.on_type {
                ask(paths, operation, spec, (&format!("/fhir/{kind}/${name}"), &format!("{id}{kind}")));
            }
            if operation.on_instance {
                ask(paths, operation, spec, (&format!("/fhir/{kind}/{{id}}/${name}"), &format!("{id}One{kind}")));
            }
        }
    }
}

/// The persona of the sandbox who may ask it as in the example, where `gp` may not.
fn persona(operation: &Operation) -> Option<&'static str> {
    match operation.run {
        Run::Export => Some("gp-system"),
        Run::Relate | Run::EndRelationship | Run::Relationships => Some("gp-system"),
        Run::Protect | Run::AccessAlerts | Run::Review => Some("privacy-officer"),
        _ => None,
    }
}

fn ask(paths: &mut Paths, operation: &'static Operation, spec: &'static ResourceSpec, (path, id): (&str, &str)) {
    let (kind, of_one) = (spec.name, path.contains("{id}"));
    let tag = if operation.is_ours() { "Access" } else { "Operations" };
    let whose = persona(operation).map(|name| format!(" In the sandbox, ask as `{name}`.")).unwrap_or_default();
    let definition = operation.definition_url();
    let words = format!("[{definition}]({definition}){whose}");
    let summary =
        if operation.kinds.is_empty() { format!("{} ({kind})", operation.doc) } else { operation.doc.to_owned() };
    let begun = |id: &str| {
        let call = call(id, tag, &summary, &words);
        let call = if of_one { call.takes([format!("{kind}.id")]) } else { call };
        if matches!(operation.run, Run::Export) { call.takes(["Prefer-async"]) } else { call }
    };
    if operation.by_get {
        let mut get = begun(id);
        for parameter in operation.parameters.iter().filter(|parameter| parameter.is_plain()) {
            get = get.parameter(parameters::of_operation(parameter));
        }
        let search = if operation.searches { parameters::of_lastn(spec) } else { Vec::new() };
        let get = get.takes(search).takes(["_format", "_pretty"]);
        add(paths, HttpMethod::Get, path, ends(get, operation, of_one));
    }
    let post = begun(&format!("{id}{}", if operation.by_get { "ByPost" } else { "" })).takes(["_format", "_pretty"]);
    let post = post.request_body(Some(body(operation, spec)));
    add(paths, HttpMethod::Post, path, ends(post, operation, of_one).fails(&WITH_BODY));
}

/// How it ends.
fn ends(call: OperationBuilder, operation: &Operation, of_one: bool) -> OperationBuilder {
    if matches!(operation.run, Run::Export) {
        return call.answers(202, export::begun()).fails(&ALWAYS).fails(&[429]);
    }
    let call = call.answers(200, answer(operation)).fails(&ALWAYS);
    let finds_somebody = of_one || operation.returns == "Parameters" || matches!(operation.run, Run::Everything);
    let call = if finds_somebody { call.fails(&[404]) } else { call };
    let call = if of_one && operation.returns == "Bundle" { call.fails(&[410]) } else { call };
    if matches!(operation.run, Run::Summary) { call.fails(&[422]) } else { call }
}

fn answer(operation: &Operation) -> Response {
    let words = format!("{}: {}", operation.returns, operation.doc);
    let response = ResponseBuilder::new().description(words).header_ref("X-Request-Id", header("X-Request-Id"));
    response.content(JSON, json(operation.returns, &[])).content(XML, xml(&[])).build()
}

/// What it is asked with in a body: Parameters, the one resource it is about, or a form where all values are plain.
fn body(operation: &Operation, spec: &'static ResourceSpec) -> RequestBody {
    let example = format!("{}-asked", operation.name);
    let resource = operation.parameters.iter().any(|parameter| parameter.is_resource());
    let needed = operation.parameters.iter().any(|parameter| parameter.required);
    let required = if needed || resource { Required::True } else { Required::False };
    let own = format!("{}-new", spec.name);
    let mut body = RequestBodyBuilder::new().required(Some(required));
    if examples::is_of_a_resource(operation) {
        body = body.content(JSON, json(spec.name, &[&own])).content(XML, xml(&[&own]));
    } else {
        body = body.content(JSON, json("parameters-sent", &[&example])).content(XML, xml(&[&example]));
    }
    if !resource {
        let plain = operation.parameters.iter().filter(|p| p.is_plain());
        let fields = plain.map(|p| (p.name, p.required, parameters::value_of(p)));
        let search = operation.searches.then(|| parameters::lastn_fields(spec)).into_iter().flatten();
        let fields: Vec<_> = fields.chain(search).collect();
        let mut content = bodies::form(fields);
        content.example = Some(form_example(operation));
        body = body.content(FORM, content);
    }
    body.build()
}

fn form_example(operation: &Operation) -> serde_json::Value {
    let values =
        operation.parameters.iter().filter_map(|p| Some((p.name.to_owned(), examples::asked_with(p.name)?.into())));
    let mut all: serde_json::Map<String, serde_json::Value> = values.collect();
    if operation.searches {
        all.extend(examples::searched().map(|(name, value)| (name.to_owned(), value.into())));
    }
    all.into()
}

/// `break-glass` as `breakGlass`.
fn camel(name: &str) -> String {
    let mut words = name.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |all, word| {
        let mut letters = word.chars();
        let capital = letters.next().map(|letter| letter.to_ascii_uppercase());
        all.chars().chain(capital).chain(letters).collect()
    })
}
