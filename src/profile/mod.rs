//! Checks a resource before it is kept: R4 itself, the NHS number, and the profiles of `fhir-profiles/`, which are compiled once.
//!
//! It looks at the resource alone, and changes nothing in it but the server's own marks.

mod apply;
mod compile;
mod files;
mod finding;
mod library;
mod mark;
mod pattern;
mod slices;
mod strictness;
mod terms;
mod tree;
mod walk;

use std::collections::BTreeSet;

use crate::fhir::elements::is_resource_type;
use crate::fhir::json::Object;
use crate::fhir::outcome::{Issue, IssueType};
use crate::fhir::{decode, nhs_number};
pub use files::FILES;
use finding::Finding;
pub use library::{Library, Unusable, library};
pub use strictness::{Strictness, Strictnesses};
pub use tree::Profile;
use tree::Severity;

/// What the canonical URLs of this record's own definitions begin with.
pub const CANONICAL: &str = "https://lcr.example/fhir";

/// What a check comes to.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Why it may not be kept; empty: it may.
    pub errors: Vec<Issue>,
    /// What its sender should know all the same.
    pub notes: Vec<Issue>,
    /// The marks that it gets; none where the server puts in none.
    marks: Option<BTreeSet<String>>,
}

/// Checks a resource that is to be kept.
pub fn check(resource: &Object, strictness: Strictness) -> Verdict {
    let mut verdict = Verdict { errors: r4(resource), ..Verdict::default() };
    if strictness == Strictness::Off {
        return verdict;
    }
    let library = match library() {
        Ok(library) => library,
        Err(unusable) => {
            verdict.errors.push(Issue::error(IssueType::Exception, unusable.to_string()));
            return verdict;
        }
    };
    let mut marks = BTreeSet::new();
    for finding in found(resource, &apply::profiles(resource, library), library, false) {
        let is_error = finding.severity == Severity::Error;
        marks.extend(library.marks.of_rule(&finding.rule).map(str::to_owned));
        marks.extend(is_error.then(|| mark::NOT_CONFORMANT.to_owned()));
        match (is_error, strictness) {
            (true, Strictness::Enforce) => verdict.errors.push(finding.issue()),
            (true, _) => verdict.notes.push(Finding { severity: Severity::Warning, ..finding }.issue()),
            _ if finding.severity == Severity::Warning => verdict.notes.push(finding.issue()),
            _ => {}
        }
    }
    if !marks.is_empty() {
        let words =
            format!("it is kept with the marks {} in meta.tag", marks.iter().cloned().collect::<Vec<_>>().join(", "));
        verdict.notes.push(Issue { severity: "information", ..Issue::error(IssueType::Informational, words) });
    }
    verdict.marks = Some(marks);
    verdict
}

impl Verdict {
    /// The marks that it gets.
    pub fn marks(&self) -> impl Iterator<Item = &str> {
        self.marks.iter().flatten().map(String::as_str)
    }

    /// Puts the server's marks into what is kept, in place of those that came with it.
    pub fn mark(&self, resource: &mut Object) {
        if let (Some(marks), Ok(library)) = (&self.marks, library()) {
            library.marks.put(resource, marks);
        }
    }
}

/// Everything to be said about a resource: against one profile, or what a write under this strictness would be told. None: the
/// profile is not known here.
pub fn validate(resource: &Object, canonical: Option<&str>, strictness: Strictness) -> Option<Vec<Issue>> {
    let mut issues = r4(resource);
    let library = library().ok()?;
    if let Some(canonical) = canonical {
        issues.extend(against(library, resource, canonical).or_else(|| is_of_type(resource, canonical))?);
        return Some(issues);
    }
    let profiles = match strictness {
        Strictness::Off => Vec::new(),
        _ => apply::profiles(resource, library),
    };
    for mut finding in found(resource, &profiles, library, true) {
        if strictness == Strictness::Warn {
            finding.severity = finding.severity.min(Severity::Warning);
        }
        issues.push(finding.issue());
    }
    Some(issues)
}

/// Everything that this library's profile finds in a resource. None: the library does not have it.
pub fn against(library: &Library, resource: &Object, canonical: &str) -> Option<Vec<Issue>> {
    let profile = library.profile(canonical)?;
    Some(walk::check(resource, profile, library, true).into_iter().map(Finding::issue).collect())
}

/// The canonicals of the profiles that are for a type.
pub fn of_type(kind: &str) -> Vec<String> {
    library().map(|library| apply::of_type(kind, library)).unwrap_or_default()
}

fn found(resource: &Object, profiles: &[&Profile], library: &Library, is_asked: bool) -> Vec<Finding> {
    let mut all: Vec<Finding> = Vec::new();
    for profile in profiles {
        // A profile's rules are often another's too.
        let new = walk::check(resource, profile, library, is_asked).into_iter().filter(|finding| {
            all.iter().all(|known| known.rule != finding.rule || known.expression != finding.expression)
        });
        let new: Vec<Finding> = new.collect();
        all.extend(new);
    }
    all
}

/// R4's own definition of a type asks nothing beyond R4. None: this is no such definition.
fn is_of_type(resource: &Object, canonical: &str) -> Option<Vec<Issue>> {
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

/// What is wrong against R4, and with NHS numbers.
fn r4(resource: &Object) -> Vec<Issue> {
    let mut issues = decode::check(resource);
    if resource.text("resourceType") == Some("Patient") {
        issues.extend(nhs_numbers(resource));
    }
    issues
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
