//! What one `name=value` finds: a parameter of the type itself, a chain, or `_has`.

use super::super::oracle::TYPES;
use super::super::reading::Reading;
use super::super::syntax::split;
use super::super::values::Kind;
use super::fair::fair;
use super::truth::{Truth, Truths};
use super::words;
use super::world::World;

/// What a condition finds, and whether the service has to take it at all.
#[derive(Clone, Debug)]
pub struct Judged {
    /// `Yes`: it is taken. `No`: it is refused. `Open`: R4 allows either.
    pub fair: Truth,
    pub truths: Truths,
}

impl Judged {
    /// Every resource of the type has the same answer.
    pub fn all(world: &World<'_>, ty: &str, fair: Truth, truth: Truth) -> Judged {
        Judged { fair, truths: vec![truth; world.of(ty).len()] }
    }

    /// To be refused.
    pub fn refused(world: &World<'_>, ty: &str) -> Judged {
        Judged::all(world, ty, Truth::No, Truth::Open)
    }

    /// To be refused, or taken for something that nothing is.
    pub fn empty(world: &World<'_>, ty: &str) -> Judged {
        Judged::all(world, ty, Truth::Open, Truth::No)
    }

    /// Anything goes.
    pub fn open(world: &World<'_>, ty: &str) -> Judged {
        Judged::all(world, ty, Truth::Open, Truth::Open)
    }
}

/// Judges one condition on a type; `depth` counts the types entered so far.
pub fn filter(world: &World<'_>, ty: &str, name: &str, value: &str, depth: usize) -> Judged {
    if let Some(rest) = name.strip_prefix("_has:") {
        return has(world, ty, rest, value, depth);
    }
    if let Some((link, inner)) = name.split_once('.') {
        return chain(world, ty, link, inner, value, depth);
    }
    let (code, modifier) = name.split_once(':').map_or((name, None), |(code, modifier)| (code, Some(modifier)));
    let by_words = match code {
        "_text" => Some(words::in_narrative as fn(&serde_json::Value, &str) -> Truth),
        "_content" => Some(words::in_content as fn(&serde_json::Value, &str) -> Truth),
        _ => None,
    };
    if let Some(holds) = by_words {
        if modifier.is_some() {
            return Judged::open(world, ty);
        }
        let fair = if value.chars().any(char::is_alphabetic) { Truth::Yes } else { Truth::Open };
        return Judged { fair, truths: world.of(ty).iter().map(|r| holds(r, value)).collect() };
    }
    if !world.oracle.params.contains_key(&(ty.to_string(), code.to_string())) {
        // Parameters of R4 that the service may or may not have.
        let known = ["_query", "_filter", "_list", "_type"].contains(&code);
        return if known { Judged::open(world, ty) } else { Judged::refused(world, ty) };
    }
    match modifier {
        None => plain(world, ty, code, value),
        Some(modifier) => super::modified::modified(world, ty, code, modifier, value),
    }
}

/// A parameter without a modifier.
pub fn plain(world: &World<'_>, ty: &str, code: &str, value: &str) -> Judged {
    let param = world.oracle.param(ty, code);
    let kinds = param.kinds();
    let alternatives = split(value, ',');
    let fair = if alternatives.len() > world.limits.values {
        Truth::No
    } else {
        Truth::all(alternatives.iter().map(|raw| fair(&kinds, raw)))
    };
    // What is disputable, if it is taken, may mean anything.
    let Some(terms) = world.oracle.terms(ty, code, value).filter(|_| fair == Truth::Yes) else {
        return Judged::all(world, ty, fair.min(Truth::Open), Truth::Open);
    };
    // What is about now depends on the moment of asking.
    if code == "_lastUpdated" && alternatives.iter().any(|raw| raw.starts_with("ap")) {
        return Judged::all(world, ty, fair, Truth::Open);
    }
    let readings: Vec<Reading> =
        std::iter::once(Reading::STRICT).chain(kinds.iter().flat_map(|k| Reading::others(*k))).collect();
    let judge = |held: &super::super::oracle::Held| {
        if held.is_empty() {
            return Truth::No;
        }
        Truth::agreed(readings.iter().map(|reading| world.oracle.satisfies(&terms, held, reading)))
    };
    let truths: Truths = world.held(ty, code).iter().map(judge).collect();
    // A bare id may stand for resources of several types, which a server may refuse (R4 §3.1.1.5.10).
    let bare = kinds == [Kind::Reference] && alternatives.iter().any(|raw| !raw.contains(['/', ':']));
    let fair = if bare && param.targets.len() != 1 { fair.min(Truth::Open) } else { fair };
    Judged { fair, truths }
}

/// `code[:Type].inner`: those that refer to one for which `inner` holds.
fn chain(world: &World<'_>, ty: &str, link: &str, inner: &str, value: &str, depth: usize) -> Judged {
    let (code, named) = link.split_once(':').map_or((link, None), |(code, kind)| (code, Some(kind)));
    let Some(param) = world.oracle.params.get(&(ty.to_string(), code.to_string())).filter(|p| p.is_reference()) else {
        return Judged::refused(world, ty);
    };
    let kept = |kind: &str| TYPES.into_iter().find(|ty| *ty == kind);
    let targets: Vec<&'static str> = match named {
        Some(named) => kept(named).into_iter().collect(),
        None => param.targets.iter().filter_map(|t| kept(t)).collect(),
    };
    if targets.is_empty() {
        return Judged::empty(world, ty);
    }
    if depth >= world.limits.chain {
        return Judged::refused(world, ty);
    }
    let judged: Vec<Judged> = targets.iter().map(|target| filter(world, target, inner, value, depth + 1)).collect();
    let fair = match (named, judged.as_slice()) {
        (Some(named), [one]) if param.targets.iter().any(|t| t == named) => one.fair,
        (Some(_), [one]) => one.fair.min(Truth::Open),
        (None, [one]) => one.fair,
        // No type is named: refused, or asked of each type that has the parameter.
        (_, all) => Truth::any(all.iter().map(|one| one.fair)).min(Truth::Open),
    };
    let held = |at: usize| {
        let links = world.links(ty, code);
        Truth::any(links[at].iter().filter_map(|link| {
            let which = targets.iter().position(|target| *target == link.ty)?;
            let there = &judged[which];
            Some(if there.fair == Truth::No { Truth::No } else { there.truths[link.at] })
        }))
    };
    Judged { fair, truths: (0..world.of(ty).len()).map(held).collect() }
}

/// `_has:Type:code:inner`: those that some resource, for which `inner` holds, refers to.
fn has(world: &World<'_>, ty: &str, rest: &str, value: &str, depth: usize) -> Judged {
    let mut parts = rest.splitn(3, ':');
    let (Some(kind), Some(code), Some(inner)) = (parts.next(), parts.next(), parts.next()) else {
        return Judged::refused(world, ty);
    };
    let Some(source) = TYPES.into_iter().find(|ty| *ty == kind) else {
        return Judged::empty(world, ty);
    };
    let key = (source.to_string(), code.to_string());
    let Some(param) = world.oracle.params.get(&key).filter(|p| p.is_reference()) else {
        return Judged::refused(world, ty);
    };
    if depth >= world.limits.chain {
        return Judged::refused(world, ty);
    }
    let judged = filter(world, source, inner, value, depth + 1);
    let refers = param.targets.is_empty() || param.targets.iter().any(|t| t == ty);
    let fair = if refers { judged.fair } else { judged.fair.min(Truth::Open) };
    let mut truths = vec![Truth::No; world.of(ty).len()];
    for (at, links) in world.links(source, code).iter().enumerate() {
        for link in links.iter().filter(|link| link.ty == ty) {
            truths[link.at] = truths[link.at].max(judged.truths[at]);
        }
    }
    Judged { fair, truths }
}
