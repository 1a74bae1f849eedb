//! Owns what a person takes and took: repeats that follow from the history, courses for illnesses
//! that passed, everyday remedies.

use serde_json::Value;
use time::Date;

use super::allergies::Allergies;
use super::conditions::{History, Problem, between_points};
use super::dates::{day_between, plus_days, plus_years};
use super::people::{Person, Sex, Smoking};
use super::rng::{Rng, Subject};
use super::scribe::Scribe;
use super::statements::{Kind, Planned, Reason, statement};
use super::tables::conditions::Tag;
use super::tables::medicines::{CO_CODAMOL, COMBINED_PILL, DESOGESTREL, Medicine};
use super::tables::regimens::{REGIMENS, REMEDIES, Regimen, SHORT_COURSES};

/// Statements at an age, before chance: age and number, joined by lines.
const NUMBER: [(i64, i64); 7] = [(0, 4), (6, 9), (18, 16), (35, 26), (50, 38), (65, 56), (85, 76)];

/// A repeat is looked at and authorised anew this often; each time is a statement.
const REVIEW_DAYS: i64 = 364;

pub(super) fn medications(person: &Person, history: &History, allergies: &Allergies) -> Vec<Value> {
    let mut scribe = Scribe::new(person, Subject::Medications);
    let rng = &mut scribe.rng;
    let mut planned = repeats(rng, person, history, allergies);
    contraception(rng, person, history, &mut planned);
    courses(rng, person, history, allergies, &mut planned);
    let number = between_points(&NUMBER, person.age());
    let wanted = rng.near(number, number * 3 / 4).clamp(1, 150) as usize;
    for _ in 0..wanted * 4 {
        if planned.len() >= wanted {
            break;
        }
        everyday(rng, person, history, allergies, &mut planned);
    }
    // What is taken now always stays; of the rest the latest do.
    planned.sort_by_key(|plan| (plan.to.is_none(), plan.from));
    let surplus = planned.iter().filter(|plan| plan.to.is_some()).count().min(planned.len().saturating_sub(wanted));
    planned.drain(..surplus);
    planned.sort_by_key(|plan| plan.from);
    planned.iter().map(|plan| statement(&mut scribe, plan)).collect()
}

fn repeats(rng: &mut Rng, person: &Person, history: &History, allergies: &Allergies) -> Vec<Planned> {
    let mut planned: Vec<Planned> = Vec::new();
    for regimen in REGIMENS {
        let drawn = rng.permille(regimen.permille);
        let Some(problem) = history.problems.iter().find(|p| p.long_term && p.tag == regimen.treats) else {
            continue;
        };
        let line = regimen.steps.first().map_or("", |medicine| medicine.line);
        let taken = |line: &str| planned.iter().any(|plan| plan.medicine.line == line);
        let suits = drawn
            && !taken(line)
            && regimen.beside.is_none_or(taken)
            && !allergies.forbid(line)
            && !regimen.unless.iter().any(|tag| history.has(*tag));
        if suits {
            repeat(rng, person, regimen, problem, &mut planned);
        }
    }
    planned
}

/// One repeat from its start to its end or today, a statement for each review.
fn repeat(rng: &mut Rng, person: &Person, regimen: &Regimen, problem: &Problem, planned: &mut Vec<Planned>) {
    let oldest = plus_years(person.birth, regimen.ages.0).max(plus_years(person.last_day(), -12));
    let start = plus_days(problem.onset, rng.between(0, 90)).max(oldest);
    let too_old = plus_years(person.birth, regimen.ages.1);
    // Some stop for a while or for good; all stop when the problem or the person ends.
    let given_up = rng.permille(90).then(|| plus_days(start, rng.between(60, 1500)));
    let stop = [problem.end, given_up, person.death, Some(too_old)].into_iter().flatten().min();
    let stop = stop.filter(|stop| *stop <= person.last_day()).or(person.death.map(|_| person.last_day()));
    let until = stop.unwrap_or(person.last_day());
    let mut from = start;
    for year in 0.. {
        if from >= until {
            break;
        }
        let next = plus_days(from, rng.near(REVIEW_DAYS, 20));
        let step = (year / 3).min(regimen.steps.len().saturating_sub(1));
        let last = next >= until;
        let Some(medicine) = regimen.steps.get(step) else {
            break;
        };
        planned.push(Planned {
            medicine,
            from,
            to: if last { stop } else { Some(plus_days(next, -1)) },
            reason: Reason::Condition(problem.resource.clone()),
            kind: if last { Kind::Repeat } else { Kind::Renewed },
        });
        from = next;
    }
}

/// The pill: the combined one only for young women whom it does not endanger.
fn contraception(rng: &mut Rng, person: &Person, history: &History, planned: &mut Vec<Planned>) {
    let age = person.age();
    if person.sex != Sex::Female || age < 17 || !rng.permille(420) || history.has(Tag::Cancer) {
        return;
    }
    let risky = [Tag::Migraine, Tag::Hypertension, Tag::Obesity, Tag::Stroke, Tag::HeartDisease, Tag::Diabetes1];
    let safe = person.smoking == Smoking::Never && !risky.iter().any(|tag| history.has(*tag));
    let (medicine, to_age) = if safe { (&COMBINED_PILL, 35) } else { (&DESOGESTREL, 48) };
    let latest = plus_years(person.birth, to_age).min(person.last_day());
    let start = day_between(rng, plus_years(person.birth, 16), latest, false);
    let stop = plus_days(start, rng.between(200, 2600)).min(plus_years(person.birth, to_age));
    let oldest = plus_years(person.last_day(), -12);
    if start < oldest || start >= latest {
        return;
    }
    let to = (stop <= person.last_day()).then_some(stop).or(person.death.map(|_| person.last_day()));
    planned.push(Planned { medicine, from: start, to, reason: Reason::Contraception, kind: Kind::Repeat });
}

/// Short courses for the illnesses of the last twelve years.
fn courses(rng: &mut Rng, person: &Person, history: &History, allergies: &Allergies, planned: &mut Vec<Planned>) {
    let oldest = plus_years(person.last_day(), -12);
    for problem in history.problems.iter().filter(|p| !p.long_term && p.onset >= oldest) {
        let age = person.age_on(problem.onset);
        for course in SHORT_COURSES {
            let fits = course.treats == problem.tag && (course.ages.0..=course.ages.1).contains(&age);
            if !fits || !rng.permille(course.permille) {
                continue;
            }
            let from = plus_days(problem.onset, rng.between(0, 2)).min(person.last_day());
            let to = plus_days(from, rng.between(course.days.0, course.days.1) - 1);
            let option = course
                .options
                .iter()
                .find(|medicine| !allergies.forbid(medicine.line) && !clash(planned, medicine, from, to));
            if let Some(medicine) = option {
                let to = (to <= person.last_day()).then_some(to).or(person.death.map(|_| person.last_day()));
                let reason = Reason::Condition(problem.resource.clone());
                planned.push(Planned { medicine, from, to, reason, kind: Kind::Short });
            }
        }
    }
}

fn everyday(rng: &mut Rng, person: &Person, history: &History, allergies: &Allergies, planned: &mut Vec<Planned>) {
    let earliest = plus_days(person.birth, 60).max(plus_years(person.last_day(), -12));
    if earliest >= person.last_day() {
        return;
    }
    let from = day_between(rng, earliest, person.last_day(), true);
    let age = person.age_on(from);
    let fits = |ages: (i64, i64)| (ages.0..=ages.1).contains(&age);
    let weights: Vec<u32> = REMEDIES.iter().map(|remedy| if fits(remedy.ages) { remedy.weight } else { 0 }).collect();
    let remedy = &REMEDIES[rng.weighted(&weights)];
    let line = remedy.medicine.line;
    let to = plus_days(from, rng.between(remedy.days.0, remedy.days.1));
    let doubled = clash(planned, remedy.medicine, from, to);
    // No ibuprofen where it harms.
    let harmful = line == "nsaid"
        && [Tag::Kidney, Tag::HeartFailure, Tag::HeartDisease, Tag::Fibrillation, Tag::Stroke, Tag::Asthma]
            .iter()
            .any(|tag| history.has(*tag));
    if !fits(remedy.ages) || doubled || harmful || allergies.forbid(line) {
        return;
    }
    let to = (to <= person.last_day()).then_some(to).or(person.death.map(|_| person.last_day()));
    let reason = Reason::Complaint(remedy.reason);
    planned.push(Planned { medicine: remedy.medicine, from, to, reason, kind: Kind::Short });
}

/// Whether something of the same line is taken at the time; paracetamol is also in co-codamol.
fn clash(planned: &[Planned], medicine: &Medicine, from: Date, to: Date) -> bool {
    let paracetamol = |medicine: &Medicine| medicine.line == "paracetamol" || medicine.code == CO_CODAMOL.code;
    planned.iter().any(|plan| {
        let other = plan.medicine;
        let alike = other.line == medicine.line || (paracetamol(other) && paracetamol(medicine));
        alike && plan.from <= to && plan.to.is_none_or(|end| end >= from)
    })
}
