//! Those who oversee the record, and what they rely on: relationships that are told, imported and ended; overrides and their
//! review; protections of a person; the chained audit trail and how it is read; the second lock in the database.

mod chain;
mod commands;
mod events;
mod imports;
mod lock;
mod overrides;
mod protections;
mod relations;
mod roles;
mod sensitive;
mod support;
mod webhook;

#[path = "../common/mod.rs"]
mod common;
#[path = "../access/world.rs"]
#[allow(dead_code)] // Made for the attacks; this binary uses a part of it.
mod world;
