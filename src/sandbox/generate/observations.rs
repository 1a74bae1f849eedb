//! Owns how many observations a person has and the visits they were made at.

use serde_json::Value;
use time::Date;

use super::body::Body;
use super::conditions::History;
use super::dates::{Moment, day_between, plus_days, plus_years, working_day};
use super::laboratory::{Panel, panel};
use super::observation::Visit;
use super::people::Person;
use super::rng::{Rng, Subject};
use super::scribe::Scribe;
use super::tables::conditions::Tag;
use super::{surveys, vitals};

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
    let by_age =
        super::conditions::between_points(&[(0, 330), (18, 430), (40, 850), (60, 1450), (85, 2050)], person.age());
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
        (Kind::Ward, true) => 11,
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
    let day = match kind {
        Kind::Ward | Kind::Call => day,
        _ => working_day(day, person.last_day()),
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
