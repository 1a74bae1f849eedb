//! The pages for people: the API to try at /docs, and the sandbox that launches apps and explains refusals, in a real browser;
//! and that nothing of the sandbox is there where it is none.

mod browser;
mod closed;
mod explained;

#[path = "../common/mod.rs"]
mod common;

#[path = "../common/node.rs"]
mod node;

#[path = "../common/sandbox.rs"]
mod sandbox;
