//! Owns every profile and value set that is known, compiled once when the program starts.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use super::compile::compile;
use super::files::FILES;
use super::mark::{self, Marks};
use super::terms::Terms;
use super::tree::Profile;
use crate::fhir::json::{Json, Object};
use crate::fhir::terminology::{self, CodeSystem, ValueSet, split_version};
use crate::resources;

/// What checks go by.
#[derive(Debug, Default)]
pub struct Library {
    profiles: HashMap<String, Profile>,
    pub terms: Terms,
    pub marks: Marks,
}

/// Why the files cannot be used: which, and what is wrong.
#[derive(Debug, Clone, thiserror::Error)]
#[error("a file of fhir-profiles cannot be used: {0}")]
pub struct Unusable(String);

/// The program's own.
pub fn library() -> Result<&'static Library, Unusable> {
    static LIBRARY: LazyLock<Result<Library, Unusable>> = LazyLock::new(|| Library::of(FILES));
    LIBRARY.as_ref().map_err(Clone::clone)
}

impl Library {
    /// Compiles these files, beside the terminology that the service ships.
    pub fn of(texts: &[&str]) -> Result<Library, Unusable> {
        let mut library = Library::default();
        let names: Vec<&str> =
            resources::ALL.iter().map(|spec| spec.name).chain(["Bundle", "OperationOutcome"]).collect();
        let (systems, sets) = terminology::shipped(&names);
        systems.into_iter().for_each(|system| library.terms.system(system));
        sets.into_iter().for_each(|set| library.terms.set(set));
        let mut definitions = Vec::new();
        for text in texts {
            let read = Json::parse(text.as_bytes());
            let Ok(Json::Object(object)) = read else {
                return Err(Unusable("one of them is no JSON object".to_owned()));
            };
            let named =
                |error: String| Unusable(format!("{}: {error}", object.text("id").unwrap_or("one without an id")));
            match object.text("resourceType") {
                Some("CodeSystem") => {
                    let system = CodeSystem::read(&object).map_err(named)?;
                    if mark::is_ours(&system.url) {
                        library.marks = Marks::of(&object);
                    }
                    library.terms.system(system);
                }
                Some("ValueSet") => library.terms.set(ValueSet::read(&object).map_err(named)?),
                Some("StructureDefinition") => definitions.push(object),
                _ => {}
            }
        }
        let kinds: BTreeMap<String, String> = definitions.iter().filter_map(named).collect();
        for definition in definitions {
            let id = definition.text("id").unwrap_or("one without an id");
            let profile = compile(&definition, &kinds).map_err(|error| Unusable(format!("{id}: {error}")))?;
            library.profiles.insert(profile.url.clone(), profile);
        }
        Ok(library)
    }

    /// The profile of this canonical. With a version, only that one.
    pub fn profile(&self, canonical: &str) -> Option<&Profile> {
        let (url, version) = split_version(canonical);
        self.profiles.get(url).filter(|profile| version.is_none_or(|version| version == profile.version))
    }

    /// Every profile.
    pub fn profiles(&self) -> impl Iterator<Item = &Profile> {
        self.profiles.values()
    }
}

/// Canonical and type of a definition.
fn named(definition: &Object) -> Option<(String, String)> {
    Some((definition.text("url")?.to_owned(), definition.text("type")?.to_owned()))
}
