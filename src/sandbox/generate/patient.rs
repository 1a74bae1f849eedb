//! Owns the Patient resource: how a person is written down by the practice that owns their
//! demographics.

use serde_json::Value;

use super::addresses::{address, next_of_kin, telecom};
use super::dates::{self, Moment, REFERENCE, day_between, plus_days, plus_years};
use super::fhir::{self, coding, concept, list, object, one, only_if, text};
use super::names::title;
use super::people::{Person, Sex};
use super::rng::{Rng, Subject};
use super::scribe::Scribe;

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
    let (code, display) =
        [("01", "Number present and verified"), ("02", "Number present but not traced"), ("03", "Trace required")]
            [if person.is_spotlit() { 0 } else { rng.weighted(&[970, 20, 10]) }];
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
            all.push(object([("use", text("maiden")), ("family", text(maiden)), ("given", given(&name.given))]));
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
    let plain = |name: &str| -> String { name.to_lowercase().chars().filter(char::is_ascii_lowercase).collect() };
    let given = person.name.given.first().map(|name| plain(name)).unwrap_or_default();
    format!("{given}.{}.{}", plain(&person.name.family), person.index)
}
