//! What random queries are made from: every parameter of every type with values that occur, and junk.

use super::super::candidates::{forms, nothing};
use super::super::definitions::{array, text};
use super::super::oracle::TYPES;
use super::super::query::world::World;
use super::super::syntax::escape;
use super::super::values::{Item, Kind, TokenIs};
use std::collections::{BTreeMap, BTreeSet};

/// At most so many stored values of a parameter are searched by.
const ITEMS: usize = 24;

/// One parameter of a type.
pub struct Row {
    pub code: String,
    pub kinds: Vec<Kind>,
    pub targets: Vec<String>,
    /// Whether some resource refers by it to one that is there.
    pub leads: bool,
    /// Whole values in every form of the kind.
    pub values: Vec<String>,
    /// For `:text`, `:of-type`, `:identifier`, `:above` and `:below`.
    pub labels: Vec<String>,
    pub typed: Vec<String>,
    pub logical: Vec<String>,
    pub codes: Vec<String>,
}

/// All tables of one world.
pub struct Tables {
    pub params: BTreeMap<&'static str, Vec<Row>>,
    pub ids: BTreeMap<&'static str, Vec<String>>,
    pub words: Vec<String>,
    pub sets: Vec<String>,
    pub elements: BTreeMap<&'static str, Vec<String>>,
}

/// Values that mean nothing, and what attackers send.
pub const JUNK: [&str; 40] = [
    "",
    " ",
    "%",
    "_",
    "'",
    "\"",
    "\\",
    "a\\",
    "\\,",
    "$",
    "|",
    "||",
    ",",
    ",,",
    "a,",
    "-",
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1e400",
    "1e-400",
    "2020-13-45",
    "2020-02-30",
    "2020-1-1",
    "20200101",
    "gt",
    "eq2020T10",
    "2020-01-01T25:00",
    "5.4|http://unitsofmeasure.org",
    "Patient/",
    "/",
    "http://",
    "urn:uuid:",
    "' OR 1=1 --",
    "\u{0}",
    "😀é",
    "٣",
    "../../etc/passwd",
];

/// Names of parameters that no type has.
pub const JUNK_NAMES: [&str; 16] = [
    "banana",
    "",
    "name:",
    ":exact",
    ".name",
    "subject.",
    "patient..name",
    "_has",
    "_has:",
    "_has:Observation:patient",
    "_has:Observation:patient:",
    "_include:banana",
    "_cursor",
    "_filter",
    "Code",
    "code:in:not",
];

impl Tables {
    pub fn of(world: &World<'_>) -> Tables {
        let rows = |ty: &'static str| {
            let own = world.oracle.params.iter().filter(|((of, _), _)| of == ty);
            (ty, own.map(|((_, code), _)| row(world, ty, code)).collect())
        };
        let ids = |ty: &'static str| {
            let ids = world.of(ty).iter().filter_map(|r| r["id"].as_str());
            (ty, spread(&ids.map(str::to_string).collect::<Vec<_>>(), 60))
        };
        let elements = |ty: &'static str| {
            let names: BTreeSet<String> =
                world.oracle.definitions.below(ty).iter().map(|(name, _)| name.to_string()).collect();
            (ty, names.into_iter().collect())
        };
        Tables {
            params: TYPES.map(rows).into(),
            ids: TYPES.map(ids).into(),
            words: words(world),
            sets: world.terminology.sets().iter().map(|set| escape(set)).collect(),
            elements: TYPES.map(elements).into(),
        }
    }
}

fn row(world: &World<'_>, ty: &'static str, code: &str) -> Row {
    let param = world.oracle.param(ty, code);
    let kinds = param.kinds();
    let held = world.held(ty, code);
    let contexts: Vec<&Vec<Vec<Item>>> = held.iter().flatten().filter(|c| c.iter().all(|p| !p.is_empty())).collect();
    let mut values: Vec<String> = Vec::new();
    for (turn, context) in spread(&contexts, ITEMS).iter().enumerate() {
        match context.as_slice() {
            [items] => values.extend(items.iter().take(2).flat_map(|item| forms(item, turn))),
            parts => {
                let each: Vec<Vec<String>> = parts.iter().map(|items| forms(&items[0], turn)).collect();
                if let [left, right] = &each[..] {
                    let pairs = left.iter().cycle().zip(right).take(left.len().max(right.len()));
                    values.extend(pairs.map(|(l, r)| format!("{l}${r}")));
                }
            }
        }
    }
    values.push(kinds.iter().map(|k| nothing(*k)).collect::<Vec<_>>().join("$"));
    let mut row = Row {
        code: code.to_string(),
        kinds,
        targets: param.targets.clone(),
        leads: param.is_reference() && world.links(ty, code).iter().any(|links| !links.is_empty()),
        values: unique(values),
        labels: Vec::new(),
        typed: Vec::new(),
        logical: Vec::new(),
        codes: Vec::new(),
    };
    extras(world, ty, &mut row);
    row
}

/// The values for the modifiers that look at other parts of an element.
fn extras(world: &World<'_>, ty: &str, row: &mut Row) {
    for at in 0..world.of(ty).len() {
        if row.kinds == [Kind::Token] {
            for node in &world.nodes(ty, &row.code)[at] {
                let value = &*node.value;
                row.labels.extend(text(value, "text").map(escape));
                row.labels.extend(text(value, "display").map(escape));
                row.labels.extend(array(&value["coding"]).iter().filter_map(|c| text(c, "display").map(escape)));
                row.labels.extend(text(&value["type"], "text").map(escape));
                for coding in array(&value["type"]["coding"]) {
                    let parts = [text(coding, "system"), text(coding, "code"), text(value, "value")];
                    let parts = parts.map(|part| escape(part.unwrap_or_default()));
                    row.typed.push(parts.join("|"));
                }
            }
            for item in world.items(ty, &row.code, at) {
                if let Item::Token { system: Some(system), code: Some(code), is: TokenIs::Coded | TokenIs::Code } = item
                    && world.terminology.systems().contains(&system.as_str())
                {
                    row.codes.push(format!("{}|{}", escape(&system), escape(&code)));
                }
            }
        }
        if row.kinds == [Kind::Reference] {
            for node in &world.nodes(ty, &row.code)[at] {
                let identifier = &node.value["identifier"];
                if let Some(value) = text(identifier, "value") {
                    row.logical.push(format!(
                        "{}|{}",
                        escape(text(identifier, "system").unwrap_or_default()),
                        escape(value)
                    ));
                    row.logical.push(escape(value));
                }
            }
        }
    }
    let starts = row.labels.iter().filter(|label| !label.contains('\\')).map(|label| label.chars().take(5).collect());
    let starts: Vec<String> = starts.collect();
    row.labels.extend(starts);
    for list in [&mut row.labels, &mut row.typed, &mut row.logical, &mut row.codes] {
        *list = spread(&unique(std::mem::take(list)), ITEMS);
    }
}

/// Words of narratives and displays, and some that stand nowhere.
fn words(world: &World<'_>) -> Vec<String> {
    let mut all = vec!["zzqxword".to_string(), "the".to_string(), "blood pressure".to_string(), "a & b".to_string()];
    for ty in TYPES {
        for resource in spread(world.of(ty), 30) {
            let text = resource.to_string();
            let plain = text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() > 3);
            all.extend(plain.skip(20).step_by(17).take(4).map(str::to_lowercase));
        }
    }
    unique(all)
}

fn unique(list: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    list.into_iter().filter(|value| value.len() < 1500 && seen.insert(value.clone())).collect()
}

/// So many of a list, evenly.
pub fn spread<T: Clone>(all: &[T], most: usize) -> Vec<T> {
    let count = all.len().min(most);
    (0..count).map(|n| all[n * all.len() / count].clone()).collect()
}
