//! Noninterference by generated requests: two records that differ only in rows a caller may not see answer whatever that
//! caller asks, or tries to change, byte for byte alike. What differs is shrunk to the smallest request that does.
//!
//! `LCR_CASES` sets how many requests each persona makes, `LCR_SEED` which.

#[path = "../common/mod.rs"]
mod common;
// The record that the tests of access attack: these tests use a part of it.
#[allow(dead_code)]
#[path = "../access/questions.rs"]
mod questions;
#[allow(dead_code)]
#[path = "../access/world.rs"]
mod world;

mod change;
mod end;
mod judge;
mod normal;
mod query;
mod recipe;
mod request;
mod run;
mod strategy;
mod tables;
mod twins;

use twins::Cast;

const DOCTORS: &[&str] = &["gp", "hospital-doctor", "out-of-hours"];
const OTHERS: &[&str] = &["nurse", "social-worker", "stranger", "patient", "privacy-officer"];
const MORE: &[&str] = &["therapist", "pharmacist", "health-assistant", "receptionist", "ambulance", "nhs-111"];
const CLIENTS: &[&str] = &["gp-system", "lab-feed"];

#[test]
fn doctors_cannot_tell_the_twins_apart() {
    run::all(Cast::People, DOCTORS);
}

#[test]
fn other_people_cannot_tell_the_twins_apart() {
    run::all(Cast::People, OTHERS);
}

#[test]
fn yet_other_people_cannot_tell_the_twins_apart() {
    run::all(Cast::People, MORE);
}

#[test]
fn clients_cannot_tell_the_twins_apart() {
    run::all(Cast::Clients, CLIENTS);
}

#[test]
fn every_persona_asks() {
    let mut asking = [DOCTORS, OTHERS, MORE, CLIENTS].concat();
    asking.sort_unstable();
    let all = lcr_facade::sandbox::personas().expect("personas");
    assert_eq!(asking, all.keys().collect::<Vec<_>>());
}
