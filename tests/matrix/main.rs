//! The access matrix, measured over HTTP: for every persona, type and interaction what is seen or done. `docs/access-matrix.md`
//! is what was measured when somebody last read it; these tests fail when the service does something else.

mod ask;
mod asked;
mod at_once;
mod cells;
mod coverage;
mod intent;
mod measured;
mod protection;
mod render;
mod roles;
mod rows;
mod snapshot;
mod words;
mod world;

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/routes.rs"]
mod routes;
