//! Owns when two things are equal, and which comes first. What cannot be told (dates of different precision, units that do not
//! meet) is none.

use std::borrow::Cow;
use std::cmp::Ordering;

use bigdecimal::BigDecimal;

use super::node::Item;
use crate::fhir::date::{self, Span};
use crate::fhir::json::{Json, Object};
use crate::fhir::quantity;

/// Whether two JSON values say the same: members in any order, numbers by their value.
pub fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Object(a), Json::Object(b)) => same_members(a, b),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Number(a), Json::Number(b)) => quantity::same(a, b),
        _ => a == b,
    }
}

fn same_members(a: &Object, b: &Object) -> bool {
    let within = |(name, value): &(String, Json)| b.get(name).is_some_and(|other| same(value, other));
    a.0.len() == b.0.len() && a.0.iter().all(within)
}

/// Whether two items are equal.
pub fn equal(a: &Item, b: &Item) -> Option<bool> {
    match (a.scalar(), b.scalar()) {
        (Some(a), Some(b)) => scalars(&a, &b),
        (None, None) => match (a, b) {
            (Item::Node(a), Item::Node(b)) => Some(match (a.object, b.object) {
                (Some(a), Some(b)) => same_members(a, b),
                (a, b) => a.is_none() && b.is_none(),
            }),
            _ => Some(false),
        },
        _ => Some(false),
    }
}

fn scalars(a: &Item, b: &Item) -> Option<bool> {
    match (a, b) {
        (Item::Truth(a), Item::Truth(b)) => Some(a == b),
        (Item::Text(a), Item::Text(b)) => Some(a == b),
        (Item::Moment(a), Item::Moment(b)) | (Item::Moment(a), Item::Text(b)) | (Item::Text(a), Item::Moment(b)) => {
            match (span(a), span(b)) {
                (Some(a), Some(b)) => moments(a, b).map(Ordering::is_eq),
                _ => Some(a == b),
            }
        }
        _ => match (decimal(a), decimal(b)) {
            (Some(a), Some(b)) => Some(a == b),
            _ => Some(false),
        },
    }
}

/// As `equal`, for words: neither case nor the kind of white space counts.
pub fn alike(a: &Item, b: &Item) -> bool {
    let folded = |text: Cow<str>| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    match (a.scalar(), b.scalar()) {
        (Some(Item::Text(a)), Some(Item::Text(b))) => folded(a) == folded(b),
        _ => equal(a, b).unwrap_or(false),
    }
}

/// Which of two items comes first.
pub fn order(a: &Item, b: &Item) -> Option<Ordering> {
    match (a.scalar(), b.scalar()) {
        (Some(Item::Moment(a)), Some(Item::Moment(b))) => moments(span(&a)?, span(&b)?),
        (Some(Item::Text(a)), Some(Item::Text(b))) => Some(a.cmp(&b)),
        (Some(a), Some(b)) => Some(decimal(&a)?.cmp(&decimal(&b)?)),
        _ => match (a, b) {
            (Item::Node(a), Item::Node(b)) if a.is("Quantity") && b.is("Quantity") => quantities(a.object?, b.object?),
            _ => None,
        },
    }
}

/// A number as a decimal.
pub fn decimal(item: &Item) -> Option<BigDecimal> {
    match item {
        Item::Integer(number) => Some((*number).into()),
        Item::Decimal(number) => Some(number.clone()),
        _ => None,
    }
}

fn span(text: &str) -> Option<Span> {
    // A literal without a zone is read as UTC.
    date::parse_date_time(text).or_else(|| date::parse_search(text.trim_end_matches('T')))
}

fn moments(a: Span, b: Span) -> Option<Ordering> {
    if a == b {
        Some(Ordering::Equal)
    } else if a.hi <= b.lo {
        Some(Ordering::Less)
    } else if b.hi <= a.lo {
        Some(Ordering::Greater)
    } else if (a.hi - a.lo) < time::Duration::MINUTE && (b.hi - b.lo) < time::Duration::MINUTE {
        // Seconds and their fractions are one precision.
        Some(a.lo.cmp(&b.lo))
    } else {
        None
    }
}

fn quantities(a: &Object, b: &Object) -> Option<Ordering> {
    let value = |quantity: &Object| quantity.get("value").map(ToString::to_string);
    let unit =
        |quantity: &Object| -> Option<String> { quantity.text("code").or(quantity.text("unit")).map(str::to_owned) };
    let (left, right) = (value(a)?, value(b)?);
    if unit(a) == unit(b) && a.text("system") == b.text("system") {
        let number = |text: &str| text.parse::<BigDecimal>().ok();
        return Some(number(&left)?.cmp(&number(&right)?));
    }
    let canonical = |quantity: &Object| quantity::canonical(quantity.text("system")?, quantity.text("code")?);
    let (own, other) = (canonical(a)?, canonical(b)?);
    let (left, right) = (own.of(left.parse().ok()?), other.of(right.parse().ok()?));
    if own.unit == other.unit { left.partial_cmp(&right) } else { None }
}
