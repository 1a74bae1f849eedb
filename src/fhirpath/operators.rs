//! Owns the operators: three-valued logic, comparison, arithmetic, sets.

use std::borrow::Cow;
use std::cmp::Ordering;

use bigdecimal::{BigDecimal, RoundingMode, Zero};

use super::Stopped;
use super::compare::{alike, decimal, equal, order};
use super::node::Item;
use super::tree::Operator;

type Items<'a> = Vec<Item<'a>>;

/// A collection as a truth: none where it is empty; one item that is no boolean is true.
pub fn truth(items: &[Item]) -> Result<Option<bool>, Stopped> {
    match items {
        [] => Ok(None),
        [one] => Ok(Some(!matches!(one.scalar(), Some(Item::Truth(false))))),
        _ => Err(Stopped::Several),
    }
}

/// The one item of a collection, if there is any.
pub fn one<'b, 'a>(items: &'b [Item<'a>]) -> Result<Option<&'b Item<'a>>, Stopped> {
    match items {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(Stopped::Several),
    }
}

/// A truth as a collection.
pub fn told<'a>(truth: Option<bool>) -> Items<'a> {
    truth.map(Item::Truth).into_iter().collect()
}

/// `and`, `or`, `xor` and `implies` over truths that may be missing.
pub fn logic(operator: Operator, left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (operator, left, right) {
        (Operator::And, Some(false), _) | (Operator::And, _, Some(false)) => Some(false),
        (Operator::And, Some(true), Some(true)) => Some(true),
        (Operator::Or, Some(true), _) | (Operator::Or, _, Some(true)) => Some(true),
        (Operator::Or, Some(false), Some(false)) => Some(false),
        (Operator::Xor, Some(a), Some(b)) => Some(a != b),
        (Operator::Implies, Some(false), _) | (Operator::Implies, _, Some(true)) => Some(true),
        (Operator::Implies, Some(true), Some(false)) => Some(false),
        _ => None,
    }
}

/// Every other operator.
pub fn apply<'a>(operator: Operator, left: Items<'a>, right: Items<'a>) -> Result<Items<'a>, Stopped> {
    Ok(match operator {
        Operator::Equal => told(equal_lists(&left, &right)),
        Operator::NotEqual => told(equal_lists(&left, &right).map(|equal| !equal)),
        Operator::Like => told(Some(alike_lists(&left, &right))),
        Operator::NotLike => told(Some(!alike_lists(&left, &right))),
        Operator::Union => distinct(left.into_iter().chain(right).collect()),
        Operator::In => match one(&left)? {
            None => Vec::new(),
            Some(item) => told(Some(holds(&right, item))),
        },
        Operator::Contains => match one(&right)? {
            None => Vec::new(),
            Some(item) => told(Some(holds(&left, item))),
        },
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            let (Some(left), Some(right)) = (one(&left)?, one(&right)?) else { return Ok(Vec::new()) };
            told(order(left, right).map(|order| match operator {
                Operator::Less => order == Ordering::Less,
                Operator::LessOrEqual => order != Ordering::Greater,
                Operator::Greater => order == Ordering::Greater,
                _ => order != Ordering::Less,
            }))
        }
        Operator::Join => {
            let text = |items: &[Item]| -> Result<String, Stopped> {
                Ok(one(items)?.and_then(Item::text).map(Cow::into_owned).unwrap_or_default())
            };
            vec![Item::Text(Cow::Owned(text(&left)? + &text(&right)?))]
        }
        _ => {
            let (Some(left), Some(right)) = (one(&left)?, one(&right)?) else { return Ok(Vec::new()) };
            arithmetic(operator, left, right).into_iter().collect()
        }
    })
}

fn equal_lists(left: &[Item], right: &[Item]) -> Option<bool> {
    if left.is_empty() || right.is_empty() {
        return None;
    }
    if left.len() != right.len() {
        return Some(false);
    }
    left.iter().zip(right).try_fold(true, |all, (left, right)| Some(all & equal(left, right)?))
}

fn alike_lists(left: &[Item], right: &[Item]) -> bool {
    left.len() == right.len() && left.iter().all(|item| right.iter().any(|other| alike(item, other)))
}

/// Whether the item is among these.
pub fn holds(items: &[Item], item: &Item) -> bool {
    items.iter().any(|other| equal(other, item) == Some(true))
}

/// Each item once.
pub fn distinct(items: Items) -> Items {
    let mut kept: Items = Vec::with_capacity(items.len());
    for item in items {
        if !holds(&kept, &item) {
            kept.push(item);
        }
    }
    kept
}

fn arithmetic<'a>(operator: Operator, left: &Item<'a>, right: &Item<'a>) -> Option<Item<'a>> {
    let (left, right) = (left.scalar()?, right.scalar()?);
    if let (Operator::Plus, Item::Text(left), Item::Text(right)) = (operator, &left, &right) {
        return Some(Item::Text(Cow::Owned(format!("{left}{right}"))));
    }
    if let (Item::Integer(a), Item::Integer(b)) = (&left, &right) {
        let whole = match operator {
            Operator::Plus => a.checked_add(*b),
            Operator::Minus => a.checked_sub(*b),
            Operator::Times => a.checked_mul(*b),
            Operator::Div => a.checked_div(*b),
            Operator::Mod => a.checked_rem(*b),
            _ => return quotient(&left, &right).map(Item::Decimal),
        };
        return whole.map(Item::Integer);
    }
    let (a, b) = (decimal(&left)?, decimal(&right)?);
    Some(match operator {
        Operator::Plus => Item::Decimal(a + b),
        Operator::Minus => Item::Decimal(a - b),
        Operator::Times => Item::Decimal(a * b),
        Operator::Div => Item::Integer(whole(&quotient(&left, &right)?)?),
        Operator::Mod => match b.is_zero() {
            true => return None,
            false => Item::Decimal(a % b),
        },
        _ => Item::Decimal(quotient(&left, &right)?),
    })
}

fn quotient(left: &Item, right: &Item) -> Option<BigDecimal> {
    let right = decimal(right).filter(|right| !right.is_zero())?;
    Some(decimal(left)? / right)
}

fn whole(number: &BigDecimal) -> Option<i64> {
    number.with_scale_round(0, RoundingMode::Down).to_plain_string().parse().ok()
}
