//! Owns the values of a search parameter, one reader per kind (R4 §3.1.1.5).

use time::OffsetDateTime;

use super::query::{split, unescape};
use super::words;
use crate::fhir::date::{self, Span};
use crate::fhir::primitive::shorten;
use crate::fhir::quantity::{self, Canonical, Number};
use crate::fhir::reference::{self, Reference};
use crate::fhir::{elements, nhs_number, text};
use crate::resources::spec::{BOOLEANS, Kind, Param, ResourceSpec};

/// What a parameter is compared with: the alternatives of one `name=a,b`.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    Ids(Vec<String>),
    Tokens(Vec<Token>),
    /// Bare codes of a fixed system; `any`: whatever the code, as long as there is one.
    Codes {
        any: bool,
        codes: Vec<String>,
    },
    /// Folded text that a value begins with.
    Prefixes(Vec<String>),
    /// Every sound of one alternative has to be there.
    Sounds(Vec<Vec<String>>),
    Dates(Vec<(Prefix, Span)>),
    /// Reference targets, written as they are stored.
    Targets(Vec<String>),
    /// URLs; without a version they match any version.
    Urls(Vec<String>),
    Quantities(Vec<Quantity>),
    /// Pairs, for a composite.
    Pairs(Vec<(Test, Test)>),
    /// Text exactly as it was written (`:exact`).
    Exact(Vec<String>),
    /// Folded text within a value (`:contains`).
    Within(Vec<String>),
    /// Logical references (`:identifier`).
    Logical(Vec<Token>),
    /// Whether there is no value at all (`:missing`).
    Missing(bool),
    /// Everything the inner test does not find, with what has no value (`:not`, `:not-in`).
    Not(Box<Test>),
    /// Folded text that a text of a coded value begins with (`:text`).
    TokenText(Vec<String>),
    /// Identifiers with their types, as they are stored (`:of-type`).
    Typed(Vec<String>),
    /// Value sets, one of which has the code (`:in`).
    InSets(Vec<SetRef>),
    /// Concepts that are above or below the code, or it itself (`:below`, `:above`).
    Subsumed {
        /// Whether the code is to be the one above.
        above: bool,
        concepts: Vec<Token>,
    },
    /// URLs that begin so (`:below`).
    UrlsBelow(Vec<String>),
    /// URLs with which these begin (`:above`).
    UrlsAbove(Vec<String>),
    /// Words, as the text of a tsquery each.
    Words(Vec<String>),
}

/// A value set by what names it: its own id here, or its canonical.
#[derive(Debug, Clone, PartialEq)]
pub struct SetRef {
    /// As it was written, for messages.
    pub text: String,
    pub url: String,
    pub id: Option<String>,
    pub version: Option<String>,
}

/// `system|code`: a part that is `None` may be anything, an empty system means that there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    pub system: Option<String>,
    pub code: Option<String>,
}

/// A number with an optional unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    pub prefix: Prefix,
    pub number: Number,
    pub system: Option<String>,
    pub code: Option<String>,
    pub canonical: Option<Canonical>,
}

/// How a value compares (R4 §3.1.1.5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix {
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
    Sa,
    Eb,
    Ap,
}

/// Takes the prefix off. Two letters that are no prefix are left for the value's own reader to refuse.
fn prefix(text: &str) -> (Prefix, &str) {
    const ALL: [(&str, Prefix); 9] = [
        ("eq", Prefix::Eq),
        ("ne", Prefix::Ne),
        ("gt", Prefix::Gt),
        ("lt", Prefix::Lt),
        ("ge", Prefix::Ge),
        ("le", Prefix::Le),
        ("sa", Prefix::Sa),
        ("eb", Prefix::Eb),
        ("ap", Prefix::Ap),
    ];
    let found = ALL.iter().find_map(|(name, prefix)| text.strip_prefix(name).map(|rest| (*prefix, rest)));
    found.unwrap_or((Prefix::Eq, text))
}

/// The alternatives of a value: no more than `most`, and none of them empty.
pub fn alternatives(value: &str, most: usize) -> Result<Vec<&str>, String> {
    let parts = split(value, ',');
    if parts.len() > most {
        return Err(format!("{} values, more than the {most} this service takes (limits.values)", parts.len()));
    }
    if parts.iter().any(|part| part.is_empty()) {
        return Err("a value is empty: give each alternative a value, or leave the parameter out".to_owned());
    }
    Ok(parts)
}

/// Reads one `name=value` with all its alternatives. The error says what the value should be.
pub fn read(spec: &'static ResourceSpec, param: &Param, value: &str, base: &str, most: usize) -> Result<Test, String> {
    let parts = alternatives(value, most)?;
    let all = || parts.iter().copied();
    Ok(match param.kind {
        Kind::Id => Test::Ids(all().map(unescape).collect()),
        Kind::Token => Test::Tokens(all().map(token).collect()),
        Kind::Code(system) => codes(all(), system),
        Kind::Truth => codes(all(), BOOLEANS),
        Kind::Text => Test::Prefixes(all().map(|part| text::fold(&unescape(part))).collect()),
        Kind::Phonetic => Test::Sounds(all().map(|part| sounds(&unescape(part))).collect::<Result<_, _>>()?),
        Kind::Instant | Kind::Date | Kind::Dates => Test::Dates(all().map(date_value).collect::<Result<_, _>>()?),
        Kind::Reference(targets) => {
            let found: Result<Vec<Vec<String>>, String> =
                all().map(|part| target(&unescape(part), targets, base)).collect();
            Test::Targets(found?.concat())
        }
        Kind::Uri | Kind::Canonical(_) => Test::Urls(all().map(unescape).collect()),
        Kind::Quantity => Test::Quantities(all().map(quantity_value).collect::<Result<_, _>>()?),
        Kind::Words { narrative } => {
            Test::Words(all().map(|part| words::query(&unescape(part), narrative)).collect::<Result<_, _>>()?)
        }
        Kind::Either([first, _]) => {
            let first = spec.param(first).ok_or("is not declared")?;
            return read(spec, first, value, base, most);
        }
        Kind::Composite { parts: [left, right], .. } => {
            let pair = |part: &str| {
                let halves = split(part, '$');
                let [a, b] = halves[..] else {
                    return Err(format!("\"{}\" is not two values with a $ between", shorten(part)));
                };
                let left = spec.param(left).ok_or("is not declared")?;
                let right = spec.param(right).ok_or("is not declared")?;
                Ok((read(spec, left, a, base, 1)?, read(spec, right, b, base, 1)?))
            };
            Test::Pairs(all().map(pair).collect::<Result<_, String>>()?)
        }
    })
}

/// Reads `system|code`, `code`, `system|` or `|code`.
pub fn token(part: &str) -> Token {
    let halves = split(part, '|');
    match halves[..] {
        [code] => Token { system: None, code: Some(unescape(code)) },
        // Only the first bar divides; further ones belong to the code.
        [system, ..] => {
            let code = unescape(&part[system.len() + 1..]);
            Token { system: Some(unescape(system)), code: Some(code).filter(|code| !code.is_empty()) }
        }
        [] => Token { system: None, code: None },
    }
}

fn codes<'a>(parts: impl Iterator<Item = &'a str>, system: &str) -> Test {
    let (mut any, mut codes) = (false, Vec::new());
    for token in parts.map(token) {
        match (token.system.as_deref(), token.code) {
            (Some(given), _) if given != system => {}
            (_, Some(code)) => codes.push(code),
            (_, None) => any = true,
        }
    }
    Test::Codes { any, codes }
}

fn sounds(value: &str) -> Result<Vec<String>, String> {
    let sounds = text::sounds(value);
    if sounds.is_empty() { Err(format!("\"{}\" has no letter to hear", shorten(value))) } else { Ok(sounds) }
}

fn date_value(part: &str) -> Result<(Prefix, Span), String> {
    let (prefix, rest) = prefix(part);
    let span = date::parse_search(rest).ok_or_else(|| {
        format!(
            "\"{}\" is not a date: YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss[.sss]][Z|+hh:mm], \
             with eq, ne, gt, lt, ge, le, sa, eb or ap before it",
            shorten(part)
        )
    })?;
    Ok((prefix, if prefix == Prefix::Ap { approximate(span, OffsetDateTime::now_utc()) } else { span }))
}

/// The span with a tenth of its distance from now on either side (R4's recommendation for `ap`).
fn approximate(span: Span, now: OffsetDateTime) -> Span {
    let slack = (now - span.lo).abs() / 10;
    Span {
        lo: span.lo.checked_sub(slack).unwrap_or(date::EARLIEST).max(date::EARLIEST),
        hi: span.hi.checked_add(slack).unwrap_or(date::LATEST).min(date::LATEST),
    }
}

/// The stored forms a reference value can have.
fn target(value: &str, targets: &[&str], base: &str) -> Result<Vec<String>, String> {
    match reference::parse(value, base) {
        // `patient` shares its column with `subject`, which may hold other types; it finds patients only.
        Reference::Local { kind, .. } if targets == ["Patient"] && kind != "Patient" => Ok(Vec::new()),
        Reference::Local { kind, id } => Ok(vec![format!("{kind}/{id}")]),
        Reference::Other(id) if crate::fhir::primitive::is_id(id) => {
            let any: Vec<&str> =
                if targets.is_empty() { elements::resource_types().collect() } else { targets.to_vec() };
            Ok(any.into_iter().map(|kind| format!("{kind}/{id}")).collect())
        }
        Reference::Other(url) if url.contains(':') => Ok(vec![url.to_owned()]),
        _ => Err(format!("\"{}\" is not a reference: Type/id, an id, or an absolute URL", shorten(value))),
    }
}

fn quantity_value(part: &str) -> Result<Quantity, String> {
    let pieces: Vec<String> = split(part, '|').into_iter().map(unescape).collect();
    let number = pieces.first().map(String::as_str).unwrap_or_default();
    let (prefix, digits) = prefix(number);
    let number = quantity::parse_number(digits).ok_or_else(|| {
        format!(
            "\"{}\" is not a quantity: number, number|system|code or number||code, with a prefix such as gt before it",
            shorten(part)
        )
    })?;
    let piece = |at: usize| pieces.get(at).filter(|text| !text.is_empty()).cloned();
    let (system, code) = match pieces.len() {
        1 => (None, None),
        3 => (piece(1), piece(2)),
        _ => {
            return Err(format!(
                "\"{}\" has {} parts: number, number|system|code or number||code",
                shorten(part),
                pieces.len()
            ));
        }
    };
    let canonical = system.as_deref().zip(code.as_deref()).and_then(|(s, c)| quantity::canonical(s, c));
    Ok(Quantity { prefix, number, system, code, canonical })
}

/// What is wrong with an NHS number among the values, if one is searched for.
pub fn nhs_number_fault(test: &Test) -> Option<String> {
    let Test::Tokens(tokens) = test else { return None };
    tokens.iter().filter(|token| token.system.as_deref() == Some(nhs_number::SYSTEM)).find_map(|token| {
        let fault = nhs_number::fault(token.code.as_deref()?)?;
        Some(format!("no one can have this NHS number: {fault}"))
    })
}
