//! What a random query is made of: small numbers, which `render` turns into text by the tables of what occurs.
//! They shrink to zero, and lists to nothing, so that a failing query ends as a short one.

use proptest::collection::vec;
use proptest::prelude::*;

/// A query to be.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Which caller asks.
    pub caller: u8,
    pub place: Place,
    pub ty: u16,
    pub parts: Vec<Part>,
    pub post: bool,
}

/// Where it is asked.
#[derive(Clone, Debug)]
pub enum Place {
    Type,
    /// `Patient/id/Type`; of a patient that is not there where the flag says so.
    Compartment(u16, bool),
    /// `Patient/id/*`
    Everything(u16),
    /// The base, with `_type` of so many types.
    Base(Vec<u16>),
}

/// One parameter to be.
#[derive(Clone, Debug)]
pub enum Part {
    Filter(Vec<Step>, Own),
    Words { content: bool, which: u16 },
    Include { reverse: bool, iterate: bool, form: u8, ty: u16, param: u16, target: u16 },
    Sort(Vec<(u16, bool)>),
    Count(u8),
    Total(u8),
    Summary(u8),
    Elements(Vec<u16>),
    Junk(u16, u16),
}

/// A step into another type.
#[derive(Clone, Debug)]
pub enum Step {
    /// By a reference parameter, naming the type or not.
    Chain {
        param: u16,
        target: u16,
        named: bool,
    },
    Has {
        ty: u16,
        param: u16,
    },
}

/// A parameter of the type arrived at.
#[derive(Clone, Debug)]
pub struct Own {
    pub param: u16,
    pub modifier: u8,
    pub values: Vec<Pick>,
}

/// A value: one that occurs, and what is done to it.
#[derive(Clone, Debug)]
pub struct Pick {
    pub which: u16,
    pub twist: u8,
}

/// Any query.
pub fn recipe() -> impl Strategy<Value = Recipe> {
    let parts = prop_oneof![5 => vec(part(), 1), 4 => vec(part(), 1..4), 1 => vec(part(), 0..7)];
    let numbers = (prop_oneof![3 => Just(0u8), 1 => Just(1), 2 => Just(2)], place(), any::<u16>());
    (numbers, parts, prop::bool::weighted(0.1)).prop_map(|((caller, place, ty), parts, post)| Recipe {
        caller,
        place,
        ty,
        parts,
        post,
    })
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        10 => Just(Place::Type),
        1 => (any::<u16>(), prop::bool::weighted(0.05)).prop_map(|(at, gone)| Place::Compartment(at, gone)),
        1 => any::<u16>().prop_map(Place::Everything),
        1 => vec(any::<u16>(), 0..4).prop_map(Place::Base),
    ]
}

fn part() -> impl Strategy<Value = Part> {
    let keys = vec((any::<u16>(), any::<bool>()), 1..4);
    let include = (any::<bool>(), prop::bool::weighted(0.3), any::<u8>(), any::<u16>(), any::<u16>(), any::<u16>());
    prop_oneof![
        12 => (Just(Vec::new()), own()).prop_map(|(steps, own)| Part::Filter(steps, own)),
        4 => (vec(step(), 1..3), own()).prop_map(|(steps, own)| Part::Filter(steps, own)),
        1 => (vec(step(), 1..6), own()).prop_map(|(steps, own)| Part::Filter(steps, own)),
        1 => (any::<bool>(), any::<u16>()).prop_map(|(content, which)| Part::Words { content, which }),
        5 => include.prop_map(|(reverse, iterate, form, ty, param, target)| {
            Part::Include { reverse, iterate, form, ty, param, target }
        }),
        3 => keys.prop_map(Part::Sort),
        2 => any::<u8>().prop_map(Part::Count),
        1 => any::<u8>().prop_map(Part::Total),
        1 => any::<u8>().prop_map(Part::Summary),
        1 => vec(any::<u16>(), 1..4).prop_map(Part::Elements),
        1 => (any::<u16>(), any::<u16>()).prop_map(|(name, value)| Part::Junk(name, value)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (any::<u16>(), any::<u16>(), prop::bool::weighted(0.7)).prop_map(|(param, target, named)| Step::Chain {
            param,
            target,
            named
        }),
        (any::<u16>(), any::<u16>()).prop_map(|(ty, param)| Step::Has { ty, param }),
    ]
}

fn own() -> impl Strategy<Value = Own> {
    let pick = || (any::<u16>(), prop_oneof![15 => Just(0u8), 1 => any::<u8>()]);
    let pick = move || pick().prop_map(|(which, twist)| Pick { which, twist });
    let values = prop_oneof![4 => vec(pick(), 1), 1 => vec(pick(), 2..4)];
    let modifier = prop_oneof![3 => Just(0u8), 2 => 1u8..=255];
    (any::<u16>(), modifier, values).prop_map(|(param, modifier, values)| Own { param, modifier, values })
}
