//! Any request: how often which.

use proptest::collection::vec;
use proptest::option::weighted as maybe;
use proptest::prelude::*;

use super::recipe::{Body, Change, Entry, History, Look, Named, Own, Part, Place, Read, Recipe, Search, Step, Verb};

/// Mostly nothing special, sometimes anything.
fn rare(of: u32) -> impl Strategy<Value = u8> {
    prop_oneof![of => Just(0u8), 1 => any::<u8>()]
}

/// Any request.
pub fn recipe() -> impl Strategy<Value = Recipe> {
    prop_oneof![
        14 => look().prop_map(Recipe::Look),
        5 => change().prop_map(Recipe::Change),
        3 => (any::<bool>(), vec(entry(), 1..4)).prop_map(|(batch, entries)| Recipe::Bundle { batch, entries }),
    ]
}

fn entry() -> impl Strategy<Value = Entry> {
    let looks = prop_oneof![2 => read().prop_map(Look::Read), 3 => search().prop_map(Look::Search)];
    prop_oneof![
        3 => (looks, prop::bool::weighted(0.1), rare(4)).prop_map(|(look, head, known)| Entry::Look { look, head, known }),
        2 => change().prop_map(Entry::Change),
    ]
}

fn look() -> impl Strategy<Value = Look> {
    prop_oneof![
        18 => search().prop_map(Look::Search),
        5 => read().prop_map(Look::Read),
        3 => history().prop_map(Look::History),
        6 => operation(),
    ]
}

fn operation() -> impl Strategy<Value = Look> {
    let everything = (maybe(0.9, any::<u16>()), vec((any::<u8>(), any::<u16>()), 0..3));
    let lastn = (any::<u16>(), any::<u16>(), rare(1), prop_oneof![2 => vec(filter(), 0..1), 1 => vec(part(), 1..3)]);
    let matching = (any::<u16>(), any::<u8>(), maybe(0.5, any::<u16>()), rare(1));
    let validate = (any::<u8>(), maybe(0.5, any::<u16>()), change());
    prop_oneof![
        3 => everything.prop_map(|(patient, parts)| Look::Everything { patient, parts }),
        3 => lastn.prop_map(|(patient, code, max, more)| Look::Lastn { patient, code, max, more }),
        3 => matching.prop_map(|(like, leave_out, number, how)| Look::Match { like, leave_out, number, how }),
        1 => any::<u16>().prop_map(Look::Summary),
        1 => validate.prop_map(|(mode, on, change)| Look::Validate { mode, on, change }),
    ]
}

fn read() -> impl Strategy<Value = Read> {
    (any::<u16>(), any::<u16>(), maybe(0.25, 0u8..6), rare(2), rare(2))
        .prop_map(|(ty, id, version, form, known)| Read { ty, id, version, form, known })
}

fn history() -> impl Strategy<Value = History> {
    let level = prop_oneof![1 => Just(0u8), 3 => Just(1u8), 4 => Just(2u8)];
    (level, any::<u16>(), any::<u16>(), vec((any::<u8>(), any::<u16>()), 0..3))
        .prop_map(|(level, ty, id, parts)| History { level, ty, id, parts })
}

fn search() -> impl Strategy<Value = Search> {
    let place = prop_oneof![
        10 => Just(Place::Type),
        1 => any::<u16>().prop_map(Place::Compartment),
        1 => any::<u16>().prop_map(Place::Whole),
        1 => vec(any::<u16>(), 0..4).prop_map(Place::Base),
    ];
    let parts = prop_oneof![5 => vec(part(), 1), 5 => vec(part(), 1..4), 1 => vec(part(), 0..6)];
    (place, any::<u16>(), parts, rare(2)).prop_map(|(place, ty, parts, way)| Search { place, ty, parts, way })
}

fn part() -> impl Strategy<Value = Part> {
    let include = (any::<bool>(), prop::bool::weighted(0.3), any::<u8>(), any::<u16>(), any::<u16>(), any::<u16>());
    prop_oneof![
        12 => filter(),
        5 => include.prop_map(|(reverse, iterate, form, ty, param, target)| {
            Part::Include { reverse, iterate, form, ty, param, target }
        }),
        3 => vec((any::<u16>(), any::<bool>()), 1..4).prop_map(Part::Sort),
        4 => any::<u8>().prop_map(Part::Count),
        3 => any::<u8>().prop_map(Part::Total),
        1 => any::<u8>().prop_map(Part::Summary),
        1 => vec(any::<u16>(), 1..4).prop_map(Part::Elements),
        1 => (any::<u8>(), any::<u16>()).prop_map(|(name, value)| Part::Junk(name, value)),
    ]
}

fn filter() -> impl Strategy<Value = Part> {
    let step = prop_oneof![
        (any::<u16>(), any::<u16>()).prop_map(|(param, target)| Step::Chain { param, target }),
        (any::<u16>(), any::<u16>()).prop_map(|(ty, param)| Step::Has { ty, param }),
    ];
    let steps = prop_oneof![5 => Just(Vec::new()), 4 => vec(step, 1..4)];
    let values = prop_oneof![4 => vec((any::<u16>(), rare(2)), 1), 1 => vec((any::<u16>(), rare(2)), 2..4)];
    (steps, any::<u16>(), rare(2), values)
        .prop_map(|(steps, param, modifier, values)| Part::Filter(steps, Own { param, modifier, values }))
}

fn change() -> impl Strategy<Value = Change> {
    let criteria = || prop_oneof![3 => vec(filter(), 1), 1 => vec(filter(), 0..3)];
    let named = || prop_oneof![3 => any::<u16>().prop_map(Named::Id), 2 => criteria().prop_map(Named::Where)];
    let verb = prop_oneof![
        2 => maybe(0.6, criteria()).prop_map(Verb::Create),
        3 => named().prop_map(Verb::Update),
        2 => (named(), any::<u8>()).prop_map(|(named, patch)| Verb::Patch(named, patch)),
        1 => named().prop_map(Verb::Delete),
    ];
    (verb, any::<u16>(), body(), maybe(0.15, 0u8..5), rare(3)).prop_map(|(verb, ty, body, if_match, prefer)| Change {
        verb,
        ty,
        body,
        if_match,
        prefer,
    })
}

fn body() -> impl Strategy<Value = Body> {
    let numbers = (maybe(0.3, any::<u16>()), any::<u16>(), any::<u16>());
    let more = (maybe(0.4, any::<u16>()), maybe(0.3, any::<u16>()), rare(5));
    (numbers, more).prop_map(|((id, subject, number), (identifier, refers, label))| Body {
        id,
        subject,
        number,
        identifier,
        refers,
        label,
    })
}
