//! `_sort`: which of two resources comes first, where that is certain.

use super::super::fhirpath::Node;
use super::super::text::fold;
use super::super::values::{Item, Target, TokenIs};
use super::truth::Truth;
use super::world::World;
use std::cmp::Ordering;

/// A resource's place by one parameter, by each way to read R4: they have to agree for an order to be certain.
/// What has no value comes before everything that has.
#[derive(Clone, Debug, PartialEq)]
struct Place(Vec<Option<Scalar>>);

#[derive(Clone, Debug, PartialEq, PartialOrd)]
enum Scalar {
    Time(i128),
    Text(String),
    Number(bigdecimal::BigDecimal),
}

/// The first two neighbours (or any two, in a short list) that stand the wrong way round, if any do.
pub fn misplaced(world: &World<'_>, names: &[String], sort: &[(&str, bool)]) -> Option<String> {
    let known: Vec<(&String, Vec<Option<Place>>)> = names
        .iter()
        .filter_map(|name| {
            let (ty, at) = world.find(name)?;
            Some((name, sort.iter().map(|(code, _)| place(world, ty, code, at)).collect()))
        })
        .collect();
    let reach = if known.len() <= 150 { known.len() } else { 2 };
    for (at, (before, left)) in known.iter().enumerate() {
        for (after, right) in known.iter().skip(at + 1).take(reach) {
            if precedes(left, right, sort) == Truth::No {
                return Some(format!("{before} stands before {after}, sorted by {sort:?}"));
            }
        }
    }
    None
}

/// Whether the left may stand before the right.
fn precedes(left: &[Option<Place>], right: &[Option<Place>], sort: &[(&str, bool)]) -> Truth {
    for ((left, right), (_, descending)) in left.iter().zip(right).zip(sort) {
        let (Some(left), Some(right)) = (left, right) else { return Truth::Open };
        let compared: Vec<Option<Ordering>> = left.0.iter().zip(&right.0).map(|(l, r)| l.partial_cmp(r)).collect();
        let Some(Some(first)) = compared.first().copied() else { return Truth::Open };
        if compared.iter().any(|other| *other != Some(first)) {
            return Truth::Open;
        }
        match if *descending { first.reverse() } else { first } {
            Ordering::Less => return Truth::Yes,
            Ordering::Greater => return Truth::No,
            Ordering::Equal => {}
        }
    }
    Truth::Yes
}

/// `None` where R4 does not say how to compare.
fn place(world: &World<'_>, ty: &str, code: &str, at: usize) -> Option<Place> {
    if !world.oracle.params.contains_key(&(ty.to_string(), code.to_string())) {
        return None;
    }
    let items = world.items(ty, code, at);
    if items.is_empty() {
        // A value may be there that is none to search by.
        let nothing = Place(vec![None; 8]);
        return world.nodes(ty, code)[at].is_empty().then_some(nothing);
    }
    // Where a reference that names no address stands, R4 does not say.
    let logical = |node: &Node<'_>| node.ty == "Reference" && node.value["reference"].is_null();
    if world.nodes(ty, code)[at].iter().any(logical) {
        return None;
    }
    let mut keys: Vec<Vec<Scalar>> = Vec::new();
    for item in &items {
        keys.push(scalars(item)?);
    }
    // Every way to read a value, each with the least and the greatest of several values.
    let width = keys.iter().map(Vec::len).min()?;
    let ends = |way: usize| {
        let of = || keys.iter().map(move |key| key[way].clone());
        let by = |a: &Scalar, b: &Scalar| a.partial_cmp(b).unwrap_or(Ordering::Equal);
        [of().min_by(by), of().max_by(by)]
    };
    let mut ways: Vec<Option<Scalar>> = (0..width).flat_map(ends).collect();
    let last = ways.last().cloned()?;
    ways.resize(8, last);
    Some(Place(ways))
}

fn scalars(item: &Item) -> Option<Vec<Scalar>> {
    let text = |s: &str| Scalar::Text(s.to_string());
    let letters = |s: &str| Scalar::Text(s.chars().filter(|c| c.is_alphanumeric()).collect());
    match item {
        Item::Span(span) => Some(vec![Scalar::Time(span.low), Scalar::Time(span.high)]),
        Item::Text(s) => {
            // Only the beginning of a long text may count.
            let s: String = fold(s).chars().take(60).collect();
            s.is_ascii().then(|| vec![text(&s), letters(&s)])
        }
        // What stands for a system there, if anything, is the server's choice.
        Item::Token { is: TokenIs::ContactPoint, .. } => None,
        Item::Token { system, code: Some(code), is } => {
            let system = system.as_deref().unwrap_or_default();
            let whole = if *is == TokenIs::Coded { format!("{system}|{code}") } else { code.clone() };
            let lower = code.to_lowercase();
            Some(vec![text(code), text(&lower), text(&whole), letters(&lower)])
        }
        Item::Reference(Target::Local { ty, id }) => Some(vec![text(&format!("{ty}/{id}")), text(id)]),
        Item::Uri(uri) | Item::Canonical(uri) => Some(vec![text(uri), letters(&uri.to_lowercase())]),
        Item::Amount(amount) => {
            // Numbers of different units have an order only for who converts.
            let (low, high) = (amount.low.clone()?, amount.high.clone()?);
            let plain = amount.code.is_none() && amount.unit.is_none();
            plain.then(|| vec![Scalar::Number(low), Scalar::Number(high)])
        }
        _ => None,
    }
}
