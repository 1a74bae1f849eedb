//! Owns the functions on one text or number.

use std::borrow::Cow;

use super::node::Item;
use super::operators::told;
use super::tree::Function;
use crate::fhir::date;

type Items<'a> = Vec<Item<'a>>;

/// What the function makes of an item; of nothing, nothing.
pub fn call<'a>(of: Option<&Item<'a>>, function: Function, arguments: &[Option<Item<'a>>]) -> Items<'a> {
    match function {
        Function::Now => return vec![Item::Moment(Cow::Owned(date::to_instant(date::now())))],
        Function::Today => {
            return vec![Item::Moment(Cow::Owned(date::to_instant(date::now()).chars().take(10).collect()))];
        }
        _ => {}
    }
    let Some(item) = of.and_then(Item::scalar) else { return Vec::new() };
    let one = match (function, &item) {
        (Function::ToString, _) => written(&item).map(|text| Item::Text(Cow::Owned(text))),
        (Function::ToInteger, _) => integer(&item).map(Item::Integer),
        (Function::ToDecimal, Item::Integer(number)) => Some(Item::Decimal((*number).into())),
        (Function::ToDecimal, Item::Decimal(_)) => Some(item),
        (Function::ToDecimal, Item::Text(text)) => text.parse().ok().map(Item::Decimal),
        (Function::Abs, Item::Integer(number)) => number.checked_abs().map(Item::Integer),
        (Function::Abs, Item::Decimal(number)) => Some(Item::Decimal(number.abs())),
        (_, Item::Text(text) | Item::Moment(text)) => return of_text(text, function, arguments),
        _ => None,
    };
    one.into_iter().collect()
}

fn of_text<'a>(text: &str, function: Function, arguments: &[Option<Item<'a>>]) -> Items<'a> {
    let words = |at: usize| arguments.get(at).and_then(Option::as_ref).and_then(Item::text);
    let number = |at: usize| match arguments.get(at) {
        Some(Some(Item::Integer(number))) => Some(*number),
        _ => None,
    };
    let made = |text: String| vec![Item::Text(Cow::Owned(text))];
    let counted = |many: usize| i64::try_from(many).ok().map(Item::Integer).into_iter().collect();
    match function {
        Function::Contains => told(words(0).map(|part| text.contains(&*part))),
        Function::StartsWith => told(words(0).map(|part| text.starts_with(&*part))),
        Function::EndsWith => told(words(0).map(|part| text.ends_with(&*part))),
        Function::IndexOf => match words(0) {
            Some(part) => match text.find(&*part) {
                Some(at) => counted(text[..at].chars().count()),
                None => vec![Item::Integer(-1)],
            },
            None => Vec::new(),
        },
        Function::Length => counted(text.chars().count()),
        Function::Lower => made(text.to_lowercase()),
        Function::Upper => made(text.to_uppercase()),
        Function::Trim => made(text.trim().to_owned()),
        Function::Replace => match (words(0), words(1)) {
            // Each replacement may be longer than what it replaces; a constraint's are not.
            (Some(old), Some(new)) if text.len() < 1 << 16 && new.len() <= 64 => made(text.replace(&*old, &new)),
            _ => Vec::new(),
        },
        Function::Substring => match number(0).map(usize::try_from) {
            Some(Ok(start)) if start < text.chars().count() => {
                let length = number(1).and_then(|length| usize::try_from(length).ok());
                made(text.chars().skip(start).take(length.unwrap_or(usize::MAX)).collect())
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn integer(item: &Item) -> Option<i64> {
    match item {
        Item::Integer(number) => Some(*number),
        Item::Truth(truth) => Some(i64::from(*truth)),
        Item::Text(text) => text.parse().ok(),
        _ => None,
    }
}

fn written(item: &Item) -> Option<String> {
    match item {
        Item::Text(text) | Item::Moment(text) => Some(text.to_string()),
        Item::Truth(truth) => Some(truth.to_string()),
        Item::Integer(number) => Some(number.to_string()),
        Item::Decimal(number) => Some(number.to_plain_string()),
        Item::Node(_) | Item::Elsewhere(_) => None,
    }
}
