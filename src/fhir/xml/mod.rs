//! Owns FHIR's XML (R4 §2.6.1): both ways between it and strict JSON, driven by the element table. No digit, no
//! character and no white space of a narrative is lost or made up on the way, but for what XML cannot hold.

mod bounds;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use bounds::check as bounded;
pub use read::{XmlError, to_json};
pub use write::{fits, from_json};

/// The namespace of every element of a resource.
pub const FHIR: &str = "http://hl7.org/fhir";

/// The namespace of a narrative's `div`.
pub const XHTML: &str = "http://www.w3.org/1999/xhtml";
