//! Owns what a body is in either format: its media type, its schema, its examples.

use utoipa::openapi::example::Example;
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Type};
use utoipa::openapi::{Content, ContentBuilder, Ref, RefOr, Required, Schema};

/// FHIR in JSON.
pub const JSON: &str = "application/fhir+json";
/// FHIR in XML.
pub const XML: &str = "application/fhir+xml";
/// A form.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// A schema of the components.
pub fn schema(name: &str) -> RefOr<Schema> {
    Ref::from_schema_name(name).into()
}

/// A body in JSON: of this schema, with these examples of the components.
pub fn json(of: &str, examples: &[&str]) -> Content {
    shown(schema(of), examples.iter().map(|name| (*name, format!("{name}.json"))))
}

/// The same in XML, of which a JSON schema says nothing but that it is text.
pub fn xml(examples: &[&str]) -> Content {
    shown(schema("xml"), examples.iter().map(|name| (*name, format!("{name}.xml"))))
}

/// A body of this schema, with examples: what each is called, and its name among the components.
pub fn shown<'a>(schema: RefOr<Schema>, examples: impl IntoIterator<Item = (&'a str, String)>) -> Content {
    let place = |place: String| RefOr::Ref::<Example>(Ref::new(format!("#/components/examples/{place}")));
    let examples = examples.into_iter().map(|(name, at)| (name, place(at)));
    ContentBuilder::new().schema(Some(schema)).examples_from_iter(examples).build()
}

/// A resource to send, in either format; `also` are the short names of their media types.
pub fn resource(of: &str, examples: &[&str], also: bool) -> RequestBody {
    let mut body = RequestBodyBuilder::new()
        .required(Some(Required::True))
        .content(JSON, json(of, examples))
        .content(XML, xml(examples));
    if also {
        body = body.content("application/json", json(of, &[])).content("application/xml", xml(&[]));
    }
    body.build()
}

/// A form of these fields: name, whether it has to be there, and its schema.
pub fn form<'a>(fields: impl IntoIterator<Item = (&'a str, bool, RefOr<Schema>)>) -> Content {
    let mut object = ObjectBuilder::new().schema_type(Type::Object);
    for (name, required, schema) in fields {
        object = object.property(name, schema);
        if required {
            object = object.required(name);
        }
    }
    Content::new(Some(object.additional_properties(Some(AdditionalProperties::FreeForm(false)))))
}
