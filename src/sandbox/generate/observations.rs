//! Owns how many observations a person has, the visits they were made at, and the shape of an
//! Observation resource.

use serde_json::Value;
use time::Date;

use super::body::Body;
use super::condition_table::Tag;
use super::conditions::History;
use super::dates::{Moment, day_between, plus_days, plus_years};
use super::fhir::{
    Decimal, LOINC, SNOMED, coding, concept, hl7, list, object, one, only_if, organisation,
    organisation_code, quantity, reference, text,
};
use super::laboratory::{Panel, panel};
use super::organisations::Organisation;
use super::people::Person;
use super::rng::{Rng, Subject};
use super::scribe::Scribe;
use super::{surveys, vitals};

/// A thing that can be observed, in the vocabularies that sources use.
pub(super) struct Test {
    pub(super) category: &'static str,
    pub(super) snomed: (&'static str, &'static str),
    /// Empty when no LOINC code is used for it.
    pub(super) loinc: &'static str,
    pub(super) unit: (&'static str, &'static str),
}

/// What was found.
pub(super) enum Finding {
    Number(Decimal),
    /// With the lowest and highest ordinary value, on the same scale.
    Ranged(Decimal, (i64, i64)),
    Coded(Value),
    Counted(i64),
    Told(String),
    Components(Vec<Value>),
    /// A group: these belong to it.
    Members(Vec<Value>),
    /// Nothing, for this reason.
    Absent(&'static str),
}

/// When, where and by whom.
pub(super) struct Visit<'a> {
    pub(super) at: Moment,
    pub(super) source: &'a Organisation,
    /// One test alone, which no group speaks for.
    pub(super) single: bool,
}

/// The kinds of visit, and the largest number of observations each makes.
const VISITS: [(Kind, usize); 14] = [
    (Kind::Review, 6),
    (Kind::Growth, 3),
    (Kind::Blood(Panel::FullCount), 13),
    (Kind::Blood(Panel::Kidney), 6),
    (Kind::Blood(Panel::Liver), 5),
    (Kind::Blood(Panel::Lipids), 5),
    (Kind::Blood(Panel::Thyroid), 3),
    (Kind::Blood(Panel::Single), 1),
    (Kind::Ward, 8),
    (Kind::Call, 5),
    (Kind::Pressure, 1),
    (Kind::Lifestyle, 2),
    (Kind::Survey, 1),
    (Kind::Exam, 1),
];

#[derive(Clone, Copy)]
enum Kind {
    Review,
    Growth,
    Blood(Panel),
    Ward,
    Call,
    Pressure,
    Lifestyle,
    Survey,
    Exam,
}

pub(super) fn observations(person: &Person, history: &History, mean: u32) -> Vec<Value> {
    let mut scribe = Scribe::new(person, Subject::Observations);
    let body = Body::new(&mut scribe.rng, person, history);
    let wanted = number(&mut scribe.rng, person, history, mean);
    let earliest = plus_days(person.birth, 1).max(plus_years(person.last_day(), -10));
    let mut all = Vec::with_capacity(wanted);
    while all.len() < wanted {
        let day = day_between(&mut scribe.rng, earliest, person.last_day(), true);
        let left = wanted - all.len();
        let weights = VISITS.map(|(kind, most)| if most <= left { weight(kind, &body, day) } else { 0 });
        let (kind, _) = VISITS[scribe.rng.weighted(&weights)];
        let kind = if weights.iter().all(|weight| *weight == 0) { Kind::Pressure } else { kind };
        all.extend(visit(&mut scribe, &body, kind, day, left));
    }
    all
}

/// Between a fifth of the mean and three times as many: more for the old and the ill.
fn number(rng: &mut Rng, person: &Person, history: &History, mean: u32) -> usize {
    let by_age = super::conditions::between_points(&[(0, 330), (18, 430), (40, 850), (60, 1450), (85, 2050)], person.age());
    let ill = history.problems.iter().filter(|problem| problem.long_term).count() as i64;
    let share = (by_age + ill * 45) * rng.near(1000, 750) / 1000;
    (i64::from(mean) * share.clamp(200, 3000) / 1000) as usize
}

/// How likely a kind of visit is on this day, for this body.
fn weight(kind: Kind, body: &Body, day: Date) -> u32 {
    let grown = day >= body.grown_up();
    match (kind, grown) {
        (Kind::Review, true) => 24,
        (Kind::Growth, false) => 30,
        (Kind::Blood(Panel::FullCount), true) => 22,
        (Kind::Blood(Panel::FullCount), false) => 4,
        (Kind::Blood(Panel::Kidney), true) => 24,
        (Kind::Blood(Panel::Liver), true) => 18,
        (Kind::Blood(Panel::Lipids), true) => 10,
        (Kind::Blood(Panel::Thyroid), true) => 8,
        (Kind::Blood(Panel::Single), true) => 40,
        (Kind::Blood(Panel::Single), false) => 6,
        (Kind::Ward, true) => 16,
        (Kind::Call, _) => 14,
        (Kind::Pressure, true) => 18,
        (Kind::Pressure, false) => 4,
        (Kind::Lifestyle | Kind::Survey, true) => 12,
        (Kind::Exam, true) => 6,
        _ => 0,
    }
}

fn visit(scribe: &mut Scribe, body: &Body, kind: Kind, day: Date, left: usize) -> Vec<Value> {
    let person = scribe.person;
    let providers = &person.providers;
    let rng = &mut scribe.rng;
    let share = rng.below(100);
    let source = match (kind, share) {
        (Kind::Ward, _) | (Kind::Blood(_), 0..30) => &providers.acute,
        (Kind::Call, 0..45) => &providers.ambulance,
        (Kind::Call, 45..70) => &providers.out_of_hours,
        (Kind::Call, _) => &providers.acute,
        (Kind::Review | Kind::Exam | Kind::Pressure | Kind::Growth, 0..18) => &providers.community,
        (Kind::Survey, 0..20) => &providers.mental_health,
        (Kind::Survey, 20..32) if body.age(day) >= 65 => &providers.council,
        _ => &providers.practice,
    };
    let at = match kind {
        Kind::Ward | Kind::Call => Moment::new(day, rng.between(120, 1300)),
        _ => Moment::in_hours(rng, day),
    };
    let single = matches!(kind, Kind::Blood(Panel::Single));
    let visit = Visit { at, source, single };
    match kind {
        Kind::Review => vitals::review(scribe, body, &visit),
        Kind::Growth => vitals::growth(scribe, body, &visit),
        Kind::Blood(which) => panel(scribe, body, &visit, which),
        Kind::Ward => vitals::stay(scribe, body, &visit, left),
        Kind::Call => vitals::call(scribe, body, &visit),
        Kind::Pressure => vec![vitals::pressure(scribe, body, &visit)],
        Kind::Lifestyle => surveys::lifestyle(scribe, body, &visit),
        Kind::Survey => surveys::survey(scribe, body, &visit),
        Kind::Exam => surveys::exam(scribe, body, &visit),
    }
}

/// Diabetes of either kind.
pub(super) fn diabetic(body: &Body, day: Date) -> bool {
    body.had(Tag::Diabetes1, day) || body.had(Tag::Diabetes2, day)
}

/// The code of a test in each vocabulary.
pub(super) fn code(test: &Test) -> Value {
    let mut codings = vec![coding(SNOMED, test.snomed.0, test.snomed.1)];
    if !test.loinc.is_empty() {
        codings.push(object([("system", text(LOINC)), ("code", text(test.loinc))]));
    }
    concept(codings)
}

/// One Observation.
pub(super) fn observation(scribe: &mut Scribe, visit: &Visit, test: &Test, finding: Finding) -> Value {
    let effective = ("effectiveDateTime", text(visit.at.write(visit.source.clock())));
    observation_at(scribe, visit, test, finding, effective)
}

/// As [`observation`], with another `effective[x]`.
pub(super) fn observation_at(
    scribe: &mut Scribe,
    visit: &Visit,
    test: &Test,
    finding: Finding,
    effective: (&'static str, Value),
) -> Value {
    let rng = &mut scribe.rng;
    let source = visit.source;
    // A group and its members stand or fall together, so a group is always final.
    let group = matches!(finding, Finding::Members(_));
    let drawn = rng.weighted(&[960, 15, 10, 8, 7]);
    let status = ["final", "amended", "corrected", "preliminary", "entered-in-error"][if group { 0 } else { drawn }];
    // The group says for its members when they were issued and by whom.
    let laboratory = test.category == "laboratory";
    let reported = laboratory && !matches!(finding, Finding::Ranged(..)) || visit.single;
    let issued = only_if(laboratory && reported, || text(visit.at.plus_hours(3).write(source.clock())));
    let performer = match (laboratory, rng.below(100)) {
        (true, _) => only_if(reported, || one(organisation(source))),
        (false, 0..25) => one(source.staff(rng)),
        (false, 25..50) => one(organisation_code(source)),
        (false, _) => Value::Null,
    };
    let (mut interpretation, mut range, mut members) = (Value::Null, Value::Null, Value::Null);
    let mut absent = Value::Null;
    let value = match finding {
        Finding::Number(value) => ("valueQuantity", measured(test, value)),
        Finding::Ranged(value, (low, high)) => {
            interpretation = interpreted(value.digits, low, high);
            range = one(reference_range(test, value.scale, (low, high)));
            ("valueQuantity", measured(test, value))
        }
        Finding::Coded(value) => ("valueCodeableConcept", value),
        Finding::Counted(value) => ("valueInteger", Value::from(value)),
        Finding::Told(value) => ("valueString", text(value)),
        Finding::Components(parts) => ("component", list(parts)),
        Finding::Members(all) => {
            let ids = all.iter().map(|member| reference("Observation", super::fhir::id_of(member)));
            members = list(ids.collect());
            ("value", Value::Null)
        }
        Finding::Absent(code) => {
            absent = hl7("data-absent-reason", code);
            ("value", Value::Null)
        }
    };
    let fields = [
        ("status", text(status)),
        ("category", one(hl7("observation-category", test.category))),
        ("code", code(test)),
        ("subject", scribe.subject()),
        effective,
        ("issued", issued),
        ("performer", performer),
        value,
        ("dataAbsentReason", absent),
        ("interpretation", interpretation),
        ("referenceRange", range),
        ("hasMember", members),
    ];
    scribe.resource(source, fields)
}

pub(super) fn measured(test: &Test, value: Decimal) -> Value {
    quantity(value, test.unit.0, test.unit.1)
}

/// A part of an observation.
pub(super) fn component(test: &Test, value: Decimal) -> Value {
    object([("code", code(test)), ("valueQuantity", measured(test, value))])
}

/// Laboratories flag what lies outside the range.
fn interpreted(value: i64, low: i64, high: i64) -> Value {
    let flag = |code| one(hl7("v3-ObservationInterpretation", code));
    match value {
        _ if value < low => flag("L"),
        _ if value > high => flag("H"),
        _ => Value::Null,
    }
}

/// One-sided when there is no lower limit.
fn reference_range(test: &Test, scale: u8, (low, high): (i64, i64)) -> Value {
    let bound = |digits| object([("value", Decimal::new(digits, scale).json()), ("unit", text(test.unit.0))]);
    object([("low", only_if(low > 0, || bound(low))), ("high", only_if(high < i64::MAX, || bound(high)))])
}
