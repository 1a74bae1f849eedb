//! Owns what a person takes and took: repeats that follow from the history, courses for illnesses
//! that passed, everyday remedies; and their MedicationStatement resources.

use serde_json::Value;
use time::Date;

use super::allergies::Allergies;
use super::condition_table::Tag;
use super::conditions::{History, Problem, between_points};
use super::dates::{self, Moment, day_between, plus_days, plus_years};
use super::fhir::{
    DMD, coding, concept, hl7, object, one, only_if, organisation_code, period, quantity, reference,
    snomed, text,
};
use super::medicine_table::{COMBINED_PILL, DESOGESTREL, Medicine};
use super::people::{Person, Sex, Smoking};
use super::regimens::{REGIMENS, REMEDIES, Regimen, SHORT_COURSES};
use super::rng::{Rng, Subject};
use super::scribe::Scribe;

/// Statements at an age, before chance: age and number, joined by lines.
const NUMBER: [(i64, i64); 7] = [(0, 4), (6, 9), (18, 16), (35, 26), (50, 38), (65, 56), (85, 76)];

/// A repeat is looked at and authorised anew this often; each time is a statement.
const REVIEW_DAYS: i64 = 364;

/// Why it is taken.
enum Reason {
    /// The id of a Condition of the same record.
    Condition(String),
    Complaint((&'static str, &'static str)),
    Contraception,
}

struct Planned {
    medicine: &'static Medicine,
    from: Date,
    /// None: still taken.
    to: Option<Date>,
    reason: Reason,
    long_term: bool,
}

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
        let Some(medicine) = regimen.steps.get(step) else { break };
        planned.push(Planned {
            medicine,
            from,
            to: if last { stop } else { Some(plus_days(next, -1)) },
            reason: Reason::Condition(problem.resource.clone()),
            long_term: true,
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
    planned.push(Planned { medicine, from: start, to, reason: Reason::Contraception, long_term: true });
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
            let option = course.options.iter().find(|medicine| !allergies.forbid(medicine.line));
            if let Some(medicine) = option {
                let from = plus_days(problem.onset, rng.between(0, 2)).min(person.last_day());
                let to = plus_days(from, rng.between(course.days.0, course.days.1) - 1);
                let to = (to <= person.last_day()).then_some(to).or(person.death.map(|_| person.last_day()));
                let reason = Reason::Condition(problem.resource.clone());
                planned.push(Planned { medicine, from, to, reason, long_term: false });
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
    // No second medicine of a line that is taken as a repeat, and no ibuprofen where it does harm.
    let doubled = planned.iter().any(|plan| plan.long_term && plan.medicine.line == line);
    let harmful = line == "nsaid"
        && [Tag::Kidney, Tag::HeartFailure, Tag::HeartDisease, Tag::Fibrillation, Tag::Stroke, Tag::Asthma]
            .iter()
            .any(|tag| history.has(*tag));
    if !fits(remedy.ages) || doubled || harmful || allergies.forbid(line) {
        return;
    }
    let to = plus_days(from, rng.between(remedy.days.0, remedy.days.1));
    let to = (to <= person.last_day()).then_some(to).or(person.death.map(|_| person.last_day()));
    let reason = Reason::Complaint(remedy.reason);
    planned.push(Planned { medicine: remedy.medicine, from, to, reason, long_term: false });
}

fn statement(scribe: &mut Scribe, plan: &Planned) -> Value {
    let person = scribe.person;
    let rng = &mut scribe.rng;
    let providers = &person.providers;
    let source = match (plan.long_term, rng.below(100)) {
        (true, 0..6) => &providers.acute,
        (false, 0..12) => &providers.out_of_hours,
        (false, 12..20) => &providers.acute,
        _ => &providers.practice,
    };
    let (status, why) = match plan.to {
        None => (["active", "on-hold", "unknown"][rng.weighted(&[960, 20, 20])], None),
        Some(_) => {
            let status = ["completed", "stopped", "entered-in-error", "not-taken"][rng.weighted(&[915, 60, 10, 15])];
            let why = (status == "stopped").then(|| *rng.pick(&STOPPED));
            (status, why)
        }
    };
    // A practice does not say where; a hospital does.
    let category = match std::ptr::eq(source, &providers.acute) {
        true if rng.permille(500) => hl7("medication-statement-category", "inpatient"),
        true => hl7("medication-statement-category", "outpatient"),
        false => Value::Null,
    };
    let (reason_code, reason_reference) = match &plan.reason {
        Reason::Condition(id) => (Value::Null, one(reference("Condition", id))),
        Reason::Complaint((code, display)) => (one(snomed(code, display)), Value::Null),
        Reason::Contraception => (one(snomed("13197004", "Contraception")), Value::Null),
    };
    let asserted = Moment::in_hours(rng, plan.from);
    let effective = effective(rng, plan);
    let dosage = dosage(plan.medicine);
    let fields = [
        ("status", text(status)),
        ("statusReason", why.map_or(Value::Null, |why| one(object([("text", text(why))])))),
        ("category", category),
        ("medicationCodeableConcept", concept(vec![coding(DMD, plan.medicine.code, plan.medicine.name)])),
        ("subject", scribe.subject()),
        effective,
        ("dateAsserted", text(asserted.write(source.clock()))),
        ("informationSource", organisation_code(source)),
        ("reasonCode", reason_code),
        ("reasonReference", reason_reference),
        ("dosage", dosage),
    ];
    scribe.resource(source, fields)
}

/// A period; a single dose, and now and then a hand-written entry, has one day.
fn effective(rng: &mut Rng, plan: &Planned) -> (&'static str, Value) {
    let from = dates::full(plan.from);
    if plan.to == Some(plan.from) || (plan.to.is_some() && rng.permille(30)) {
        return ("effectiveDateTime", text(from));
    }
    let to = plan.to.map_or(Value::Null, |to| text(dates::full(to)));
    ("effectivePeriod", period(text(from), to))
}

fn dosage(medicine: &Medicine) -> Value {
    let repeat = object([
        ("frequency", Value::from(medicine.times_a_day)),
        ("period", Value::from(1)),
        ("periodUnit", text("d")),
    ]);
    let dose = quantity(medicine.dose, medicine.unit.0, medicine.unit.1);
    one(object([
        ("text", text(medicine.directions)),
        ("timing", object([("repeat", repeat)])),
        ("asNeededBoolean", only_if(medicine.as_needed, || Value::Bool(true))),
        ("route", snomed(medicine.route.0, medicine.route.1)),
        ("doseAndRate", one(object([("doseQuantity", dose)]))),
    ]))
}

const STOPPED: [&str; 5] = [
    "Side effects",
    "No longer needed",
    "Changed to another medicine",
    "Patient's wish after discussion",
    "Stopped at medication review",
];
