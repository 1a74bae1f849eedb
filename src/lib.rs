//! `lcr-facade`: the FHIR R4 front door to a shared care record.
//!
//! Modules in reading order, the way of a request: `http` takes it, `smart` knows the caller,
//! `access` decides the grant, `search` reads the query, `store` runs one statement, `fhir` and
//! `resources` are the vocabulary they share. `ARCHITECTURE.md` walks one request through them.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]
#![deny(unsafe_code)]

pub mod alerts;
pub mod app;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod error;
pub mod limits;
pub mod telemetry;
pub mod tls;

pub mod http;

pub mod smart;

pub mod access;

pub mod search;

pub mod store;

pub mod fhir;
pub mod fhirpath;
pub mod matching;
pub mod openapi;
pub mod operations;
pub mod patch;
pub mod profile;
pub mod resources;
pub mod summary;

pub mod sandbox;
