//! Owns the shapes of resources and data types as JSON Schema, from R4's element table. What JSON Schema cannot say (R4's
//! invariants, the choice of one `value[x]`) it does not say; `$validate` judges that.

use std::collections::BTreeMap;

use utoipa::openapi::schema::{
    AdditionalProperties, AnyOfBuilder, ArrayBuilder, Discriminator, ObjectBuilder, OneOfBuilder, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr, Schema};

use super::bodies::schema;
use super::{sent, tokens, values};
use crate::fhir::elements::{ElementDef, Shape, TypeDef, TypeRef, member_name, type_def};
use crate::resources;

/// The resources that are no part of the record and come in bodies all the same.
const BESIDE: [&str; 7] =
    ["Bundle", "OperationOutcome", "Parameters", "CapabilityStatement", "Composition", "Device", "Binary"];

/// What may stand beside a primitive, under its name with an underscore.
const SIBLING: &str = "primitive-extension";

/// Every schema by name.
pub fn all() -> BTreeMap<String, RefOr<Schema>> {
    let mut found = values::all();
    let mut waiting: Vec<&'static TypeDef> = roots().filter_map(type_def).collect();
    while let Some(def) = waiting.pop() {
        if found.contains_key(def.name) {
            continue;
        }
        let made = if def.shape == Shape::Primitive { primitive(def.name) } else { object(def) };
        found.insert(def.name.to_owned(), made.into());
        waiting.extend(def.children.iter().flat_map(|child| &child.types).filter_map(|kind| type_def(kind.name)));
    }
    found.extend(tokens::all());
    found.extend(sent::all());
    found.insert("Resource".to_owned(), any_resource());
    found.insert("served-resource".to_owned(), served());
    found.insert(SIBLING.to_owned(), sibling());
    let patch = ArrayBuilder::new().items(ObjectBuilder::new().schema_type(Type::Object)).min_items(Some(1));
    found.insert("json-patch".to_owned(), patch.into());
    found.insert("xml".to_owned(), text("FHIR's XML of the resource that the JSON schema beside it describes").into());
    found
}

fn roots() -> impl Iterator<Item = &'static str> {
    resources::served().map(|spec| spec.name).chain(BESIDE).chain(["Element"])
}

fn text(words: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(words))
}

/// A resource, a part of one or a data type.
fn object(def: &TypeDef) -> Schema {
    let mut made = ObjectBuilder::new().schema_type(Type::Object);
    if def.shape == Shape::Resource {
        made = made
            .property("resourceType", ObjectBuilder::new().schema_type(Type::String).enum_values(Some([def.name])))
            .required("resourceType");
    } else {
        made = made.min_properties(Some(1));
    }
    for child in &def.children {
        for kind in &child.types {
            made = made.property(member_name(child.name, kind.name), element(def, child, kind));
        }
        if child.required && child.types.len() == 1 {
            made = made.required(child.name);
        }
    }
    let primitive = |kind: &TypeRef| type_def(kind.name).is_some_and(|def| def.shape == Shape::Primitive);
    let siblings = def.children.iter().flat_map(|child| &child.types).any(primitive);
    let rest = if siblings { Ref::from_schema_name(SIBLING).into() } else { AdditionalProperties::FreeForm(false) };
    Schema::Object(made.additional_properties(Some(rest)).build())
}

/// One element, of one of its types.
fn element(def: &TypeDef, child: &ElementDef, kind: &TypeRef) -> RefOr<Schema> {
    let one: RefOr<Schema> = match (child.codes, kind.name) {
        (Some(set), "code") => {
            let codes = set.systems.iter().flat_map(|(_, codes)| codes.iter().copied());
            ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes)).into()
        }
        // What a Bundle or a Parameters holds is of a type that is served; what is contained may be any.
        (_, "Resource") if child.name == "outcome" => schema("OperationOutcome"),
        (_, "Resource") if def.name.starts_with("Bundle") || def.name.starts_with("Parameters") => {
            schema("served-resource")
        }
        (_, name) => schema(name),
    };
    if child.many { ArrayBuilder::new().items(one).min_items(Some(1)).into() } else { one }
}

/// R4's primitives, with R4's own patterns.
fn primitive(name: &str) -> Schema {
    let text = |pattern: &str| ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern));
    let number = |kind: Type| ObjectBuilder::new().schema_type(kind);
    let made = match name {
        "boolean" => number(Type::Boolean),
        "decimal" => number(Type::Number),
        "integer" => number(Type::Integer).minimum(Some(i32::MIN)).maximum(Some(i32::MAX)),
        "unsignedInt" => number(Type::Integer).minimum(Some(0)).maximum(Some(i32::MAX)),
        "positiveInt" => number(Type::Integer).minimum(Some(1)).maximum(Some(i32::MAX)),
        "id" => text(values::ID),
        "code" => text(r"^[^\s]+(\s[^\s]+)*$"),
        "date" => text(&format!("^{}$", values::DAY)),
        "dateTime" => text(&format!("^({}|{})$", values::DAY, values::MOMENT)),
        "instant" => text(&format!("^{}$", values::MOMENT)),
        "time" => text(r"^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?$"),
        "uri" | "url" | "canonical" => text(r"^\S+$"),
        "oid" => text(r"^urn:oid:[0-2](\.(0|[1-9][0-9]*))+$"),
        "uuid" => text(r"^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"),
        "base64Binary" => text(r"^([0-9a-zA-Z+/=]{4})+$"),
        "xhtml" => text("^<div"),
        _ => text(r"\S"),
    };
    Schema::Object(made.build())
}

/// A resource of any type: R4 has 148, and what is contained may be any of them.
fn any_resource() -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("resourceType", schema("code"))
        .required("resourceType")
        .into()
}

/// A resource of a type that this service takes or gives, told apart by `resourceType`.
fn served() -> RefOr<Schema> {
    let each = roots().filter(|name| *name != "Element");
    let one = each.fold(OneOfBuilder::new(), |one, name| one.item(Ref::from_schema_name(name)));
    one.schema_type(SchemaType::AnyValue).discriminator(Some(Discriminator::new("resourceType"))).into()
}

/// `_birthDate` beside `birthDate`: id and extensions; a list of them beside a list.
fn sibling() -> RefOr<Schema> {
    let or_nothing = AnyOfBuilder::new()
        .item(Ref::from_schema_name("Element"))
        .item(ObjectBuilder::new().schema_type(Type::Null))
        .schema_type(SchemaType::AnyValue);
    AnyOfBuilder::new()
        .item(Ref::from_schema_name("Element"))
        .item(ArrayBuilder::new().items(or_nothing).min_items(Some(1)))
        .schema_type(SchemaType::AnyValue)
        .description(Some("Id and extensions of a primitive, beside it under its name with an underscore"))
        .into()
}
