//! One parameter value against one stored value: the syntax of values, and every kind except the arithmetic ones.

use super::dates::{self, Prefix, Span};
use super::definitions::{Definitions, array, text};
use super::fhirpath::Node;
use super::quantity::{Amount, Wanted, stored as amount_of};
use super::reading::Reading;
use super::syntax::{split, unescape};
use super::text::{name_parts, sounds_like, starts, strings_of};

/// How a parameter compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Token,
    Text,
    Phonetic,
    Date,
    Reference,
    Quantity,
    Uri,
}

/// A stored value, ready to compare.
#[derive(Clone, Debug)]
pub enum Item {
    Token { system: Option<String>, code: Option<String>, is: TokenIs },
    Text(String),
    Name(String),
    Span(Span),
    Reference(Target),
    Canonical(String),
    Amount(Amount),
    Uri(String),
}

/// What holds a token; it decides which forms of query make sense.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TokenIs {
    /// A Coding or Identifier.
    Coded,
    /// A `code`, whose system is that of its value set.
    Code,
    ContactPoint,
    /// A boolean, id or string.
    Plain,
}

/// Where a literal reference points, its version left out.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Local { ty: String, id: String },
    Absolute(String),
}

/// The stored values a node yields for a parameter of `kind`.
pub fn items(kind: Kind, node: &Node, definitions: &Definitions, base: &str) -> Vec<Item> {
    let string = || node.value.as_str().map(str::to_string);
    match kind {
        Kind::Token => tokens(node, definitions),
        Kind::Text => strings_of(node).into_iter().map(Item::Text).collect(),
        Kind::Phonetic => name_parts(node).into_iter().map(Item::Name).collect(),
        Kind::Date => dates::stored(node).map(Item::Span).into_iter().collect(),
        Kind::Quantity => amount_of(node).map(Item::Amount).into_iter().collect(),
        Kind::Reference if node.ty == "canonical" => string().map(Item::Canonical).into_iter().collect(),
        Kind::Reference => {
            let target = text(&node.value, "reference").and_then(|r| target(r, base));
            target.map(Item::Reference).into_iter().collect()
        }
        Kind::Uri if node.ty == "canonical" => string().map(Item::Canonical).into_iter().collect(),
        Kind::Uri => string().map(Item::Uri).into_iter().collect(),
    }
}

fn tokens(node: &Node, definitions: &Definitions) -> Vec<Item> {
    let part = |value, name| text(value, name).map(str::to_string);
    let token = |system, code, is| Item::Token { system, code, is };
    let coding = |c| token(part(c, "system"), part(c, "code"), TokenIs::Coded);
    let value = &*node.value;
    match node.ty.as_str() {
        "CodeableConcept" => array(&value["coding"]).iter().map(coding).collect(),
        "Coding" => vec![coding(value)],
        "Identifier" => vec![token(part(value, "system"), part(value, "value"), TokenIs::Coded)],
        "ContactPoint" => vec![token(None, part(value, "value"), TokenIs::ContactPoint)],
        "boolean" => vec![token(None, Some(value.to_string()), TokenIs::Plain)],
        "code" => {
            let system = definitions.implied_system(&node.path).map(str::to_string);
            vec![token(system, value.as_str().map(str::to_string), TokenIs::Code)]
        }
        _ => vec![token(None, value.as_str().map(str::to_string), TokenIs::Plain)],
    }
}

/// Reads a literal reference; one to a contained resource cannot be searched for.
pub fn target(reference: &str, base: &str) -> Option<Target> {
    if reference.is_empty() || reference.starts_with('#') {
        return None;
    }
    let unversioned = reference.split("/_history/").next().unwrap_or(reference);
    let local = unversioned.strip_prefix(base).and_then(|r| r.strip_prefix('/')).unwrap_or(unversioned);
    if local.contains(':') {
        return Some(Target::Absolute(unversioned.to_string()));
    }
    let (ty, id) = local.split_once('/')?;
    Some(Target::Local { ty: ty.to_string(), id: id.to_string() })
}

/// A searched value, parsed.
#[derive(Clone, Debug)]
pub enum Term {
    Token {
        system: System,
        code: Option<String>,
    },
    Text(String),
    Phonetic(String),
    Date {
        prefix: Prefix,
        span: Span,
    },
    Target(Target),
    /// A bare reference, an id or a canonical URL: whichever the stored value is.
    Bare(String),
    Quantity(Wanted),
    Uri(String),
}

/// What a token asks of the system.
#[derive(Clone, Debug, PartialEq)]
pub enum System {
    Any,
    Absent,
    Is(String),
}

/// Parses one value (no comma or dollar left to split); `None` for one that means nothing.
pub fn term(kind: Kind, raw: &str, base: &str) -> Option<Term> {
    let whole = || unescape(raw);
    Some(match kind {
        Kind::Token => {
            let parts = split(raw, '|');
            let (system, code) = match parts.as_slice() {
                [code] => (System::Any, code),
                [system, code] if system.is_empty() => (System::Absent, code),
                [system, code] => (System::Is(unescape(system)), code),
                _ => return None,
            };
            Term::Token { system, code: Some(unescape(code)).filter(|c| !c.is_empty()) }
        }
        Kind::Text => Term::Text(whole()),
        Kind::Phonetic => Term::Phonetic(whole()),
        Kind::Date => {
            let (prefix, date) = dates::prefix(raw);
            Term::Date { prefix, span: dates::literal(date)? }
        }
        Kind::Quantity => {
            let (prefix, rest) = dates::prefix(raw);
            let parts: Vec<String> = split(rest, '|').iter().map(|p| unescape(p)).collect();
            let (number, system, code) = match parts.as_slice() {
                [number] => (number, "", ""),
                [number, system, code] => (number, system.as_str(), code.as_str()),
                _ => return None,
            };
            Term::Quantity(Wanted::new(prefix, number, system, code)?)
        }
        // a canonical's version keeps its bar
        Kind::Reference if whole().contains(['/', ':']) && !whole().contains('|') => {
            Term::Target(target(&whole(), base)?)
        }
        Kind::Reference => Term::Bare(whole()),
        Kind::Uri => Term::Uri(whole()),
    })
}

impl Term {
    /// Whether `item` satisfies this.
    pub fn matches(&self, item: &Item, now: i128, reading: &Reading) -> bool {
        match (self, item) {
            (Term::Token { system: s, code: c }, Item::Token { system, code, is }) => {
                let own = *is == TokenIs::Coded || (*is == TokenIs::Code && system.is_some() && *s != System::Absent);
                let system_fits = match s {
                    System::Any => true,
                    _ if reading.loose_systems && !own => true,
                    System::Absent => system.is_none(),
                    System::Is(s) => system.as_ref() == Some(s),
                };
                let code_fits = |c| code.as_deref().is_some_and(|code| same_code(code, c, *is, reading));
                system_fits && c.as_deref().is_none_or(code_fits)
            }
            (Term::Text(wanted), Item::Text(stored)) => starts(stored, wanted, reading),
            (Term::Phonetic(wanted), Item::Name(stored)) => sounds_like(stored, wanted, reading),
            (Term::Date { prefix, span }, Item::Span(stored)) => dates::compare(*prefix, *span, *stored, now, reading),
            (Term::Target(wanted), Item::Reference(stored)) => wanted == stored,
            (Term::Target(Target::Absolute(url)), Item::Canonical(stored)) => same_canonical(stored, url),
            (Term::Bare(id), Item::Reference(Target::Local { id: stored, .. })) => id == stored,
            (Term::Bare(url) | Term::Uri(url), Item::Canonical(stored)) => same_canonical(stored, url),
            (Term::Quantity(wanted), Item::Amount(stored)) => wanted.matches(stored, reading),
            (Term::Uri(wanted), Item::Uri(stored)) => wanted == stored,
            _ => false,
        }
    }

    /// The `eq` term of a `ne` one: what "none is equal" negates.
    pub fn negated(&self) -> Option<Term> {
        match self {
            Term::Date { prefix: Prefix::Ne, span } => Some(Term::Date { prefix: Prefix::Eq, span: *span }),
            Term::Quantity(wanted) if wanted.prefix == Prefix::Ne => {
                let mut equal = wanted.clone();
                equal.prefix = Prefix::Eq;
                Some(Term::Quantity(equal))
            }
            _ => None,
        }
    }
}

fn same_code(stored: &str, wanted: &str, is: TokenIs, reading: &Reading) -> bool {
    let letters = |s: &str| s.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    match (reading.loose_tokens, is) {
        (true, TokenIs::ContactPoint) => letters(stored) == letters(wanted),
        (true, TokenIs::Coded | TokenIs::Code) => stored.to_lowercase() == wanted.to_lowercase(),
        _ => stored == wanted,
    }
}

/// Without a version any version will do; with one, that one.
fn same_canonical(stored: &str, wanted: &str) -> bool {
    stored == wanted || (!wanted.contains('|') && stored.split('|').next() == Some(wanted))
}
