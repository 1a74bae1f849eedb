//! Owns what is asked and looked at: smoking and alcohol, scores, and findings in words.

use serde_json::Value;

use super::body::Body;
use super::fhir::{Decimal, snomed};
use super::observation::{Finding, Visit, observation};
use super::observations::diabetic;
use super::people::Smoking;
use super::scribe::Scribe;
use super::tables::conditions::Tag;
use super::tables::tests::{ALCOHOL, BARTHEL, FEET, FRAILTY, GAD7, PAIN, PHQ9, TOBACCO, TRACING, URINE};

/// Smoking as this person does, and how much they drink.
pub(super) fn lifestyle(scribe: &mut Scribe, body: &Body, visit: &Visit) -> Vec<Value> {
    let (code, display) = match scribe.person.smoking {
        Smoking::Never => ("266919005", "Never smoked tobacco"),
        Smoking::Former => ("8517006", "Ex-smoker"),
        Smoking::Current => ("77176002", "Smoker"),
    };
    let mut all = vec![observation(scribe, visit, &TOBACCO, Finding::Coded(snomed(code, display)))];
    let finding = if scribe.rng.permille(70) {
        Finding::Absent("asked-declined")
    } else {
        let units = scribe.rng.near(body.drinks, 4).max(0);
        Finding::Number(Decimal::new(units, 0))
    };
    all.push(observation(scribe, visit, &ALCOHOL, finding));
    all
}

/// One questionnaire or score that fits the person.
pub(super) fn survey(scribe: &mut Scribe, body: &Body, visit: &Visit) -> Vec<Value> {
    let day = visit.at.day;
    let rng = &mut scribe.rng;
    let (low, anxious) = (body.had(Tag::Depression, day), body.had(Tag::Anxiety, day));
    let old = body.age(day) >= 65;
    let weights = [
        if low { 40 } else { 12 },
        if anxious { 40 } else { 10 },
        if old { 25 } else { 0 },
        if old { 12 } else { 0 },
        12,
    ];
    let (test, score) = match rng.weighted(&weights) {
        0 => (&PHQ9, if low { rng.near(13, 9) } else { rng.between(0, 6) }),
        1 => (&GAD7, if anxious { rng.near(11, 8) } else { rng.between(0, 6) }),
        2 => (&FRAILTY, rng.near(if body.age(day) >= 80 { 5 } else { 3 }, 2).clamp(1, 9)),
        3 => (&BARTHEL, rng.near(17, 3).clamp(0, 20)),
        _ => (&PAIN, rng.between(0, 8)),
    };
    vec![observation(scribe, visit, test, Finding::Counted(score.max(0)))]
}

/// A finding in words.
pub(super) fn exam(scribe: &mut Scribe, body: &Body, visit: &Visit) -> Vec<Value> {
    let day = visit.at.day;
    let rng = &mut scribe.rng;
    let (test, finding) = match rng.below(3) {
        0 if diabetic(body, day) => (&FEET, FEET_FOUND[rng.weighted(&[70, 20, 10])].to_owned()),
        1 => {
            let rhythm = if body.had(Tag::Fibrillation, day) { "Atrial fibrillation" } else { "Sinus rhythm" };
            let rate = body.pulse(rng, day);
            (&TRACING, format!("{rhythm}, rate {rate}, normal axis, no acute ST change"))
        }
        _ => (&URINE, (*rng.pick(&URINE_FOUND)).to_owned()),
    };
    vec![observation(scribe, visit, test, Finding::Told(finding))]
}

const FEET_FOUND: [&str; 3] = [
    "Low risk: sensation to 10 g monofilament normal, both pulses felt",
    "Moderate risk: reduced sensation, left great toe",
    "High risk: callus over first metatarsal head; referred to podiatry",
];

const URINE_FOUND: [&str; 4] = [
    "Nothing abnormal detected",
    "Protein trace; blood, glucose, ketones, nitrite and leucocytes negative",
    "Leucocytes ++, nitrite positive; sent for culture",
    "Blood +; repeat in two weeks",
];
