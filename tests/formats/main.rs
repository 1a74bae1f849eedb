//! Formats: FHIR's JSON and XML both ways, how they are asked for, how bodies are squeezed, and where links point.

#[path = "../common/mod.rs"]
mod common;

mod addresses;
mod bodies;
mod examples;
mod negotiation;
mod order;
mod random;
mod squeezing;
