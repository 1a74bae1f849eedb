//! Judges search by an oracle: the published definitions and a plain filter over resource JSON,
//! sharing no code with the server.

mod amounts;
mod candidates;
mod corpus;
mod dates;
mod definitions;
mod examples;
mod expression;
mod fhirpath;
mod grammar;
mod known;
mod oracle;
mod quantity;
mod queries;
mod query;
mod reading;
mod syntax;
mod text;
mod units;
mod values;

mod cases;
mod cases_dates;
mod cases_quantities;
mod cases_structure;
mod cases_words;
mod coverage;
mod modifiers;
mod service;

#[path = "../common/mod.rs"]
mod common;
