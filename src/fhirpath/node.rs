//! Owns what expressions are about: elements of a resource, with their types, and plain values.

use std::borrow::Cow;

use bigdecimal::BigDecimal;

use crate::fhir::elements::{Shape, TypeDef, type_def};
use crate::fhir::json::{Json, Object};

/// An element and its type.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    /// A primitive's value.
    pub value: Option<&'a Json>,
    /// What holds its children; of a primitive what stands beside it (`_name`).
    pub object: Option<&'a Object>,
    pub kind: &'static TypeDef,
}

/// An element or a value.
#[derive(Debug, Clone)]
pub enum Item<'a> {
    Node(Node<'a>),
    Text(Cow<'a, str>),
    Truth(bool),
    Integer(i64),
    Decimal(BigDecimal),
    /// A date, dateTime or instant.
    Moment(Cow<'a, str>),
    /// A resource that is not here, of which only the type is known.
    Elsewhere(&'static TypeDef),
}

impl<'a> Node<'a> {
    /// A whole resource; none for what R4 does not know.
    pub fn whole(resource: &'a Object) -> Option<Node<'a>> {
        let kind = resource.text("resourceType").and_then(type_def)?;
        (kind.shape == Shape::Resource).then_some(Node { value: None, object: Some(resource), kind })
    }

    /// An element of this type; `beside` is what stands beside a primitive.
    pub fn new(value: &'a Json, beside: Option<&'a Json>, kind: &str) -> Option<Node<'a>> {
        if kind == "Resource" {
            return Node::whole(value.as_object()?);
        }
        let kind = type_def(kind)?;
        Some(match kind.shape {
            Shape::Primitive => Node { value: Some(value), object: beside.and_then(Json::as_object), kind },
            _ => Node { value: None, object: value.as_object(), kind },
        })
    }

    fn members_of(&self) -> Option<&'static TypeDef> {
        match self.kind.shape {
            Shape::Primitive => type_def("Element"),
            _ => Some(self.kind),
        }
    }

    /// The children of this name; a choice goes by its name without the type.
    pub fn children(&self, name: &str, found: &mut Vec<Item<'a>>) {
        let (Some(object), Some(def)) = (self.object, self.members_of()) else { return };
        for (key, value) in &object.0 {
            let plain = key.strip_prefix('_').unwrap_or(key);
            if plain.starts_with(name) {
                child(object, def, (key, plain), value, Some(name), found);
            }
        }
    }

    /// Every child, in the order they came.
    pub fn all_children(&self, found: &mut Vec<Item<'a>>) {
        let (Some(object), Some(def)) = (self.object, self.members_of()) else { return };
        for (key, value) in &object.0 {
            child(object, def, (key, key.strip_prefix('_').unwrap_or(key)), value, None, found);
        }
    }

    /// The plain value of a primitive.
    pub fn scalar(&self) -> Option<Item<'a>> {
        match (self.kind.name, self.value?) {
            (_, Json::Bool(truth)) => Some(Item::Truth(*truth)),
            ("decimal", Json::Number(text)) => text.parse().ok().map(Item::Decimal),
            (_, Json::Number(text)) => text.parse().ok().map(Item::Integer),
            ("date" | "dateTime" | "instant", Json::String(text)) => Some(Item::Moment(Cow::Borrowed(text))),
            (_, Json::String(text)) => Some(Item::Text(Cow::Borrowed(text))),
            _ => None,
        }
    }

    /// Whether it is of this type, or of one that this type is the base of.
    pub fn is(&self, kind: &str) -> bool {
        let own = self.kind.name;
        own == kind
            || match kind {
                "Resource" => self.kind.shape == Shape::Resource,
                "DomainResource" => {
                    self.kind.shape == Shape::Resource && !["Bundle", "Binary", "Parameters"].contains(&own)
                }
                "Element" => self.kind.shape != Shape::Resource,
                "BackboneElement" => is_backbone(self.kind),
                "string" => ["code", "id", "markdown"].contains(&own),
                "uri" => ["url", "canonical", "oid", "uuid"].contains(&own),
                "integer" => ["unsignedInt", "positiveInt"].contains(&own),
                "Quantity" => ["Age", "Count", "Distance", "Duration"].contains(&own),
                _ => false,
            }
    }
}

/// Elements of resources that have children of their own, and the two data types that R4 makes of them.
fn is_backbone(kind: &TypeDef) -> bool {
    let around = kind.name.split('.').next().and_then(type_def).map(|around| around.shape);
    ["Dosage", "Timing"].contains(&kind.name) || kind.shape == Shape::Backbone && around == Some(Shape::Resource)
}

/// Adds the elements of one member, unless it stands beside another that brings them.
fn child<'a>(
    object: &'a Object,
    def: &'static TypeDef,
    (key, plain): (&str, &str),
    value: &'a Json,
    wanted: Option<&str>,
    found: &mut Vec<Item<'a>>,
) {
    let Some((element, kind)) = def.member(plain) else { return };
    if wanted.is_some_and(|name| name != element.name.trim_end_matches("[x]")) {
        return;
    }
    let is_beside = key.len() != plain.len();
    if is_beside && object.get(plain).is_some() {
        return;
    }
    let beside = match is_beside {
        true => Some(value),
        false => type_def(kind.name)
            .filter(|kind| kind.shape == Shape::Primitive)
            .and_then(|_| object.0.iter().find(|(other, _)| other.strip_prefix('_') == Some(plain)))
            .map(|(_, beside)| beside),
    };
    let node = |value: &'a Json, beside: Option<&'a Json>| Node::new(value, beside, kind.name).map(Item::Node);
    match (value, beside) {
        _ if is_beside => found.extend(value.items().filter_map(|beside| node(&Json::Null, Some(beside)))),
        (Json::Array(items), Some(Json::Array(others))) => {
            found.extend(items.iter().enumerate().filter_map(|(at, item)| node(item, others.get(at))));
        }
        (Json::Array(items), _) => found.extend(items.iter().filter_map(|item| node(item, None))),
        (one, beside) => found.extend(node(one, beside)),
    }
}

impl<'a> Item<'a> {
    /// The value as a plain one; an element that is not primitive has none.
    pub fn scalar(&self) -> Option<Item<'a>> {
        match self {
            Item::Node(node) => node.scalar(),
            Item::Elsewhere(_) => None,
            plain => Some(plain.clone()),
        }
    }

    /// The text of a string.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        match self.scalar()? {
            Item::Text(text) | Item::Moment(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is of this type.
    pub fn is(&self, kind: &str) -> bool {
        match (self, kind.strip_prefix("System.")) {
            (Item::Node(node), None) => node.is(kind),
            (Item::Elsewhere(own), None) => own.name == kind || kind == "Resource" || kind == "DomainResource",
            (Item::Text(_), Some(kind)) => kind == "String",
            (Item::Truth(_), Some(kind)) => kind == "Boolean",
            (Item::Integer(_), Some(kind)) => kind == "Integer",
            (Item::Decimal(_), Some(kind)) => kind == "Decimal",
            (Item::Moment(text), Some(kind)) => kind == if text.contains('T') { "DateTime" } else { "Date" },
            _ => false,
        }
    }
}
