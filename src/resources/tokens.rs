//! Owns tokens as they are stored: codes and identifiers with their systems, their texts, their types.

use sha2::{Digest, Sha256};

use super::index::plain;
use crate::fhir::json::{Json, Object};
use crate::fhir::text;

/// `system|code`, with a bar in either written as `%7C` so that the first bar divides them.
pub fn token(system: Option<&str>, code: &str) -> String {
    format!("{}|{}", escape_bar(system.unwrap_or_default()), escape_bar(code))
}

/// The longest token part stored as it is, in bytes; an index entry has a bound.
const MOST_PART: usize = 500;

/// A token part as it is stored and searched for: a bar escaped, and a long text by its beginning and digest.
pub fn escape_bar(text: &str) -> String {
    let plain = text.replace('|', "%7C");
    if plain.len() <= MOST_PART {
        return plain;
    }
    let digest: String = Sha256::digest(plain.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let beginning: String = plain.chars().take(60).collect();
    format!("{beginning}~{digest}")
}

/// What stands in a column that serves several parameters: the parameter's own column, a divider, the value.
pub fn entry(column: &str, value: &str) -> String {
    format!("{column}{}{value}", text::DIVIDER)
}

/// The tokens of a value.
pub fn tokens(value: &Json, kind: &str) -> Vec<String> {
    let Some(object) = value.as_object() else {
        return plain(value).map(|code| token(None, &code)).into_iter().collect();
    };
    let (system, code) = match kind {
        "CodeableConcept" => return object.objects("coding").flat_map(|c| coding(c, "code")).collect(),
        "Identifier" => ("system", "value"),
        // R4 §3.1.1.5.8 puts a contact point's use where a code's system goes.
        "ContactPoint" => ("use", "value"),
        _ => return coding(object, "code").into_iter().collect(),
    };
    object.text(code).map(|code| token(object.text(system), code)).into_iter().collect()
}

fn coding(coding: &Object, code: &str) -> Option<String> {
    coding.text(code).map(|code| token(coding.text("system"), code))
}

/// The texts that go with a coded value or identifier (R4's `:text`).
pub fn token_texts<'a>(value: &'a Json, kind: &str) -> Vec<&'a str> {
    let Some(object) = value.as_object() else { return Vec::new() };
    match kind {
        "CodeableConcept" => {
            let displays = object.objects("coding").filter_map(|coding| coding.text("display"));
            object.text("text").into_iter().chain(displays).collect()
        }
        "Coding" => object.text("display").into_iter().collect(),
        "Identifier" => object.objects("type").filter_map(|kind| kind.text("text")).collect(),
        _ => Vec::new(),
    }
}

/// An identifier as `system|code|value`, once for each coding of its type (R4's `:of-type`).
pub fn typed_tokens(value: &Json, kind: &str) -> Vec<String> {
    let Some((object, value)) =
        value.as_object().and_then(|o| Some((o, o.text("value")?))).filter(|_| kind == "Identifier")
    else {
        return Vec::new();
    };
    let codings = object.objects("type").flat_map(|kind| kind.objects("coding"));
    let typed = codings.filter_map(|coding| Some(typed_token(coding.text("system")?, coding.text("code")?, value)));
    typed.collect()
}

/// `system|code|value`, with the bars in each written as those of a token are.
pub fn typed_token(system: &str, code: &str, value: &str) -> String {
    format!("{}|{}", token(Some(system), code), escape_bar(value))
}
