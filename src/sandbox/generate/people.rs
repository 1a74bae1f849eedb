//! Owns the person behind a record: who they are, where they live, when they were born and died.

use time::Date;

use super::dates::{REFERENCE, age_on, day_between, plus_days, plus_years};
use super::names::{self, Name};
use super::nhs_number::nhs_number;
use super::organisations::Providers;
use super::rng::{Rng, Subject};

/// What medicine needs to know; the administrative gender on the record usually agrees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sex {
    Female,
    Male,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Smoking {
    Never,
    Former,
    Current,
}

/// Decided once, and read by everything else about the patient.
pub(super) struct Person {
    pub(super) seed: u64,
    pub(super) index: u32,
    pub(super) id: String,
    pub(super) nhs_number: String,
    pub(super) sex: Sex,
    pub(super) birth: Date,
    pub(super) death: Option<Date>,
    pub(super) smoking: Smoking,
    pub(super) providers: Providers,
    pub(super) name: Name,
}

/// Patients in a thousand between two ages (exclusive end), as London's population roughly is.
const AGES: [(u32, i64, i64); 7] =
    [(55, 0, 5), (150, 5, 18), (265, 18, 35), (230, 35, 50), (170, 50, 65), (95, 65, 80), (35, 80, 99)];

impl Person {
    pub(super) fn new(seed: u64, index: u32) -> Self {
        let mut rng = Rng::new(seed, index, Subject::Person);
        let id = rng.uuid();
        let sex = if rng.permille(505) { Sex::Female } else { Sex::Male };
        let (mut low, mut high) = (0, 99);
        let chosen = rng.weighted(&AGES.map(|(weight, ..)| weight));
        if let Some((_, from, to)) = AGES.get(chosen) {
            (low, high) = (*from, *to);
        }
        if is_spotlit(index) {
            (low, high) = (55, 75);
        }
        let birth =
            day_between(&mut rng, plus_years(REFERENCE, -high), plus_days(plus_years(REFERENCE, -low), -21), false);
        let name = names::name(&mut rng, sex, birth.year());
        let death = death(&mut rng, birth, is_spotlit(index));
        let smoking = match age_on(birth, REFERENCE) {
            ..16 => Smoking::Never,
            _ => [Smoking::Never, Smoking::Former, Smoking::Current][rng.weighted(&[59, 26, 15])],
        };
        let providers = Providers::of(index);
        Self { seed, index, id, nhs_number: nhs_number(seed, index), sex, birth, death, smoking, providers, name }
    }

    /// Patients the sandbox personas look after: adults, alive, found by a full date of birth.
    pub(super) fn is_spotlit(&self) -> bool {
        is_spotlit(self.index)
    }

    pub(super) fn region(&self) -> u32 {
        self.index % 7
    }

    pub(super) fn age_on(&self, day: Date) -> i64 {
        age_on(self.birth, day)
    }

    /// The last day on which something could happen to this person.
    pub(super) fn last_day(&self) -> Date {
        self.death.map_or(plus_days(REFERENCE, -1), |death| plus_days(death, -1))
    }

    /// The age on that day.
    pub(super) fn age(&self) -> i64 {
        self.age_on(self.last_day())
    }
}

fn is_spotlit(index: u32) -> bool {
    matches!(index, 0 | 7 | 14)
}

/// A death in the last five years, likelier the older the person would be today.
fn death(rng: &mut Rng, birth: Date, spotlit: bool) -> Option<Date> {
    let chance = match age_on(birth, REFERENCE) {
        ..18 => 0,
        18..50 => 3,
        50..65 => 12,
        65..80 => 50,
        _ => 150,
    };
    let dies = rng.permille(chance) && !spotlit;
    dies.then(|| day_between(rng, plus_years(REFERENCE, -5), plus_days(REFERENCE, -7), false))
}
