//! The resource types of the record: one file each, one const table each, one line here.

mod allergy_intolerance;
mod audit_event;
mod care_plan;
mod common;
mod condition;
pub mod index;
mod medication_statement;
mod observation;
mod organization;
mod path;
mod patient;
mod practitioner;
mod practitioner_role;
pub mod spec;
mod tokens;
pub mod words;

use spec::ResourceSpec;

/// Every type the record keeps.
pub const ALL: &[&ResourceSpec] = &[
    &patient::PATIENT,
    &condition::CONDITION,
    &observation::OBSERVATION,
    &medication_statement::MEDICATION_STATEMENT,
    &allergy_intolerance::ALLERGY_INTOLERANCE,
    &care_plan::CARE_PLAN,
    &practitioner::PRACTITIONER,
    &practitioner_role::PRACTITIONER_ROLE,
    &organization::ORGANIZATION,
];

/// What is read and searched beside the record, and written by this service alone.
const TRAIL: &[&ResourceSpec] = &[&audit_event::AUDIT_EVENT];

/// Every type that is served: the record's, and its audit trail's.
pub fn served() -> impl Iterator<Item = &'static ResourceSpec> {
    ALL.iter().chain(TRAIL).copied()
}

/// The type of this name, if the record keeps it.
pub fn kept(name: &str) -> Option<&'static ResourceSpec> {
    ALL.iter().copied().find(|spec| spec.name == name)
}

/// The type of this name, if it is served.
pub fn find(name: &str) -> Option<&'static ResourceSpec> {
    served().find(|spec| spec.name == name)
}
