//! Owns what stands in addresses and headers: each search parameter as its row in `resources` says, and the parameters and
//! headers that several calls share.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Ref, RefOr, Required, Schema};

use super::bodies::{FORM, schema};
use super::{bodies, examples, values};
use crate::fhir::elements::type_def;
use crate::operations;
use crate::resources;
use crate::resources::spec::{Compartment, Kind, Param, ResourceSpec};
use crate::search::{include, modifier};

/// The parameters that say what a page of a search looks like.
pub const PAGE: [&str; 5] = ["_count", "_total", "_summary", "_format", "_pretty"];

/// Every shared parameter by the name it has among the components.
pub fn all() -> BTreeMap<String, RefOr<Parameter>> {
    let mut all: BTreeMap<String, RefOr<Parameter>> = BTreeMap::new();
    for spec in resources::served() {
        for param in spec.all_params().filter(|param| param.offered()) {
            all.insert(component(spec, param), RefOr::T(searched(spec, param)));
        }
        for (name, parameter) in of_type(spec) {
            all.insert(format!("{}.{name}", spec.name), RefOr::T(parameter));
        }
    }
    all.extend(common().map(|(name, parameter)| (name.to_owned(), RefOr::T(parameter.build()))));
    all
}

/// The name of a search parameter among the components: those of all resources have one for all.
pub fn component(spec: &ResourceSpec, param: &Param) -> String {
    if param.code.starts_with('_') { param.code.to_owned() } else { format!("{}.{}", spec.name, param.code) }
}

/// A parameter of the components.
pub fn shared(name: &str) -> Ref {
    Ref::new(format!("#/components/parameters/{name}"))
}

/// The names of everything that a search of a type takes. In a compartment the patient is chosen already.
pub fn of_search(spec: &'static ResourceSpec, in_compartment: bool) -> Vec<String> {
    let chosen = |param: &&Param| !(in_compartment && matches!(param.code, "patient" | "subject"));
    let params = spec.all_params().filter(|param| param.offered()).filter(chosen);
    let own = of_type(spec)
        .into_iter()
        .filter(|(name, _)| !matches!(*name, "id" | "criteria"))
        .map(|(name, _)| format!("{}.{name}", spec.name));
    params.map(|param| component(spec, param)).chain(own).chain(PAGE.map(str::to_owned)).collect()
}

/// A parameter in the query.
pub fn query(name: &str, of: impl Into<RefOr<Schema>>, words: &str) -> ParameterBuilder {
    let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Query).required(Required::False);
    parameter.schema(Some(of.into())).description(Some(words))
}

/// One of these words.
pub fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words))
}

/// A number of rows, of any size: a page has no more than the service allows.
fn rows(least: i32) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(least))
}

fn pattern(text: String) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).pattern(Some(text))
}

fn searched(spec: &'static ResourceSpec, param: &Param) -> Parameter {
    let example = examples::of_param(spec, param);
    let shown = example.as_ref().map(|value| format!(" For example `{value}`.")).unwrap_or_default();
    let hint = match param.kind {
        Kind::Reference(_) => chains(spec, param),
        _ => String::new(),
    };
    let words = format!(
        "`{}` {}. Modifiers: {}.{hint}{shown} [R4]({})",
        param.r4_type(),
        param.doc,
        modifier::modifiers(spec, param).join(", "),
        param.definition_url(),
    );
    let filled = example.filter(|_| examples::is_filled(spec, param)).map(Value::from);
    query(param.code, values::of(spec, param), &words).example(filled).build()
}

/// The form of a search of several types.
pub fn across() -> RequestBody {
    let date = schema("search-date");
    let fields = common().into_iter().filter(|(name, _)| ["_type", "_count", "_total", "_format"].contains(name));
    let fields = fields.filter_map(|(name, parameter)| Some((name, false, parameter.build().schema?)));
    let content = bodies::form(fields.chain([("_lastUpdated", false, date)]));
    RequestBodyBuilder::new().content(FORM, content).build()
}

/// What the form of a search takes beside search parameters.
pub fn form_fields(spec: &'static ResourceSpec) -> impl Iterator<Item = (&'static str, bool, RefOr<Schema>)> {
    let own = of_type(spec).into_iter().filter(|(name, _)| !matches!(*name, "id" | "criteria"));
    let own = own.filter_map(|(name, parameter)| Some((name, false, parameter.schema?)));
    let page = common().into_iter().filter(|(name, _)| PAGE.contains(name));
    own.chain(page.filter_map(|(name, parameter)| Some((name, false, parameter.build().schema?))))
}

/// A parameter of an operation, in its address.
pub fn of_operation(parameter: &operations::Parameter) -> Parameter {
    let example = examples::asked_with(parameter.name).map(Value::from);
    let required = if parameter.required { Required::True } else { Required::False };
    query(parameter.name, value_of(parameter), parameter.doc).required(required).example(example).build()
}

/// The values of an operation's parameter where they are plain: in an address or a form.
pub fn value_of(parameter: &operations::Parameter) -> RefOr<Schema> {
    match parameter.kind {
        _ if !parameter.codes.is_empty() => one_of(parameter.codes.iter().copied()).into(),
        _ if parameter.name == "_count" => rows(0).into(),
        _ if parameter.name == "nhs-number" => pattern("^[0-9]{10}$".to_owned()).into(),
        _ if parameter.name == "reason" => {
            ObjectBuilder::new().schema_type(Type::String).min_length(Some(10)).max_length(Some(1000)).into()
        }
        _ if parameter.name == "_type" => {
            // Professionals come along with what refers to them: they are not asked for alone.
            let kinds = resources::ALL.iter().filter(|spec| spec.compartment != Compartment::Nobody);
            one_of(kinds.map(|spec| spec.name)).into()
        }
        kind => schema(kind),
    }
}

/// The names of what `$lastn` takes of a search: no order, no pages, nothing that comes along.
pub fn of_lastn(spec: &'static ResourceSpec) -> Vec<String> {
    of_search(spec, false).into_iter().filter(|name| !is_paging(name.rsplit('.').next().unwrap_or(name))).collect()
}

/// The same as fields of a form.
pub fn lastn_fields(spec: &'static ResourceSpec) -> impl Iterator<Item = (&'static str, bool, RefOr<Schema>)> {
    let params = spec.all_params().filter(|param| param.offered());
    params.map(move |param| (param.code, false, values::of(spec, param)))
}

fn is_paging(name: &str) -> bool {
    matches!(name, "_sort" | "_count" | "_total" | "_include" | "_revinclude" | "_format" | "_pretty")
}

/// Where a chain can go from a reference, and that it can be included.
fn chains(spec: &ResourceSpec, param: &Param) -> String {
    let kept = resources::ALL.iter().find(|target| include::refers(param, target.name));
    let first = kept.and_then(|target| target.params.iter().find(|param| param.offered()).map(|inner| (target, inner)));
    first.map_or(String::new(), |(target, inner)| {
        let code = param.code;
        let one = matches!(param.kind, Kind::Reference([_]));
        let kind = if one { String::new() } else { format!(":{}", target.name) };
        format!(
            " Chains: `{code}{kind}.{}` and so on. `_include={}:{code}` brings what it refers to.",
            inner.code, spec.name
        )
    })
}

/// What differs from type to type beside search parameters.
fn of_type(spec: &'static ResourceSpec) -> Vec<(&'static str, Parameter)> {
    let mut found = Vec::new();
    let id = ParameterBuilder::new().name("id").parameter_in(ParameterIn::Path).required(Required::True);
    let id = id.schema(Some(schema("id"))).description(Some(format!("Logical id of the {}", spec.name)));
    found.push(("id", id.example(examples::id_of(spec).map(Value::from)).build()));
    if let Some(param) = spec.param("identifier").filter(|_| !spec.is_trail()) {
        let words = "Criteria: the identifier of the one that is meant. Any other parameter of a search will do, too";
        found.push(("criteria", query("identifier", values::of(spec, param), words).required(Required::True).build()));
    }
    let sortable = spec.all_params().filter(|param| param.offered() && param.sortable()).map(|param| param.code);
    let sortable = sortable.collect::<Vec<_>>().join("|");
    let words = "What the matches are ordered by; - before a name turns its order round, commas stand between several";
    let sort = query("_sort", pattern(format!("^-?({sortable})(,-?({sortable}))*$")), words);
    let newest = (spec.name == "Observation").then(|| Value::from("-date"));
    found.push(("_sort", sort.example(newest).build()));
    let elements = type_def(spec.name).map(|def| &def.children[..]).unwrap_or_default();
    let names: Vec<&str> = elements.iter().map(|child| child.name.trim_end_matches("[x]")).collect();
    let names = names.join("|");
    let words = "Only these elements, with what is required or changes the meaning";
    found.push(("_elements", query("_elements", pattern(format!("^({names})(,({names}))*$")), words).build()));
    let targets = include::of_type(spec);
    if !targets.is_empty() {
        let words = "What comes along: the resources that the matches refer to; :iterate goes on from what came along";
        let values = targets.iter().map(String::as_str).chain(["*"]);
        found.push(("_include", query("_include", one_of(values), words).build()));
    }
    let sources = include::to_type(spec);
    if !sources.is_empty() {
        let words = "What comes along: the resources that refer to the matches";
        found.push(("_revinclude", query("_revinclude", one_of(sources.iter().map(String::as_str)), words).build()));
    }
    found
}

/// What is the same everywhere.
fn common() -> [(&'static str, ParameterBuilder); 18] {
    let header = |name: &str, of: RefOr<Schema>, words: &str| query(name, of, words).parameter_in(ParameterIn::Header);
    let text = |wanted: &str| -> RefOr<Schema> { pattern(wanted.to_owned()).into() };
    // What a server has to pass over where it cannot read it (RFC 7240, RFC 9110) has no pattern.
    let any_text = || -> RefOr<Schema> { ObjectBuilder::new().schema_type(Type::String).into() };
    let kinds: Vec<&str> = resources::ALL.iter().map(|spec| spec.name).collect();
    let kinds = kinds.join("|");
    [
        (
            "_count",
            query("_count", rows(0), "Rows on a page, of which there are 1000 at most; 0 asks for the total alone")
                .example(Some(5.into())),
        ),
        ("_total", query("_total", one_of(["none", "accurate", "estimate"]), "Whether to count all matches")),
        (
            "_summary",
            query("_summary", one_of(["true", "text", "data", "count", "false"]), "How much of each resource is shown"),
        ),
        (
            "read-summary",
            query("_summary", one_of(["true", "text", "data", "false"]), "How much of the resource is shown"),
        ),
        (
            "_format",
            query(
                "_format",
                one_of(["json", "xml", "application/fhir+json", "application/fhir+xml"]),
                "The answer's format, before what Accept says",
            ),
        ),
        ("_pretty", query("_pretty", any_text(), "`true` lays the answer out for people")),
        (
            "_type",
            query(
                "_type",
                pattern(format!("^({kinds})(,({kinds}))*$")),
                "The types that are searched, separated by commas; without it every one you may search",
            )
            .example(Some("Condition,MedicationStatement".into())),
        ),
        ("_since", query("_since", schema("instant"), "Only versions written since then")),
        ("_at", query("_at", schema("dateTime"), "Only versions that were current at some time within this")),
        ("history-count", query("_count", rows(1), "Versions on a page").example(Some(5.into()))),
        (
            "version",
            query("vid", text("^[1-9][0-9]{0,8}$"), "The version, as ETag or meta.versionId gave it")
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .example(Some("1".into())),
        ),
        (
            "If-Match",
            header(
                "If-Match",
                text(r#"^W/"[1-9][0-9]{0,8}"$"#),
                "The version you saw; where it is not the current one, nothing is changed",
            ),
        ),
        (
            "If-None-Match",
            header("If-None-Match", any_text(), "ETags of what you have: the answer is 304 where one is current"),
        ),
        (
            "If-Modified-Since",
            header(
                "If-Modified-Since",
                any_text(),
                "When you read it: the answer is 304 where nothing was written since",
            ),
        ),
        (
            "If-None-Exist",
            header(
                "If-None-Exist",
                any_text(),
                "Criteria, as for a search: it is created only where nothing matches them",
            ),
        ),
        (
            "Prefer-return",
            header(
                "Prefer",
                any_text(),
                "What a change answers with: `return=representation` (the resource), `return=minimal` (nothing) or \
                 `return=OperationOutcome` (what became of it, in words)",
            ),
        ),
        (
            "Prefer-handling",
            header(
                "Prefer",
                any_text(),
                "`handling=lenient`: parameters that the search does not know are passed over",
            ),
        ),
        (
            "Prefer-async",
            header("Prefer", any_text(), "`respond-async`, without which no export begins")
                .example(Some("respond-async".into())),
        ),
    ]
}
