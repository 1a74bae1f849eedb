//! Owns synthetic London care records: deterministic, plausible, belonging to nobody.
//!
//! A run is a function of its [`Options`] alone: no clock, no system randomness, no map whose order
//! can vary, no floating point. Patient `k` depends on the seed and `k` only, so a run of 100 begins
//! with the run of 10; the number of observations asked for changes observations and nothing else.
//! One patient is in memory at a time.

mod addresses;
mod allergies;
mod body;
mod careplans;
mod conditions;
mod dates;
mod diagnosis;
mod fhir;
mod laboratory;
mod medications;
mod names;
mod nhs_number;
mod observation;
mod observations;
mod organisations;
mod patient;
mod people;
mod relationships;
mod rng;
mod scribe;
mod statements;
mod surveys;
#[rustfmt::skip] // a row a line
mod tables;
#[cfg(test)]
mod tests;
mod vitals;

use serde_json::Value;

pub use nhs_number::MAX_PATIENTS;
pub use organisations::{Kind, Organisation, PATIENTS_PER_PRACTICE, REGIONS, organisations};
pub use relationships::Relationship;

/// Observations a patient when nobody says.
pub const DEFAULT_OBSERVATIONS: u32 = 300;

/// What to generate.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// At most [`MAX_PATIENTS`].
    pub patients: u32,
    pub seed: u64,
    /// The mean number of observations of a patient; one has a fifth to three times as many.
    pub observations: u32,
}

/// One patient's record.
pub struct Record {
    /// The Patient first, then their conditions, allergies, medicines, observations and plans.
    pub resources: Vec<Value>,
    pub relationships: Vec<Relationship>,
}

/// More patients were asked for than there are NHS numbers in the test range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyPatients;

impl std::fmt::Display for TooManyPatients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "at most {MAX_PATIENTS} patients: the test range 999 has no more NHS numbers")
    }
}

impl std::error::Error for TooManyPatients {}

/// The records of a run, generated as they are asked for.
pub fn records(options: Options) -> Result<impl Iterator<Item = Record>, TooManyPatients> {
    if options.patients > MAX_PATIENTS {
        return Err(TooManyPatients);
    }
    Ok((0..options.patients).map(move |index| record(options, index)))
}

fn record(options: Options, index: u32) -> Record {
    let person = people::Person::new(options.seed, index);
    let (history, conditions) = conditions::conditions(&person);
    let (known, allergies) = allergies::allergies(&person);
    let mut resources = vec![patient::patient(&person)];
    resources.extend(conditions);
    resources.extend(allergies);
    resources.extend(medications::medications(&person, &history, &known));
    resources.extend(observations::observations(&person, &history, options.observations));
    resources.extend(careplans::care_plans(&person, &history));
    Record { resources, relationships: relationships::relationships(&person) }
}
