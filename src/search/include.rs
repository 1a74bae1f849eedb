//! Owns `_include` and `_revinclude` (R4 §3.1.1.6): what comes along with the matches of a page.

use super::Context;
use super::filter::{enter, reference};
use crate::access::Grant;
use crate::fhir::outcome::{Issue, IssueType};
use crate::fhir::primitive::shorten;
use crate::resources;
use crate::resources::spec::{Kind, Param, ResourceSpec};

/// Resources that come along. Each kind is entered under a Grant of its own.
#[derive(Debug)]
pub struct Include {
    /// The parameter that refers.
    pub param: &'static Param,
    /// The type that comes along.
    pub entered: Grant,
    /// Whether it refers to the matches, rather than they to it.
    pub reverse: bool,
}

/// Reads `_include=Type:parameter[:Target]`; `*`, a wildcard or an open target gives several.
pub fn read(grant: &Grant, value: &str, reverse: bool, context: &Context<'_>) -> Result<Vec<Include>, Issue> {
    if value == "*" && reverse {
        // Every type that the caller may see and that refers to the matches.
        let all = resources::ALL.iter().filter_map(|spec| read(grant, &format!("{}:*", spec.name), true, context).ok());
        return Ok(all.flatten().collect());
    }
    let own = format!("{}:*", grant.spec().name);
    let value = if value == "*" { own.as_str() } else { value };
    let mut parts = value.splitn(3, ':');
    let (kind, code, target) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next());
    let bad = |words: String| Err(Issue::error(IssueType::Value, words));
    let Some(source) = resources::find(kind) else {
        return bad(format!("\"{}\" is not Type:parameter[:Target] of a type this record keeps", shorten(value)));
    };
    if !reverse && source.name != grant.spec().name {
        return bad(format!("_include is about the matches, which are {}, not {kind}", grant.spec().name));
    }
    let params: Vec<&'static Param> = match code {
        "*" => source.all_params().filter(|param| matches!(param.kind, Kind::Reference(_))).collect(),
        _ => vec![reference(source, code)?],
    };
    if target.is_some_and(|target| resources::find(target).is_none()) {
        return bad(format!("this record keeps no {}", shorten(target.unwrap_or_default())));
    }
    let mut includes = Vec::new();
    for param in params {
        if reverse {
            let about = grant.spec().name;
            if target.is_some_and(|target| target != about) || !refers(param, about) {
                if code != "*" {
                    return bad(format!("{code} of {kind} does not refer to {about}"));
                }
                continue;
            }
            includes.push(Include { param, entered: enter(grant, source.name, context, 0)?, reverse });
            continue;
        }
        let entered =
            resources::ALL.iter().filter(|spec| target.is_none_or(|t| t == spec.name) && refers(param, spec.name));
        for spec in entered {
            match enter(grant, spec.name, context, 0) {
                Ok(entered) => includes.push(Include { param, entered, reverse }),
                // A wildcard or an open target brings what the caller may see of it; a type named is asked for.
                Err(_) if code == "*" || target.is_none() => {}
                Err(denied) => return Err(denied),
            }
        }
    }
    Ok(includes)
}

/// Whether the parameter may refer to this type.
pub fn refers(param: &Param, kind: &str) -> bool {
    matches!(param.kind, Kind::Reference(targets) if targets.is_empty() || targets.contains(&kind))
}

/// The parameters of a type that `_include` takes, for the CapabilityStatement.
pub fn of_type(spec: &'static ResourceSpec) -> Vec<String> {
    let kept = |param: &&Param| resources::ALL.iter().any(|target| refers(param, target.name));
    let params = spec.all_params().filter(|param| param.offered()).filter(kept);
    params.map(|param| format!("{}:{}", spec.name, param.code)).collect()
}
