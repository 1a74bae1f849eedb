//! Owns how a Patient is named to somebody who has to know which one it is: name, birth date, NHS number.

use crate::fhir::json::{Json, Object};
use crate::fhir::nhs_number;

/// One line about a Patient, from the stored JSON.
pub fn label(resource: &str) -> String {
    let parsed = Json::parse(resource.as_bytes()).ok();
    let Some(patient) = parsed.as_ref().and_then(Json::as_object) else { return "a patient".to_owned() };
    let mut parts = vec![name(patient)];
    // Spaces that do not break keep dates and numbers whole.
    parts.extend(patient.text("birthDate").map(|date| format!("born {}", written(date)).replace(' ', "\u{a0}")));
    let number = nhs_number::of(patient).next();
    parts.extend(number.map(|number| format!("NHS number {}", spaced(number)).replace(' ', "\u{a0}")));
    parts.join(", ")
}

/// The name in use: family name in capitals, as NHS screens have it.
fn name(patient: &Object) -> String {
    let usual =
        patient.objects("name").find(|name| name.text("use") == Some("usual") || name.text("use") == Some("official"));
    let Some(name) = usual.or_else(|| patient.objects("name").next()) else { return "no name recorded".to_owned() };
    let given: Vec<&str> = name.get("given").into_iter().flat_map(Json::items).filter_map(Json::as_str).collect();
    match (name.text("family"), given.join(" ")) {
        (Some(family), given) if given.is_empty() => family.to_uppercase(),
        (Some(family), given) => format!("{}, {given}", family.to_uppercase()),
        (None, given) if !given.is_empty() => given,
        _ => name.text("text").unwrap_or("no name recorded").to_owned(),
    }
}

/// A date as people write it; one that is not whole as it is.
fn written(date: &str) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let parts: Vec<&str> = date.split('-').collect();
    let month =
        parts.get(1).and_then(|month| month.parse::<usize>().ok()).and_then(|at| MONTHS.get(at.checked_sub(1)?));
    match (&parts[..], month) {
        ([year, _, day], Some(month)) => format!("{} {month} {year}", day.trim_start_matches('0')),
        _ => date.to_owned(),
    }
}

/// An NHS number in its groups.
fn spaced(number: &str) -> String {
    match (number.get(..3), number.get(3..6), number.get(6..)) {
        (Some(one), Some(two), Some(three)) => format!("{one} {two} {three}"),
        _ => number.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn a_patient_is_named_as_nhs_screens_do() {
        let text = r#"{"resourceType":"Patient","name":[{"use":"old","family":"Smith"},{"use":"official","family":"Wright","given":["Ray","J"]}],
            "birthDate":"1950-05-05","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990791902"}]}"#;
        let plain = |text| label(text).replace('\u{a0}', " ");
        assert_eq!(plain(text), "WRIGHT, Ray J, born 5 May 1950, NHS number 999 079 1902");
        assert_eq!(label(r#"{"resourceType":"Patient"}"#), "no name recorded");
        assert_eq!(label("not JSON"), "a patient");
    }
}
