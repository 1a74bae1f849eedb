//! `lcr-facade`: the FHIR R4 front door to a shared care record.
//!
//! Modules in reading order, the way of a request: `http` takes it, `smart` knows the caller,
//! `access` decides the grant, `search` reads the query, `store` runs one statement, `fhir` and
//! `resources` are the vocabulary they share. `ARCHITECTURE.md` walks one request through them.

pub mod fhir;
pub mod resources;
pub mod access;
pub mod search;
