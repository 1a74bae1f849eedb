//! Owns the modifiers of search parameters (R4 §3.1.1.4.4): which a parameter takes, and what its value is then.

use super::query::{split, unescape};
use super::value::{SetRef, Test, Token, alternatives, read, token};
use crate::fhir::primitive::{is_id, shorten};
use crate::fhir::reference::{self, Reference};
use crate::fhir::terminology::split_version;
use crate::fhir::{elements, text};
use crate::resources::index::{typed_token, types_of};
use crate::resources::spec::{BOOLEANS, Kind, Param, ResourceSpec};

/// Reads one `name:modifier=value`. The error says which modifiers there are.
pub fn read_modified(
    spec: &'static ResourceSpec,
    param: &Param,
    modifier: &str,
    value: &str,
    base: &str,
    most: usize,
) -> Result<Test, String> {
    // What a parameter finds that looks in two places, it finds by the modifiers of either.
    let kind = match param.kind {
        Kind::Either([first, _]) => spec.param(first).map_or(param.kind, |first| first.kind),
        kind => kind,
    };
    let known = modifiers(spec, param);
    if let Kind::Reference(targets) = kind
        && (targets.contains(&modifier) || (targets.is_empty() && elements::is_resource_type(modifier)))
    {
        return of_type(spec, param, modifier, value, base, most);
    }
    if !known.iter().any(|name| name.strip_prefix(':') == Some(modifier)) {
        return Err(format!("the modifier :{} is not one of {}", shorten(modifier), known.join(", ")));
    }
    if modifier == "missing" {
        return match value {
            "true" => Ok(Test::Missing(true)),
            "false" => Ok(Test::Missing(false)),
            _ => Err(format!("\"{}\" is not true or false", shorten(value))),
        };
    }
    let parts =
        || -> Result<Vec<String>, String> { Ok(alternatives(value, most)?.into_iter().map(unescape).collect()) };
    Ok(match modifier {
        "exact" => Test::Exact(parts()?),
        "contains" => Test::Within(parts()?.iter().map(|part| text::fold(part)).collect()),
        "not" => Test::Not(Box::new(read(spec, param, value, base, most)?)),
        "text" => Test::TokenText(parts()?.iter().map(|part| text::fold(part)).collect()),
        "of-type" => Test::Typed(alternatives(value, most)?.into_iter().map(typed).collect::<Result<_, _>>()?),
        "in" => Test::InSets(parts()?.iter().map(|part| set(part, base)).collect()),
        "not-in" => Test::Not(Box::new(Test::InSets(parts()?.iter().map(|part| set(part, base)).collect()))),
        "identifier" => Test::Logical(alternatives(value, most)?.into_iter().map(token).collect()),
        "above" | "below" if kind == Kind::Uri => {
            let urls = parts()?.into_iter().map(url).collect::<Result<_, _>>()?;
            if modifier == "above" { Test::UrlsAbove(urls) } else { Test::UrlsBelow(urls) }
        }
        _ => {
            let concepts = alternatives(value, most)?.into_iter().map(|part| concept(part, kind));
            Test::Subsumed { above: modifier == "above", concepts: concepts.collect::<Result<_, _>>()? }
        }
    })
}

/// The modifiers that a parameter takes; a reference also takes the name of a type it refers to.
pub fn modifiers(spec: &'static ResourceSpec, param: &Param) -> Vec<&'static str> {
    const SETS: [&str; 4] = [":in", ":not-in", ":above", ":below"];
    let mut known = vec![":missing"];
    match param.kind {
        Kind::Text => known.extend([":exact", ":contains"]),
        Kind::Id => known.push(":not"),
        Kind::Code(_) | Kind::Truth => {
            known.extend([":not", ":text"]);
            known.extend(SETS);
        }
        Kind::Token => {
            known.extend([":not", ":text"]);
            let types = types_of(spec, param);
            if types.iter().any(|kind| matches!(*kind, "CodeableConcept" | "Coding")) {
                known.extend(SETS);
            }
            if types.contains(&"Identifier") {
                known.push(":of-type");
            }
        }
        Kind::Either([first, _]) => {
            let first = spec.param(first).filter(|first| first.kind == Kind::Token);
            known.extend(first.into_iter().flat_map(|first| modifiers(spec, first)).filter(|name| *name != ":missing"));
        }
        Kind::Reference(_) => known.extend([":identifier", ":[type]"]),
        Kind::Uri => known.extend([":above", ":below"]),
        _ => {}
    }
    known
}

/// Whether no value of the parameter has a text, so that `:text` finds nothing.
pub fn has_no_text(spec: &'static ResourceSpec, param: &Param) -> bool {
    match param.kind {
        Kind::Code(_) | Kind::Truth => true,
        Kind::Token => types_of(spec, param).iter().all(|kind| matches!(*kind, "ContactPoint" | "code" | "string")),
        _ => false,
    }
}

/// `subject:Patient=1`.
fn of_type(
    spec: &'static ResourceSpec,
    param: &Param,
    kind: &str,
    value: &str,
    base: &str,
    most: usize,
) -> Result<Test, String> {
    let typed = |part: String| match reference::parse(&part, base) {
        Reference::Local { kind: own, .. } if own != kind => Err(format!("{} is no {kind}", shorten(&part))),
        Reference::Other(id) if is_id(id) => Ok(format!("{kind}/{id}")),
        _ => Ok(part),
    };
    let parts: Vec<String> = split(value, ',').into_iter().map(unescape).map(typed).collect::<Result<_, _>>()?;
    let parts: Vec<String> = parts.iter().map(|part| part.replace(',', "\\,")).collect();
    read(spec, param, &parts.join(","), base, most)
}

/// `system|code|value`, all three of them.
fn typed(part: &str) -> Result<String, String> {
    let pieces: Vec<String> = split(part, '|').into_iter().map(unescape).collect();
    match &pieces[..] {
        [system, code, value] if !system.is_empty() && !code.is_empty() && !value.is_empty() => {
            Ok(typed_token(system, code, value))
        }
        _ => Err(format!("\"{}\" is not system|code|value: the identifier's type and its value", shorten(part))),
    }
}

/// A value set by its address here, or by its canonical.
fn set(part: &str, base: &str) -> SetRef {
    let (url, version) = split_version(part);
    let here = url.strip_prefix(base).map_or(url, |rest| rest.trim_start_matches('/'));
    let id = here.strip_prefix("ValueSet/").filter(|id| is_id(id));
    SetRef {
        text: part.to_owned(),
        url: url.to_owned(),
        id: id.map(str::to_owned),
        version: version.map(str::to_owned),
    }
}

/// A concept: `system|code`, or a code of whichever system knows it.
fn concept(part: &str, kind: Kind) -> Result<Token, String> {
    let token = token(part);
    let fixed = match kind {
        Kind::Code(system) => Some(system),
        Kind::Truth => Some(BOOLEANS),
        _ => None,
    };
    match (token.system.as_deref(), &token.code, fixed) {
        (Some(""), _, _) | (_, None, _) => Err(format!("\"{}\" is not system|code", shorten(part))),
        (None, Some(_), Some(system)) => Ok(Token { system: Some(system.to_owned()), ..token }),
        (Some(given), _, Some(system)) if given != system => {
            Err(format!("its codes are those of {system}, not of {}", shorten(given)))
        }
        _ => Ok(token),
    }
}

/// A URL; R4 takes URNs out of this.
fn url(part: String) -> Result<String, String> {
    match part.contains("://") {
        true => Ok(part),
        false => {
            Err(format!("\"{}\" is not a URL: :above and :below look along paths, and a URN has none", shorten(&part)))
        }
    }
}
