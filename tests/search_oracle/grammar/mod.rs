//! Random queries over the whole grammar: the service never breaks, and always agrees with the oracle.

mod corpus;
mod recipe;
mod regressions;
mod render;
mod run;
mod tables;
