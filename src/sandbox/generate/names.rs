//! Owns names: how one is put together, with the accents, apostrophes and hyphens that search has
//! to cope with.

use super::people::Sex;
use super::rng::Rng;
use super::tables::names::{ORIGINS, Origin};

/// A name of one origin.
pub(super) struct Name {
    pub(super) family: String,
    pub(super) given: Vec<&'static str>,
    pub(super) origin: &'static Origin,
}

pub(super) fn name(rng: &mut Rng, sex: Sex, born: i32) -> Name {
    let weights = ORIGINS.each_ref().map(|origin| {
        let then = (origin.born.0..=origin.born.1).contains(&born);
        if then { origin.weight } else { 0 }
    });
    let origin = &ORIGINS[rng.weighted(&weights)];
    let mut given = vec![origin.given(rng, sex)];
    if rng.permille(350) {
        let second = origin.given(rng, sex);
        if second != given[0] {
            given.push(second);
        }
    }
    let mut family = origin.family(rng).to_owned();
    // A double-barrelled name joins two families, often of different origins.
    if rng.permille(40) && !family.contains(['-', ' ']) {
        let other = rng.pick(&ORIGINS).family(rng);
        if other != family && !other.contains(['-', ' ']) {
            family = format!("{family}-{other}");
        }
    }
    Name { family, given, origin }
}

impl Origin {
    pub(super) fn family(&self, rng: &mut Rng) -> &'static str {
        rng.pick::<&'static str>(self.families)
    }

    pub(super) fn given(&self, rng: &mut Rng, sex: Sex) -> &'static str {
        let names = match sex {
            Sex::Female => self.female,
            Sex::Male => self.male,
        };
        rng.pick::<&'static str>(names)
    }
}

/// The title that goes with sex and age.
pub(super) fn title(rng: &mut Rng, sex: Sex, age: i64) -> &'static str {
    match (sex, age) {
        (Sex::Male, ..16) => "Master",
        (Sex::Female, ..16) => "Miss",
        (Sex::Male, _) => ["Mr", "Dr", "Rev"][rng.weighted(&[960, 35, 5])],
        (Sex::Female, 16..30) => ["Miss", "Ms", "Mrs", "Dr"][rng.weighted(&[500, 350, 120, 30])],
        (Sex::Female, _) => ["Mrs", "Ms", "Miss", "Dr"][rng.weighted(&[600, 230, 130, 40])],
    }
}
