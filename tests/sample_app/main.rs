//! The sample SMART app of `sandbox/app`: served as it stands, by the sandbox alone, and in a real browser a full screen of
//! the record that shows what the API answers to the same token.

mod browser;
mod files;
mod people;

#[path = "../common/mod.rs"]
mod common;

#[path = "../common/node.rs"]
mod node;

#[path = "../common/sandbox.rs"]
mod sandbox;
