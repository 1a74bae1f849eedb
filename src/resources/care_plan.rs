//! CarePlan: what the person and those who care for them mean to do.

use super::spec::{Compartment, Kind, Param, ResourceSpec, Seen, param};

/// CarePlan, R4 §9.5.
pub const CARE_PLAN: ResourceSpec = ResourceSpec {
    name: "CarePlan",
    table: "care_plan",
    history: "care_plan_history",
    seen: Seen { current: "reach.care_plan", all: "reach.care_plan_history" },
    compartment: Compartment::Subject("subject"),
    members: &["performer"],
    care_dates: &["date"],
    params: PARAMS,
};

const ACTIVITY: Kind = Kind::Reference(&[
    "Appointment",
    "MedicationRequest",
    "Task",
    "NutritionOrder",
    "RequestGroup",
    "VisionPrescription",
    "DeviceRequest",
    "ServiceRequest",
    "CommunicationRequest",
]);
const PERFORMER: Kind = Kind::Reference(&[
    "Practitioner",
    "Organization",
    "CareTeam",
    "Device",
    "Patient",
    "HealthcareService",
    "PractitionerRole",
    "RelatedPerson",
]);
const CANONICAL: Kind =
    Kind::Canonical(&["Questionnaire", "Measure", "PlanDefinition", "OperationDefinition", "ActivityDefinition"]);

#[rustfmt::skip]
const PARAMS: &[Param] = &[
    param("activity-code", Kind::Token, "activity.detail.code", "activity_code", "CarePlan-activity-code", "What is to be done"),
    param("activity-date", Kind::Dates, "activity.detail.scheduled[x]", "activity_date", "CarePlan-activity-date", "When it is to be done"),
    param("activity-reference", ACTIVITY, "activity.reference", "activity_reference", "CarePlan-activity-reference", "The order or appointment for it"),
    param("based-on", Kind::Reference(&["CarePlan"]), "basedOn", "based_on", "CarePlan-based-on", "The plan it fulfils"),
    param("care-team", Kind::Reference(&["CareTeam"]), "careTeam", "care_team", "CarePlan-care-team", "Who is involved"),
    param("category", Kind::Token, "category", "category", "CarePlan-category", "Type of plan"),
    param("condition", Kind::Reference(&["Condition"]), "addresses", "condition", "CarePlan-condition", "The condition it addresses"),
    param("date", Kind::Date, "period", "date", "clinical-date", "The time it covers"),
    param("encounter", Kind::Reference(&["Encounter"]), "encounter", "encounter", "CarePlan-encounter", "The encounter it was made in"),
    param("goal", Kind::Reference(&["Goal"]), "goal", "goal", "CarePlan-goal", "What it aims for"),
    param("identifier", Kind::Token, "identifier", "identifier", "clinical-identifier", "Business identifier"),
    param("instantiates-canonical", CANONICAL, "instantiatesCanonical", "instantiates_canonical", "CarePlan-instantiates-canonical", "The FHIR protocol it follows"),
    param("instantiates-uri", Kind::Uri, "instantiatesUri", "instantiates_uri", "CarePlan-instantiates-uri", "The outside protocol it follows"),
    param("intent", Kind::Code("http://hl7.org/fhir/request-intent"), "intent", "intent", "CarePlan-intent", "Proposal, plan, order, option"),
    param("part-of", Kind::Reference(&["CarePlan"]), "partOf", "part_of", "CarePlan-part-of", "The plan it is part of"),
    param("patient", Kind::Reference(&["Patient"]), "subject", "subject", "clinical-patient", "The person it is for"),
    param("performer", PERFORMER, "activity.detail.performer", "performer", "CarePlan-performer", "Who is to do it"),
    param("replaces", Kind::Reference(&["CarePlan"]), "replaces", "replaces", "CarePlan-replaces", "The plan it replaces"),
    param("status", Kind::Code("http://hl7.org/fhir/request-status"), "status", "status", "CarePlan-status", "Draft, active, completed and so on"),
    param("subject", Kind::Reference(&["Group", "Patient"]), "subject", "subject", "CarePlan-subject", "Who it is for"),
];
