//! Owns the Condition resource: what one source wrote about a condition.

use serde_json::Value;
use time::Date;

use super::dates::{self, Moment, working_day};
use super::fhir::{hl7, object, one, only_if, snomed, text};
use super::organisations::{Kind, Organisation};
use super::rng::Rng;
use super::scribe::Scribe;

/// What one source wrote about a condition.
#[derive(Clone, Copy)]
pub(super) struct Told {
    pub(super) code: &'static str,
    pub(super) display: &'static str,
    pub(super) onset: Date,
    pub(super) end: Option<Date>,
    pub(super) status: Option<&'static str>,
    pub(super) verification: &'static str,
    pub(super) problem: bool,
    pub(super) long_term: bool,
    pub(super) recorded: Date,
}

/// The Condition that says so.
pub(super) fn condition(scribe: &mut Scribe, source: &Organisation, told: &Told) -> Value {
    let rng = &mut scribe.rng;
    let category = if told.problem { "problem-list-item" } else { "encounter-diagnosis" };
    let severity =
        rng.permille(120).then(|| *rng.pick(&[("255604002", "Mild"), ("6736007", "Moderate"), ("24484000", "Severe")]));
    let onset = onset(rng, told, source);
    let recorded = match source.kind {
        Kind::Practice => working_day(told.recorded, scribe.person.last_day()),
        _ => told.recorded,
    };
    // Before systems wrote times, and in summaries typed in later, only the day is known.
    let timed = recorded.year() >= 2008 && rng.permille(850);
    let recorded = if timed { Moment::in_hours(rng, recorded).write(source.clock()) } else { dates::full(recorded) };
    let recorder = only_if(rng.permille(600), || source.staff(rng));
    let note = only_if(rng.permille(150), || one(object([("text", text(*rng.pick(&NOTES)))])));
    let fields = [
        ("clinicalStatus", told.status.map_or(Value::Null, |code| hl7("condition-clinical", code))),
        ("verificationStatus", hl7("condition-ver-status", told.verification)),
        ("category", one(hl7("condition-category", category))),
        ("severity", severity.map_or(Value::Null, |(code, name)| snomed(code, name))),
        ("code", snomed(told.code, told.display)),
        ("subject", scribe.subject()),
        ("onsetDateTime", onset),
        ("abatementDateTime", told.end.map_or(Value::Null, |end| text(dates::full(end)))),
        ("recordedDate", text(recorded)),
        ("recorder", recorder),
        ("note", note),
    ];
    scribe.resource(source, fields)
}

/// Acute things have a day or a time; what people remember has a month or a year.
fn onset(rng: &mut Rng, told: &Told, source: &Organisation) -> Value {
    let weights = if told.long_term { [0, 500, 300, 200] } else { [250, 650, 100, 0] };
    text(match rng.weighted(&weights) {
        // A time on the day itself could come after the clinic that recorded it.
        0 if told.onset < told.recorded => Moment::in_hours(rng, told.onset).write(source.clock()),
        0 | 1 => dates::full(told.onset),
        2 => dates::month(told.onset),
        _ => dates::year(told.onset),
    })
}

const NOTES: [&str; 6] = [
    "Discussed with patient. Safety net advice given.",
    "Patient aware of diagnosis; information leaflet sent by text message.",
    "Review in 12 months with the practice nurse.",
    "Family history noted. No red flags today.",
    "Symptoms and worries explored; plan agreed.",
    "Copy of letter from the hospital attached.",
];
