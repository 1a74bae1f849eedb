//! The CapabilityStatement (R4 §5.2), made from the parameter tables: what is not in them is not in it.

use actix_web::{HttpRequest, HttpResponse, web};

use super::format::Format;
use super::oauth::security;
use super::{FHIR_JSON, State};
use crate::error::Problem;
use crate::fhir::json::Json;
use crate::operations::{self, Operation};
use crate::patch::FORMATS as PATCH_FORMATS;
use crate::profile;
use crate::resources;
use crate::resources::spec::{Param, ResourceSpec};
use crate::search::{include, modifier};

/// The requirements met in full: this record's own and one of UK Core Access. UK Core Access's clinical data provider is not among them: it asks for types that this
/// record does not keep.
const INSTANTIATES: [&str; 3] = [
    "https://lcr.example/fhir/CapabilityStatement/LCR-Server",
    "https://fhir.hl7.org.uk/uk-core-access/CapabilityStatement/UKCoreAccessPatientIndexProvider",
    "http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data",
];

/// What `format` lists: the media types and their short names.
const FORMATS: [&str; 4] = ["application/fhir+json", "json", "application/fhir+xml", "xml"];

/// `GET /fhir/metadata`, open to anyone.
pub async fn metadata(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    Format::of(&request).offered()?;
    Ok(HttpResponse::Ok().content_type(FHIR_JSON).body(statement(&state.base, security(&state.smart)).to_string()))
}

/// The statement for a service at this base URL, with this security.
pub fn statement(base: &str, security: Json) -> Json {
    let text = |words: &str| Json::string(words);
    let code = |code: &str| Json::object([("code", text(code))]);
    let of_system = operations::ALL.iter().filter_map(|one| Some(operation(one, one.on_system?.to_owned()))).collect();
    let rest = Json::object([
        ("mode", text("server")),
        ("security", security),
        ("resource", Json::Array(resources::served().map(resource).collect())),
        ("interaction", Json::Array(vec![code("transaction"), code("batch")])),
        ("operation", Json::Array(of_system)),
    ]);
    Json::object([
        ("resourceType", text("CapabilityStatement")),
        ("url", text(&format!("{base}/metadata"))),
        ("version", text(env!("CARGO_PKG_VERSION"))),
        ("name", text("LondonCareRecordFacade")),
        ("title", text("London Care Record FHIR facade")),
        ("status", text("active")),
        // The date this program's interface last changed, not the date of the request.
        ("date", text("2026-11-22")),
        ("kind", text("instance")),
        ("instantiates", Json::Array(INSTANTIATES.iter().map(|url| text(url)).collect())),
        ("software", Json::object([("name", text("lcr-facade")), ("version", text(env!("CARGO_PKG_VERSION")))])),
        (
            "implementation",
            Json::object([("description", text("FHIR R4 front door to a shared care record")), ("url", text(base))]),
        ),
        ("fhirVersion", text("4.0.1")),
        ("format", Json::Array(FORMATS.iter().map(|format| text(format)).collect())),
        ("patchFormat", Json::Array(PATCH_FORMATS.map(Json::string).to_vec())),
        ("rest", Json::Array(vec![rest])),
    ])
}

/// What a parameter finds, and the modifiers it takes: R4 has no element for these.
fn documentation(spec: &'static ResourceSpec, param: &Param) -> String {
    format!("{}. Modifiers: {}", param.doc, modifier::modifiers(spec, param).join(", "))
}

/// The operations of a type.
fn operations(spec: &'static ResourceSpec) -> Json {
    let own = operations::ALL.iter().filter(|operation| operation.is_for(spec.name));
    Json::Array(own.map(|one| operation(one, one.definition_url())).collect())
}

fn operation(operation: &Operation, definition: String) -> Json {
    Json::object([
        ("name", Json::string(operation.name)),
        ("definition", Json::String(definition)),
        ("documentation", Json::string(operation.doc)),
    ])
}

fn resource(spec: &'static ResourceSpec) -> Json {
    let interactions: &[&str] = match spec.is_trail() {
        true => &["read", "search-type"],
        false => {
            &["read", "vread", "update", "patch", "delete", "history-instance", "history-type", "create", "search-type"]
        }
    };
    let interactions = interactions.iter().map(|name| Json::object([("code", Json::string(*name))]));
    let params = spec.all_params().filter(|param| param.offered()).map(|param| {
        Json::object([
            ("name", Json::string(param.code)),
            ("definition", Json::string(param.definition_url())),
            ("type", Json::string(param.r4_type())),
            ("documentation", Json::string(documentation(spec, param))),
        ])
    });
    let written = !spec.is_trail();
    let mut described = Json::object([
        ("type", Json::string(spec.name)),
        ("interaction", Json::Array(interactions.collect())),
        ("versioning", Json::string(if written { "versioned-update" } else { "no-version" })),
        ("readHistory", Json::Bool(written)),
        ("updateCreate", Json::Bool(written)),
        ("conditionalCreate", Json::Bool(written)),
        ("conditionalRead", Json::string("full-support")),
        ("conditionalUpdate", Json::Bool(written)),
        ("conditionalDelete", Json::string(if written { "single" } else { "not-supported" })),
        ("referencePolicy", Json::Array(["literal", "logical"].map(Json::string).to_vec())),
        ("searchParam", Json::Array(params.collect())),
    ]);
    if let Json::Object(members) = &mut described {
        let profiles: Vec<Json> = profile::of_type(spec.name).into_iter().map(Json::String).collect();
        if !profiles.is_empty() {
            members.0.insert(1, ("supportedProfile".to_owned(), Json::Array(profiles)));
        }
        for (name, list) in [("searchInclude", include::of_type(spec)), ("searchRevInclude", include::to_type(spec))] {
            if !list.is_empty() {
                members.set(name, Json::Array(list.into_iter().map(Json::String).collect()));
            }
        }
        if written {
            members.set("operation", operations(spec));
        }
    }
    described
}
