//! Owns the MedicationStatement resource: one medicine over one stretch of time.

use serde_json::Value;
use time::Date;

use super::dates::{self, Moment, working_day};
use super::fhir::{
    DMD, coding, concept, hl7, object, one, only_if, organisation_code, period, quantity, reference, snomed, text,
};
use super::organisations;
use super::rng::Rng;
use super::scribe::Scribe;
use super::tables::medicines::Medicine;

/// Why it is taken.
pub(super) enum Reason {
    /// The id of a Condition of the same record.
    Condition(String),
    Complaint((&'static str, &'static str)),
    Contraception,
}

pub(super) struct Planned {
    pub(super) medicine: &'static Medicine,
    pub(super) from: Date,
    /// None: still taken.
    pub(super) to: Option<Date>,
    pub(super) reason: Reason,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Repeat,
    /// A repeat that the next review carried on.
    Renewed,
    Short,
}

/// One statement about one medicine.
pub(super) fn statement(scribe: &mut Scribe, plan: &Planned) -> Value {
    let person = scribe.person;
    let rng = &mut scribe.rng;
    let providers = &person.providers;
    let source = match (plan.kind, rng.below(100)) {
        (Kind::Repeat | Kind::Renewed, 0..6) => &providers.acute,
        (Kind::Short, 0..12) => &providers.out_of_hours,
        (Kind::Short, 12..20) => &providers.acute,
        _ => &providers.practice,
    };
    let ended = ["completed", "stopped", "entered-in-error", "not-taken"];
    let status = match (plan.to, plan.kind) {
        (None, _) => ["active", "on-hold", "unknown"][rng.weighted(&[960, 20, 20])],
        (Some(_), Kind::Repeat) => "stopped",
        (Some(_), Kind::Renewed) => ended[rng.weighted(&[985, 0, 8, 7])],
        (Some(_), Kind::Short) => ended[rng.weighted(&[900, 50, 20, 30])],
    };
    let died = plan.to.is_some() && person.death.is_some() && plan.to == Some(person.last_day());
    let why = (status == "stopped" && !died).then(|| *rng.pick(&STOPPED));
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
    let day = match source.kind {
        organisations::Kind::Practice => working_day(plan.from, person.last_day()),
        _ => plan.from,
    };
    let asserted = Moment::in_hours(rng, day);
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
    if plan.to == Some(plan.from) || (plan.kind == Kind::Short && plan.to.is_some() && rng.permille(30)) {
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
        ("route", medicine.route.map_or(Value::Null, |(code, name)| snomed(code, name))),
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
