//! AllergyIntolerance: what may harm the person, or that nothing is known to.

use super::spec::{Compartment, Kind, Param, ResourceSpec, Seen, param};

/// AllergyIntolerance, R4 §9.1.
pub const ALLERGY_INTOLERANCE: ResourceSpec = ResourceSpec {
    name: "AllergyIntolerance",
    table: "allergy_intolerance",
    history: "allergy_intolerance_history",
    seen: Seen { current: "reach.allergy_intolerance", all: "reach.allergy_intolerance_history" },
    compartment: Compartment::Subject("patient"),
    members: &["recorder", "asserter"],
    care_dates: &["onset", "date", "last-date"],
    params: PARAMS,
};

const PEOPLE: Kind = Kind::Reference(&["Practitioner", "Patient", "PractitionerRole", "RelatedPerson"]);

#[rustfmt::skip]
const PARAMS: &[Param] = &[
    param("asserter", PEOPLE, "asserter", "asserter", "AllergyIntolerance-asserter", "Who says so"),
    param("category", Kind::Code("http://hl7.org/fhir/allergy-intolerance-category"), "category", "category", "AllergyIntolerance-category", "Food, medication, environment, biologic"),
    param("clinical-status", Kind::Token, "clinicalStatus", "clinical_status", "AllergyIntolerance-clinical-status", "Active, inactive, resolved"),
    param("code", Kind::Token, "code | reaction.substance", "code", "clinical-code", "The substance, or that there is none"),
    param("criticality", Kind::Code("http://hl7.org/fhir/allergy-intolerance-criticality"), "criticality", "criticality", "AllergyIntolerance-criticality", "How dangerous it could be"),
    param("date", Kind::Date, "recordedDate", "date", "clinical-date", "When it was recorded"),
    param("identifier", Kind::Token, "identifier", "identifier", "clinical-identifier", "Business identifier"),
    param("last-date", Kind::Date, "lastOccurrence", "last_date", "AllergyIntolerance-last-date", "When a reaction last happened"),
    param("manifestation", Kind::Token, "reaction.manifestation", "manifestation", "AllergyIntolerance-manifestation", "What a reaction looked like"),
    param("onset", Kind::Dates, "reaction.onset", "onset", "AllergyIntolerance-onset", "When a reaction began"),
    param("patient", Kind::Reference(&["Patient"]), "patient", "patient", "clinical-patient", "The person it is about"),
    param("recorder", PEOPLE, "recorder", "recorder", "AllergyIntolerance-recorder", "Who recorded it"),
    param("route", Kind::Token, "reaction.exposureRoute", "route", "AllergyIntolerance-route", "How the substance got in"),
    param("severity", Kind::Code("http://hl7.org/fhir/reaction-event-severity"), "reaction.severity", "severity", "AllergyIntolerance-severity", "How severe a reaction was"),
    param("type", Kind::Code("http://hl7.org/fhir/allergy-intolerance-type"), "type", "type", "clinical-type", "Allergy or intolerance"),
    param("verification-status", Kind::Token, "verificationStatus", "verification_status", "AllergyIntolerance-verification-status", "Confirmed, refuted, entered in error and so on"),
];
