//! The authorization server from outside, over HTTP: launches, tokens, what goes wrong, and that what was granted is what
//! can be done. Keys in `keys/` are for these tests alone.

mod support;

mod backend;
mod browser;
mod clients;
mod cors;
mod discovery;
mod instances;
mod kit;
mod launches;
mod matrix;
mod refreshing;
mod sign_in;
mod upstream;
mod wrong;

#[path = "../common/mod.rs"]
mod common;

#[path = "../common/node.rs"]
mod node;
