//! Owns how the value of a column is written for PostgreSQL to read: arrays, and rows of the types of migrations/0001.

use crate::fhir::json::{Json, Object};
use crate::resources::index::Holds;

/// The fields of `fhir_quantity` and of `observation_component`, in their order.
const QUANTITY: [&str; 8] = ["lo", "hi", "system", "code", "unit", "canonical_lo", "canonical_hi", "canonical"];
const COMPONENT: [&str; 3] = ["code", "value_concept", "value_quantity"];

/// The type of a column.
pub fn sql_type(holds: Holds) -> &'static str {
    match holds {
        Holds::Texts => "text[]",
        Holds::Time => "timestamptz",
        Holds::Times => "timestamptz[]",
        Holds::Quantities => "fhir_quantity[]",
        Holds::Components => "observation_component[]",
        Holds::Words => "tsvector",
        Holds::Edition => "smallint",
    }
}

/// The text of a column's value; none is NULL.
pub fn of(value: &Json, holds: Holds) -> Option<String> {
    let fields: &[&str] = if holds == Holds::Components { &COMPONENT } else { &QUANTITY };
    text(value, fields)
}

fn text(value: &Json, fields: &[&str]) -> Option<String> {
    match value {
        Json::Null => None,
        Json::Bool(truth) => Some(truth.to_string()),
        Json::Number(text) | Json::String(text) => Some(text.clone()),
        Json::Array(items) => Some(list('{', items.iter().map(|item| text(item, fields)), "NULL", '}')),
        Json::Object(row) => Some(composite(row, fields)),
    }
}

fn composite(row: &Object, fields: &[&str]) -> String {
    // What is composed within a component are quantities.
    list('(', fields.iter().map(|field| text(row.get(field)?, &QUANTITY)), "", ')')
}

/// The values in quotes, between commas.
fn list(open: char, values: impl Iterator<Item = Option<String>>, null: &str, close: char) -> String {
    let mut out = String::from(open);
    for (at, value) in values.enumerate() {
        if at > 0 {
            out.push(',');
        }
        let Some(value) = value else {
            out.push_str(null);
            continue;
        };
        out.push('"');
        for letter in value.chars() {
            if matches!(letter, '"' | '\\') {
                out.push('\\');
            }
            out.push(letter);
        }
        out.push('"');
    }
    out.push(close);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_within_quotes_are_told_apart() {
        let json = |text: &str| Json::parse(text.as_bytes()).expect("JSON");
        assert_eq!(
            of(&json(r#"["a,\"b\"","c\\d",null]"#), Holds::Texts).as_deref(),
            Some(r#"{"a,\"b\"","c\\d",NULL}"#)
        );
        let quantity = r#"[{"lo":1.50,"hi":2,"unit":"\""}]"#;
        let row = r#"{"(\"1.50\",\"2\",,,\"\\\"\",,,)"}"#;
        assert_eq!(of(&json(quantity), Holds::Quantities).as_deref(), Some(row));
        let component = format!(r#"[{{"code":["s|c"],"value_quantity":{quantity}}}]"#);
        let row = r#"{"(\"{\\\"s|c\\\"}\",,\"{\\\"(\\\\\\\"1.50\\\\\\\",\\\\\\\"2\\\\\\\",,,\\\\\\\"\\\\\\\\\\\\\\\"\\\\\\\",,,)\\\"}\")"}"#;
        assert_eq!(of(&json(&component), Holds::Components).as_deref(), Some(row));
        assert_eq!(of(&Json::Null, Holds::Texts), None);
    }
}
