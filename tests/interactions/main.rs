//! The REST interactions, each as R4 §3.1.0 has it, over real HTTP and a real PostgreSQL.

#[path = "../common/mod.rs"]
mod common;

mod batch;
mod capability;
mod change;
mod compartments;
mod concurrency;
mod conditional;
mod conditional_references;
mod deletion;
mod everything;
mod history;
mod links;
mod paging;
mod patch;
mod races;
mod references;
mod searching;
mod sorting;
mod support;
mod transactions;
mod undone;
