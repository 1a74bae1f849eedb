//! Owns the Observation resource: a test, what was found, and who found it when.

use serde_json::Value;

use super::dates::Moment;
use super::fhir::{
    Decimal, LOINC, SNOMED, coding, concept, hl7, id_of, list, object, one, only_if, organisation, organisation_code,
    quantity, reference, text,
};
use super::organisations::{Kind, Organisation};
use super::scribe::Scribe;

/// A thing that can be observed, in the vocabularies that sources use.
pub(super) struct Test {
    pub(super) category: &'static str,
    pub(super) snomed: (&'static str, &'static str),
    /// Empty when no LOINC code is used for it.
    pub(super) loinc: &'static str,
    pub(super) unit: (&'static str, &'static str),
}

/// What was found.
pub(super) enum Finding {
    Number(Decimal),
    /// With the lowest and highest ordinary value, on the same scale.
    Ranged(Decimal, (i64, i64)),
    Coded(Value),
    Counted(i64),
    Told(String),
    Components(Vec<Value>),
    /// A group: these belong to it.
    Members(Vec<Value>),
    /// Nothing, for this reason.
    Absent(&'static str),
}

/// When, where and by whom.
pub(super) struct Visit<'a> {
    pub(super) at: Moment,
    pub(super) source: &'a Organisation,
    /// One test alone, which no group speaks for.
    pub(super) single: bool,
}

/// The code of a test. Vital signs have their LOINC code beside the SNOMED one, as UK Core wants;
/// of laboratory results only those that come straight from the hospital do.
fn code(test: &Test, source: &Organisation) -> Value {
    let mut codings = vec![coding(SNOMED, test.snomed.0, test.snomed.1)];
    let both = test.category != "laboratory" || source.kind == Kind::Acute;
    if both && !test.loinc.is_empty() {
        codings.push(object([("system", text(LOINC)), ("code", text(test.loinc))]));
    }
    concept(codings)
}

/// One Observation.
pub(super) fn observation(scribe: &mut Scribe, visit: &Visit, test: &Test, finding: Finding) -> Value {
    let effective = ("effectiveDateTime", text(visit.at.write(visit.source.clock())));
    observation_at(scribe, visit, test, finding, effective)
}

/// As [`observation`], with another `effective[x]`.
pub(super) fn observation_at(
    scribe: &mut Scribe,
    visit: &Visit,
    test: &Test,
    finding: Finding,
    effective: (&'static str, Value),
) -> Value {
    let rng = &mut scribe.rng;
    let source = visit.source;
    // A group and its members stand or fall together, so a group is always final.
    let group = matches!(finding, Finding::Members(_));
    let drawn = rng.weighted(&[960, 15, 10, 8, 7]);
    let status = ["final", "amended", "corrected", "preliminary", "entered-in-error"][if group { 0 } else { drawn }];
    // The group says for its members when they were issued and by whom.
    let laboratory = test.category == "laboratory";
    let reported = laboratory && !matches!(finding, Finding::Ranged(..)) || visit.single;
    let issued = only_if(laboratory && reported, || text(visit.at.plus_hours(3).write(source.clock())));
    let performer = match (laboratory, rng.below(100)) {
        (true, _) => only_if(reported, || one(organisation(source))),
        (false, 0..15) => one(source.staff(rng)),
        (false, 15..40) => one(organisation_code(source)),
        (false, _) => Value::Null,
    };
    let (mut interpretation, mut range, mut members) = (Value::Null, Value::Null, Value::Null);
    let mut absent = Value::Null;
    let value = match finding {
        Finding::Number(value) => ("valueQuantity", measured(test, value)),
        Finding::Ranged(value, (low, high)) => {
            interpretation = interpreted(value.digits, low, high);
            range = one(reference_range(test, value.scale, (low, high)));
            ("valueQuantity", measured(test, value))
        }
        Finding::Coded(value) => ("valueCodeableConcept", value),
        Finding::Counted(value) => ("valueInteger", Value::from(value)),
        Finding::Told(value) => ("valueString", text(value)),
        Finding::Components(parts) => ("component", list(parts)),
        Finding::Members(all) => {
            let ids = all.iter().map(|member| reference("Observation", id_of(member)));
            members = list(ids.collect());
            ("value", Value::Null)
        }
        Finding::Absent(code) => {
            absent = hl7("data-absent-reason", code);
            ("value", Value::Null)
        }
    };
    let fields = [
        ("status", text(status)),
        ("category", one(hl7("observation-category", test.category))),
        ("code", code(test, source)),
        ("subject", scribe.subject()),
        effective,
        ("issued", issued),
        ("performer", performer),
        value,
        ("dataAbsentReason", absent),
        ("interpretation", interpretation),
        ("referenceRange", range),
        ("hasMember", members),
    ];
    scribe.resource(source, fields)
}

pub(super) fn measured(test: &Test, value: Decimal) -> Value {
    quantity(value, test.unit.0, test.unit.1)
}

/// A part of an observation.
pub(super) fn component(test: &Test, value: Decimal, visit: &Visit) -> Value {
    object([("code", code(test, visit.source)), ("valueQuantity", measured(test, value))])
}

/// Laboratories flag what lies outside the range.
fn interpreted(value: i64, low: i64, high: i64) -> Value {
    let flag = |code| one(hl7("v3-ObservationInterpretation", code));
    match value {
        _ if value < low => flag("L"),
        _ if value > high => flag("H"),
        _ => Value::Null,
    }
}

/// One-sided when there is no lower limit.
fn reference_range(test: &Test, scale: u8, (low, high): (i64, i64)) -> Value {
    let bound = |digits| object([("value", Decimal::new(digits, scale).json()), ("unit", text(test.unit.0))]);
    object([("low", only_if(low > 0, || bound(low))), ("high", only_if(high < i64::MAX, || bound(high)))])
}
