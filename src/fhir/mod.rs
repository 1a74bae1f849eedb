//! The FHIR R4 vocabulary, without any I/O: JSON as it was sent, the element table and the check
//! against it, dates, numbers, units, references, OperationOutcome and Bundle.

pub mod bundle;
pub mod date;
pub mod decode;
pub mod elements;
pub mod invariants;
pub mod json;
pub mod label;
pub mod meta;
pub mod narrative;
pub mod nhs_number;
pub mod outcome;
pub mod pretty;
pub mod primitive;
pub mod quantity;
pub mod redaction;
pub mod reference;
pub mod subset;
pub mod terminology;
pub mod text;
pub mod xml;
