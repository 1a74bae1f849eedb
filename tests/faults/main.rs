//! Parts that fail under load: PostgreSQL, the network before it, its disk, the clock, the service itself. What clients were told
//! is kept beside the service, and compared with the database by SQL afterwards.
//!
//! `cargo test` makes each fault a few times; `make faults` as often as docs/reliability.md says, and writes that page's table.

// The oracle looks into the database that it judges.
#![allow(clippy::disallowed_types)]

mod clock;
mod connections;
mod disk;
mod failover;
mod imports;
mod journal;
mod kills;
mod load;
mod oracle;
mod parts;
mod read_only;
mod stalls;
mod stopping;
mod table;

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/proxy.rs"]
mod proxy;
#[path = "../common/tools.rs"]
mod tools;
