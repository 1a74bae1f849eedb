//! Owns a person's history: which conditions, when, told by whom.

use serde_json::Value;
use time::Date;

use super::dates::{day_between, plus_days, plus_years};
use super::diagnosis::{Told, condition};
use super::fhir::id_of;
use super::organisations::Kind;
use super::people::{Person, Smoking};
use super::rng::{Rng, Subject};
use super::scribe::Scribe;
use super::tables::conditions::{Course, EPISODES, EXCLUSIVE, Episode, LONG_TERM, LongTerm, Place, Tag};

/// One condition of one person.
pub(super) struct Problem {
    pub(super) tag: Tag,
    pub(super) code: &'static str,
    pub(super) onset: Date,
    pub(super) end: Option<Date>,
    /// The id of its Condition.
    pub(super) resource: String,
    pub(super) long_term: bool,
}

/// What happened to a person, in the order it was decided.
#[derive(Default)]
pub(super) struct History {
    pub(super) problems: Vec<Problem>,
}

impl History {
    /// The first long-term problem of this kind that began by `day`.
    pub(super) fn since(&self, tag: Tag, day: Date) -> Option<&Problem> {
        self.problems.iter().find(|p| p.long_term && p.tag == tag && p.onset <= day)
    }

    pub(super) fn has(&self, tag: Tag) -> bool {
        self.since(tag, Date::MAX).is_some()
    }
}

/// How many conditions a person of this age has, before chance: age and number, joined by lines.
const BURDEN: [(i64, i64); 7] = [(0, 4), (6, 11), (18, 17), (35, 24), (50, 32), (65, 43), (85, 52)];

/// The history and its resources, long-term conditions first.
pub(super) fn conditions(person: &Person) -> (History, Vec<Value>) {
    let mut scribe = Scribe::new(person, Subject::Conditions);
    let mut history = History::default();
    let mut resources = Vec::new();
    for entry in LONG_TERM {
        if suits(&mut scribe.rng, person, &history, entry) {
            long_term(&mut scribe, &mut history, &mut resources, entry);
        }
    }
    let burden = between_points(&BURDEN, person.age());
    let wanted = scribe.rng.near(burden, burden * 3 / 4).clamp(3, 60) as usize;
    let band = match person.age() {
        ..16 => 0,
        16..60 => 1,
        _ => 2,
    };
    let weights: Vec<u32> = EPISODES.iter().map(|entry| entry.weights[band]).collect();
    // A bounded number of tries: a young baby fits few entries.
    for _ in 0..wanted * 6 {
        if resources.len() >= wanted {
            break;
        }
        let entry = &EPISODES[scribe.rng.weighted(&weights)];
        episode(&mut scribe, &mut history, &mut resources, entry);
    }
    (history, resources)
}

/// The value at `x` on the line through `points`, level beyond both ends.
pub(super) fn between_points(points: &[(i64, i64)], x: i64) -> i64 {
    let mut before = points.first().copied().unwrap_or_default();
    for &(at, value) in points {
        if x < at {
            let (from, base) = before;
            return base + (value - base) * (x - from).max(0) / (at - from).max(1);
        }
        before = (at, value);
    }
    before.1
}

fn suits(rng: &mut Rng, person: &Person, history: &History, entry: &LongTerm) -> bool {
    let age = person.age();
    let p = entry.permille;
    let chance = between_points(&[(0, p[0]), (10, p[0]), (30, p[1]), (50, p[2]), (80, p[3])], age);
    let drawn = rng.permille(chance.max(0) as u32);
    let excluded = EXCLUSIVE.iter().any(|(a, b)| {
        let other = if entry.code == *a { b } else { a };
        (entry.code == *a || entry.code == *b) && history.problems.iter().any(|p| p.code == *other)
    });
    let smoked = entry.tag != Tag::Copd || person.smoking != Smoking::Never;
    let sex = entry.sex.is_none_or(|sex| sex == person.sex);
    drawn && sex && smoked && !excluded && age > entry.from_age
}

fn long_term(scribe: &mut Scribe, history: &mut History, resources: &mut Vec<Value>, entry: &LongTerm) {
    let person = scribe.person;
    let rng = &mut scribe.rng;
    let earliest = plus_years(person.birth, entry.from_age).max(plus_years(person.last_day(), -45));
    // The menopause has an age of its own; other things begin later rather than sooner.
    let latest = match entry.tag {
        Tag::Menopause => plus_years(person.birth, 56).min(person.last_day()),
        _ => person.last_day(),
    };
    let onset = day_between(rng, earliest, latest, entry.from_age > 30);
    let past = entry.course == Course::Relapsing && rng.permille(350);
    let end = past.then(|| day_between(rng, plus_days(onset, 90), person.last_day(), false));
    let end = end.filter(|end| *end > onset && *end <= person.last_day());
    let status = match (end, entry.course) {
        (Some(_), _) if entry.tag == Tag::Cancer => "remission",
        (Some(_), _) => *rng.pick(&["remission", "resolved", "inactive"]),
        (None, Course::Event) => "inactive",
        (None, Course::Relapsing) if rng.permille(80) => "recurrence",
        (None, _) => "active",
    };
    let source = match entry.tag {
        Tag::Psychosis | Tag::Dementia if rng.permille(500) => &person.providers.mental_health,
        _ => &person.providers.practice,
    };
    let told = Told {
        code: entry.code,
        display: entry.display,
        onset,
        end,
        status: Some(status),
        verification: "confirmed",
        problem: true,
        long_term: true,
        recorded: plus_days(onset, rng.between(0, 60)).min(person.last_day()),
    };
    let resource = condition(scribe, source, &told);
    history.problems.push(Problem {
        tag: entry.tag,
        code: entry.code,
        onset,
        end,
        resource: id_of(&resource).to_owned(),
        long_term: true,
    });
    resources.push(resource);
    // The hospital often writes it down again: both stay, each with its source.
    if scribe.rng.permille(220) {
        let seen = day_between(&mut scribe.rng, onset, end.unwrap_or(person.last_day()), true);
        let again = Told { problem: false, recorded: seen, ..told };
        resources.push(condition(scribe, &person.providers.acute, &again));
    }
}

fn episode(scribe: &mut Scribe, history: &mut History, resources: &mut Vec<Value>, entry: &Episode) {
    let person = scribe.person;
    let rng = &mut scribe.rng;
    let earliest = plus_years(person.birth, entry.ages.0).max(plus_years(person.last_day(), -20));
    let latest = plus_years(person.birth, entry.ages.1 + 1).min(person.last_day());
    let repeated = history.problems.iter().any(|p| p.code == entry.code);
    if latest <= earliest || (entry.once && repeated) || entry.sex.is_some_and(|sex| sex != person.sex) {
        return;
    }
    let onset = day_between(rng, earliest, latest, true);
    // COVID-19 was not diagnosed before 2020.
    if entry.code == "840539006" && onset.year() < 2020 {
        return;
    }
    let finish = plus_days(onset, rng.between(entry.days.0, entry.days.1));
    let end = (finish <= person.last_day()).then_some(finish);
    let verification = ["confirmed", "provisional", "unconfirmed", "refuted", "differential", "entered-in-error"]
        [rng.weighted(&[930, 25, 15, 8, 7, 15])];
    let status = match (verification, end) {
        ("entered-in-error", _) => None,
        ("refuted", _) => Some("inactive"),
        (_, None) => Some("active"),
        _ => Some("resolved"),
    };
    let providers = &person.providers;
    let source = match (entry.place, rng.below(100)) {
        (Place::Emergency, 0..25) => &providers.ambulance,
        (Place::Hospital | Place::Emergency, 0..80) | (Place::Clinic, 0..5) => &providers.acute,
        (Place::Clinic, 5..20) => &providers.out_of_hours,
        _ => &providers.practice,
    };
    let problem = source.kind == Kind::Practice && rng.permille(300);
    let told = Told {
        code: entry.code,
        display: entry.display,
        onset,
        end: end.filter(|_| !matches!(verification, "entered-in-error" | "refuted")),
        status,
        verification,
        problem,
        long_term: false,
        recorded: plus_days(onset, rng.between(0, 3)).min(person.last_day()),
    };
    let resource = condition(scribe, source, &told);
    if verification == "confirmed" {
        let (tag, resource) = (entry.tag, id_of(&resource).to_owned());
        history.problems.push(Problem { tag, code: entry.code, onset, end, resource, long_term: false });
    }
    resources.push(resource);
}
