//! The OpenAPI document: what the tables of `resources`, `operations` and `smart` say, for people who try calls and for
//! programs that make clients of it. It is the same text everywhere: nothing in it depends on where the service runs.
//!
//! In reading order: `document` puts it together, `paths` has one file for each group of addresses, `parameters`, `values`
//! and `schemas` say what goes in and out, `responses` and `errors` how calls end, `examples` shows it.

mod bodies;
mod document;
pub mod errors;
mod examples;
mod parameters;
mod paths;
mod responses;
mod schemas;
mod security;
mod sent;
mod tokens;
mod values;

use std::sync::OnceLock;

/// The document as JSON. It is made once.
pub fn document() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        // One space an indent: a line for each thing, so that changes can be read, and no more blanks than that takes.
        let mut text = Vec::new();
        let pretty = serde_json::ser::PrettyFormatter::with_indent(b" ");
        let mut writer = serde_json::Serializer::with_formatter(&mut text, pretty);
        let written = serde::Serialize::serialize(&document::build(), &mut writer);
        // What is made of strings and numbers can be written.
        written.ok().and_then(|()| String::from_utf8(text).ok()).map(|text| text + "\n").unwrap_or_default()
    })
}
