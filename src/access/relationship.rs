//! Owns the words of a care relationship as sources tell it: who may hold one, by which identifier, and on what basis. No I/O.

use crate::fhir::date::{parse_date_time, to_text};
use crate::fhir::nhs_number;

/// One relationship as it comes from a source; the patient by NHS number.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Relationship {
    pub nhs_number: String,
    pub holder_kind: String,
    pub holder: String,
    pub basis: String,
    pub valid_from: String,
    #[serde(default)]
    pub valid_to: Option<String>,
    pub source: String,
    pub reason: String,
}

/// The systems that identify a holder, each with the kind it is for.
pub const HOLDERS: [(&str, &str); 3] = [
    ("https://fhir.nhs.uk/Id/sds-user-id", "practitioner"),
    ("https://fhir.nhs.uk/Id/ods-organization-code", "organisation"),
    ("https://lcr.example/Id/team", "team"),
];

/// The bases that a source may tell. The others are the service's own.
pub const BASES: [&str; 4] = ["gp_registered", "referral", "admission", "caseload"];

/// Kind and id of a holder that is named `system|value`.
pub fn holder(token: &str) -> Option<(&'static str, &str)> {
    let (system, value) = token.split_once('|')?;
    let (_, kind) = HOLDERS.iter().find(|(known, _)| *known == system)?;
    let sound = !value.is_empty() && value.len() <= 100 && !value.contains('\0');
    sound.then_some((*kind, value))
}

/// A holder as `system|value`.
pub fn token(kind: &str, holder: &str) -> String {
    let system = HOLDERS.iter().find(|(_, known)| *known == kind).map_or("", |(system, _)| *system);
    format!("{system}|{holder}")
}

/// What is wrong with a line of a file, if anything; its times come back as PostgreSQL reads them.
pub fn checked(mut told: Relationship) -> Result<Relationship, String> {
    if let Some(fault) = nhs_number::fault(&told.nhs_number) {
        return Err(format!("nhs_number: {fault}"));
    }
    if HOLDERS.iter().all(|(_, kind)| *kind != told.holder_kind) {
        return Err(format!("holder_kind: \"{}\" is none of practitioner, organisation, team", told.holder_kind));
    }
    if !BASES.contains(&told.basis.as_str()) {
        return Err(format!("basis: \"{}\" is none of {}", told.basis, BASES.join(", ")));
    }
    for (name, text) in [("holder", &told.holder), ("source", &told.source), ("reason", &told.reason)] {
        if text.trim().is_empty() || text.contains('\0') {
            return Err(format!("{name} is missing"));
        }
    }
    let moment = |name: &str, text: &str| {
        let span = parse_date_time(text)
            .ok_or_else(|| format!("{name}: \"{text}\" is not a date or a time such as 2026-01-31T09:00:00Z"))?;
        Ok::<_, String>(span.lo)
    };
    let start = moment("valid_from", &told.valid_from)?;
    told.valid_from = to_text(start);
    let end = told.valid_to.as_deref().filter(|end| !end.is_empty()).map(|end| moment("valid_to", end)).transpose()?;
    if end.is_some_and(|end| end <= start) {
        return Err("valid_to is not after valid_from".to_owned());
    }
    told.valid_to = end.map(to_text);
    Ok(told)
}
