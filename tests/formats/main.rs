//! Formats: FHIR's JSON and XML both ways, how they are asked for, and how bodies are squeezed.

#[path = "../common/mod.rs"]
mod common;

mod examples;
mod order;
mod random;
