//! Operations, judged by their definitions: R4's for $lastn, $match and $validate, the International Patient Summary's for
//! $summary; and by what every answer here must be, as if hidden rows did not exist.

#[path = "../common/mod.rs"]
mod common;
// The record that the tests of access attack: these tests use a part of it.
#[allow(dead_code)]
#[path = "../access/world.rs"]
mod world;

mod crowd;
mod hidden;
mod ips;
mod lastn;
mod lastn_oracle;
mod matching;
mod matching_indexes;
mod matching_names;
mod routes;
mod rows;
mod summary;
mod summary_access;
mod summary_words;
mod support;
mod validate;
