//! Owns the plans made with a person: for a condition, for the end of life, for help at home; and
//! their CarePlan resources.

use serde_json::Value;
use time::Date;

use super::conditions::History;
use super::dates::{self, Moment, REFERENCE, day_between, plus_days, plus_years};
use super::fhir::{SNOMED, coding, concept, list, object, one, organisation, period, reference, text};
use super::organisations::Kind;
use super::people::Person;
use super::rng::{Rng, Subject};
use super::scribe::Scribe;
use super::tables::careplans::{TEMPLATES, Template};

/// Nobody has more.
const MOST: usize = 2;

pub(super) fn care_plans(person: &Person, history: &History) -> Vec<Value> {
    let mut scribe = Scribe::new(person, Subject::CarePlans);
    let mut plans = Vec::new();
    for template in TEMPLATES {
        if plans.len() < MOST && scribe.rng.permille(template.permille) {
            plans.extend(care_plan(&mut scribe, history, template));
        }
    }
    plans
}

fn care_plan(scribe: &mut Scribe, history: &History, template: &Template) -> Option<Value> {
    let person = scribe.person;
    let last = person.last_day();
    let problem = match template.tag {
        Some(tag) => Some(history.since(tag, last)?),
        None => None,
    };
    let earliest = plus_years(person.birth, template.from_age)
        .max(problem.map_or(person.birth, |problem| problem.onset))
        .max(plus_years(last, -6));
    if earliest >= last {
        return None;
    }
    let rng = &mut scribe.rng;
    let start = day_between(rng, earliest, last, true);
    let months = *rng.pick(&[6, 12, 12, 24]);
    let mut end = plus_days(start, months * 30);
    let status = status(rng, person, end);
    if let (Some(death), "completed") = (person.death, status) {
        end = end.min(death);
    }
    let source = provider(person, template.by);
    let made = Moment::in_hours(rng, start).write(source.clock());
    let activities = activities(rng, template, status, start);
    let intent = if rng.permille(950) { "plan" } else { "proposal" };
    let addresses = problem.map_or(Value::Null, |problem| one(reference("Condition", &problem.resource)));
    let category = concept(vec![coding(SNOMED, template.category.0, template.category.1)]);
    let fields = [
        ("status", text(status)),
        ("intent", text(intent)),
        ("category", one(category)),
        ("title", text(template.title)),
        ("subject", scribe.subject()),
        ("period", period(text(dates::full(start)), text(dates::full(end)))),
        ("created", text(made)),
        ("author", organisation(source)),
        ("addresses", addresses),
        ("activity", activities),
    ];
    Some(scribe.resource(source, fields))
}

fn status(rng: &mut Rng, person: &Person, end: Date) -> &'static str {
    let over = end < REFERENCE || person.death.is_some();
    match (over, rng.below(100)) {
        (true, 0..85) => "completed",
        (true, 85..98) => "revoked",
        (false, 0..90) => "active",
        (false, 90..95) => "on-hold",
        (false, 95..98) => "draft",
        (_, _) => "entered-in-error",
    }
}

fn activities(rng: &mut Rng, template: &Template, status: &str, start: Date) -> Value {
    let done: &[&str] = match status {
        "active" => &["in-progress", "scheduled", "not-started", "completed"],
        "completed" => &["completed", "completed", "cancelled"],
        "draft" => &["not-started"],
        "on-hold" => &["on-hold"],
        _ => &["cancelled"],
    };
    let mut all = Vec::new();
    for (code, display, description) in template.activities {
        let detail = object([
            ("code", concept(vec![coding(SNOMED, code, display)])),
            ("status", text(*rng.pick(done))),
            ("scheduledPeriod", object([("start", text(dates::full(start)))])),
            ("description", text(*description)),
        ]);
        all.push(object([("detail", detail)]));
    }
    list(all)
}

fn provider(person: &Person, kind: Kind) -> &super::organisations::Organisation {
    let providers = &person.providers;
    match kind {
        Kind::Practice => &providers.practice,
        Kind::Acute => &providers.acute,
        Kind::MentalHealth => &providers.mental_health,
        Kind::Community => &providers.community,
        Kind::Council => &providers.council,
        Kind::OutOfHours => &providers.out_of_hours,
        Kind::Ambulance => &providers.ambulance,
    }
}
