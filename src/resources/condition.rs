//! Condition: problems and diagnoses.

use super::spec::{Compartment, Kind, Param, ResourceSpec, Seen, param};

/// Condition, R4 §9.2.
pub const CONDITION: ResourceSpec = ResourceSpec {
    name: "Condition",
    table: "condition",
    history: "condition_history",
    seen: Seen { current: "reach.condition", all: "reach.condition_history" },
    compartment: Compartment::Subject("subject"),
    members: &["asserter"],
    care_dates: &["onset-date", "recorded-date"],
    params: PARAMS,
};

const PEOPLE: Kind = Kind::Reference(&["Practitioner", "Patient", "PractitionerRole", "RelatedPerson"]);

#[rustfmt::skip]
const PARAMS: &[Param] = &[
    param("abatement-age", Kind::Quantity, "abatement[Age] | abatement[Range]", "abatement_age", "Condition-abatement-age", "Age when it ended"),
    param("abatement-date", Kind::Date, "abatement[dateTime] | abatement[Period]", "abatement_date", "Condition-abatement-date", "When it ended"),
    param("abatement-string", Kind::Text, "abatement[string]", "abatement_string", "Condition-abatement-string", "When it ended, in words"),
    param("asserter", PEOPLE, "asserter", "asserter", "Condition-asserter", "Who says the person has it"),
    param("body-site", Kind::Token, "bodySite", "body_site", "Condition-body-site", "Where on the body"),
    param("category", Kind::Token, "category", "category", "Condition-category", "Problem list item or encounter diagnosis"),
    param("clinical-status", Kind::Token, "clinicalStatus", "clinical_status", "Condition-clinical-status", "Active, resolved and so on"),
    param("code", Kind::Token, "code", "code", "clinical-code", "The condition"),
    param("encounter", Kind::Reference(&["Encounter"]), "encounter", "encounter", "Condition-encounter", "The encounter it was recorded in"),
    param("evidence", Kind::Token, "evidence.code", "evidence", "Condition-evidence", "A symptom or finding it rests on"),
    param("evidence-detail", Kind::Reference(&[]), "evidence.detail", "evidence_detail", "Condition-evidence-detail", "A resource it rests on"),
    param("identifier", Kind::Token, "identifier", "identifier", "clinical-identifier", "Business identifier"),
    param("onset-age", Kind::Quantity, "onset[Age] | onset[Range]", "onset_age", "Condition-onset-age", "Age when it began"),
    param("onset-date", Kind::Date, "onset[dateTime] | onset[Period]", "onset_date", "Condition-onset-date", "When it began"),
    param("onset-info", Kind::Text, "onset[string]", "onset_info", "Condition-onset-info", "When it began, in words"),
    param("patient", Kind::Reference(&["Patient"]), "subject", "subject", "clinical-patient", "The person who has it"),
    param("recorded-date", Kind::Date, "recordedDate", "recorded_date", "Condition-recorded-date", "When it was recorded"),
    param("severity", Kind::Token, "severity", "severity", "Condition-severity", "How severe it is"),
    param("stage", Kind::Token, "stage.summary", "stage", "Condition-stage", "Its stage"),
    param("subject", Kind::Reference(&["Group", "Patient"]), "subject", "subject", "Condition-subject", "Who has it"),
    param("verification-status", Kind::Token, "verificationStatus", "verification_status", "Condition-verification-status", "Confirmed, refuted, entered in error and so on"),
];
