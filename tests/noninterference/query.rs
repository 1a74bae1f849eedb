//! From the recipe of a search to its query.

use lcr_facade::resources::spec::{Kind, Param, ResourceSpec};
use lcr_facade::resources::{self};
use lcr_facade::search::modifier::modifiers;

use super::recipe::{Own, Part, Step};
use super::tables::{Tables, encode, moment, one, pick};

/// Value sets that come with the service, and one that is not there.
const SETS: [&str; 4] = [
    "http://hl7.org/fhir/ValueSet/condition-category",
    "http://hl7.org/fhir/ValueSet/data-absent-reason",
    "http://hl7.org/fhir/ValueSet/age-units",
    "http://example.org/vs/nothing",
];

/// What nobody should send.
const JUNK: [&str; 6] = ["banana", "_filter", "name:", "patient..name", "_has:Observation:patient", "code:in:not"];

/// The parameters of a search of a type; `across`: those that every type has.
pub fn pairs(tables: &Tables, spec: &'static ResourceSpec, across: bool, parts: &[Part]) -> Vec<(String, String)> {
    let query = Query { tables, spec, across };
    parts.iter().map(|part| query.part(part)).collect()
}

/// The query as a URL or a form has it.
pub fn encoded(pairs: &[(String, String)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// The reference parameters of a type that may refer to types of this record, with those types.
pub fn references(spec: &'static ResourceSpec) -> Vec<(&'static Param, Vec<&'static str>)> {
    let params = spec.all_params().filter(|param| param.offered());
    let kept = params.filter_map(|param| match param.kind {
        Kind::Reference(targets) => {
            let kept = resources::ALL.iter().map(|spec| spec.name);
            Some((param, kept.filter(|kind| targets.is_empty() || targets.contains(kind)).collect::<Vec<_>>()))
        }
        _ => None,
    });
    kept.filter(|(_, targets)| !targets.is_empty()).collect()
}

struct Query<'a> {
    tables: &'a Tables,
    spec: &'static ResourceSpec,
    across: bool,
}

impl Query<'_> {
    fn part(&self, part: &Part) -> (String, String) {
        let pair = |name: &str, value: String| (name.to_owned(), value);
        match part {
            Part::Filter(steps, own) => self.filter(steps, own),
            Part::Include { reverse, iterate, form, ty, param, target } => {
                let name = if *reverse { "_revinclude" } else { "_include" };
                let name = format!("{name}{}", if *iterate { ":iterate" } else { "" });
                (name, self.include(*reverse, *iterate, *form, [*ty, *param, *target]))
            }
            Part::Sort(keys) => {
                let sortable: Vec<&Param> = self.params().into_iter().filter(|param| param.sortable()).collect();
                let key =
                    |(at, down): &(u16, bool)| format!("{}{}", if *down { "-" } else { "" }, pick(&sortable, *at).code);
                pair("_sort", keys.iter().map(key).collect::<Vec<_>>().join(","))
            }
            Part::Count(n) => pair("_count", pick(&["2", "1", "3", "5", "8", "0", "50"], u16::from(*n)).to_string()),
            Part::Total(n) => pair("_total", pick(&["accurate", "estimate", "none"], u16::from(*n)).to_string()),
            Part::Summary(n) => {
                pair("_summary", pick(&["count", "true", "text", "data", "false"], u16::from(*n)).to_string())
            }
            Part::Elements(names) => {
                let known = ["identifier", "subject", "code", "status", "name", "meta", "period"];
                let names: Vec<&str> = names.iter().map(|at| one(&known, *at)).collect();
                pair("_elements", names.join(","))
            }
            Part::Junk(name, value) => pair(one(&JUNK, u16::from(*name)), self.tables.id("Patient", *value)),
        }
    }

    /// The parameters to choose from.
    fn params(&self) -> Vec<&'static Param> {
        let of_all = |param: &&Param| resources::ALL.iter().all(|spec| spec.param(param.code).is_some());
        let params = self.spec.all_params().filter(|param| param.offered());
        params.filter(|param| !self.across || of_all(param)).collect()
    }

    fn filter(&self, steps: &[Step], own: &Own) -> (String, String) {
        let (mut name, mut spec) = (String::new(), self.spec);
        for step in steps.iter().filter(|_| !self.across) {
            match step {
                Step::Chain { param, target } => {
                    let refers = references(spec);
                    if refers.is_empty() {
                        continue;
                    }
                    let (param, targets) = pick(&refers, *param);
                    let target = self.target(targets, *target);
                    name.push_str(&format!("{}:{target}.", param.code));
                    spec = resources::find(target).expect("a type of the record");
                }
                Step::Has { ty, param } => {
                    let from = self.tables.seen(*ty);
                    let refers = references(from).into_iter().filter(|(_, targets)| targets.contains(&spec.name));
                    let refers: Vec<_> = refers.collect();
                    if refers.is_empty() {
                        continue;
                    }
                    name.push_str(&format!("_has:{}:{}:", from.name, pick(&refers, *param).0.code));
                    spec = from;
                }
            }
        }
        let params = if spec.name == self.spec.name { self.params() } else { Query { spec, ..*self }.params() };
        let param = one(&params, own.param);
        let (modifier, values) = self.values(spec, param, own);
        (format!("{name}{}{modifier}", param.code), values)
    }

    /// Mostly a type that the persona may see.
    fn target(&self, targets: &[&'static str], n: u16) -> &'static str {
        let seen: Vec<&'static str> = targets.iter().copied().filter(|kind| self.tables.sees(kind)).collect();
        if n % 8 == 7 || seen.is_empty() { one(targets, n / 8) } else { one(&seen, n / 8) }
    }

    /// The modifier with its colon, and the value.
    fn values(&self, spec: &'static ResourceSpec, param: &'static Param, own: &Own) -> (String, String) {
        let known = modifiers(spec, param);
        let mut modifier = match own.modifier {
            0 => "",
            n => pick(&known, u16::from(n)),
        };
        if modifier == ":[type]" {
            modifier = references(spec).iter().find(|(known, _)| known.code == param.code).map_or(
                ":Patient",
                |(_, targets)| match targets[..] {
                    ["Organization", ..] => ":Organization",
                    ["Practitioner", ..] => ":Practitioner",
                    _ => ":Patient",
                },
            );
        }
        let value = |(at, twist): &(u16, u8)| match modifier {
            ":missing" => pick(&["true", "false"], *at).to_string(),
            ":in" | ":not-in" => pick(&SETS, *at).to_string(),
            ":text" | ":of-type" => self.tables.special(spec, param, modifier, *at),
            ":contains" => self.tables.value(spec, param, *at).chars().skip(1).take(4).filter(|c| *c != '\\').collect(),
            _ => twisted(param, &self.tables.value(spec, param, *at), modifier, *twist),
        };
        let one = usize::from(modifier == ":missing");
        let values: Vec<String> = own.values.iter().take(if one == 1 { 1 } else { 9 }).map(value).collect();
        (modifier.to_owned(), values.join(","))
    }

    fn include(&self, reverse: bool, iterate: bool, form: u8, [ty, param, target]: [u16; 3]) -> String {
        if form % 8 == 7 {
            return "*".to_owned();
        }
        let from = if reverse || iterate { self.tables.seen(ty) } else { self.spec };
        let refers = references(from);
        let fit: Vec<_> =
            refers.iter().filter(|(_, targets)| !reverse || iterate || targets.contains(&self.spec.name)).collect();
        if form % 8 == 6 || fit.is_empty() {
            return format!("{}:*", from.name);
        }
        let (param, targets) = pick(&fit, param);
        match form % 2 {
            0 => format!("{}:{}", from.name, param.code),
            _ if reverse && !iterate => format!("{}:{}:{}", from.name, param.code, self.spec.name),
            _ => format!("{}:{}:{}", from.name, param.code, self.target(targets, target)),
        }
    }
}

/// A value with something done to it.
fn twisted(param: &Param, value: &str, modifier: &str, twist: u8) -> String {
    let prefixes = ["", "ge", "le", "gt", "lt", "ne", "sa", "eb", "ap"];
    let at = usize::from(twist);
    match param.kind {
        Kind::Instant => format!("{}{value}", ["gt", "lt", "ge", "le", "", "ne", "sa", "eb"][at % 8]),
        Kind::Date | Kind::Dates => {
            format!("{}{}", prefixes[at % 9], &value[..[10, 10, 7, 4][at % 4].min(value.len())])
        }
        Kind::Quantity => match at % 10 {
            9 => value.split('|').next().unwrap_or_default().to_owned(),
            at => format!("{}{value}", prefixes[at]),
        },
        Kind::Token | Kind::Code(_) | Kind::Truth => match (at % 4, value.split_once('|')) {
            (1, Some((_, code))) => code.to_owned(),
            (2, Some((system, _))) if !system.is_empty() && !matches!(modifier, ":above" | ":below") => {
                format!("{system}|")
            }
            _ => value.to_owned(),
        },
        Kind::Reference(_) => {
            let value = value.strip_prefix('=').unwrap_or(value);
            let id = value.rsplit('/').next().unwrap_or_default();
            match (modifier, at % 3) {
                (":identifier", _) => value.to_owned(),
                (_, 1) => id.to_owned(),
                (":Patient" | ":Organization" | ":Practitioner", _) => id.to_owned(),
                (_, 2) if value.matches('/').count() == 1 => format!("{}/{value}", crate::questions::BASE),
                _ => value.to_owned(),
            }
        }
        Kind::Text if at % 3 == 1 => value.chars().take(3).filter(|c| *c != '\\').collect(),
        _ => value.to_owned(),
    }
}

/// Moments and others that a history or `$everything` takes.
pub fn when(n: u16) -> String {
    match n % 8 {
        0..=4 => moment(n / 8),
        5 => "2000-01-01T00:00:00Z".to_owned(),
        6 => "2099-01-01T00:00:00Z".to_owned(),
        _ => "2019-09".to_owned(),
    }
}
