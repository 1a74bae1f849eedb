//! Owns the shapes of values in a query: one schema for each kind of search parameter.

use std::collections::BTreeMap;

use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};

use super::bodies::schema;
use crate::resources::spec::{Kind, Param, ResourceSpec};

/// An id.
pub const ID: &str = r"^[A-Za-z0-9\-.]{1,64}$";
/// A date of R4, whole or in part.
pub const DAY: &str = r"[1-9][0-9]{3}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?";
/// A moment of R4.
pub const MOMENT: &str = r"[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+\-](0[0-9]|1[0-3]):[0-5][0-9])";
const PREFIX: &str = "(eq|ne|gt|lt|ge|le|sa|eb|ap)?";
/// A part of a value: no comma, bar or dollar sign that is not escaped, and not empty.
const PART: &str = r"([^,|$\\]|\\[,|$\\])";

/// Name, pattern of one alternative, and what it says.
fn kinds() -> [(&'static str, String, &'static str); 10] {
    let number = r"-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,8})?";
    [
        ("search-id", r"[A-Za-z0-9\-.]{1,64}".to_owned(), "Logical ids, with commas between alternatives"),
        (
            "search-token",
            format!("({PART}+|{PART}*\\|{PART}+|{PART}+\\|)"),
            "code, system|code, |code (no system) or system| (any code of it), with commas between alternatives",
        ),
        (
            "search-string",
            format!("{PART}+"),
            "The beginning of a text, whatever its case and accents, with commas between alternatives",
        ),
        (
            "search-date",
            format!("{PREFIX}({DAY}|{MOMENT})"),
            "A date or time, whole or in part, after eq, ne, gt, lt, ge, le, sa, eb or ap",
        ),
        (
            "search-reference",
            r"([A-Z][A-Za-z]+/)?[A-Za-z0-9\-.]{1,64}|https?://[A-Za-z0-9\-._~/%:]+|urn:(uuid|oid):[0-9a-f.\-]+"
                .to_owned(),
            "Type/id, id or an absolute URL, with commas between alternatives",
        ),
        (
            "search-quantity",
            format!("{PREFIX}{number}(\\|{PART}*\\|{PART}+)?"),
            "number, number|system|code or number||code, after eq, ne, gt, lt, ge, le, sa, eb or ap",
        ),
        ("search-uri", format!("{PART}+"), "A URL, with commas between alternatives"),
        ("search-composite", format!("{PART}+\\${PART}+"), "Two values with a $ between"),
        (
            "search-sound",
            format!("{PART}*[A-Za-z]{PART}*"),
            "A name, whatever its spelling, with commas between alternatives",
        ),
        ("search-words", "[A-Za-z0-9.]*[A-Za-z0-9][A-Za-z0-9. ]*".to_owned(), "Words, all of which have to be there"),
    ]
}

/// Every one of them by name.
pub fn all() -> BTreeMap<String, RefOr<Schema>> {
    let made = kinds().map(|(name, one, words)| {
        let several = format!("^({one})(,({one}))*$");
        let schema = ObjectBuilder::new().schema_type(Type::String).pattern(Some(several)).description(Some(words));
        (name.to_owned(), schema.into())
    });
    made.into()
}

/// The schema of a parameter's values.
pub fn of(spec: &'static ResourceSpec, param: &Param) -> RefOr<Schema> {
    schema(match param.kind {
        Kind::Id => "search-id",
        Kind::Token | Kind::Code(_) | Kind::Truth => "search-token",
        Kind::Text => "search-string",
        Kind::Phonetic => "search-sound",
        Kind::Instant | Kind::Date | Kind::Dates => "search-date",
        Kind::Reference(_) => "search-reference",
        Kind::Canonical(_) | Kind::Uri => "search-uri",
        Kind::Quantity => "search-quantity",
        Kind::Composite { .. } => "search-composite",
        Kind::Words { .. } => "search-words",
        Kind::Either([first, _]) => return spec.param(first).map_or(schema("search-token"), |first| of(spec, first)),
    })
}
