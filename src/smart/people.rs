//! Owns how a Patient is named to somebody who has to know which one it is: name, birth date, NHS number.

use crate::fhir::json::{Json, Object};
use crate::fhir::nhs_number;

/// One line about a Patient, from the stored JSON.
pub fn label(resource: &str) -> String {
    let parsed = Json::parse(resource.as_bytes()).ok();
    let Some(patient) = parsed.as_ref().and_then(Json::as_object) else { return "a patient".to_owned() };
    let mut parts = vec![name(patient)];
    parts.extend(patient.text("birthDate").map(|date| format!("born {date}")));
    parts.extend(nhs_number::of(patient).next().map(|number| format!("NHS number {}", spaced(number))));
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
        assert_eq!(label(text), "WRIGHT, Ray J, born 1950-05-05, NHS number 999 079 1902");
        assert_eq!(label(r#"{"resourceType":"Patient"}"#), "no name recorded");
        assert_eq!(label("not JSON"), "a patient");
    }
}
