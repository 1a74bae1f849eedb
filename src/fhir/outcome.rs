//! Owns OperationOutcome: what went wrong, in FHIR's words, for a program and for a person.
//!
//! Nothing internal ever goes in: no SQL, no path of this machine, nothing of another patient.

use super::json::Json;

/// R4 issue types this service uses (`http://hl7.org/fhir/issue-type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueType {
    Structure,
    Required,
    Value,
    Invariant,
    CodeInvalid,
    Invalid,
    NotSupported,
    NotFound,
    Deleted,
    Conflict,
    Duplicate,
    MultipleMatches,
    TooLong,
    TooCostly,
    Login,
    Expired,
    Forbidden,
    BusinessRule,
    Transient,
    Throttled,
    Exception,
    Informational,
}

impl IssueType {
    /// The code as R4 has it.
    pub fn code(self) -> &'static str {
        match self {
            IssueType::Structure => "structure",
            IssueType::Required => "required",
            IssueType::Value => "value",
            IssueType::Invariant => "invariant",
            IssueType::CodeInvalid => "code-invalid",
            IssueType::Invalid => "invalid",
            IssueType::NotSupported => "not-supported",
            IssueType::NotFound => "not-found",
            IssueType::Deleted => "deleted",
            IssueType::Conflict => "conflict",
            IssueType::Duplicate => "duplicate",
            IssueType::MultipleMatches => "multiple-matches",
            IssueType::TooLong => "too-long",
            IssueType::TooCostly => "too-costly",
            IssueType::Login => "login",
            IssueType::Expired => "expired",
            IssueType::Forbidden => "forbidden",
            IssueType::BusinessRule => "business-rule",
            IssueType::Transient => "transient",
            IssueType::Throttled => "throttled",
            IssueType::Exception => "exception",
            IssueType::Informational => "informational",
        }
    }

    /// The code of Spine's error list (`details.coding`), which UK clients switch on.
    pub fn spine(self) -> &'static str {
        match self {
            IssueType::NotFound | IssueType::Deleted => "RESOURCE_NOT_FOUND",
            IssueType::Conflict | IssueType::Duplicate | IssueType::MultipleMatches => "CONFLICT",
            IssueType::Login | IssueType::Expired => "UNAUTHORIZED",
            IssueType::Forbidden => "ACCESS_DENIED",
            IssueType::NotSupported => "NOT_IMPLEMENTED",
            IssueType::Exception | IssueType::Transient | IssueType::Throttled => "INTERNAL_SERVER_ERROR",
            IssueType::Informational => "INFORMATIONAL",
            IssueType::Value
            | IssueType::CodeInvalid
            | IssueType::Invalid
            | IssueType::TooLong
            | IssueType::TooCostly => "INVALID_VALUE",
            IssueType::Structure | IssueType::Required | IssueType::Invariant | IssueType::BusinessRule => {
                "INVALID_RESOURCE"
            }
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Issue {
    pub severity: &'static str,
    pub code: IssueType,
    /// Words a person can act on.
    pub diagnostics: String,
    /// FHIRPath of the element, or `http.name` of a parameter or header.
    pub expression: Option<String>,
    /// The rule of a profile that is broken.
    pub rule: Option<Box<Rule>>,
}

/// A rule of a profile.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub system: String,
    pub code: String,
    /// The profile's canonical, and behind `#` the element that asks it.
    pub source: String,
}

impl Issue {
    /// An error.
    pub fn error(code: IssueType, diagnostics: impl Into<String>) -> Issue {
        Issue { severity: "error", code, diagnostics: diagnostics.into(), expression: None, rule: None }
    }

    /// A warning, for answers that are given all the same.
    pub fn warning(code: IssueType, diagnostics: impl Into<String>) -> Issue {
        Issue { severity: "warning", ..Issue::error(code, diagnostics) }
    }

    /// With its place.
    pub fn at(mut self, expression: &str) -> Issue {
        if !expression.is_empty() {
            self.expression = Some(expression.to_owned());
        }
        self
    }
}

/// An OperationOutcome resource of these findings.
pub fn outcome(issues: &[Issue]) -> Json {
    let issues = issues.iter().map(|issue| {
        let coding =
            |system: &str, code: &str| Json::object([("system", Json::string(system)), ("code", Json::string(code))]);
        let mut codings = vec![coding("https://fhir.nhs.uk/CodeSystem/Spine-ErrorOrWarningCode", issue.code.spine())];
        codings.extend(issue.rule.iter().map(|rule| coding(&rule.system, &rule.code)));
        let mut details = Json::object([("coding", Json::Array(codings))]);
        if let (Json::Object(details), Some(rule)) = (&mut details, &issue.rule) {
            details.set("text", Json::string(rule.source.clone()));
        }
        let mut object = Json::object([
            ("severity", Json::string(issue.severity)),
            ("code", Json::string(issue.code.code())),
            ("details", details),
            ("diagnostics", Json::string(issue.diagnostics.clone())),
        ]);
        if let (Json::Object(members), Some(expression)) = (&mut object, &issue.expression) {
            members.set("expression", Json::Array(vec![Json::string(expression.clone())]));
        }
        object
    });
    Json::object([("resourceType", Json::string("OperationOutcome")), ("issue", Json::Array(issues.collect()))])
}
