//! Observation: results, vital signs, social history.

use super::spec::{Compartment, Kind, Param, ResourceSpec, Seen, param};

/// Observation, R4 §10.1.
pub const OBSERVATION: ResourceSpec = ResourceSpec {
    name: "Observation",
    table: "observation",
    history: "observation_history",
    seen: Seen { current: "reach.observation", all: "reach.observation_history" },
    compartment: Compartment::Subject("subject"),
    members: &["performer"],
    care_dates: &["date"],
    params: PARAMS,
};

const fn pair(parts: [&'static str; 2]) -> Kind {
    Kind::Composite { parts, within_component: false }
}

const fn component(parts: [&'static str; 2]) -> Kind {
    Kind::Composite { parts, within_component: true }
}

const BASED_ON: Kind = Kind::Reference(&[
    "CarePlan",
    "MedicationRequest",
    "NutritionOrder",
    "DeviceRequest",
    "ServiceRequest",
    "ImmunizationRecommendation",
]);
const DERIVED_FROM: Kind = Kind::Reference(&[
    "Media",
    "Observation",
    "ImagingStudy",
    "MolecularSequence",
    "QuestionnaireResponse",
    "DocumentReference",
]);
const PART_OF: Kind = Kind::Reference(&[
    "Immunization",
    "MedicationDispense",
    "MedicationAdministration",
    "Procedure",
    "ImagingStudy",
    "MedicationStatement",
]);
const PERFORMER: Kind =
    Kind::Reference(&["Practitioner", "Organization", "CareTeam", "Patient", "PractitionerRole", "RelatedPerson"]);
const SUBJECT: Kind = Kind::Reference(&["Group", "Device", "Patient", "Location"]);

#[rustfmt::skip]
const PARAMS: &[Param] = &[
    param("based-on", BASED_ON, "basedOn", "based_on", "Observation-based-on", "The plan or request it fulfils"),
    param("category", Kind::Token, "category", "category", "Observation-category", "Laboratory, vital signs, social history and so on"),
    param("code", Kind::Token, "code", "code", "clinical-code", "What was observed"),
    param("code-value-concept", pair(["code", "value-concept"]), "", "", "Observation-code-value-concept", "What was observed, and its coded value"),
    param("code-value-date", pair(["code", "value-date"]), "", "", "Observation-code-value-date", "What was observed, and its date value"),
    param("code-value-quantity", pair(["code", "value-quantity"]), "", "", "Observation-code-value-quantity", "What was observed, and its quantity"),
    param("code-value-string", pair(["code", "-value-text"]), "", "", "Observation-code-value-string", "What was observed, and its text value"),
    param("combo-code", Kind::Either(["code", "component-code"]), "", "", "Observation-combo-code", "What was observed, by itself or as a component"),
    param("combo-code-value-concept", Kind::Either(["code-value-concept", "component-code-value-concept"]), "", "", "Observation-combo-code-value-concept", "Code and coded value, of the observation or of one component"),
    param("combo-code-value-quantity", Kind::Either(["code-value-quantity", "component-code-value-quantity"]), "", "", "Observation-combo-code-value-quantity", "Code and quantity, of the observation or of one component"),
    param("combo-data-absent-reason", Kind::Either(["data-absent-reason", "component-data-absent-reason"]), "", "", "Observation-combo-data-absent-reason", "Why a value is missing, of the observation or of a component"),
    param("combo-value-concept", Kind::Either(["value-concept", "component-value-concept"]), "", "", "Observation-combo-value-concept", "Coded value, of the observation or of a component"),
    param("combo-value-quantity", Kind::Either(["value-quantity", "component-value-quantity"]), "", "", "Observation-combo-value-quantity", "Quantity, of the observation or of a component"),
    param("component-code", Kind::Token, "component.code", "component_code", "Observation-component-code", "What a component observes"),
    param("component-code-value-concept", component(["code", "value-concept"]), "component", "component", "Observation-component-code-value-concept", "Code and coded value of one component"),
    param("component-code-value-quantity", component(["code", "value-quantity"]), "component", "component", "Observation-component-code-value-quantity", "Code and quantity of one component"),
    param("component-data-absent-reason", Kind::Token, "component.dataAbsentReason", "component_data_absent_reason", "Observation-component-data-absent-reason", "Why a component's value is missing"),
    param("component-value-concept", Kind::Token, "component.value[CodeableConcept]", "component_value_concept", "Observation-component-value-concept", "Coded value of a component"),
    param("component-value-quantity", Kind::Quantity, "component.value[Quantity] | component.value[SampledData]", "component_value_quantity", "Observation-component-value-quantity", "Quantity of a component"),
    param("data-absent-reason", Kind::Token, "dataAbsentReason", "data_absent_reason", "Observation-data-absent-reason", "Why the value is missing"),
    param("date", Kind::Date, "effective[x]", "date", "clinical-date", "When it was observed"),
    param("derived-from", DERIVED_FROM, "derivedFrom", "derived_from", "Observation-derived-from", "What it was worked out from"),
    param("device", Kind::Reference(&["Device", "DeviceMetric"]), "device", "device", "Observation-device", "The device it was measured with"),
    param("encounter", Kind::Reference(&["Encounter", "EpisodeOfCare"]), "encounter", "encounter", "clinical-encounter", "The encounter it was made in"),
    param("focus", Kind::Reference(&[]), "focus", "focus", "Observation-focus", "What it is about, when not the subject"),
    param("has-member", Kind::Reference(&["Observation", "MolecularSequence", "QuestionnaireResponse"]), "hasMember", "has_member", "Observation-has-member", "A result that belongs to this group"),
    param("identifier", Kind::Token, "identifier", "identifier", "clinical-identifier", "Business identifier"),
    param("method", Kind::Token, "method", "method", "Observation-method", "How it was done"),
    param("part-of", PART_OF, "partOf", "part_of", "Observation-part-of", "The event it is part of"),
    param("patient", Kind::Reference(&["Patient"]), "subject", "subject", "clinical-patient", "The person it is about"),
    param("performer", PERFORMER, "performer", "performer", "Observation-performer", "Who made it"),
    param("specimen", Kind::Reference(&["Specimen"]), "specimen", "specimen", "Observation-specimen", "The specimen it was made on"),
    param("status", Kind::Code("http://hl7.org/fhir/observation-status"), "status", "status", "Observation-status", "Preliminary, final, amended and so on"),
    param("subject", SUBJECT, "subject", "subject", "Observation-subject", "Who or what it is about"),
    param("value-concept", Kind::Token, "value[CodeableConcept]", "value_concept", "Observation-value-concept", "Coded value"),
    param("value-date", Kind::Date, "value[dateTime] | value[Period]", "value_date", "Observation-value-date", "Date value"),
    param("value-quantity", Kind::Quantity, "value[Quantity] | value[SampledData]", "value_quantity", "Observation-value-quantity", "Quantity"),
    param("value-string", Kind::Text, "value[string] | value[CodeableConcept].text", "value_string", "Observation-value-string", "Text value, or the text of a coded one"),
    param("-value-text", Kind::Text, "value[string]", "value_text", "Observation-value-string", "Text value, for the composite"),
];
