//! From a document to what is to be written: its identity, its source, the check against R4 and the profiles. No I/O, so
//! that it runs on a thread of its own while what was checked before is written.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::read::Document;
use super::terminology;
use crate::fhir::json::{Json, Object};
use crate::fhir::outcome::Issue;
use crate::fhir::primitive::is_id;
use crate::profile::{self, Strictnesses};
use crate::resources::{self, spec::ResourceSpec};

/// The source of what names none.
pub const UNNAMED: &str = "import";

/// Whose the resources are where that is said for all, and how strictly each source is held.
pub struct Checker {
    pub source: Option<String>,
    pub strictness: Strictnesses,
}

/// A checked resource on its way.
pub struct Item {
    pub place: String,
    pub spec: &'static ResourceSpec,
    pub id: String,
    pub source: String,
    pub resource: Object,
    /// The marks of what it lacks.
    pub marks: Vec<String>,
}

/// What a document is.
pub enum Checked {
    /// One resource that the record keeps.
    Item(Item),
    /// A Bundle, or terminology: what is in it is taken apart where it is written.
    Other { place: String, kind: String, document: Object },
    /// What the record does not keep.
    Passed(String),
    /// Why it is not taken.
    Refused { place: String, reason: String },
}

impl Checker {
    /// Checks one document of the file with this name.
    pub fn check(&self, name: &str, document: Document) -> Checked {
        let (place, document) = match document {
            Ok((place, document)) => (format!("{name}{place}"), document),
            Err((place, reason)) => return Checked::Refused { place: format!("{name}{place}"), reason },
        };
        let kind = document.text("resourceType").unwrap_or("no resourceType").to_owned();
        if kind == "Bundle" || terminology::KINDS.contains(&kind.as_str()) {
            return Checked::Other { place, kind, document };
        }
        let Some(spec) = resources::kept(&kind) else { return Checked::Passed(kind) };
        let id = identity(&document, None);
        match self.item(&place, spec, id, document) {
            Ok(item) => Checked::Item(item),
            Err(reason) => Checked::Refused { place, reason },
        }
    }

    /// Checks a resource and gives it its identity and source.
    pub fn item(
        &self,
        place: &str,
        spec: &'static ResourceSpec,
        id: String,
        mut resource: Object,
    ) -> Result<Item, String> {
        let own = resource.objects("meta").find_map(|meta| meta.text("source")).map(str::to_owned);
        let source = self.source.clone().or(own).unwrap_or_else(|| UNNAMED.to_owned());
        let verdict = profile::check(&resource, self.strictness.of(Some(&source)));
        if !verdict.errors.is_empty() {
            return Err(words(&verdict.errors));
        }
        if !is_id(&id) {
            return Err(format!("\"{id}\" is not an id"));
        }
        verdict.mark(&mut resource);
        let marks = verdict.marks().map(str::to_owned).collect();
        if resource.get("id").is_some() {
            resource.set("id", Json::string(id.clone()));
        }
        Ok(Item { place: place.to_owned(), spec, id, source, resource, marks })
    }
}

/// The id a resource goes by: its entry's UUID, its own id, or one made of its content, so that a second import finds it.
pub fn identity(resource: &Object, full_url: Option<&str>) -> String {
    let uuid = full_url.and_then(|url| url.strip_prefix("urn:uuid:")).filter(|id| is_id(id));
    if let Some(id) = uuid.or(resource.text("id")) {
        return id.to_owned();
    }
    let digest = Sha256::digest(Json::Object(resource.clone()).to_string().as_bytes());
    Uuid::new_v5(&Uuid::NAMESPACE_OID, &digest).to_string()
}

/// Findings as one line of a report.
pub fn words(issues: &[Issue]) -> String {
    let one = |issue: &Issue| match &issue.expression {
        Some(place) => format!("{place}: {}", issue.diagnostics),
        None => issue.diagnostics.clone(),
    };
    issues.iter().map(one).collect::<Vec<_>>().join("; ")
}
