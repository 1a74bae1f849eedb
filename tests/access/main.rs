//! Attacks the access control from outside, over HTTP: nothing without a token, nothing beyond role, scope, care
//! relationship and label, a hidden resource like one that never was, and a row of the audit trail for every look.

mod world;

mod across;
mod audit;
mod conditions;
mod cursors;
mod directory;
mod granular;
mod hidden;
mod hostile;
mod labels;
mod letters;
mod matrix;
mod moves;
mod outage;
mod questions;
mod relationships;
mod scopes;
mod sources;
mod tokens;
mod twins;
mod users;

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/routes.rs"]
mod routes;
