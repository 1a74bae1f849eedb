//! Modifiers (R4 §3.1.1.5.1), each as the specification words it.

use super::super::definitions::{array, text};
use super::super::fhirpath::Node;
use super::super::oracle::TYPES;
use super::super::syntax::{split, unescape};
use super::super::text::fold;
use super::super::values::{Item, Kind, System, Term, TokenIs, term};
use super::filter::{Judged, plain};
use super::truth::Truth;
use super::world::World;
use std::collections::BTreeSet;

/// Judges `code:modifier=value`.
pub fn modified(world: &World<'_>, ty: &str, code: &str, modifier: &str, value: &str) -> Judged {
    let param = world.oracle.param(ty, code);
    let kinds = param.kinds();
    // A value set, a hierarchy and a label are of coded values (`:text` of identifiers too): else it may be refused.
    let of_codes = ["in", "not-in", "above", "below", "text"].contains(&modifier) && kinds == [Kind::Token];
    let wanted: &[&str] = if modifier == "text" { &["CodeableConcept", "Coding", "Identifier"] } else { &CODED };
    if of_codes && !has_nodes(world, ty, code, wanted) {
        return Judged::open(world, ty);
    }
    let named = |kind: &str| param.targets.is_empty() || param.targets.iter().any(|t| t == kind);
    match (modifier, kinds.as_slice()) {
        ("missing", _) => missing(world, ty, code, value),
        ("exact" | "contains", [Kind::Text]) => by_text(world, ty, code, modifier == "exact", value),
        // It is a string to R4, which says nothing of what these mean for sounds.
        ("exact" | "contains", [Kind::Phonetic]) => Judged::open(world, ty),
        ("not", [Kind::Token]) => {
            let plain = plain(world, ty, code, value);
            Judged { fair: plain.fair, truths: plain.truths.into_iter().map(Truth::not).collect() }
        }
        ("text", [Kind::Token]) => of_nodes(world, ty, code, value, |_| Truth::Yes, labelled),
        ("of-type", [Kind::Token]) => of_type(world, ty, code, value),
        // A canonical has no identifier and names no type.
        (other, [Kind::Reference]) if param.is_canonical() && other != "banana" => Judged::open(world, ty),
        ("identifier", [Kind::Reference]) => {
            let fair = |raw: &str| super::fair::fair(&[Kind::Token], raw);
            of_nodes(world, ty, code, value, fair, |node, raw| identified(&node.value["identifier"], raw))
        }
        ("in" | "not-in", [Kind::Token]) => within(world, ty, code, modifier == "in", value),
        ("above" | "below", [Kind::Token]) => subsumed(world, ty, code, modifier == "above", value),
        // Of URLs and of hierarchies of resources: R4 has them, and a server may.
        ("above" | "below", [Kind::Uri | Kind::Reference]) => Judged::open(world, ty),
        ("text", [Kind::Reference | Kind::Text]) => Judged::open(world, ty),
        (kind, [Kind::Reference]) if TYPES.contains(&kind) && named(kind) => typed(world, ty, code, kind, value),
        (kind, [Kind::Reference]) if kind.starts_with(|c: char| c.is_ascii_uppercase()) => Judged::empty(world, ty),
        _ => Judged::refused(world, ty),
    }
}

/// The data types whose values belong to a code system.
const CODED: [&str; 3] = ["CodeableConcept", "Coding", "code"];

/// Whether the parameter is about elements of these types, by what is there.
fn has_nodes(world: &World<'_>, ty: &str, code: &str, types: &[&str]) -> bool {
    (0..world.of(ty).len()).any(|at| world.nodes(ty, code)[at].iter().any(|node| types.contains(&node.ty.as_str())))
}

fn missing(world: &World<'_>, ty: &str, code: &str, value: &str) -> Judged {
    let wanted = match value {
        "true" => true,
        "false" => false,
        _ => return Judged::refused(world, ty),
    };
    // Whether these are there follows from their definition, not from an element.
    if ["deceased", "_id", "_lastUpdated"].contains(&code) || code.contains("value-quantity") {
        return Judged::all(world, ty, Truth::Yes, Truth::Open);
    }
    let absent = |at: usize| {
        let held = &world.held(ty, code)[at];
        let has = held.iter().any(|context| context.iter().all(|part| !part.is_empty()));
        match (has, world.nodes(ty, code)[at].is_empty()) {
            (true, _) => Truth::No,
            (false, true) => Truth::Yes,
            // The element is there, but nothing one could search by.
            (false, false) => Truth::Open,
        }
    };
    let asked = |truth: Truth| if wanted { truth } else { truth.not() };
    Judged { fair: Truth::Yes, truths: (0..world.of(ty).len()).map(|at| asked(absent(at))).collect() }
}

/// `:exact` is the whole string as it is written, `:contains` any part of it without regard to case and accents.
fn by_text(world: &World<'_>, ty: &str, code: &str, exact: bool, value: &str) -> Judged {
    let bare = |s: &str| fold(s).chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let wanted: Vec<String> = split(value, ',').iter().map(|raw| unescape(raw)).collect();
    let one = |stored: &str, wanted: &str| {
        if exact {
            return Truth::from(stored == wanted);
        }
        Truth::agreed([fold(stored).contains(&fold(wanted)), bare(stored).contains(&bare(wanted))])
    };
    let holds = |at: usize| {
        let items = world.items(ty, code, at);
        let texts = items.iter().filter_map(|item| if let Item::Text(text) = item { Some(text) } else { None });
        Truth::any(texts.flat_map(|text| wanted.iter().map(|wanted| one(text, wanted)).collect::<Vec<_>>()))
    };
    let fair = Truth::all(split(value, ',').iter().map(|raw| super::fair::fair(&[Kind::Text], raw)));
    Judged { fair, truths: (0..world.of(ty).len()).map(holds).collect() }
}

/// Judges each alternative against each node of the parameter.
fn of_nodes(
    world: &World<'_>,
    ty: &str,
    code: &str,
    value: &str,
    fair: impl Fn(&str) -> Truth,
    holds: impl Fn(&Node<'_>, &str) -> Truth,
) -> Judged {
    let raws = split(value, ',');
    let empty = raws.iter().any(String::is_empty);
    let fair = Truth::all(raws.iter().map(|raw| fair(raw).min(super::fair::fair(&[Kind::Text], raw))));
    let judge = |at: usize| {
        if empty {
            return Truth::Open;
        }
        let nodes = world.nodes(ty, code);
        Truth::any(nodes[at].iter().flat_map(|node| raws.iter().map(|raw| holds(node, raw)).collect::<Vec<_>>()))
    };
    Judged { fair, truths: (0..world.of(ty).len()).map(judge).collect() }
}

/// `:text`: CodeableConcept.text, Coding.display or Identifier.type.text, matched as a string.
fn labelled(node: &Node<'_>, raw: &str) -> Truth {
    let value = &*node.value;
    let mut labels: Vec<&str> = match node.ty.as_str() {
        "CodeableConcept" => array(&value["coding"]).iter().filter_map(|c| text(c, "display")).collect(),
        "Coding" => text(value, "display").into_iter().collect(),
        "Identifier" => text(&value["type"], "text").into_iter().collect(),
        // A code or a boolean has no text.
        _ => return Truth::No,
    };
    labels.extend(text(value, "text").filter(|_| node.ty == "CodeableConcept"));
    let wanted = fold(&unescape(raw));
    let bare = |s: &str| s.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let starts = labels.iter().any(|label| fold(label).starts_with(&wanted));
    let sounds = labels.iter().any(|label| bare(&fold(label)).contains(&bare(&wanted)));
    // What a string search finds is settled for its start; R4's words "partial matches" leave the rest open.
    if starts {
        Truth::Yes
    } else if sounds {
        Truth::Open
    } else {
        Truth::No
    }
}

/// `:of-type=system|code|value` of an Identifier's type and value.
fn of_type(world: &World<'_>, ty: &str, code: &str, value: &str) -> Judged {
    let whole = |raw: &str| {
        let parts = split(raw, '|');
        if parts.len() == 3 && parts.iter().all(|part| !part.is_empty()) { Truth::Yes } else { Truth::No }
    };
    let holds = |node: &Node<'_>, raw: &str| {
        let parts: Vec<String> = split(raw, '|').iter().map(|part| unescape(part)).collect();
        let [system, code, value] = &parts[..] else { return Truth::Open };
        let of = |c: &&serde_json::Value| text(c, "system") == Some(system) && text(c, "code") == Some(code);
        let typed = array(&node.value["type"]["coding"]).iter().any(|c| of(&c));
        Truth::from(node.ty == "Identifier" && typed && text(&node.value, "value") == Some(value))
    };
    let judged = of_nodes(world, ty, code, value, whole, holds);
    // R4 has it for identifiers only.
    if code == "identifier" { judged } else { Judged { fair: judged.fair.min(Truth::Open), ..judged } }
}

/// Whether an Identifier is the one that a token asks for.
fn identified(identifier: &serde_json::Value, raw: &str) -> Truth {
    let part = |name| text(identifier, name).map(str::to_string);
    let Some(Term::Token { system, code }) = term(Kind::Token, raw, "") else { return Truth::Open };
    if identifier.is_null() {
        return Truth::No;
    }
    let system_fits = match system {
        System::Any => true,
        System::Absent => part("system").is_none(),
        System::Is(wanted) => part("system") == Some(wanted),
    };
    Truth::from(system_fits && (code.is_none() || part("value") == code))
}

/// The coded values of a resource for a parameter.
fn codes(world: &World<'_>, ty: &str, code: &str, at: usize) -> Vec<(Option<String>, Option<String>, TokenIs)> {
    let items = world.items(ty, code, at).into_iter();
    items
        .filter_map(|i| if let Item::Token { system, code, is } = i { Some((system, code, is)) } else { None })
        .collect()
}

/// `:in` and `:not-in` a value set.
fn within(world: &World<'_>, ty: &str, code: &str, inside: bool, value: &str) -> Judged {
    let mut sets = BTreeSet::new();
    for raw in split(value, ',') {
        match world.terminology.expand(&unescape(&raw)) {
            Some(codes) => sets.extend(codes),
            // It may be one that the service brings along, or one that is named by an id.
            None if raw.starts_with("http://hl7.org/fhir/ValueSet/") || raw.contains('|') => {
                return Judged::open(world, ty);
            }
            None => return Judged::refused(world, ty),
        }
    }
    let judge = |at: usize| {
        let own = codes(world, ty, code, at);
        let holds = |(system, code, is): &(Option<String>, Option<String>, TokenIs)| {
            if *is == TokenIs::ContactPoint || *is == TokenIs::Plain {
                return Truth::Open;
            }
            match (system, code) {
                (Some(system), Some(code)) => Truth::from(sets.contains(&(system.clone(), code.clone()))),
                // Without a system it is in no value set; a server may look at the code alone.
                (None, Some(code)) if sets.iter().any(|(_, other)| other == code) => Truth::Open,
                _ => Truth::No,
            }
        };
        let any = Truth::any(own.iter().map(holds));
        match inside {
            true => any,
            // Whether what has no value, or one value in and one out, is "not in" is not said.
            false if own.is_empty() || own.iter().map(holds).any(|t| t != any) => Truth::Open,
            false => any.not(),
        }
    };
    Judged { fair: Truth::Yes, truths: (0..world.of(ty).len()).map(judge).collect() }
}

/// `:above` (the stored code subsumes the one asked for) and `:below` (it is subsumed by it).
fn subsumed(world: &World<'_>, ty: &str, code: &str, above: bool, value: &str) -> Judged {
    let mut wanted = BTreeSet::new();
    let mut fair = Truth::Yes;
    for raw in split(value, ',') {
        let parts: Vec<String> = split(&raw, '|').iter().map(|part| unescape(part)).collect();
        let [system, code] = &parts[..] else { return Judged::open(world, ty) };
        if !world.terminology.systems().contains(&system.as_str()) {
            // One that the service brings along, or one it does not know.
            let may_be_there =
                system.starts_with("http://terminology.hl7.org/") || system.starts_with("http://hl7.org/");
            return if may_be_there { Judged::open(world, ty) } else { Judged::refused(world, ty) };
        }
        if !world.terminology.knows(system, code) {
            fair = Truth::Open;
        }
        let found = if above { world.terminology.above(system, code) } else { world.terminology.below(system, code) };
        wanted.extend(found.into_iter().map(|code| (system.clone(), code)));
    }
    let judge = |at: usize| {
        let own = codes(world, ty, code, at);
        let known = own.into_iter().filter_map(|(system, code, _)| Some((system?, code?)));
        Truth::any(known.map(|one| Truth::from(wanted.contains(&one))))
    };
    Judged { fair, truths: (0..world.of(ty).len()).map(judge).collect() }
}

/// `code:Type=id`: the same as `code=Type/id`.
fn typed(world: &World<'_>, ty: &str, code: &str, kind: &str, value: &str) -> Judged {
    let mut fair = Truth::Yes;
    let mut values = Vec::new();
    for raw in split(value, ',') {
        let named = raw.split_once('/').filter(|(first, _)| first.starts_with(|c: char| c.is_ascii_uppercase()));
        match named {
            Some((first, _)) if first != kind => return Judged::empty(world, ty),
            Some(_) => values.push(raw.clone()),
            None if raw.contains([':', '/']) => {
                // An absolute URL has its type in it, or none.
                fair = Truth::Open;
                values.push(raw.clone());
            }
            None => values.push(format!("{kind}/{raw}")),
        }
    }
    let judged = plain(world, ty, code, &values.join(","));
    Judged { fair: judged.fair.min(fair), truths: judged.truths }
}
