//! Owns the shapes of JSON that is not FHIR's: the authorization server's, and the manifest of an export.

use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};

/// A shape by its name: the members that are always there, then those that may be.
type Shape = (&'static str, &'static [(&'static str, Type)], &'static [(&'static str, Type)]);

const SHAPES: [Shape; 7] = [
    ("configuration", &[], &[]),
    (
        "token-reply",
        &[
            ("access_token", Type::String),
            ("token_type", Type::String),
            ("expires_in", Type::Integer),
            ("scope", Type::String),
        ],
        &[
            ("refresh_token", Type::String),
            ("id_token", Type::String),
            ("patient", Type::String),
            ("encounter", Type::String),
            ("fhirContext", Type::Array),
            ("intent", Type::String),
            ("tenant", Type::String),
            ("need_patient_banner", Type::Boolean),
            ("smart_style_url", Type::String),
        ],
    ),
    (
        "introspection",
        &[("active", Type::Boolean)],
        &[
            ("scope", Type::String),
            ("client_id", Type::String),
            ("exp", Type::Integer),
            ("iat", Type::Integer),
            ("sub", Type::String),
        ],
    ),
    (
        "launch-reply",
        &[("launch", Type::String), ("iss", Type::String), ("expires_in", Type::Integer)],
        &[("launch_url", Type::String)],
    ),
    (
        "manifest",
        &[
            ("transactionTime", Type::String),
            ("request", Type::String),
            ("requiresAccessToken", Type::Boolean),
            ("output", Type::Array),
            ("error", Type::Array),
        ],
        &[],
    ),
    ("key-set", &[("keys", Type::Array)], &[]),
    ("oauth-error", &[("error", Type::String), ("error_description", Type::String)], &[]),
];

/// Every one of them by name.
pub fn all() -> impl Iterator<Item = (String, RefOr<Schema>)> {
    SHAPES.into_iter().map(|(name, always, sometimes)| {
        let mut shape = ObjectBuilder::new().schema_type(Type::Object);
        for (member, kind) in always.iter().chain(sometimes) {
            shape = shape.property(*member, one(kind.clone()));
        }
        let shape = always.iter().fold(shape, |shape, (member, _)| shape.required(*member));
        let example = (name == "oauth-error").then(|| {
            serde_json::json!({ "error": "invalid_grant", "error_description": "the refresh token is unknown, used or over" })
        });
        (name.to_owned(), shape.examples(example).into())
    })
}

fn one(kind: Type) -> RefOr<Schema> {
    match kind {
        Type::Array => ArrayBuilder::new().items(ObjectBuilder::new().schema_type(Type::Object)).into(),
        kind => ObjectBuilder::new().schema_type(kind).into(),
    }
}
