//! `Type/$validate` and `Type/id/$validate` (R4 resource-operation-validate): everything that is wrong with a resource.
//!
//! It looks at the resource and at what the caller may do, never at the record: it tells nothing of what is in it.

use super::super::write::same_id;
use super::super::{Answer, Call};
use super::input::{Body, Input};
use crate::access::{Denied, Grant, Interaction};
use crate::error::Problem;
use crate::fhir::json::Object;
use crate::fhir::outcome::{Issue, IssueType, outcome};
use crate::fhir::primitive::shorten;
use crate::operations::{MODES, VALIDATE};
use crate::profile;
use crate::resources::spec::ResourceSpec;

/// What the resource would be sent for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Create,
    Update,
    Delete,
}

/// Any of these lets a caller ask: who may read a type may know whether a resource is a right one.
const EACH: [Interaction; 5] =
    [Interaction::Read, Interaction::Search, Interaction::Create, Interaction::Update, Interaction::Delete];

/// Answers a call.
pub async fn run(call: &Call, spec: &'static ResourceSpec, id: Option<&str>, body: Body) -> Result<Answer, Problem> {
    let address = id.map_or_else(|| spec.name.to_owned(), |id| format!("{}/{id}", spec.name));
    let row = call.audit("E", spec.name, &format!("{address}/$validate"));
    let result = async {
        may_ask(call, spec)?;
        findings(call, spec, id, body.read(call).await?)
    };
    let result = result.await;
    let issues = call.audited(row.clone(), result).await?;
    call.saw(row, []).await?;
    Ok(Answer::ok(outcome(&issues).to_string()))
}

fn may_ask(call: &Call, spec: &'static ResourceSpec) -> Result<(), Denied> {
    let mut first = None;
    for interaction in EACH {
        match call.caller.grant(spec, interaction) {
            Ok(_) => return Ok(()),
            Err(denied) => first = first.or(Some(denied)),
        }
    }
    first.map_or(Ok(()), Err)
}

/// Every finding; a single note where there is none.
fn findings(
    call: &Call,
    spec: &'static ResourceSpec,
    id: Option<&str>,
    mut input: Input,
) -> Result<Vec<Issue>, Problem> {
    let mode = mode(&mut input, id)?;
    let profile = input.one("profile")?;
    input.no_more(call, VALIDATE.parameters)?;
    let mut issues = Vec::new();
    match (&input.resource, mode) {
        (_, Some(Mode::Delete)) => {}
        (None, _) => {
            let words = "there is no resource to validate: post it, or Parameters with the parameter \"resource\"";
            return Err(Problem::bad_request(IssueType::Required, words).at("Parameters.parameter"));
        }
        (Some(resource), _) => {
            issues.extend(of_resource(call, spec, resource, profile.as_deref()));
            if let (Some(Mode::Update), Some(id)) = (mode, id)
                && let Err(problem) = same_id(resource, id)
            {
                issues.extend(problem.issues);
            }
        }
    }
    let interaction = mode.map(|mode| match mode {
        Mode::Create => Interaction::Create,
        Mode::Update => Interaction::Update,
        Mode::Delete => Interaction::Delete,
    });
    if let Some(Err(denied)) = interaction.map(|interaction| call.caller.grant(spec, interaction)) {
        issues.push(Issue::error(IssueType::Forbidden, denied.to_string()));
    }
    if issues.iter().all(|issue| issue.severity != "error") {
        let words = match mode {
            Some(Mode::Delete) => "no issues: you may delete resources of this type that are your own source's",
            _ if !issues.is_empty() => "no errors: the resource is valid, with what is told above",
            _ => "no issues: the resource is valid",
        };
        issues.push(Issue { severity: "information", ..Issue::error(IssueType::Informational, words) });
    }
    Ok(issues)
}

fn mode(input: &mut Input, id: Option<&str>) -> Result<Option<Mode>, Problem> {
    let Some(text) = input.one("mode")? else { return Ok(None) };
    let bad = |words: String| Err(Problem::bad_request(IssueType::Value, words).at("http.mode"));
    match (text.as_str(), id) {
        ("create", _) => Ok(Some(Mode::Create)),
        ("update", Some(_)) => Ok(Some(Mode::Update)),
        ("delete", Some(_)) => Ok(Some(Mode::Delete)),
        ("update" | "delete", None) => bad(format!("mode {text} is about one resource: post to [type]/[id]/$validate")),
        _ => bad(format!("mode: \"{}\" is not one of {}", shorten(&text), MODES.join(", "))),
    }
}

fn of_resource(call: &Call, spec: &'static ResourceSpec, resource: &Object, canonical: Option<&str>) -> Vec<Issue> {
    let write = call.caller.grant(spec, Interaction::Create).or(call.caller.grant(spec, Interaction::Update));
    let strictness = call.state.config.profile.of(write.as_ref().ok().and_then(Grant::source));
    let mut issues = profile::validate(resource, canonical, strictness).unwrap_or_else(|| {
        let mut issues = profile::validate(resource, None, strictness).unwrap_or_default();
        let words = format!(
            "this service does not know the profile {}, so the resource was not checked against it",
            shorten(canonical.unwrap_or_default())
        );
        issues.push(Issue::error(IssueType::NotSupported, words).at("http.profile"));
        issues
    });
    match resource.text("resourceType") {
        Some(name) if name != spec.name => {
            let words = format!("this is a {}, but the address is for {}", shorten(name), spec.name);
            issues.push(Issue::error(IssueType::Invalid, words).at("resourceType"));
        }
        _ => {}
    }
    issues
}
