//! Bulk export as a backend service meets it: the job, its files, that they are what the searches find, and what nobody gets by it.

mod attacks;
mod flow;
mod parameters;
mod same;
mod support;
mod underway;

#[path = "../common/mod.rs"]
mod common;
#[path = "../access/world.rs"]
#[allow(dead_code)] // Made for the attacks on single resources; this binary uses a part of it.
mod world;
