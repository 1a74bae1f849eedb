//! MedicationStatement: what the person takes or took.

use super::spec::{Compartment, Kind, Param, ResourceSpec, Seen, param};

/// MedicationStatement, R4 §11.4.
pub const MEDICATION_STATEMENT: ResourceSpec = ResourceSpec {
    name: "MedicationStatement",
    table: "medication_statement",
    history: "medication_statement_history",
    seen: Seen { current: "reach.medication_statement", all: "reach.medication_statement_history" },
    compartment: Compartment::Subject("subject"),
    members: &[],
    care_dates: &["effective"],
    params: PARAMS,
};

const PART_OF: Kind = Kind::Reference(&[
    "MedicationDispense",
    "Observation",
    "MedicationAdministration",
    "Procedure",
    "MedicationStatement",
]);
const SOURCE: Kind = Kind::Reference(&["Practitioner", "Organization", "Patient", "PractitionerRole", "RelatedPerson"]);

#[rustfmt::skip]
const PARAMS: &[Param] = &[
    param("category", Kind::Token, "category", "category", "MedicationStatement-category", "Where it is taken: inpatient, outpatient, community"),
    param("code", Kind::Token, "medication[CodeableConcept]", "code", "clinical-code", "The medicine"),
    param("context", Kind::Reference(&["EpisodeOfCare", "Encounter"]), "context", "context", "MedicationStatement-context", "The encounter or episode it belongs to"),
    param("effective", Kind::Date, "effective[x]", "effective", "MedicationStatement-effective", "When it is or was taken"),
    param("identifier", Kind::Token, "identifier", "identifier", "clinical-identifier", "Business identifier"),
    param("medication", Kind::Reference(&["Medication"]), "medication[Reference]", "medication", "medications-medication", "The Medication resource"),
    param("part-of", PART_OF, "partOf", "part_of", "MedicationStatement-part-of", "The event it is part of"),
    param("patient", Kind::Reference(&["Patient"]), "subject", "subject", "clinical-patient", "The person who takes it"),
    param("source", SOURCE, "informationSource", "source", "MedicationStatement-source", "Who said so"),
    param("status", Kind::Code("http://hl7.org/fhir/CodeSystem/medication-statement-status"), "status", "status", "medications-status", "Active, completed, stopped and so on"),
    param("subject", Kind::Reference(&["Group", "Patient"]), "subject", "subject", "MedicationStatement-subject", "Who takes it"),
];
