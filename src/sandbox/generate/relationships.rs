//! Owns the care relationships that open a record: who holds them, on what basis, from when to when.

use time::Date;

use super::dates::{REFERENCE, day_between, full, plus_days, plus_years};
use super::organisations::Organisation;
use super::people::Person;
use super::rng::{Rng, Subject};

/// A row of the relationships file, `[valid_from, valid_to)`; no `valid_to` means open-ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relationship {
    pub nhs_number: String,
    pub holder_kind: &'static str,
    pub holder: String,
    pub basis: &'static str,
    pub valid_from: Option<String>,
    pub valid_to: Option<String>,
    /// The organisation that asserted it.
    pub source: String,
    pub reason: String,
}

impl Relationship {
    pub fn csv_header() -> &'static str {
        "nhs_number,holder_kind,holder,basis,valid_from,valid_to,source,reason"
    }

    /// One line of RFC 4180, without its line end.
    pub fn to_csv_row(&self) -> String {
        let (from, to) = (self.valid_from.as_deref(), self.valid_to.as_deref());
        [
            self.nhs_number.as_str(),
            self.holder_kind,
            &self.holder,
            self.basis,
            from.unwrap_or_default(),
            to.unwrap_or_default(),
            &self.source,
            &self.reason,
        ]
        .map(quoted)
        .join(",")
    }
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\r', '\n']) {
        return format!("\"{}\"", field.replace('"', "\"\""));
    }
    field.to_owned()
}

/// A basis and the reason that goes with it.
type Why = (&'static str, &'static str);

/// When a relationship holds.
struct Span {
    from: Date,
    to: Option<Date>,
}

/// Everything: patients that personas of every kind look after.
fn has_all(person: &Person) -> bool {
    matches!(person.index, 0 | 7)
}

/// Only the practice: what another persona must not find.
fn has_practice_only(person: &Person) -> bool {
    person.index == 14
}

/// The relationships of one person, the practice first.
pub(super) fn relationships(person: &Person) -> Vec<Relationship> {
    let mut rng = Rng::new(person.seed, person.index, Subject::Relationships);
    let providers = &person.providers;
    let born_or = |years: i64| person.birth.max(plus_years(REFERENCE, -years));
    let registered = day_between(&mut rng, born_or(20), plus_days(REFERENCE, -14).max(person.birth), false);
    let registered = registered.min(person.last_day());
    // The practice closes the record four weeks after a death.
    let span = Span { from: registered, to: person.death.map(|death| plus_days(death, 28)) };
    let practice = &providers.practice;
    let mut all =
        vec![row(person, practice, "gp_registered", span, practice, "Registered for general medical services")];
    let adult = person.age() >= 18;
    let choices: [(u32, &Organisation, &[Why]); 4] = [
        (400, &providers.acute, &ACUTE),
        (200, &providers.community, if adult { &COMMUNITY } else { &COMMUNITY_CHILD }),
        (120, &providers.council, if adult { &COUNCIL } else { &COUNCIL_CHILD }),
        (150, &providers.out_of_hours, &OUT_OF_HOURS),
    ];
    for (permille, holder, reasons) in choices {
        let drawn = rng.permille(permille);
        let (basis, reason) = *rng.pick(reasons);
        let span = span_of(&mut rng, person, basis);
        if (drawn && !has_practice_only(person)) || has_all(person) {
            let from_practice = basis == "referral";
            let source = if from_practice { practice } else { holder };
            all.push(row(person, holder, basis, span, source, reason));
        }
    }
    all
}

/// Three in five hold now, one in four is over, the rest has yet to begin; admissions are short.
fn span_of(rng: &mut Rng, person: &Person, basis: &str) -> Span {
    let stay = if basis == "admission" { rng.between(1, 21) } else { rng.between(30, 540) };
    let kind = rng.weighted(&[600, 250, 150]);
    let ahead = rng.between(3, 60);
    let back = rng.between(1, stay.min(400));
    if let Some(death) = person.death {
        let from = day_between(rng, person.birth.max(plus_years(death, -3)), death, true);
        return Span { from, to: Some(plus_days(death, 1)) };
    }
    let begun = plus_days(REFERENCE, -back).max(person.birth);
    if has_all(person) {
        return Span { from: begun, to: None };
    }
    match kind {
        0 if rng.permille(500) => Span { from: begun, to: None },
        0 => Span { from: begun, to: Some(plus_days(REFERENCE, ahead)) },
        1 => {
            let end = day_between(rng, person.birth.max(plus_years(REFERENCE, -6)), plus_days(REFERENCE, -1), true);
            Span { from: plus_days(end, -stay).max(person.birth).min(plus_days(end, -1)), to: Some(end) }
        }
        _ => Span { from: plus_days(REFERENCE, ahead), to: Some(plus_days(REFERENCE, ahead + stay)) },
    }
}

fn row(
    person: &Person,
    holder: &Organisation,
    basis: &'static str,
    span: Span,
    source: &Organisation,
    reason: &str,
) -> Relationship {
    let instant = |day: Date| format!("{}T00:00:00Z", full(day));
    Relationship {
        nhs_number: person.nhs_number.clone(),
        holder_kind: "organisation",
        holder: holder.code.clone(),
        basis,
        valid_from: Some(instant(span.from)),
        valid_to: span.to.map(instant),
        source: source.code.clone(),
        reason: reason.to_owned(),
    }
}

const ACUTE: [Why; 6] = [
    ("referral", "Outpatient referral: cardiology"),
    ("referral", "Outpatient referral: ear, nose and throat"),
    ("referral", "Urgent referral, \"two-week wait\" pathway"),
    ("referral", "Outpatient referral: orthopaedics"),
    ("admission", "Emergency admission"),
    ("admission", "Elective admission, day surgery"),
];

const COMMUNITY: [Why; 3] = [
    ("caseload", "Community nursing caseload"),
    ("caseload", "Community physiotherapy caseload"),
    ("caseload", "Podiatry caseload"),
];

const COMMUNITY_CHILD: [Why; 2] = [
    ("caseload", "Children's community nursing caseload"),
    ("caseload", "Speech and language therapy, school caseload"),
];

const COUNCIL: [Why; 3] = [
    ("caseload", "Adult social care caseload"),
    ("caseload", "Reablement, six weeks"),
    ("caseload", "Occupational therapy, home adaptations"),
];

const COUNCIL_CHILD: [Why; 2] = [
    ("caseload", "Children's services, family support"),
    ("caseload", "Special educational needs team, \"education, health and care\" plan"),
];

const OUT_OF_HOURS: [Why; 2] = [
    ("referral", "111 call passed to the clinical assessment service"),
    ("referral", "Special patient note for out-of-hours care"),
];
