//! What occurs in either twin, seen or hidden, as a query writes it: only what occurs can tell them apart.

use std::collections::BTreeMap;

use lcr_facade::access::{Interaction, Policies};
use lcr_facade::fhir::json::{Json, Object};
use lcr_facade::resources::spec::{Kind, Param, ResourceSpec};
use lcr_facade::resources::{self, index};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::questions::BASE;
use crate::twins::{Cast, Twin, claims_of, everything};
use crate::world::nhs;

/// The moment of this number, to be filled in by each twin's own clock.
pub fn moment(n: u16) -> String {
    format!("zzat{}zz", n % 8)
}

/// Fills the moments in.
pub fn with_moments(text: &str, twin: &Twin) -> String {
    if !text.contains("zz") {
        return text.to_owned();
    }
    (0..8).fold(text.to_owned(), |text, n| {
        let instant = &twin.moments[usize::from(n) * (twin.moments.len() - 1) / 7];
        text.replace(&moment(n), instant)
    })
}

/// As much of a text as a URL needs encoded.
const URL: AsciiSet =
    NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b':').remove(b'/').remove(b',').remove(b'*');

pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, &URL).to_string()
}

/// What a persona asks with.
pub struct Tables {
    persona: &'static str,
    /// The types the persona may see, and those it may change.
    sees: Vec<&'static ResourceSpec>,
    writes: Vec<&'static ResourceSpec>,
    /// Whether it may choose ids.
    pub chooses_ids: bool,
    rows: BTreeMap<&'static str, Vec<Value>>,
    values: BTreeMap<(&'static str, &'static str), Vec<String>>,
    /// What `:text` and `:of-type` look for.
    labels: BTreeMap<(&'static str, &'static str), Vec<String>>,
    typed: BTreeMap<(&'static str, &'static str), Vec<String>>,
}

impl Tables {
    pub fn of(cast: Cast, persona: &'static str) -> Tables {
        let claims = claims_of(persona);
        let policies = Policies::default();
        let role = policies.of_role(&claims.role).expect("a role");
        let all = || resources::ALL.iter().copied();
        let scoped = |spec: &&ResourceSpec| claims.scope.contains('*') || claims.scope.contains(spec.name);
        let sees = all().filter(scoped).filter(|spec| role.allows(spec.name, Interaction::Search)).collect();
        let writes = all().filter(scoped).filter(|spec| role.allows(spec.name, Interaction::Update)).collect();
        let mut rows: BTreeMap<&'static str, Vec<Value>> = all().map(|spec| (spec.name, Vec::new())).collect();
        for row in everything(cast) {
            rows.get_mut(row["resourceType"].as_str().expect("type")).expect("a type of the record").push(row);
        }
        let (mut values, mut labels, mut typed) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for spec in all() {
            let columns: Vec<Object> = rows[spec.name].iter().map(|row| columns(spec, row)).collect();
            for param in spec.all_params() {
                let mut found: Vec<String> = columns.iter().flat_map(|row| forms(spec, param, row)).collect();
                found.dedup();
                values.insert((spec.name, param.code), found);
                let entries = |name: &str| columns.iter().flat_map(|row| entries(row, name, param)).collect::<Vec<_>>();
                labels.insert((spec.name, param.code), entries(index::TOKEN_TEXT));
                typed.insert((spec.name, param.code), entries(index::TYPED_IDENTIFIER));
            }
        }
        Tables { persona, sees, writes, chooses_ids: role.chooses_ids, rows, values, labels, typed }
    }

    /// A type: mostly one that the persona may see.
    pub fn seen(&self, n: u16) -> &'static ResourceSpec {
        if n % 16 == 15 { one(resources::ALL, n / 16) } else { one(&self.sees, n / 16) }
    }

    /// A type: mostly one that the persona may change.
    pub fn written(&self, n: u16) -> &'static ResourceSpec {
        if n % 16 == 15 || self.writes.is_empty() { one(resources::ALL, n / 16) } else { one(&self.writes, n / 16) }
    }

    /// Whether the persona may see this type.
    pub fn sees(&self, kind: &str) -> bool {
        self.sees.iter().any(|spec| spec.name == kind)
    }

    pub fn rows(&self, kind: &str) -> &[Value] {
        &self.rows[kind]
    }

    /// An id: every other one that of a row that is seen.
    pub fn id(&self, kind: &str, n: u16) -> String {
        let others = ["absent", "own-0", "own-1", "hidden-moved", "hidden-deleted"];
        let ids = self.rows[kind].iter().map(|row| row["id"].as_str().expect("an id"));
        let (seen, mut rest): (Vec<&str>, Vec<&str>) = ids.partition(|id| id.starts_with("seen-"));
        rest.extend(others);
        if n.is_multiple_of(2) && !seen.is_empty() { one(&seen, n / 2) } else { one(&rest, n / 2) }.to_owned()
    }

    /// An id for a change: often one of a row that the persona's own source has shared.
    pub fn changed_id(&self, kind: &str, n: u16) -> String {
        let ids = self.rows[kind].iter().map(|row| row["id"].as_str().expect("an id"));
        let own: Vec<&str> = ids.filter(|id| self.owns(id)).collect();
        if n.is_multiple_of(3) && !own.is_empty() { one(&own, n / 3).to_owned() } else { self.id(kind, n / 3) }
    }

    fn owns(&self, id: &str) -> bool {
        match self.persona {
            "gp" | "gp-system" => id.starts_with("seen-") && !id.contains("-lab") && !id.contains("-plan-of-"),
            "lab-feed" => id.starts_with("seen-lab"),
            persona => id.strip_prefix("seen-plan-of-") == Some(persona),
        }
    }

    /// An id that is not hidden.
    pub fn open_id(&self, kind: &str, n: u16) -> String {
        let ids = self.rows[kind].iter().map(|row| row["id"].as_str().expect("an id"));
        let open: Vec<&str> =
            ["own-0", "own-1", "own-2", "absent"].into_iter().chain(ids.filter(|id| id.starts_with("seen-"))).collect();
        pick(&open, n).to_string()
    }

    /// A value of a parameter.
    pub fn value(&self, spec: &'static ResourceSpec, param: &'static Param, n: u16) -> String {
        let found = &self.values[&(spec.name, param.code)];
        match param.kind {
            Kind::Id => self.id(spec.name, n),
            Kind::Instant => moment(n),
            _ if found.is_empty() => "nothing".to_owned(),
            _ => pick(found, n).clone(),
        }
    }

    /// A value for a parameter with a modifier that looks at other parts of an element.
    pub fn special(&self, spec: &'static ResourceSpec, param: &'static Param, modifier: &str, n: u16) -> String {
        let map = if modifier == ":text" { &self.labels } else { &self.typed };
        map[&(spec.name, param.code)]
            .get(usize::from(n) % map[&(spec.name, param.code)].len().max(1))
            .cloned()
            .unwrap_or_else(|| "a|b|c".to_owned())
    }

    /// The Patient whom a row that is sent is about: mostly one who is seen.
    pub fn subject(&self, n: u16) -> String {
        self.id("Patient", if n.is_multiple_of(2) { n / 4 * 2 } else { n / 2 })
    }

    /// An NHS number: of people who are seen, hidden, and nobody.
    pub fn number(&self, n: u16) -> String {
        nhs(one(&[1, 2, 3, 11, 12, 13, 14, 50, 51], n))
    }
}

/// One of a list, whatever the number.
pub fn one<T: Copy>(list: &[T], n: u16) -> T {
    *pick(list, n)
}

/// The same, of a list that keeps it.
pub fn pick<T>(list: &[T], n: u16) -> &T {
    &list[usize::from(n) % list.len()]
}

/// The search columns of a resource.
fn columns(spec: &'static ResourceSpec, row: &Value) -> Object {
    match Json::parse(row.to_string().as_bytes()) {
        Ok(Json::Object(object)) => index::columns(spec, &object, BASE),
        _ => panic!("{row} is no resource"),
    }
}

/// The values of a parameter that a row has.
fn forms(spec: &'static ResourceSpec, param: &'static Param, row: &Object) -> Vec<String> {
    let texts = |name: &str| -> Vec<String> {
        let items = row.get(name).into_iter().flat_map(Json::items);
        items.filter_map(Json::as_str).map(str::to_owned).collect()
    };
    match param.kind {
        Kind::Id | Kind::Instant => Vec::new(),
        Kind::Either([one, _]) => spec.param(one).map(|param| forms(spec, param, row)).unwrap_or_default(),
        Kind::Composite { parts: [left, right], .. } => {
            let part = |code: &str| spec.param(code).and_then(|param| forms(spec, param, row).into_iter().next());
            part(left).zip(part(right)).map(|(a, b)| format!("{a}${b}")).into_iter().collect()
        }
        Kind::Date | Kind::Dates => {
            let ends = [texts(&format!("{}_lo", param.column)), texts(&format!("{}_hi", param.column))].concat();
            ends.iter().map(|at| at[..10].to_owned()).collect()
        }
        Kind::Quantity => {
            let items = row.get(param.column).into_iter().flat_map(Json::items).filter_map(Json::as_object);
            let part = |quantity: &Object, name: &str| quantity.get(name).map(|v| v.to_string().replace('"', ""));
            items
                .filter_map(|quantity| {
                    let number = part(quantity, "lo").filter(|number| !number.contains("nf"))?;
                    let unit = part(quantity, "system").zip(part(quantity, "code"));
                    Some(unit.map_or(number.clone(), |(system, code)| format!("{number}|{system}|{code}")))
                })
                .collect()
        }
        // A text that is not its own folded form is stored in both.
        Kind::Text => {
            let stored = texts(param.column);
            stored.iter().flat_map(|text| text.split(|c: char| c.is_control())).map(escape).collect()
        }
        Kind::Words { .. } => {
            let words: Vec<String> = texts(index::WORDS).iter().flat_map(|text| words(text)).collect();
            words.into_iter().take(40).collect()
        }
        _ => texts(param.column).iter().map(|text| escape(text)).collect(),
    }
}

/// The entries of a column that serves several parameters, of one of them.
fn entries(row: &Object, name: &str, param: &Param) -> Vec<String> {
    let texts = row.get(name).into_iter().flat_map(Json::items).filter_map(Json::as_str);
    let halves = texts.filter_map(|text| text.split_once(|c: char| c.is_control()));
    halves.filter(|(column, _)| *column == param.column).map(|(_, value)| escape(value)).collect()
}

/// The words in a column of words, whatever else stands there.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 3).map(str::to_owned).collect()
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace(',', "\\,").replace('$', "\\$")
}
