//! The queries put to a server: for every parameter of every type, drawn from the values that occur.

use super::amounts::conversions;
use super::candidates::{forms, nothing};
use super::corpus::{Corpus, Found, Query};
use super::reading::{Convert, Reading};
use super::syntax::{escape, split};
use super::values::{Item, Kind, TokenIs};
use std::collections::{BTreeMap, BTreeSet};

/// At most so many queries of each sort for a parameter: 39 in all.
const SINGLES: usize = 28;
/// At most so many of the singles find nothing.
const MISSES: usize = 10;
const ALTERNATIVES: usize = 4;
const REPEATED: usize = 3;
const MIXED: usize = 4;

/// A value fit to be asked for, and what it finds.
type Single = (String, Found);

impl Corpus<'_> {
    /// Every query, in a fixed order; the same resources give the same queries, `ap` on dates apart.
    pub fn queries(&self) -> Vec<Query> {
        let keys = self.oracle.params.keys();
        let singles: BTreeMap<_, _> = keys.map(|(ty, param)| ((ty, param), self.singles(ty, param))).collect();
        let mut out = Vec::new();
        for ((ty, param), values) in &singles {
            out.extend(values.iter().map(|(v, _)| Query::new(ty, &[(param, v)])));
            if self.oracle.param(ty, param).multiple_or {
                out.extend(alternatives(values).iter().map(|v| Query::new(ty, &[(param, v)])));
            }
            out.extend(repeated(values).iter().map(|(a, b)| Query::new(ty, &[(param, a), (param, b)])));
            // a different start for each parameter, so that all meet some other
            let others: Vec<_> = singles.iter().filter(|((t, p), _)| t == ty && p != param).collect();
            let turned = others.iter().cycle().skip(param.len() * 3).take(others.len());
            let mixed = turned.filter_map(|((_, other), theirs)| {
                let (mine, theirs) = meeting(values, theirs)?;
                Some(Query::new(ty, &[(param, mine), (other, theirs)]))
            });
            out.extend(mixed.take(MIXED));
        }
        out
    }

    /// Searches in another UCUM unit than the stored one: only a server that converts answers them so.
    pub fn conversions(&self) -> Vec<Query> {
        let mut out = Vec::new();
        for (ty, param) in self.oracle.params.keys() {
            if self.oracle.param(ty, param).kinds() != [Kind::Quantity] {
                continue;
            }
            // one stored amount per unit is enough
            let mut by_code = BTreeMap::new();
            for item in self.items(ty, param).concat() {
                if let Item::Amount(amount) = item {
                    by_code.entry(amount.code.clone()).or_insert_with(|| conversions(&amount));
                }
            }
            let mut readings = Reading::others(Kind::Quantity);
            readings.retain(|r| r.convert != Convert::Never);
            let agreed = by_code.into_values().flatten().filter(|v| self.agreed(ty, param, v, &readings).is_some());
            out.extend(agreed.map(|v| Query::new(ty, &[(param, &v)])));
        }
        out
    }

    /// Values of one parameter to search by, those that find something and those that do not.
    fn singles(&self, ty: &str, param: &str) -> Vec<Single> {
        let kinds = self.oracle.param(ty, param).kinds();
        let items = self.items(ty, param).concat();
        let is_boolean =
            items.iter().any(|i| matches!(i, Item::Token { code: Some(c), is: TokenIs::Plain, .. } if c == "true"));
        let candidates = match kinds.as_slice() {
            [_] => interleaved(sample(items).iter().enumerate().map(|(n, i)| forms(i, n)).collect()),
            _ => self.composites(ty, param),
        };
        let none = kinds.iter().map(|k| nothing(*k)).collect::<Vec<_>>().join("$");
        let none = Some(none).filter(|_| !is_boolean);
        let readings: Vec<Reading> = kinds.iter().flat_map(|k| Reading::others(*k)).collect();
        let mut seen = BTreeSet::new();
        let mut fit: Vec<Single> = Vec::new();
        let mut misses = 0;
        for value in none.into_iter().chain(candidates) {
            if fit.len() == SINGLES || !seen.insert(value.clone()) {
                continue;
            }
            let Some(found) = self.agreed(ty, param, &value, &readings) else {
                continue;
            };
            misses += usize::from(found.is_empty());
            if !found.is_empty() || misses <= MISSES {
                fit.push((value, found));
            }
        }
        fit
    }

    /// Pairs of values of one context, and pairs that no context holds together.
    fn composites(&self, ty: &str, param: &str) -> Vec<String> {
        let held = self.held(ty, param);
        let full: Vec<&Vec<Vec<Item>>> = held.iter().flatten().filter(|c| c.iter().all(|p| !p.is_empty())).collect();
        let sample = spread(&full, 12);
        let part = |context: &Vec<Vec<Item>>, part: usize, n: usize| forms(&context[part][0], n);
        let mut out = Vec::new();
        for (n, context) in sample.iter().enumerate() {
            let (first, second) = (part(context, 0, n), part(context, 1, n));
            let other = part(sample[(n + 1) % sample.len()], 1, n);
            let joined = |first: &[String], second: &[String]| -> Vec<String> {
                second.iter().enumerate().map(|(i, b)| format!("{}${b}", first[(i + n) % first.len()])).collect()
            };
            if !first.is_empty() {
                out.push(joined(&first[..1], &second));
                out.push(joined(&first, &second));
                out.push(joined(&first[..1], &other));
            }
        }
        interleaved(out)
    }
}

/// A dozen distinct values: first those that are awkward to write, then some evenly spread over the others.
fn sample(items: Vec<Item>) -> Vec<Item> {
    let by_text: BTreeMap<String, Item> = items.into_iter().map(|i| (format!("{i:?}"), i)).collect();
    let askable = by_text.into_values().filter(|i| !forms(i, 0).is_empty());
    let (awkward, plain): (Vec<Item>, Vec<Item>) = askable.partition(is_awkward);
    let mut out = spread(&awkward, 4);
    out.extend(spread(&plain, 12 - out.len()));
    out
}

/// Values with letters outside ASCII, or with signs that a query must escape, or coded without a system.
fn is_awkward(item: &Item) -> bool {
    let odd = |s: &String| !s.is_ascii() || escape(s) != *s;
    match item {
        Item::Token { system: None, is: TokenIs::Coded, .. } => true,
        Item::Token { code: Some(s), .. } | Item::Text(s) | Item::Uri(s) => odd(s),
        Item::Amount(amount) => amount.unit.as_ref().is_some_and(odd),
        _ => false,
    }
}

fn spread<T: Clone>(all: &[T], most: usize) -> Vec<T> {
    let count = all.len().min(most);
    (0..count).map(|n| all[n * all.len() / count].clone()).collect()
}

/// One of each list in turn, a different place in each, so that a cut keeps every form.
fn interleaved(lists: Vec<Vec<String>>) -> Vec<String> {
    let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
    let turn = |round: usize| {
        let at = move |(n, list): (usize, &Vec<String>)| list.get((round + n) % longest).cloned();
        lists.iter().enumerate().filter_map(at).collect::<Vec<_>>()
    };
    (0..longest).flat_map(turn).collect()
}

/// Comma lists: two that find something, one with a value that finds nothing, three at once.
fn alternatives(values: &[Single]) -> Vec<String> {
    let single = |(v, _): &&Single| split(v, ',').len() == 1;
    let (finding, empty): (Vec<&Single>, Vec<&Single>) =
        values.iter().filter(single).partition(|(_, found)| !found.is_empty());
    let Some((first, _)) = finding.first() else {
        return Vec::new();
    };
    let at = |n: usize| finding[n % finding.len()].0.as_str();
    let mut out = vec![format!("{first},{}", at(finding.len() / 2))];
    if finding.len() > 5 {
        out.push(format!("{},{},{}", at(1), at(3), at(5)));
    }
    out.extend(empty.first().map(|(v, _)| format!("{v},{first}")));
    out.extend(empty.last().map(|(v, _)| format!("{},{v}", at(2))));
    out.truncate(ALTERNATIVES);
    out
}

/// The same parameter twice: overlapping, contained, and contradicting.
fn repeated(values: &[Single]) -> Vec<(&str, &str)> {
    let pairs = || values.iter().enumerate().flat_map(|(n, a)| values[n + 1..].iter().map(move |b| (a, b)));
    let pick = |fits: fn(&Found, &Found) -> bool| pairs().find(|(a, b)| fits(&a.1, &b.1));
    let both = pick(|a, b| !a.is_disjoint(b) && !a.is_subset(b) && !b.is_subset(a));
    let within = pick(|a, b| !a.is_disjoint(b) && a != b && (a.is_subset(b) || b.is_subset(a)));
    let neither = pick(|a, b| !a.is_empty() && !b.is_empty() && a.is_disjoint(b));
    [both, within, neither].into_iter().flatten().take(REPEATED).map(|(a, b)| (a.0.as_str(), b.0.as_str())).collect()
}

/// A value of each parameter that meet in some resources, preferably fewer than either finds alone.
fn meeting<'v>(mine: &'v [Single], theirs: &'v [Single]) -> Option<(&'v str, &'v str)> {
    let pairs = || mine.iter().flat_map(|a| theirs.iter().map(move |b| (a, b)));
    let meet = |(a, b): &(&Single, &Single)| !a.1.is_disjoint(&b.1);
    let narrows = |(a, b): &(&Single, &Single)| meet(&(*a, *b)) && !a.1.is_subset(&b.1) && !b.1.is_subset(&a.1);
    let (a, b) = pairs().find(narrows).or_else(|| pairs().find(meet))?;
    Some((&a.0, &b.0))
}
