//! Owns what is found: which rule of which profile is broken, where, and the words for it.

use super::CANONICAL;
use super::tree::Severity;
use crate::fhir::outcome::{Issue, IssueType, Rule};

/// One thing found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub severity: Severity,
    pub code: IssueType,
    /// A constraint's key, or `min`, `max`, `type`, `fixed`, `pattern`, `slice`, `binding`.
    pub rule: String,
    /// Where, as FHIRPath with indices.
    pub expression: String,
    /// The element of the profile that asks it.
    pub element: String,
    /// The profile.
    pub profile: String,
    pub words: String,
}

/// The code system of the rules that are no constraints' keys, and of the keys.
pub fn rules() -> String {
    format!("{CANONICAL}/CodeSystem/profile-rule")
}

impl Finding {
    /// As an issue of an OperationOutcome.
    pub fn issue(self) -> Issue {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Information => "information",
        };
        let source = format!("{}#{}", self.profile, self.element);
        let rule = Rule { system: rules(), code: self.rule, source };
        Issue { severity, rule: Some(Box::new(rule)), ..Issue::error(self.code, self.words) }.at(&self.expression)
    }
}
