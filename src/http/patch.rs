//! Owns patches as they come (R4 §3.1.0.6): by media type, or as a resource of a Bundle's entry.

use actix_web::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::body::from_json;
use super::media::Media;
use crate::error::Problem;
use crate::fhir::json::{Json, Object};
use crate::fhir::outcome::{Issue, IssueType};
use crate::fhir::primitive::shorten;
use crate::fhir::{decode, xml};
use crate::patch::{FORMATS, Patch, PatchError, fhirpath, json_patch, xml_patch};
use crate::profile::{self, Strictness};
use crate::resources::spec::ResourceSpec;
use crate::store::Edit;

/// Whether a patch may come as this media type; 415 with those there are.
pub fn is_known(kind: &str) -> Result<(), Problem> {
    if FORMATS.contains(&kind) {
        return Ok(());
    }
    let words = format!("send a patch as one of {}", FORMATS.join(", "));
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, IssueType::NotSupported, words))
}

/// Reads a patch of a known media type.
pub fn read(kind: &str, bytes: &[u8]) -> Result<Patch, Problem> {
    is_known(kind)?;
    match kind {
        "application/json-patch+json" => {
            let document = Json::parse(bytes).map_err(|error| structure(error.message, &error.path))?;
            json_patch::parse(document).map(Patch::Json).map_err(unreadable)
        }
        "application/xml-patch+xml" => xml_patch::parse(bytes).map(Patch::Xml).map_err(unreadable),
        "application/fhir+xml" => {
            let parameters = xml::to_json(bytes);
            of_parameters(&parameters.map_err(|error| structure(error.message, &error.path))?)
        }
        _ => of_parameters(&from_json(bytes)?),
    }
}

/// Reads the patch in an entry: a FHIRPath Patch as Parameters, any other as a Binary of its media type.
pub fn of_resource(resource: &Object) -> Result<Patch, Problem> {
    if resource.text("resourceType") != Some("Binary") {
        return of_parameters(resource);
    }
    let issues = decode::check(resource);
    if !issues.is_empty() {
        return Err(Problem::of(StatusCode::BAD_REQUEST, issues));
    }
    let kind = resource.text("contentType").unwrap_or_default();
    let data: String = resource.text("data").unwrap_or_default().split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(data);
    let bytes = bytes.map_err(|_| Problem::bad_request(IssueType::Value, "is not base64").at("data"))?;
    read(&Media::parse(kind).name, &bytes).map_err(|problem| Problem { status: StatusCode::BAD_REQUEST, ..problem })
}

fn structure(message: String, path: &str) -> Problem {
    Problem::of(StatusCode::BAD_REQUEST, vec![Issue::error(IssueType::Structure, message).at(path)])
}

fn of_parameters(resource: &Object) -> Result<Patch, Problem> {
    if resource.text("resourceType") != Some("Parameters") {
        let words = "a FHIRPath Patch is a Parameters resource, any other patch a Binary of its media type";
        return Err(Problem::bad_request(IssueType::Invalid, words).at("resourceType"));
    }
    let issues = decode::check(resource);
    if !issues.is_empty() {
        return Err(Problem::of(StatusCode::BAD_REQUEST, issues));
    }
    fhirpath::parse(resource).map(Patch::FhirPath).map_err(unreadable)
}

fn unreadable(error: PatchError) -> Problem {
    Problem::bad_request(IssueType::Invalid, error.to_string())
}

/// What the patch makes of a stored resource, if it may be kept: still the same resource, and nothing wrong with it.
pub fn edit(patch: Patch, spec: &'static ResourceSpec, most: usize, strictness: Strictness) -> Edit {
    Box::new(move |stored: Object| {
        let id = stored.text("id").map(str::to_owned);
        let wrong = |words: String| vec![Issue::error(IssueType::Invalid, words)];
        let made = patch.apply(stored, most).map_err(|error| wrong(error.to_string()))?;
        let Json::Object(mut made) = made else { return Err(wrong("the patch leaves no resource".to_owned())) };
        if made.text("resourceType") != Some(spec.name) {
            return Err(wrong(format!("the patch makes it another type than {}", spec.name)));
        }
        if made.text("id") != id.as_deref() {
            let other = made.text("id").map_or("none".to_owned(), shorten);
            return Err(wrong(format!("the patch changes the id to {other}: a resource keeps its id")));
        }
        let verdict = profile::check(&made, strictness);
        if !verdict.errors.is_empty() {
            return Err(verdict.errors);
        }
        verdict.mark(&mut made);
        Ok((made, verdict.notes))
    })
}
