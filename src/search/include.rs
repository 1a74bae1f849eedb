//! Owns `_include` and `_revinclude` (R4 §3.1.1.5.4): what comes along with the matches of a page, and with `:iterate` what
//! comes along with that.

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
    /// The type of what is there already.
    pub from: &'static ResourceSpec,
    /// The type that comes along.
    pub entered: Grant,
    /// Whether it refers to what is there, rather than that to it.
    pub reverse: bool,
    /// Whether it is asked of what came along, too.
    pub iterate: bool,
}

/// How an include is asked for: `_include` or `_revinclude`, with or without `:iterate`.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    pub reverse: bool,
    pub iterate: bool,
}

impl Way {
    /// The way that a parameter's name says, if it is one of these.
    pub fn of(name: &str) -> Option<Result<Way, Issue>> {
        let (code, modifier) = name.split_once(':').map_or((name, None), |(code, modifier)| (code, Some(modifier)));
        let reverse = match code {
            "_include" => false,
            "_revinclude" => true,
            _ => return None,
        };
        Some(match modifier {
            None | Some("iterate") => Ok(Way { reverse, iterate: modifier.is_some() }),
            Some(other) => {
                let words = format!("{code}: the modifier :{} is not one of :iterate", shorten(other));
                Err(Issue::error(IssueType::Value, words))
            }
        })
    }
}

/// Reads `_include=Type:parameter[:Target]`; `*`, a wildcard or an open target gives several.
pub fn read(grant: &Grant, value: &str, way: Way, context: &Context<'_>) -> Result<Vec<Include>, Issue> {
    let about = grant.spec().name;
    if value == "*" && (way.reverse || way.iterate) {
        // Every type that the caller may see: those that refer to what is there, or are there and refer.
        let all = resources::ALL.iter().filter_map(|spec| read(grant, &format!("{}:*", spec.name), way, context).ok());
        return Ok(all.flatten().collect());
    }
    let own = format!("{about}:*");
    let value = if value == "*" { own.as_str() } else { value };
    let mut parts = value.splitn(3, ':');
    let (kind, code, target) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next());
    let bad = |words: String| Err(Issue::error(IssueType::Value, words));
    let Some(source) = resources::find(kind) else {
        return bad(format!("\"{}\" is not Type:parameter[:Target] of a type this record keeps", shorten(value)));
    };
    if !way.reverse && !way.iterate && source.name != about {
        return bad(format!(
            "_include is about the matches, which are {about}, not {kind}; _include:iterate is about what comes along too"
        ));
    }
    let params: Vec<&'static Param> = match code {
        "*" => {
            let mut params: Vec<&'static Param> = Vec::new();
            // Two that look in one place, as subject and patient do, bring the same.
            for param in source.all_params().filter(|param| matches!(param.kind, Kind::Reference(_))) {
                match params.iter_mut().find(|known| known.column == param.column) {
                    Some(known) if narrower(known, param) => *known = param,
                    Some(_) => {}
                    None => params.push(param),
                }
            }
            params
        }
        _ => vec![reference(source, code)?],
    };
    if target.is_some_and(|target| resources::find(target).is_none()) {
        return bad(format!("this record keeps no {}", shorten(target.unwrap_or_default())));
    }
    let mut includes = Vec::new();
    for param in params {
        // Both ends, of the types that the reference may have: one end is the source, the other is open.
        let open = resources::ALL.iter().copied().filter(|spec| {
            let wanted = target.is_none_or(|target| target == spec.name);
            wanted && refers(param, spec.name) && (way.iterate || !way.reverse || spec.name == about)
        });
        let ends: Vec<(&'static ResourceSpec, &'static ResourceSpec)> = match way.reverse {
            true => open.map(|spec| (spec, source)).collect(),
            false => open.map(|spec| (source, spec)).collect(),
        };
        if way.reverse && ends.is_empty() && code != "*" {
            return bad(format!("{code} of {kind} does not refer to {}", target.unwrap_or(about)));
        }
        // A wildcard or an open target brings what the caller may see of it; a type named is asked for.
        let asked = way.reverse || (code != "*" && target.is_some());
        for (from, entered) in ends {
            match enter(grant, entered.name, context, 0) {
                Ok(entered) => {
                    includes.push(Include { param, from, entered, reverse: way.reverse, iterate: way.iterate });
                }
                Err(denied) if asked => return Err(denied),
                Err(_) => {}
            }
        }
    }
    Ok(includes)
}

/// Whether one parameter may refer to fewer types than another that looks in the same place.
fn narrower(one: &Param, other: &Param) -> bool {
    let count = |param: &Param| match param.kind {
        Kind::Reference([]) => usize::MAX,
        Kind::Reference(targets) => targets.len(),
        _ => 0,
    };
    count(one) < count(other)
}

/// Whether the parameter may refer to this type.
pub fn refers(param: &Param, kind: &str) -> bool {
    matches!(param.kind, Kind::Reference(targets) if targets.is_empty() || targets.contains(&kind))
}

/// What `_revinclude` takes in a search of a type: the parameters that may refer to it.
pub fn to_type(spec: &'static ResourceSpec) -> Vec<String> {
    let all = resources::ALL.iter().flat_map(|other| other.all_params().map(move |param| (other, param)));
    let refers = all.filter(|(_, param)| refers(param, spec.name));
    refers.map(|(other, param)| format!("{}:{}", other.name, param.code)).collect()
}

/// What `_include` takes in a search of a type: its parameters that may refer to a type of the record.
pub fn of_type(spec: &'static ResourceSpec) -> Vec<String> {
    let kept = |param: &&Param| resources::ALL.iter().any(|target| refers(param, target.name));
    let params = spec.all_params().filter(|param| param.offered()).filter(kept);
    params.map(|param| format!("{}:{}", spec.name, param.code)).collect()
}
