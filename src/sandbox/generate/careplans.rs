//! Owns the plans made with a person: for a condition, for the end of life, for help at home; and
//! their CarePlan resources.

use serde_json::Value;
use time::Date;

use super::condition_table::Tag;
use super::conditions::History;
use super::dates::{self, Moment, REFERENCE, day_between, plus_days, plus_years};
use super::fhir::{SNOMED, coding, concept, list, object, one, organisation, period, reference, text};
use super::organisations::Kind;
use super::people::Person;
use super::rng::{Rng, Subject};
use super::scribe::Scribe;

struct Template {
    /// For people with this, or of this age when none.
    tag: Option<Tag>,
    from_age: i64,
    permille: u32,
    title: &'static str,
    category: (&'static str, &'static str),
    by: Kind,
    activities: &'static [(&'static str, &'static str, &'static str)],
}

const fn plan(
    tag: Option<Tag>,
    from_age: i64,
    permille: u32,
    by: Kind,
    title: &'static str,
    category: (&'static str, &'static str),
    activities: &'static [(&'static str, &'static str, &'static str)],
) -> Template {
    Template { tag, from_age, permille, title, category, by, activities }
}

const TEMPLATES: &[Template] = &[
    plan(None, 84, 180, Kind::Community, "Anticipatory care plan", ("736373009", "End of life care plan"), &[
        ("182836005", "Review of medication", "Medicines reviewed with the palliative care team"),
        ("225358003", "Wound care", "Pressure areas checked at each visit"),
    ]),
    plan(Some(Tag::Dementia), 60, 800, Kind::MentalHealth, "Dementia care plan", ("718347000", "Mental health care plan"), &[
        ("182836005", "Review of medication", "Six-monthly review at the memory clinic"),
        ("315043002", "Long term social support", "Day centre on Tuesdays and Thursdays"),
    ]),
    plan(Some(Tag::Psychosis), 18, 850, Kind::MentalHealth, "Recovery and crisis plan", ("718347000", "Mental health care plan"), &[
        ("182836005", "Review of medication", "Medicines and weight reviewed every three months"),
        ("229065009", "Exercise therapy", "Gym referral, twice a week"),
    ]),
    plan(Some(Tag::Cancer), 18, 700, Kind::Acute, "Cancer care plan", ("395082007", "Cancer care plan"), &[
        ("182836005", "Review of medication", "Review in clinic with blood results"),
        ("229065009", "Exercise therapy", "Gentle exercise as able"),
    ]),
    plan(Some(Tag::HeartFailure), 40, 500, Kind::Community, "Heart failure self management plan", ("735984001", "Heart failure self management plan"), &[
        ("182836005", "Review of medication", "Heart failure nurse titrates the dose"),
        ("229065009", "Exercise therapy", "Cardiac rehabilitation, eight sessions"),
    ]),
    plan(Some(Tag::Copd), 40, 500, Kind::Community, "COPD management plan", ("412776001", "Chronic obstructive pulmonary disease clinical management plan"), &[
        ("710081004", "Smoking cessation therapy", "Offered at every contact"),
        ("15081005", "Pulmonary rehabilitation", "Twelve sessions at the community hospital"),
    ]),
    plan(Some(Tag::Diabetes2), 18, 450, Kind::Practice, "Diabetes care plan", ("698360004", "Diabetes self management plan"), &[
        ("160670007", "Diabetic diet", "Structured education booked"),
        ("401191002", "Diabetic foot examination", "Feet checked every year"),
    ]),
    plan(Some(Tag::Diabetes1), 2, 900, Kind::Acute, "Type 1 diabetes care plan", ("698360004", "Diabetes self management plan"), &[
        ("160670007", "Diabetic diet", "Carbohydrate counting with the dietitian"),
    ]),
    plan(Some(Tag::Asthma), 5, 300, Kind::Practice, "Personal asthma action plan", ("699728000", "Asthma self management"), &[
        ("182836005", "Review of medication", "Inhaler technique checked every year"),
    ]),
    plan(Some(Tag::Depression), 16, 150, Kind::MentalHealth, "Talking therapies plan", ("718347000", "Mental health care plan"), &[
        ("229065009", "Exercise therapy", "Behavioural activation: a walk each day"),
    ]),
    plan(None, 70, 140, Kind::Council, "Care and support plan", ("315043002", "Long term social support"), &[
        ("315043002", "Long term social support", "Home carer each morning, help with washing and dressing"),
        ("160670007", "Diabetic diet", "Meals delivered on weekdays"),
    ]),
    plan(None, 16, 110, Kind::Practice, "Personalised care and support plan", ("734163000", "Care plan"), &[
        ("226234005", "Healthy diet", "Goal: lose 3 kg before the next review"),
        ("229065009", "Exercise therapy", "Goal: walk for 30 minutes on five days a week"),
    ]),
];

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
