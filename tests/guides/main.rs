//! README and docs/ judged by running them: every command in a real shell against a real `lcr demo`, every sample read, every link
//! followed; and the pages of docs/reference/, which are made from the code.

mod commands;
mod demo;
mod links;
mod named;
mod page;
mod reference;
mod samples;
mod shell;
mod tables;
mod threats;
