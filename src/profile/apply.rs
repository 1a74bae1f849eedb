//! Owns which profiles a resource is checked against: the one of its type, and those of ours that it claims.

use super::CANONICAL;
use super::library::Library;
use super::tree::Profile;
use crate::fhir::json::{Json, Object};

/// The code system of R4 by which Observations are told apart.
const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";

/// The profiles that a resource has to meet.
pub fn profiles<'a>(resource: &Object, library: &'a Library) -> Vec<&'a Profile> {
    let kind = resource.text("resourceType").unwrap_or_default();
    let by_type = library.profile(&format!("{CANONICAL}/StructureDefinition/LCR-{}", name(kind, resource)));
    let mut found: Vec<&Profile> = by_type.into_iter().collect();
    let claimed = resource.objects("meta").filter_map(|meta| meta.get("profile")).flat_map(Json::items);
    for profile in claimed.filter_map(Json::as_str).filter_map(|canonical| library.profile(canonical)) {
        if found.iter().all(|known| known.url != profile.url) {
            found.push(profile);
        }
    }
    found
}

/// The canonicals of the profiles that are for a type.
pub fn of_type(kind: &str, library: &Library) -> Vec<String> {
    let mut found: Vec<String> = library.profiles().filter(|p| p.kind == kind).map(|p| p.url.clone()).collect();
    found.sort_unstable();
    found
}

fn name(kind: &str, resource: &Object) -> String {
    let is = |code: &str| {
        let codings = resource.objects("category").flat_map(|category| category.objects("coding"));
        codings.into_iter().any(|coding| coding.text("system") == Some(CATEGORY) && coding.text("code") == Some(code))
    };
    let name = match kind {
        "Observation" if is("laboratory") && resource.get("hasMember").is_some() => "Observation-Lab-Group",
        "Observation" if is("laboratory") => "Observation-Lab",
        "Observation" if is("vital-signs") => "Observation-Vital",
        other => other,
    };
    name.to_owned()
}
