//! What the tests of profiles have in common.

use lcr_facade::fhir::json::{Json, Object};
use lcr_facade::fhir::outcome::Issue;
use lcr_facade::profile::{self, Strictness};
use serde_json::Value;

/// A text as a resource.
pub fn object(text: &str) -> Object {
    match Json::parse(text.as_bytes()) {
        Ok(Json::Object(object)) => object,
        other => panic!("no resource: {other:?}"),
    }
}

/// The same of a value.
pub fn of(value: &Value) -> Object {
    object(&value.to_string())
}

/// An issue as one line: severity, rule, place. What R4 itself finds has the kind of issue for its rule.
pub fn line(issue: &Issue) -> String {
    let rule = issue.rule.as_ref().map_or_else(|| format!("r4:{}", issue.code.code()), |rule| rule.code.clone());
    format!("{} {rule} {}", issue.severity, issue.expression.as_deref().unwrap_or("-"))
}

/// Everything that is told of a resource, against one profile or those that it would be held to.
pub fn told(resource: &Object, canonical: Option<&str>) -> Vec<String> {
    let issues = profile::validate(resource, canonical, Strictness::Enforce).expect("a known profile");
    let mut lines: Vec<String> = issues.iter().map(line).collect();
    lines.sort();
    lines
}

/// The errors among them.
pub fn errors(resource: &Object, canonical: Option<&str>) -> Vec<String> {
    told(resource, canonical).into_iter().filter(|line| line.starts_with("error ")).collect()
}
