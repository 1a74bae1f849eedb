//! Owns the shapes of what is sent and is no resource of the record: Bundles and Parameters, with no more of R4's than counts
//! here.

use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};

use super::bodies::schema;

/// The types of the plain values that operations take.
const PLAIN: [(&str, &str); 9] = [
    ("valueString", "string"),
    ("valueCode", "code"),
    ("valueBoolean", "boolean"),
    ("valueUnsignedInt", "unsignedInt"),
    ("valuePositiveInt", "positiveInt"),
    ("valueDate", "date"),
    ("valueDateTime", "dateTime"),
    ("valueUri", "uri"),
    ("valueCanonical", "canonical"),
];

/// Both by name.
pub fn all() -> [(String, RefOr<Schema>); 2] {
    [("bundle-sent".to_owned(), bundle().into()), ("parameters-sent".to_owned(), parameters().into())]
}

fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words))
}

fn named(kind: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Object).property("resourceType", one_of([kind])).required("resourceType")
}

fn list(of: ObjectBuilder) -> ArrayBuilder {
    ArrayBuilder::new().items(of).min_items(Some(1))
}

/// A transaction or a batch.
fn bundle() -> ObjectBuilder {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let request = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("method", one_of(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]))
        .property("url", text())
        .property("ifMatch", text())
        .property("ifNoneMatch", text())
        .property("ifNoneExist", text())
        .property("ifModifiedSince", schema("instant"))
        .required("method")
        .required("url");
    let entry = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("fullUrl", schema("uri"))
        .property("resource", schema("Resource"))
        .property("request", request)
        .required("request");
    named("Bundle").property("type", one_of(["transaction", "batch"])).required("type").property("entry", list(entry))
}

/// Named values; a resource; or the operations of a FHIRPath Patch, each in parts.
fn parameters() -> ObjectBuilder {
    let part = || ObjectBuilder::new().schema_type(Type::Object).property("name", schema("string")).required("name");
    let one = PLAIN.iter().fold(part(), |one, (name, kind)| one.property(*name, schema(kind)));
    let one = one.property("resource", schema("Resource")).property("part", list(part()));
    named("Parameters").property("parameter", list(one))
}
