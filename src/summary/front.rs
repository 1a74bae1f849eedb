//! Owns the first page of the summary: whose record it is, and what the document is.

use time::OffsetDateTime;

use super::source::Sources;
use super::{Entry, Head, words, xhtml};
use crate::fhir::date;
use crate::fhir::json::{Json, Object};
use crate::fhir::nhs_number;

/// The name to put on the document: the official one, else one in use.
pub fn name_of(patient: &Object) -> String {
    let official = patient.objects("name").find(|name| name.text("use") == Some("official"));
    let current = || patient.objects("name").find(|name| !matches!(name.text("use"), Some("old" | "maiden")));
    official.or_else(current).or_else(|| patient.objects("name").next()).map(words::human_name).unwrap_or_default()
}

/// The first page: whose record it is, and what the document is.
pub fn page(head: &Head<'_>, patient: &Entry, sources: &Sources) -> String {
    let p = &patient.json;
    let number = nhs_number::of(p).next().map(|n| match (n.get(..3), n.get(3..6), n.get(6..)) {
        (Some(a), Some(b), Some(c)) => format!("{a} {b} {c}"),
        _ => n.to_owned(),
    });
    let born = p.text("birthDate").map(|birth| match (p.get("deceasedDateTime").is_none(), age(birth, head.at)) {
        (true, Some(age)) if p.get("deceasedBoolean") != Some(&Json::Bool(true)) => {
            format!("{} ({age} years)", words::date(birth))
        }
        _ => words::date(birth),
    });
    let died = match (p.text("deceasedDateTime"), p.get("deceasedBoolean")) {
        (Some(when), _) => words::date(when),
        (None, Some(Json::Bool(true))) => "yes, at a date that is not recorded".to_owned(),
        _ => String::new(),
    };
    let home = p.objects("address").find(|address| address.text("use") != Some("old"));
    let phones: Vec<&str> =
        p.objects("telecom").filter(|t| t.text("system") == Some("phone")).filter_map(|t| t.text("value")).collect();
    let facts = [
        ("Name", name_of(p)),
        ("NHS number", number.unwrap_or_default()),
        ("Born", born.unwrap_or_default()),
        ("Died", died),
        ("Gender", p.text("gender").unwrap_or_default().to_owned()),
        ("Address", home.map(words::address).unwrap_or_default()),
        ("Telephone", phones.join(", ")),
        ("GP", p.objects("generalPractitioner").filter_map(|gp| gp.text("display")).collect::<Vec<_>>().join(", ")),
        ("Patient record from", sources.of(p, &[])),
    ];
    let made = format!(
        "Made by software on {} UTC from what organisations share with the London Care Record, without review by a person. It \
         shows what the reader's role and care relationships allow, and may not be everything there is.",
        words::date(&date::to_instant(head.at))
    );
    format!("{}{}", xhtml::facts(&facts), xhtml::paragraph(&made))
}

/// Whole years between a full date of birth and a moment.
fn age(birth: &str, at: OffsetDateTime) -> Option<i32> {
    let born = date::parse_date(birth).filter(|_| birth.len() == 10)?.lo.date();
    let today = at.date();
    let before = (u8::from(today.month()), today.day()) < (u8::from(born.month()), born.day());
    Some(today.year() - born.year() - i32::from(before)).filter(|age| *age >= 0)
}
