//! The profiles: what is found in a resource, what is refused, taken and marked, and whether every rule can be broken.

mod base;
#[path = "../common/mod.rs"]
mod common;
mod examples;
mod files;
mod mutations;
mod oracle;
mod random;
mod small;
mod support;
mod ukcore;
mod writes;
