//! What words and codes mean to a search: value sets, hierarchies, texts of codes, types of identifiers, full text, and what
//! comes along step by step.

#[path = "../common/mod.rs"]
mod common;

mod above_and_below;
mod imports;
mod iterate;
mod limits;
mod reach;
mod reindex;
mod sets;
mod support;
mod texts;
mod words;
