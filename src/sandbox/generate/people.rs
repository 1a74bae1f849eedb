//! Owns the person behind a record: who they are, where they live, when they were born and died,
//! and their Patient resource.

use serde_json::Value;
use time::Date;

use super::addresses::{address, next_of_kin, telecom};
use super::dates::{self, Moment, REFERENCE, age_on, day_between, plus_days, plus_years};
use super::fhir::{self, coding, concept, list, object, one, only_if, text};
use super::names::{self, Name, title};
use super::nhs_number::nhs_number;
use super::organisations::Providers;
use super::rng::{Rng, Subject};
use super::scribe::Scribe;

/// What medicine needs to know; the administrative gender on the record usually agrees.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sex {
    Female,
    Male,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Smoking {
    Never,
    Former,
    Current,
}

/// Decided once, and read by everything else about the patient.
pub(super) struct Person {
    pub(super) seed: u64,
    pub(super) index: u32,
    pub(super) id: String,
    pub(super) nhs_number: String,
    pub(super) sex: Sex,
    pub(super) birth: Date,
    pub(super) death: Option<Date>,
    pub(super) smoking: Smoking,
    pub(super) providers: Providers,
    name: Name,
}

/// Patients in a thousand between two ages (exclusive end), as London's population roughly is.
const AGES: [(u32, i64, i64); 7] =
    [(55, 0, 5), (150, 5, 18), (265, 18, 35), (230, 35, 50), (170, 50, 65), (95, 65, 80), (35, 80, 99)];

impl Person {
    pub(super) fn new(seed: u64, index: u32) -> Self {
        let mut rng = Rng::new(seed, index, Subject::Person);
        let id = rng.uuid();
        let sex = if rng.permille(505) { Sex::Female } else { Sex::Male };
        let name = names::name(&mut rng, sex);
        let (mut low, mut high) = (0, 99);
        let chosen = rng.weighted(&AGES.map(|(weight, ..)| weight));
        if let Some((_, from, to)) = AGES.get(chosen) {
            (low, high) = (*from, *to);
        }
        if is_spotlit(index) {
            (low, high) = (55, 75);
        }
        let birth = day_between(
            &mut rng,
            plus_years(REFERENCE, -high),
            plus_days(plus_years(REFERENCE, -low), -21),
            false,
        );
        let death = death(&mut rng, birth, is_spotlit(index));
        let smoking = match age_on(birth, REFERENCE) {
            ..16 => Smoking::Never,
            _ => [Smoking::Never, Smoking::Former, Smoking::Current][rng.weighted(&[59, 26, 15])],
        };
        let providers = Providers::of(index);
        Self { seed, index, id, nhs_number: nhs_number(index), sex, birth, death, smoking, providers, name }
    }

    /// Patients the sandbox personas look after: adults, alive, found by a full date of birth.
    pub(super) fn is_spotlit(&self) -> bool {
        is_spotlit(self.index)
    }

    pub(super) fn region(&self) -> u32 {
        self.index % 7
    }

    pub(super) fn age_on(&self, day: Date) -> i64 {
        age_on(self.birth, day)
    }

    /// The last day on which something could happen to this person.
    pub(super) fn last_day(&self) -> Date {
        self.death.map_or(plus_days(REFERENCE, -1), |death| plus_days(death, -1))
    }

    /// The age on that day.
    pub(super) fn age(&self) -> i64 {
        self.age_on(self.last_day())
    }
}

fn is_spotlit(index: u32) -> bool {
    matches!(index, 0 | 7 | 14)
}

/// A death in the last five years, likelier the older the person would be today.
fn death(rng: &mut Rng, birth: Date, spotlit: bool) -> Option<Date> {
    let chance = match age_on(birth, REFERENCE) {
        ..18 => 0,
        18..50 => 3,
        50..65 => 12,
        65..80 => 50,
        _ => 150,
    };
    let dies = rng.permille(chance) && !spotlit;
    dies.then(|| day_between(rng, plus_years(REFERENCE, -5), plus_days(REFERENCE, -7), false))
}

/// The Patient resource, owned by the practice.
pub(super) fn patient(person: &Person) -> Value {
    let mut scribe = Scribe::new(person, Subject::Patient);
    let region = person.region();
    let practice = &person.providers.practice;
    let age = person.age();
    let rng = &mut scribe.rng;
    let names = patient_names(rng, person, age);
    let email = email_name(person);
    let telecom = telecom(rng, age, region, &email);
    let gender = gender(rng, person);
    let birth_date = birth_date(rng, person);
    let deceased = deceased(rng, person);
    let mut addresses = Vec::new();
    let moved = day_between(rng, plus_years(REFERENCE, -8), plus_days(REFERENCE, -400), false);
    let has_moved = rng.permille(60) && moved > person.birth && person.death.is_none();
    let since = only_if(has_moved, || object([("start", text(dates::full(moved)))]));
    addresses.push(address(rng, region, "home", since));
    if has_moved {
        let until = object([("end", text(dates::full(plus_days(moved, -1))))]);
        addresses.push(address(rng, region, "old", until));
    }
    let contact = only_if(age < 16 || rng.permille(300), || one(contact(rng, person, age)));
    let communication = communication(rng, person, age);
    let interpreter = communication.as_ref().is_some_and(|(_, needed)| *needed);
    let extension = only_if(interpreter, || {
        let url = "http://hl7.org/fhir/StructureDefinition/patient-interpreterRequired";
        one(object([("url", text(url)), ("valueBoolean", Value::Bool(true))]))
    });
    let identifiers = vec![nhs_identifier(rng, person)];
    let fields = [
        ("extension", extension),
        ("active", Value::Bool(person.death.is_none())),
        ("name", names),
        ("telecom", telecom),
        ("gender", gender),
        ("birthDate", birth_date),
        ("deceasedDateTime", deceased),
        ("address", list(addresses)),
        ("contact", contact),
        ("communication", communication.map_or(Value::Null, |(value, _)| value)),
        ("generalPractitioner", one(fhir::organisation(practice))),
    ];
    scribe.resource_with_id(person.id.clone(), practice, identifiers, fields)
}

/// The NHS number with its tracing status: nearly always verified.
fn nhs_identifier(rng: &mut Rng, person: &Person) -> Value {
    let url = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus";
    let system = "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland";
    let (code, display) = [
        ("01", "Number present and verified"),
        ("02", "Number present but not traced"),
        ("03", "Trace required"),
    ][if person.is_spotlit() { 0 } else { rng.weighted(&[970, 20, 10]) }];
    let status = concept(vec![coding(system, code, display)]);
    object([
        ("extension", one(object([("url", text(url)), ("valueCodeableConcept", status)]))),
        ("system", text(fhir::NHS_NUMBER)),
        ("value", text(person.nhs_number.as_str())),
    ])
}

fn patient_names(rng: &mut Rng, person: &Person, age: i64) -> Value {
    let given = |names: &[&str]| list(names.iter().map(|name| text(*name)).collect());
    let name = &person.name;
    let prefix = one(text(title(rng, person.sex, age)));
    let mut all = vec![object([
        ("use", text("official")),
        ("family", text(name.family.as_str())),
        ("given", given(&name.given)),
        ("prefix", prefix),
    ])];
    if age > 25 && person.sex == Sex::Female && rng.permille(120) {
        let maiden = name.origin.family(rng);
        if maiden != name.family {
            all.push(object([
                ("use", text("maiden")),
                ("family", text(maiden)),
                ("given", given(&name.given)),
            ]));
        }
    } else if let (true, Some(second)) = (rng.permille(40), name.given.get(1)) {
        all.push(object([("use", text("usual")), ("family", text(name.family.as_str())), ("given", given(&[second]))]));
    }
    list(all)
}

fn gender(rng: &mut Rng, person: &Person) -> Value {
    let recorded = match (person.age() >= 16 && !person.is_spotlit(), person.sex) {
        (true, _) if rng.permille(5) => "other",
        (true, _) if rng.permille(3) => "unknown",
        (_, Sex::Female) => "female",
        (_, Sex::Male) => "male",
    };
    text(recorded)
}

/// In full; for a few people, older ones, only the month or the year is known.
fn birth_date(rng: &mut Rng, person: &Person) -> Value {
    let precision = rng.weighted(&[970, 20, 10]);
    let known = person.is_spotlit() || person.age() < 30;
    text(match precision {
        1 if !known => dates::month(person.birth),
        2 if !known => dates::year(person.birth),
        _ => dates::full(person.birth),
    })
}

fn deceased(rng: &mut Rng, person: &Person) -> Value {
    person.death.map_or(Value::Null, |day| {
        if rng.permille(200) {
            return text(dates::full(day));
        }
        let minute = rng.between(120, 1439);
        text(Moment::new(day, minute).write(person.providers.practice.clock()))
    })
}

fn contact(rng: &mut Rng, person: &Person, age: i64) -> Value {
    let sex = if rng.permille(600) { Sex::Female } else { Sex::Male };
    let given = person.name.origin.given(rng, sex);
    let name = object([("family", text(person.name.family.as_str())), ("given", one(text(given)))]);
    let relationship = match (age < 30, sex) {
        (true, Sex::Female) => ("MTH", "mother"),
        (true, Sex::Male) => ("FTH", "father"),
        (false, _) => *rng.pick(&[("SPS", "spouse"), ("SIB", "sibling"), ("FRND", "unrelated friend")]),
    };
    next_of_kin(name, relationship, rng)
}

/// The preferred language of some, and whether an interpreter is needed.
fn communication(rng: &mut Rng, person: &Person, age: i64) -> Option<(Value, bool)> {
    let (code, display) = person.name.origin.language;
    let foreign = code != "en";
    if age < 3 || !rng.permille(if foreign { 450 } else { 60 }) {
        return None;
    }
    let language = concept(vec![coding("urn:ietf:bcp:47", code, display)]);
    let preferred = [("language", language), ("preferred", Value::Bool(true))];
    Some((one(object(preferred)), foreign && rng.permille(300)))
}

/// `given.family.index` in plain letters.
fn email_name(person: &Person) -> String {
    let plain = |name: &str| -> String {
        name.to_lowercase().chars().filter(char::is_ascii_lowercase).collect()
    };
    let given = person.name.given.first().map(|name| plain(name)).unwrap_or_default();
    format!("{given}.{}.{}", plain(&person.name.family), person.index)
}
