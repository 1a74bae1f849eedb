//! Owns what a search asks of a row: a parameter of its own, one of a resource it refers to (a chain,
//! R4 §3.1.1.5.10), or one of a resource that refers to it (`_has`, §3.1.1.5.11).
//!
//! A chain enters another type. It does so under a Grant of its own, so that it finds only what the
//! caller could have searched for directly.

use super::Context;
use super::modifier;
use super::value::{self, Prefix, Test};
use crate::access::{Grant, Interaction};
use crate::fhir::date::Span;
use crate::fhir::outcome::{Issue, IssueType};
use crate::fhir::primitive::shorten;
use crate::resources;
use crate::resources::spec::{Kind, Param, ResourceSpec};

/// One condition; all filters of a search have to hold.
#[derive(Debug)]
pub enum Filter {
    /// A parameter of the row itself, with its alternatives.
    Own { param: &'static Param, test: Test },
    /// A resource that `param` refers to, for which `inner` holds.
    Chain { param: &'static Param, entered: Grant, inner: Box<Filter> },
    /// A resource whose `param` refers to the row, for which `inner` holds.
    Has { param: &'static Param, entered: Grant, inner: Box<Filter> },
    /// A row of the compartment of this Patient (R4 §3.1.1.1.3).
    Compartment { patient: String },
    /// A row of somebody's record, not one whose subject is no patient here.
    OfSomebody,
    /// A row that has a value for none of these.
    Silent(Vec<&'static Param>),
    /// One of these holds.
    Any(Vec<Filter>),
}

/// Reads `name=value` for rows of the grant's type. `depth` counts the types entered so far.
pub fn read(grant: &Grant, name: &str, value: &str, context: &Context<'_>, depth: usize) -> Result<Filter, Issue> {
    let spec = grant.spec();
    if let Some(rest) = name.strip_prefix("_has:") {
        let mut parts = rest.splitn(3, ':');
        let (Some(kind), Some(code), Some(inner)) = (parts.next(), parts.next(), parts.next()) else {
            let words = format!("\"{}\" is not _has:Type:reference:parameter", shorten(name));
            return Err(Issue::error(IssueType::Value, words));
        };
        let entered = enter(grant, kind, context, depth)?;
        let param = reference(entered.spec(), code)?;
        let inner = Box::new(read(&entered, inner, value, context, depth + 1)?);
        return Ok(Filter::Has { param, entered, inner });
    }
    if let Some((link, inner)) = name.split_once('.') {
        let (code, kind) = link.split_once(':').map_or((link, None), |(code, kind)| (code, Some(kind)));
        let param = reference(spec, code)?;
        let kind = match kind {
            Some(kind) => kind,
            None => only_target(spec, param)?,
        };
        let entered = enter(grant, kind, context, depth)?;
        let inner = Box::new(read(&entered, inner, value, context, depth + 1)?);
        return Ok(Filter::Chain { param, entered, inner });
    }
    let (code, modifier) = name.split_once(':').map_or((name, None), |(code, modifier)| (code, Some(modifier)));
    let param = spec.param(code).filter(|param| param.offered()).ok_or_else(|| unknown(spec, name))?;
    let (base, most) = (context.base, context.limits.values);
    let test = match modifier {
        None => value::read(spec, param, value, base, most),
        Some(modifier) => modifier::read_modified(spec, param, modifier, value, base, most),
    };
    let test = test.map_err(|words| Issue::error(IssueType::Value, format!("{}: {words}", shorten(name))))?;
    Ok(Filter::Own { param, test })
}

/// Rows of care given within this stretch of time, and those that do not say when; none for a type that never says.
pub fn during(spec: &'static ResourceSpec, span: Span) -> Option<Filter> {
    let dates: Vec<&'static Param> = spec.care_dates.iter().filter_map(|code| spec.param(code)).collect();
    let overlaps = dates.iter().map(|param| Filter::Own { param, test: Test::Dates(vec![(Prefix::Ap, span)]) });
    let silent = Filter::Silent(dates.clone());
    (!dates.is_empty()).then(|| Filter::Any(overlaps.chain([silent]).collect()))
}

/// The grant to search a type that a chain enters, of the same caller.
pub fn enter(grant: &Grant, kind: &str, context: &Context<'_>, depth: usize) -> Result<Grant, Issue> {
    let most = context.limits.chain;
    if depth >= most {
        let words = format!("a chain enters more than {most} types, the most this service follows (limits.chain)");
        return Err(Issue::error(IssueType::TooCostly, words));
    }
    let spec = resources::find(kind).ok_or_else(|| {
        let known: Vec<&str> = resources::ALL.iter().map(|spec| spec.name).collect();
        let words = format!("this record keeps no {}; it keeps {}", shorten(kind), known.join(", "));
        Issue::error(IssueType::NotSupported, words)
    })?;
    let denied = |denied: crate::access::Denied| Issue::error(IssueType::Forbidden, denied.to_string());
    grant.caller().grant(spec, Interaction::Search).map_err(denied)
}

/// The reference parameter of this name.
pub fn reference(spec: &'static ResourceSpec, code: &str) -> Result<&'static Param, Issue> {
    let param = spec.param(code).filter(|param| param.offered()).ok_or_else(|| unknown(spec, code))?;
    match param.kind {
        Kind::Reference(_) => Ok(param),
        _ => {
            let known: Vec<&str> =
                spec.all_params().filter(|p| matches!(p.kind, Kind::Reference(_))).map(|p| p.code).collect();
            let words = format!("{code} of {} is no reference; {} are", spec.name, known.join(", "));
            Err(Issue::error(IssueType::Value, words))
        }
    }
}

/// The one type kept here that the parameter refers to.
fn only_target(spec: &'static ResourceSpec, param: &'static Param) -> Result<&'static str, Issue> {
    let Kind::Reference(targets) = param.kind else { return Err(unknown(spec, param.code)) };
    let kept: Vec<&str> = targets.iter().copied().filter(|kind| resources::find(kind).is_some()).collect();
    match kept[..] {
        [one] => Ok(one),
        _ => {
            let words =
                format!("{} may refer to several types: say which, as in {}:Patient.name", param.code, param.code);
            Err(Issue::error(IssueType::Value, words))
        }
    }
}

/// The error for a parameter a type does not have.
pub fn unknown(spec: &'static ResourceSpec, name: &str) -> Issue {
    let known: Vec<&str> = spec.all_params().filter(|param| param.offered()).map(|param| param.code).collect();
    let words = format!(
        "{} has no search parameter \"{}\"; it has {}, and _has, _include, _revinclude, _count, _sort, _total, _summary, \
         _elements. To have unknown ones passed over, send Prefer: handling=lenient",
        spec.name,
        shorten(name),
        known.join(", ")
    );
    Issue::error(IssueType::NotSupported, words)
}
