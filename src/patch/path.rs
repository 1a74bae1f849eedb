//! Owns what a patch's paths lead to. They are written in a part of FHIRPath, which `grammar` reads: element names,
//! `[n]`, `first()`, `last()`, `where(…)` with `=`, `!=`, `exists()`, `is`, `and`, `or` and parentheses, `ofType(T)`,
//! `as(T)` and `extension('url')`. A choice goes by its name without the type: `value`, not `valueQuantity`.

use std::cell::Cell;

use super::Fault;
use super::tree::{Node, Place};
use crate::fhir::elements::is_resource_type;
use crate::fhir::json::{Json, Object};
use crate::fhir::primitive::shorten;
use crate::fhir::quantity;

/// A path, read.
#[derive(Debug)]
pub struct Path {
    /// The type it begins with, if it names one.
    pub root: Option<String>,
    pub steps: Vec<Step>,
}

#[derive(Debug)]
pub enum Step {
    Member(String),
    Index(usize),
    First,
    Last,
    Where(Test),
    OfType(String),
    Extension(String),
}

#[derive(Debug)]
pub enum Test {
    All(Vec<Test>),
    Any(Vec<Test>),
    Compare { left: Vec<Step>, equal: bool, right: Literal },
    Is(Vec<Step>, String),
    Exists(Vec<Step>),
}

#[derive(Debug, PartialEq)]
pub enum Literal {
    Text(String),
    Number(String),
    Truth(bool),
}

impl Path {
    /// Everything in the resource that the path leads to.
    pub fn find(&self, resource: &Object, fuel: &Fuel) -> Result<Vec<Node>, Fault> {
        let own = resource.text("resourceType").unwrap_or_default();
        match self.root.as_deref() {
            None | Some("Resource" | "DomainResource") => {}
            Some(root) if root == own => {}
            Some(root) if is_resource_type(root) => return Err(format!("the resource is a {own}, not a {root}")),
            Some(root) => return Err(format!("\"{}\" is no resource type: begin with {own}", shorten(root))),
        }
        Walk { resource, fuel }.steps(vec![Node::Root], &self.steps)
    }
}

/// How many elements the paths of one patch may still look at.
pub struct Fuel(Cell<usize>);

impl Fuel {
    /// Enough for any patch that somebody means.
    pub fn full() -> Fuel {
        Fuel(Cell::new(2_000_000))
    }

    fn burn(&self, elements: usize) -> Result<(), Fault> {
        let left = self.0.get().checked_sub(elements);
        self.0.set(left.ok_or("the patch's paths look at too many elements: send an update")?);
        Ok(())
    }
}

struct Walk<'a> {
    resource: &'a Object,
    fuel: &'a Fuel,
}

impl Walk<'_> {
    fn steps(&self, from: Vec<Node>, steps: &[Step]) -> Result<Vec<Node>, Fault> {
        let mut here = from;
        for step in steps {
            self.fuel.burn(here.len() + 1)?;
            here = match step {
                Step::Member(name) => self.members(&here, name)?,
                Step::Extension(url) => {
                    let all = self.members(&here, "extension")?;
                    let has = |node: &Node| node_text(self.resource, node, "url").is_some_and(|own| own == *url);
                    all.into_iter().filter(has).collect()
                }
                Step::Index(at) => here.into_iter().skip(*at).take(1).collect(),
                Step::First => here.into_iter().take(1).collect(),
                Step::Last => here.pop().into_iter().collect(),
                Step::Where(test) => {
                    let mut kept = Vec::new();
                    for node in here {
                        if self.holds(&node, test)? {
                            kept.push(node);
                        }
                    }
                    kept
                }
                Step::OfType(kind) => here.into_iter().filter(|node| is_of(self.resource, node, kind)).collect(),
            };
        }
        Ok(here)
    }

    fn members(&self, from: &[Node], name: &str) -> Result<Vec<Node>, Fault> {
        let mut found = Vec::new();
        let mut known = from.is_empty();
        for node in from {
            if let Some(places) = node.children(self.resource, name) {
                known = true;
                found.extend(places.into_iter().map(Node::Element));
            }
        }
        if known {
            return Ok(found);
        }
        let kind = from.first().and_then(|node| node.def(self.resource)).map_or("it", |def| def.name);
        Err(format!("R4 has no element \"{}\" in {kind}", shorten(name)))
    }

    fn holds(&self, node: &Node, test: &Test) -> Result<bool, Fault> {
        let below = |steps: &[Step]| self.steps(vec![node.clone()], steps);
        Ok(match test {
            Test::All(tests) => {
                for test in tests {
                    if !self.holds(node, test)? {
                        return Ok(false);
                    }
                }
                true
            }
            Test::Any(tests) => {
                for test in tests {
                    if self.holds(node, test)? {
                        return Ok(true);
                    }
                }
                false
            }
            Test::Exists(steps) => !below(steps)?.is_empty(),
            Test::Is(steps, kind) => matches!(&below(steps)?[..], [one] if is_of(self.resource, one, kind)),
            // As in FHIRPath, what is not there is neither equal nor unequal.
            Test::Compare { left, equal, right } => match &below(left)?[..] {
                [Node::Element(place)] => place.value(self.resource).is_some_and(|value| same(value, right) == *equal),
                _ => false,
            },
        })
    }
}

/// The text of a child that is one string.
fn node_text<'a>(resource: &'a Object, node: &Node, name: &str) -> Option<&'a str> {
    node.children(resource, name)?.first()?.value(resource)?.as_str()
}

fn is_of(resource: &Object, node: &Node, kind: &str) -> bool {
    let kind = kind.strip_prefix("FHIR.").or(kind.strip_prefix("System.")).unwrap_or(kind);
    match node {
        Node::Element(Place { kind: own, .. }) if *own != "Resource" => own.eq_ignore_ascii_case(kind),
        _ => node.def(resource).is_some_and(|def| def.name == kind),
    }
}

fn same(value: &Json, literal: &Literal) -> bool {
    match (value, literal) {
        (Json::String(own), Literal::Text(text)) => own == text,
        (Json::Number(own), Literal::Number(number)) => quantity::same(own, number),
        (Json::Bool(own), Literal::Truth(truth)) => own == truth,
        _ => false,
    }
}
