//! Owns patches: what is to change in a resource, said as operations in one of three languages (R4 §3.1.0.6).
//! Pure: a resource and a patch in, a resource out. Whether the result may be kept is for others to say.

mod dom;
pub mod fhirpath;
mod grammar;
pub mod json_patch;
mod path;
mod selector;
mod tree;
mod value;
pub mod xml_patch;

use crate::fhir::json::{Json, MAX_DEPTH, Object};
use crate::fhir::xml;

/// The most operations of one patch. One that needs more is an update.
pub const MOST_OPERATIONS: usize = 1_000;

/// The media types of patches: JSON Patch, XML Patch, and FHIRPath Patch in FHIR's formats.
pub const FORMATS: [&str; 4] =
    ["application/json-patch+json", "application/xml-patch+xml", "application/fhir+json", "application/fhir+xml"];

/// A patch, read.
#[derive(Debug)]
pub enum Patch {
    Json(Vec<json_patch::Operation>),
    FhirPath(Vec<fhirpath::Operation>),
    Xml(Vec<xml_patch::Operation>),
}

impl Patch {
    /// The resource as the patch makes it, or why it cannot. `most` bounds what is added, in bytes.
    pub fn apply(&self, resource: Object, most: usize) -> Result<Json, PatchError> {
        match self {
            Patch::Json(operations) => json_patch::apply(resource, operations, most),
            Patch::FhirPath(operations) => fhirpath::apply(resource, operations, most),
            Patch::Xml(operations) => by_xml(resource, operations).map(Json::Object),
        }
    }
}

/// Patches the XML of a resource. What comes back has the order of R4's elements.
fn by_xml(resource: Object, operations: &[xml_patch::Operation]) -> Result<Object, PatchError> {
    let whole = Json::Object(resource);
    let Some(resource) = whole.as_object().filter(|_| xml::fits(&whole)) else {
        let words = "the resource holds a character that XML cannot: send another kind of patch";
        return Err(PatchError::new(0, "", words));
    };
    let made = xml_patch::apply(&xml::from_json(resource, false), operations)?;
    xml::to_json(made.as_bytes()).map_err(|error| {
        let place = if error.path.is_empty() { String::new() } else { format!(" at {}", error.path) };
        PatchError::new(operations.len().saturating_sub(1), "", format!("what is left is no resource{place}: {error}"))
    })
}

/// Why a patch cannot be read, or cannot be done: the operation, counted from 0, its path, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("operation {at} ({path}): {words}")]
pub struct PatchError {
    pub at: usize,
    pub path: String,
    pub words: String,
}

/// An error of the operation that knows not yet which one it is.
type Fault = String;

impl PatchError {
    fn new(at: usize, path: &str, words: impl Into<String>) -> PatchError {
        PatchError { at, path: path.chars().take(200).collect(), words: words.into() }
    }
}

/// What a patch may still add: copies of copies double with each operation.
struct Budget(usize);

impl Budget {
    /// Lets a value in at this depth of the resource, if it is not too much.
    fn admit(&mut self, value: &Json, at_depth: usize) -> Result<(), Fault> {
        if at_depth + depth(value) > MAX_DEPTH {
            return Err(format!("the result would be nested deeper than {MAX_DEPTH} levels"));
        }
        let size = size(value);
        self.0 = self
            .0
            .checked_sub(size)
            .ok_or("the patch would add more than a body may hold (limits.body): send less at a time")?;
        Ok(())
    }
}

fn depth(value: &Json) -> usize {
    match value {
        Json::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Json::Object(object) => 1 + object.0.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
        _ => 0,
    }
}

/// About how long the value is as text.
fn size(value: &Json) -> usize {
    match value {
        Json::Null | Json::Bool(_) => 4,
        Json::Number(text) => text.len(),
        Json::String(text) => text.len() + 2,
        Json::Array(items) => 2 + items.iter().map(|item| 1 + size(item)).sum::<usize>(),
        Json::Object(object) => 2 + object.0.iter().map(|(name, value)| name.len() + 4 + size(value)).sum::<usize>(),
    }
}
