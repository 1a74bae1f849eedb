//! From a recipe to a query.

use super::super::oracle::TYPES;
use super::super::query::ask::Ask;
use super::super::values::Kind;
use super::recipe::{Own, Part, Pick, Place, Recipe, Step};
use super::tables::{JUNK, JUNK_NAMES, Row, Tables};

/// The query a recipe stands for.
pub fn render(recipe: &Recipe, tables: &Tables) -> Ask {
    let ty = TYPES[usize::from(recipe.ty) % TYPES.len()];
    let mut params: Vec<(String, String)> = Vec::new();
    let patient = |at: u16| pick(&tables.ids["Patient"], at).cloned().unwrap_or("nobody".into());
    let path = match &recipe.place {
        Place::Type => ty.to_string(),
        Place::Compartment(_, true) => format!("Patient/no-such-patient/{ty}"),
        Place::Compartment(at, false) if ty.starts_with(['P', 'O']) && at % 8 > 0 && ty != "Observation" => {
            // Only some types have a place in a compartment.
            format!("Patient/{}/Observation", patient(*at))
        }
        Place::Compartment(at, false) => format!("Patient/{}/{ty}", patient(*at)),
        Place::Everything(at) => format!("Patient/{}/*", patient(*at)),
        Place::Base(types) => {
            let names: Vec<&str> = types.iter().map(|at| TYPES[usize::from(*at) % TYPES.len()]).collect();
            if !names.is_empty() {
                params.push(("_type".into(), names.join(",")));
            }
            String::new()
        }
    };
    let ty = match &recipe.place {
        Place::Compartment(..) if path.ends_with("/Observation") => "Observation",
        Place::Base(types) => types.first().map_or(ty, |at| TYPES[usize::from(*at) % TYPES.len()]),
        _ => ty,
    };
    let several =
        matches!(recipe.place, Place::Everything(_)) || matches!(&recipe.place, Place::Base(all) if all.len() != 1);
    params.extend(recipe.parts.iter().map(|each| match each {
        // Where several types are searched, mostly what all of them have.
        Part::Filter(_, own) if several && own.param % 4 > 0 => common_param(own, ty, tables),
        Part::Include { form, .. } if several && *form > 20 => part(&Part::Count(*form), ty, tables),
        each => part(each, ty, tables),
    }));
    // A plain `_type` is the base's.
    let post = recipe.post && matches!(recipe.place, Place::Type);
    Ask { path, params, post }
}

fn pick<T>(list: &[T], at: u16) -> Option<&T> {
    if list.is_empty() { None } else { Some(&list[usize::from(at) % list.len()]) }
}

fn part(part: &Part, ty: &'static str, tables: &Tables) -> (String, String) {
    match part {
        Part::Filter(steps, own) => {
            let (path, ty) = walk(steps, ty, tables);
            let (name, value) = own_param(own, ty, tables);
            (format!("{path}{name}"), value)
        }
        Part::Words { content, which } => {
            let name = if *content { "_content" } else { "_text" };
            (name.into(), pick(&tables.words, *which).cloned().unwrap_or_default())
        }
        Part::Include { reverse, iterate, form, ty: other, param, target } => {
            include(ty, tables, (*reverse, *iterate, *form), (*other, *param, *target))
        }
        Part::Sort(keys) => {
            let key = |(at, down): &(u16, bool)| {
                let code = pick(&tables.params[ty], *at).map_or("banana", |row| &row.code);
                format!("{}{code}", if *down { "-" } else { "" })
            };
            ("_sort".into(), keys.iter().map(key).collect::<Vec<_>>().join(","))
        }
        Part::Count(n) => {
            let count = ["1", "2", "3", "7", "20", "50", "500", "0", "-1", "x", "99999999999999999999"];
            ("_count".into(), count[usize::from(*n) % count.len()].into())
        }
        Part::Total(n) => {
            let total = ["accurate", "none", "estimate", "accurate", "some"];
            ("_total".into(), total[usize::from(*n) % total.len()].into())
        }
        Part::Summary(n) => {
            let summary = ["true", "text", "data", "count", "false", "true", "text", "maybe"];
            ("_summary".into(), summary[usize::from(*n) % summary.len()].into())
        }
        Part::Elements(names) => {
            let names = names.iter().filter_map(|at| pick(&tables.elements[ty], *at).cloned());
            ("_elements".into(), names.collect::<Vec<_>>().join(","))
        }
        Part::Junk(name, value) => {
            let name = pick(&JUNK_NAMES, *name).copied().unwrap_or_default();
            (name.into(), pick(&JUNK, *value).copied().unwrap_or_default().into())
        }
    }
}

/// The reference parameters of a type: those that lead somewhere here before the others, and twice.
fn references<'t>(tables: &'t Tables, ty: &str) -> Vec<&'t Row> {
    let all = || tables.params[ty].iter().filter(|row| row.kinds == [Kind::Reference] && !kept(row).is_empty());
    let leading = || all().filter(|row| row.leads);
    leading().chain(leading()).chain(all()).collect()
}

/// The types of the record that a parameter refers to.
fn kept(row: &Row) -> Vec<&'static str> {
    TYPES.into_iter().filter(|ty| row.targets.iter().any(|target| target == ty)).collect()
}

/// The name up to the type the steps lead to, and that type.
fn walk(steps: &[Step], from: &'static str, tables: &Tables) -> (String, &'static str) {
    let (mut path, mut ty) = (String::new(), from);
    for step in steps {
        match step {
            Step::Chain { param, target, named } => {
                let own = references(tables, ty);
                let Some(row) = pick(&own, *param) else { continue };
                let targets = kept(row);
                let target = targets[usize::from(*target) % targets.len()];
                let name = if *named { format!("{}:{target}", row.code) } else { row.code.clone() };
                path.push_str(&format!("{name}."));
                ty = target;
            }
            Step::Has { ty: other, param } => {
                let refer = |source: &&str| references(tables, source).iter().any(|row| kept(row).contains(&ty));
                let sources: Vec<&'static str> = TYPES.into_iter().filter(refer).collect();
                let Some(source) = pick(&sources, *other).copied() else { continue };
                let own: Vec<&Row> =
                    references(tables, source).into_iter().filter(|row| kept(row).contains(&ty)).collect();
                let Some(row) = pick(&own, *param) else { continue };
                path.push_str(&format!("_has:{source}:{}:", row.code));
                ty = source;
            }
        }
    }
    (path, ty)
}

fn own_param(own: &Own, ty: &str, tables: &Tables) -> (String, String) {
    let all: Vec<&Row> = tables.params[ty].iter().collect();
    param_of(own, &all, tables)
}

/// A parameter that every type has.
fn common_param(own: &Own, ty: &str, tables: &Tables) -> (String, String) {
    let all: Vec<&Row> = tables.params[ty].iter().filter(|row| row.code.starts_with('_')).collect();
    param_of(own, &all, tables)
}

fn param_of(own: &Own, rows: &[&Row], tables: &Tables) -> (String, String) {
    let Some(row) = pick(rows, own.param) else { return ("_id".into(), "x".into()) };
    let from = |list: &[String]| -> String {
        let one = |p: &Pick| twisted(pick(list, p.which).map_or("nothing", String::as_str), p.twist, row);
        own.values.iter().map(one).collect::<Vec<_>>().join(",")
    };
    let plain = (row.code.clone(), from(&row.values));
    if own.modifier == 0 {
        return plain;
    }
    let mut fitting = vec!["missing"];
    fitting.extend(match row.kinds[..] {
        [Kind::Token] => vec!["not"],
        [Kind::Text] => vec!["exact", "contains"],
        [Kind::Reference] => vec!["type", "type"],
        _ => Vec::new(),
    });
    // Those that look at what not every parameter's elements have.
    for (list, modifiers) in [
        (&row.labels, &["text"][..]),
        (&row.typed, &["of-type"]),
        (&row.logical, &["identifier"]),
        (&row.codes, &["in", "not-in", "above", "below"]),
    ] {
        fitting.extend(modifiers.iter().filter(|_| !list.is_empty()));
    }
    let all = [
        "banana",
        "exact",
        "contains",
        "missing",
        "not",
        "text",
        "of-type",
        "in",
        "below",
        "type",
        "Exact",
        "identifier",
    ];
    let wild = own.modifier > 240;
    let list = if wild { &all[..] } else { &fitting[..] };
    let modifier = list[usize::from(own.modifier) % list.len()];
    let named = |value: String| (format!("{}:{modifier}", row.code), value);
    match modifier {
        "missing" => named(
            ["true", "false", "true", "false", "true", "false", "true", "false", "TRUE"]
                [usize::from(own.values[0].which) % 9]
                .into(),
        ),
        "text" => named(from(&row.labels)),
        "of-type" => named(from(&row.typed)),
        "identifier" => named(from(&row.logical)),
        "in" | "not-in" => named(from(&tables.sets)),
        "above" | "below" => named(from(&row.codes)),
        "type" => {
            let targets = kept(row);
            let kind =
                if targets.is_empty() { "Group" } else { targets[usize::from(own.values[0].which) % targets.len()] };
            let id = pick(&tables.ids.get(kind).cloned().unwrap_or_default(), own.values[0].which).cloned();
            (format!("{}:{kind}", row.code), id.unwrap_or("x".into()))
        }
        _ => named(plain.1),
    }
}

/// What is done to a value: mostly nothing.
fn twisted(value: &str, twist: u8, row: &Row) -> String {
    match twist {
        0 => value.to_string(),
        1..=60 => pick(&JUNK, u16::from(twist)).copied().unwrap_or_default().to_string(),
        61..=90 => {
            let prefixes = ["gt", "lt", "ge", "le", "ne", "sa", "eb", "ap", "eq", "xx"];
            format!("{}{value}", prefixes[usize::from(twist) % prefixes.len()])
        }
        91..=120 => value.chars().take(value.chars().count() / 2).collect(),
        121..=140 => value.to_uppercase(),
        141..=160 => format!("{value} "),
        161..=180 => format!("{value}|x"),
        181..=200 => format!("{value}${value}"),
        201..=220 => value.replace('\\', ""),
        221..=240 => format!("{}x", value),
        _ => pick(&row.values, u16::from(twist)).cloned().unwrap_or_default(),
    }
}

fn include(ty: &'static str, tables: &Tables, how: (bool, bool, u8), at: (u16, u16, u16)) -> (String, String) {
    let (reverse, iterate, form) = how;
    let (other, param, target) = at;
    let name = format!("{}{}", if reverse { "_revinclude" } else { "_include" }, if iterate { ":iterate" } else { "" });
    let any = TYPES[usize::from(other) % TYPES.len()];
    let source = if iterate || form > 245 {
        any
    } else if reverse {
        let refer = |source: &&str| references(tables, source).iter().any(|row| kept(row).contains(&ty));
        let sources: Vec<&'static str> = TYPES.into_iter().filter(refer).collect();
        pick(&sources, other).copied().unwrap_or(any)
    } else {
        ty
    };
    let mut own = references(tables, source);
    if reverse && form < 230 {
        own.retain(|row| kept(row).contains(&ty));
    }
    let row = pick(&own, param);
    let code = row.map_or("*", |row| &row.code);
    let value = match form {
        0..120 => format!("{source}:{code}"),
        120..170 if row.is_some() => {
            let targets = row.map(|row| kept(row)).unwrap_or_default();
            format!("{source}:{code}:{}", pick(&targets, target).copied().unwrap_or("Group"))
        }
        170..200 => format!("{source}:*"),
        200..215 => "*".to_string(),
        215..225 => format!("{source}:{code}:{any}"),
        225..230 => source.to_string(),
        230..235 => format!("{source}:status"),
        235..240 => format!("Encounter:{code}"),
        240..245 => format!("{source}:{code}:Banana"),
        _ => format!("{source}:{code}"),
    };
    (name, value)
}
