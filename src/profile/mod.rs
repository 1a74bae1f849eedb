//! Checks a resource before it is kept: R4 itself, and what this record asks of every source beyond it.

use crate::fhir::elements::is_resource_type;
use crate::fhir::json::Object;
use crate::fhir::outcome::{Issue, IssueType};
use crate::fhir::{decode, nhs_number};

/// Everything that is wrong with the resource. Empty: it may be kept.
pub fn check(resource: &Object) -> Vec<Issue> {
    let mut issues = decode::check(resource);
    if resource.text("resourceType") == Some("Patient") {
        issues.extend(nhs_numbers(resource));
    }
    issues
}

/// Everything that is wrong with the resource against this profile, beside what `check` finds. None: the profile is not
/// known here. R4's own definition of the type asks nothing beyond R4.
pub fn check_against(resource: &Object, canonical: &str) -> Option<Vec<Issue>> {
    let (url, version) = canonical.split_once('|').unwrap_or((canonical, "4.0.1"));
    let kind = url.strip_prefix("http://hl7.org/fhir/StructureDefinition/")?;
    if version != "4.0.1" || !is_resource_type(kind) {
        return None;
    }
    if resource.text("resourceType") == Some(kind) {
        return Some(Vec::new());
    }
    let words = format!("this is no {kind}, which the profile is for");
    Some(vec![Issue::error(IssueType::Invalid, words).at("resourceType")])
}

/// An NHS number that no one can have would file a person's care under a stranger, or under nobody.
fn nhs_numbers(patient: &Object) -> Vec<Issue> {
    let mut issues = Vec::new();
    let different: std::collections::BTreeSet<&str> = nhs_number::of(patient).collect();
    if different.len() > 1 {
        let words = "there are two different NHS numbers: a person has one; put a former one under another system";
        issues.push(Issue::error(IssueType::BusinessRule, words).at("Patient.identifier"));
    }
    for (index, identifier) in patient.objects("identifier").enumerate() {
        let number = identifier.text("value").filter(|_| identifier.text("system") == Some(nhs_number::SYSTEM));
        if let Some(fault) = number.and_then(nhs_number::fault) {
            let words = format!("this is no NHS number: {fault}");
            issues.push(Issue::error(IssueType::BusinessRule, words).at(&format!("Patient.identifier[{index}].value")));
        }
    }
    issues
}
