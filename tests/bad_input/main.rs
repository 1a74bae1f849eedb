//! Bad input over HTTP: every fault is a row with the status, issue code, place and words it has to
//! be answered with; nothing of it is stored, the service goes on, and what is not a fault is kept
//! as it was sent.

#[path = "../common/mod.rs"]
mod common;

mod accepted;
mod bodies;
mod extremes;
mod headers;
mod hostile;
mod narrative;
mod outcome;
mod queries;
mod races;
mod raw;
mod rules;
mod structure;
mod syntax;
mod table;
mod transactions;
mod values;
