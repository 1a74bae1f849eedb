//! Owns what a person must not be given or meets with a reaction, and the AllergyIntolerance
//! resources; a person known to have none says so in exactly one.

use serde_json::Value;

use super::dates::{self, Moment, day_between, plus_years};
use super::fhir::{hl7, list, object, one, only_if, snomed, text};
use super::people::Person;
use super::rng::{Rng, Subject};
use super::scribe::Scribe;
use super::tables::allergens::{ALLERGENS, Allergen};

/// "No known allergy".
const NONE_KNOWN: (&str, &str) = ("716186003", "No known allergy");

/// Medicine lines that the person must not have.
#[derive(Default)]
pub(super) struct Allergies {
    lines: Vec<&'static str>,
}

impl Allergies {
    pub(super) fn forbid(&self, line: &str) -> bool {
        self.lines.contains(&line)
    }
}

pub(super) fn allergies(person: &Person) -> (Allergies, Vec<Value>) {
    let mut scribe = Scribe::new(person, Subject::Allergies);
    let mut known = Allergies::default();
    let mut resources = Vec::new();
    let real = match scribe.rng.weighted(&[500, 80, 420]) {
        0 => return (known, vec![none_known(&mut scribe)]),
        1 => 0,
        _ => 1 + scribe.rng.weighted(&[560, 270, 120, 50]),
    };
    let mut left: Vec<&Allergen> = ALLERGENS.iter().collect();
    for _ in 0..real {
        let weights: Vec<u32> = left.iter().map(|allergen| allergen.weight).collect();
        let allergen = left.swap_remove(scribe.rng.weighted(&weights));
        known.lines.extend(allergen.lines);
        resources.push(allergy(&mut scribe, allergen));
    }
    (known, resources)
}

fn none_known(scribe: &mut Scribe) -> Value {
    let person = scribe.person;
    let practice = &person.providers.practice;
    let rng = &mut scribe.rng;
    let asked = day_between(rng, plus_years(person.last_day(), -8).max(person.birth), person.last_day(), true);
    let recorded = Moment::in_hours(rng, asked).write(practice.clock());
    let recorder = practice.staff(rng);
    let fields = [
        ("clinicalStatus", hl7("allergyintolerance-clinical", "active")),
        ("verificationStatus", hl7("allergyintolerance-verification", "confirmed")),
        ("code", snomed(NONE_KNOWN.0, NONE_KNOWN.1)),
        ("patient", scribe.subject()),
        ("recordedDate", text(recorded)),
        ("recorder", recorder),
    ];
    scribe.resource(practice, fields)
}

fn allergy(scribe: &mut Scribe, allergen: &Allergen) -> Value {
    let person = scribe.person;
    let rng = &mut scribe.rng;
    let source = match rng.below(100) {
        0..75 => &person.providers.practice,
        75..93 => &person.providers.acute,
        _ => &person.providers.community,
    };
    let verification = ["confirmed", "unconfirmed", "refuted", "entered-in-error"][rng.weighted(&[760, 200, 15, 25])];
    let status = match verification {
        "entered-in-error" => None,
        "refuted" => Some("resolved"),
        _ if rng.permille(60) => Some("inactive"),
        _ => Some("active"),
    };
    let began = day_between(rng, person.birth, person.last_day(), false);
    let recorded = day_between(rng, began.max(plus_years(person.last_day(), -25)), person.last_day(), true);
    let recorded_text = if recorded.year() >= 2008 {
        Moment::in_hours(rng, recorded).write(source.clock())
    } else {
        dates::full(recorded)
    };
    let reaction = only_if(rng.permille(800), || list(vec![reaction(rng, allergen)]));
    let grave = reaction.to_string().contains("39579001");
    let criticality = match (grave, rng.below(3)) {
        (true, _) => "high",
        (false, 0) => "low",
        _ => "unable-to-assess",
    };
    let onset = match rng.below(3) {
        0 => text(dates::year(began)),
        1 => text(dates::month(began)),
        _ => Value::Null,
    };
    let recorder = source.staff(rng);
    let fields = [
        ("clinicalStatus", status.map_or(Value::Null, |code| hl7("allergyintolerance-clinical", code))),
        ("verificationStatus", hl7("allergyintolerance-verification", verification)),
        ("type", text(if allergen.allergy { "allergy" } else { "intolerance" })),
        ("category", one(text(allergen.category))),
        ("criticality", text(criticality)),
        ("code", snomed(allergen.code, allergen.display)),
        ("patient", scribe.subject()),
        ("onsetDateTime", onset),
        ("recordedDate", text(recorded_text)),
        ("recorder", recorder),
        ("reaction", reaction),
    ];
    scribe.resource(source, fields)
}

fn reaction(rng: &mut Rng, allergen: &Allergen) -> Value {
    let (code, display) = *rng.pick(allergen.reactions);
    let severity = match code {
        "39579001" => "severe",
        "402387002" => "moderate",
        _ => *rng.pick(&["mild", "mild", "moderate"]),
    };
    object([
        ("manifestation", one(snomed(code, display))),
        ("description", only_if(rng.permille(200), || text("As told by the patient"))),
        ("severity", text(severity)),
    ])
}
