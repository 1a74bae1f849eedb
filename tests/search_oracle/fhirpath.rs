//! A small FHIRPath: just what the expressions of the R4 search parameters use, over plain JSON.
//! Every result carries its FHIR type, which choice elements and `as` need.

use super::definitions::Definitions;
use super::expression::Expr;
use serde_json::Value;
use std::borrow::Cow;

/// One item of a FHIRPath collection.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    pub value: Cow<'a, Value>,
    /// FHIR type name: `HumanName`, `code`, `BackboneElement`, or the resource type.
    pub ty: String,
    /// Where this node's children are defined; for a primitive, where the node itself is.
    pub path: String,
}

/// Evaluates `expr` with `focus` as the current collection.
pub fn evaluate<'a>(definitions: &Definitions, expr: &Expr, focus: &[Node<'a>]) -> Vec<Node<'a>> {
    let sub = |e: &Expr| evaluate(definitions, e, focus);
    match expr {
        Expr::This => focus.to_vec(),
        Expr::Text(text) => vec![literal(Value::String(text.clone()), "string")],
        Expr::Bool(value) => vec![literal(Value::Bool(*value), "boolean")],
        Expr::Name(name) => focus.iter().flat_map(|n| named(definitions, n, name)).collect(),
        Expr::Member(of, name) => sub(of).iter().flat_map(|n| children(definitions, n, name)).collect(),
        Expr::As(of, ty) => sub(of).into_iter().filter(|n| is_type(n, ty)).collect(),
        Expr::Is(of, ty) => sub(of).first().map(|n| truth(is_type(n, ty))).into_iter().collect(),
        Expr::Union(a, b) => sub(a).into_iter().chain(sub(b)).collect(),
        Expr::Equal(a, b, wanted) => match (sub(a).as_slice(), sub(b).as_slice()) {
            ([], _) | (_, []) => Vec::new(),
            (a, b) => vec![truth(same(a, b) == *wanted)],
        },
        Expr::And(a, b) => match (as_bool(&sub(a)), as_bool(&sub(b))) {
            (Some(false), _) | (_, Some(false)) => vec![truth(false)],
            (Some(true), Some(true)) => vec![truth(true)],
            _ => Vec::new(),
        },
        Expr::Call(of, name, arguments) => match name.as_str() {
            "exists" => vec![truth(!sub(of).is_empty())],
            "resolve" => sub(of).into_iter().filter_map(resolve).collect(),
            _ => {
                let holds = |n: &Node<'a>| as_bool(&evaluate(definitions, &arguments[0], std::slice::from_ref(n)));
                sub(of).into_iter().filter(|n| holds(n) == Some(true)).collect()
            }
        },
    }
}

/// A resource as the root of an evaluation.
pub fn root(resource: &Value) -> Node<'_> {
    let ty = resource["resourceType"].as_str().unwrap_or_default().to_string();
    Node { value: Cow::Borrowed(resource), path: ty.clone(), ty }
}

fn literal<'a>(value: Value, ty: &str) -> Node<'a> {
    Node { value: Cow::Owned(value), ty: ty.to_string(), path: ty.to_string() }
}

fn truth<'a>(value: bool) -> Node<'a> {
    literal(Value::Bool(value), "boolean")
}

fn as_bool(nodes: &[Node]) -> Option<bool> {
    nodes.first().and_then(|n| n.value.as_bool())
}

fn same(a: &[Node], b: &[Node]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| x.value == y.value)
}

/// `DateTime` in a few composite definitions is a slip for `dateTime`.
fn is_type(node: &Node, ty: &str) -> bool {
    node.ty.eq_ignore_ascii_case(ty)
}

/// The first name of a path: the type of the root itself, or a child.
fn named<'a>(definitions: &Definitions, node: &Node<'a>, name: &str) -> Vec<Node<'a>> {
    let is_resource = node.value.get("resourceType").is_some();
    if is_resource && (name == node.ty || name == "Resource" || name == "DomainResource") {
        return vec![node.clone()];
    }
    children(definitions, node, name)
}

fn children<'a>(definitions: &Definitions, node: &Node<'a>, name: &str) -> Vec<Node<'a>> {
    // only literals are owned, and those have no children
    let Cow::Borrowed(value) = node.value else {
        return Vec::new();
    };
    let path = format!("{}.{name}", node.path);
    if let Some(element) = definitions.get(&path) {
        let ty = element.types.first().cloned().unwrap_or_else(|| "BackboneElement".into());
        let below = element.same_as.clone().unwrap_or(path);
        return value.get(name).map(|v| nodes(v, &ty, &below)).unwrap_or_default();
    }
    let choice = format!("{path}[x]");
    let types = definitions.get(&choice).map(|e| e.types.as_slice()).unwrap_or_default();
    let of_type = |ty: &String| value.get(format!("{name}{}", capital(ty))).map(|v| nodes(v, ty, &choice));
    types.iter().filter_map(of_type).flatten().collect()
}

/// The nodes of one property: an array's items (its nulls stand for items that only have extensions), or the value.
fn nodes<'a>(value: &'a Value, ty: &str, path: &str) -> Vec<Node<'a>> {
    let inline = matches!(ty, "BackboneElement" | "Element");
    let is_data_type = !inline && ty.starts_with(|c: char| c.is_ascii_uppercase());
    let path = if is_data_type { ty } else { path };
    let node = |v: &'a Value| Node { value: Cow::Borrowed(v), ty: ty.to_string(), path: path.to_string() };
    let items = value.as_array().map(Vec::as_slice).unwrap_or(std::slice::from_ref(value));
    items.iter().filter(|v| !v.is_null()).map(node).collect()
}

/// What a Reference points at, known by type only: from its literal, or its `type` element.
fn resolve(node: Node) -> Option<Node> {
    let declared = node.value["type"].as_str();
    let literal_type = node.value["reference"].as_str().and_then(target_type);
    let ty = literal_type.or(declared)?.to_string();
    Some(Node { value: Cow::Owned(Value::Null), path: ty.clone(), ty })
}

fn target_type(reference: &str) -> Option<&str> {
    let plain = reference.split("/_history/").next().unwrap_or(reference);
    let mut parts = plain.rsplit('/');
    parts.next()?;
    parts.next().filter(|t| t.starts_with(|c: char| c.is_ascii_uppercase()))
}

fn capital(ty: &str) -> String {
    let mut chars = ty.chars();
    chars.next().map(|c| c.to_ascii_uppercase().to_string() + chars.as_str()).unwrap_or_default()
}
