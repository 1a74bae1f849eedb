//! What a read costs, in what does not depend on the machine: round trips to PostgreSQL, and the plans it makes of the
//! statements.

#[path = "../access/world.rs"]
#[allow(dead_code)]
mod world;

#[path = "../common/mod.rs"]
mod common;

mod explain;
mod plans;
mod trips;
mod wire;
