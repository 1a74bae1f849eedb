//! Attacks on the access control, one test each: the request, and the exact answer that it must get. What is hidden
//! answers as what never was, and what is refused is refused in words that tell nothing of the record.

#[path = "../access/world.rs"]
#[allow(dead_code)]
mod world;

mod kit;

mod changes;
mod claims;
mod contexts;
mod database;
mod ended;
mod entries;
mod glass;
mod glass_ends;
mod includes;
mod opted_out;
mod oracles;
mod others_rows;
mod own_trail;
mod pages;
mod protecting;
mod relating;
mod restricted;
mod restricted_reads;
mod restricted_searches;
mod sealed;
mod trail;
mod types;

#[path = "../common/mod.rs"]
mod common;
