//! Owns vital signs: reviews in the practice, children's growth, ambulance calls, and hospital stays
//! with their NEWS2 scores.

use serde_json::Value;

use super::body::Body;
use super::dates::plus_days;
use super::fhir::{Decimal, period, snomed, text};
use super::observation::{Finding, Test, Visit, component, observation, observation_at};
use super::rng::Rng;
use super::scribe::Scribe;
use super::tables::conditions::Tag;
use super::tables::tests::{
    ALERTNESS, BMI, BREATHS, DAY_DIASTOLIC, DAY_PRESSURE, DAY_SYSTOLIC, DIASTOLIC, HEAD, HEIGHT, INSPIRED, NEWS2,
    OXYGEN, PRESSURE, PULSE, SYSTOLIC, TEMPERATURE, WEIGHT,
};

fn number(scribe: &mut Scribe, visit: &Visit, test: &Test, digits: i64, scale: u8) -> Value {
    observation(scribe, visit, test, Finding::Number(Decimal::new(digits, scale)))
}

/// A whole number of blood pressure, pulse, weight, perhaps height, and BMI.
pub(super) fn review(scribe: &mut Scribe, body: &Body, visit: &Visit) -> Vec<Value> {
    let day = visit.at.day;
    let mut all = vec![pressure(scribe, body, visit)];
    let pulse = body.pulse(&mut scribe.rng, day);
    all.push(number(scribe, visit, &PULSE, pulse, 0));
    let (height, weight) = (body.height(day), body.weight(&mut scribe.rng, day));
    if scribe.rng.permille(20) {
        all.push(observation(scribe, visit, &WEIGHT, Finding::Absent("asked-declined")));
        return all;
    }
    all.push(number(scribe, visit, &WEIGHT, weight, 1));
    if scribe.rng.permille(550) {
        all.push(number(scribe, visit, &HEIGHT, height, 1));
        all.push(number(scribe, visit, &BMI, Body::bmi(height, weight), 1));
    }
    if scribe.rng.permille(150) {
        let saturation = saturation(&mut scribe.rng, body, visit, false);
        all.push(number(scribe, visit, &OXYGEN, saturation, 0));
    }
    all
}

/// A child is weighed and measured; the head too in the first two years.
pub(super) fn growth(scribe: &mut Scribe, body: &Body, visit: &Visit) -> Vec<Value> {
    let day = visit.at.day;
    let (height, weight) = (body.height(day), body.weight(&mut scribe.rng, day));
    // Babies are weighed to ten grams.
    let weighed = if body.age(day) < 2 {
        let grams = weight * 10 + scribe.rng.between(-4, 5);
        number(scribe, visit, &WEIGHT, grams, 2)
    } else {
        number(scribe, visit, &WEIGHT, weight, 1)
    };
    let mut all = vec![weighed, number(scribe, visit, &HEIGHT, height, 1)];
    if body.age(day) < 2 {
        let head = 350 + (height - 500) * 36 / 100;
        all.push(number(scribe, visit, &HEAD, head, 1));
    }
    all
}

/// One blood pressure; now and then the mean of a day with a monitor.
pub(super) fn pressure(scribe: &mut Scribe, body: &Body, visit: &Visit) -> Value {
    let day = visit.at.day;
    let (systolic, diastolic) = body.pressure(&mut scribe.rng, day);
    let whole = |digits| Decimal::new(digits, 0);
    if body.had(Tag::Hypertension, day) && day > body.grown_up() && scribe.rng.permille(60) {
        let parts = vec![
            component(&DAY_SYSTOLIC, whole(systolic - 6), visit),
            component(&DAY_DIASTOLIC, whole(diastolic - 4), visit),
        ];
        let clock = visit.source.clock();
        let from = super::dates::Moment::new(plus_days(day, -1), 9 * 60);
        let span = period(text(from.write(clock)), text(from.plus_hours(24).write(clock)));
        let effective = ("effectivePeriod", span);
        return observation_at(scribe, visit, &DAY_PRESSURE, Finding::Components(parts), effective);
    }
    let parts = vec![component(&SYSTOLIC, whole(systolic), visit), component(&DIASTOLIC, whole(diastolic), visit)];
    observation(scribe, visit, &PRESSURE, Finding::Components(parts))
}

fn saturation(rng: &mut Rng, body: &Body, visit: &Visit, ill: bool) -> i64 {
    let usual = if body.had(Tag::Copd, visit.at.day) { 94 } else { 98 };
    let usual = if ill { usual - rng.between(1, 5) } else { usual };
    rng.near(usual, 2).min(100)
}

/// One set of signs, taken together.
struct Signs {
    breaths: i64,
    saturation: i64,
    on_oxygen: bool,
    systolic: i64,
    diastolic: i64,
    pulse: i64,
    alert: bool,
    /// In tenths of a degree.
    temperature: i64,
}

impl Signs {
    fn new(rng: &mut Rng, body: &Body, visit: &Visit, ill: bool) -> Self {
        let day = visit.at.day;
        let (systolic, diastolic) = body.pressure(rng, day);
        let saturation = saturation(rng, body, visit, ill);
        let worse = |rng: &mut Rng, most| if ill { rng.between(0, most) } else { 0 };
        Self {
            breaths: body.breaths(rng, day) + worse(rng, 8),
            saturation,
            on_oxygen: saturation < 93 && rng.permille(700),
            systolic: systolic - worse(rng, 22),
            diastolic: diastolic - worse(rng, 8),
            pulse: body.pulse(rng, day) + worse(rng, 40),
            alert: !(ill && rng.permille(60)),
            temperature: rng.near(368, 5) + worse(rng, 22),
        }
    }

    /// The NEWS2 score of these signs, on oxygen scale 1.
    fn news2(&self) -> i64 {
        let breaths = match self.breaths {
            ..=8 | 25.. => 3,
            9..=11 => 1,
            12..=20 => 0,
            21..=24 => 2,
        };
        let saturation = match self.saturation {
            ..=91 => 3,
            92..=93 => 2,
            94..=95 => 1,
            96.. => 0,
        };
        let systolic = match self.systolic {
            ..=90 | 220.. => 3,
            91..=100 => 2,
            101..=110 => 1,
            111..=219 => 0,
        };
        let pulse = match self.pulse {
            ..=40 | 131.. => 3,
            111..=130 => 2,
            41..=50 | 91..=110 => 1,
            51..=90 => 0,
        };
        let temperature = match self.temperature {
            ..=350 => 3,
            391.. => 2,
            351..=360 | 381..=390 => 1,
            361..=380 => 0,
        };
        let air = if self.on_oxygen { 2 } else { 0 };
        let alert = if self.alert { 0 } else { 3 };
        breaths + saturation + air + systolic + pulse + alert + temperature
    }

    fn observe(&self, scribe: &mut Scribe, visit: &Visit) -> Vec<Value> {
        let whole = |digits| Decimal::new(digits, 0);
        let parts = vec![
            component(&SYSTOLIC, whole(self.systolic), visit),
            component(&DIASTOLIC, whole(self.diastolic), visit),
        ];
        vec![
            number(scribe, visit, &BREATHS, self.breaths, 0),
            number(scribe, visit, &OXYGEN, self.saturation, 0),
            observation(scribe, visit, &PRESSURE, Finding::Components(parts)),
            number(scribe, visit, &PULSE, self.pulse, 0),
            number(scribe, visit, &TEMPERATURE, self.temperature, 1),
        ]
    }
}

/// The ambulance, 111 or the emergency department takes one set.
pub(super) fn call(scribe: &mut Scribe, body: &Body, visit: &Visit) -> Vec<Value> {
    let ill = scribe.rng.permille(600);
    Signs::new(&mut scribe.rng, body, visit, ill).observe(scribe, visit)
}

/// Up to six sets on a ward, four to eight hours apart, each with alertness, oxygen and its score.
pub(super) fn stay(scribe: &mut Scribe, body: &Body, visit: &Visit, left: usize) -> Vec<Value> {
    let sets = scribe.rng.between(1, 6).min(left as i64 / 8);
    let last_day = scribe.person.last_day();
    let mut all = Vec::new();
    let mut at = visit.at;
    for set in 0..sets {
        if at.day > last_day {
            break;
        }
        let now = Visit { at, source: visit.source, single: false };
        // People get better over a stay.
        let signs = Signs::new(&mut scribe.rng, body, &now, set * 2 < sets);
        all.extend(signs.observe(scribe, &now));
        let alertness = if signs.alert { ("248234008", "Mentally alert") } else { ("300202002", "Responds to voice") };
        all.push(observation(scribe, &now, &ALERTNESS, Finding::Coded(snomed(alertness.0, alertness.1))));
        let air =
            if signs.on_oxygen { ("371825009", "Patient on oxygen") } else { ("722742002", "Breathing room air") };
        all.push(observation(scribe, &now, &INSPIRED, Finding::Coded(snomed(air.0, air.1))));
        all.push(number(scribe, &now, &NEWS2, signs.news2(), 0));
        at = at.plus_hours(scribe.rng.between(4, 8));
    }
    all
}
