//! The resources that one caller can see, with what they hold worked out once.

use super::super::fhirpath::Node;
use super::super::oracle::{Held, Oracle, TYPES};
use super::super::values::{Item, Target};
use super::terminology::Terminology;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// What the service under test allows a query.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub chain: usize,
    pub values: usize,
    pub parameters: usize,
}

/// Everything one caller can see.
pub struct World<'a> {
    pub oracle: &'a Oracle,
    pub terminology: &'a Terminology,
    pub limits: Limits,
    by_type: BTreeMap<&'static str, Vec<&'a Value>>,
    places: HashMap<String, (&'static str, usize)>,
    held: Kept<Rc<Vec<Held>>>,
    nodes: Kept<PerResource<Node<'a>>>,
    links: Kept<PerResource<Link>>,
}

/// What was found once, by type and parameter.
type Kept<T> = RefCell<HashMap<(String, String), T>>;

/// Of each resource of a type, in their order.
type PerResource<T> = Rc<Vec<Vec<T>>>;

/// One reference of a resource to one that is there.
#[derive(Clone, Debug)]
pub struct Link {
    pub ty: &'static str,
    pub at: usize,
    /// It names one version: whether the current one will do is the server's to say.
    pub versioned: bool,
}

impl<'a> World<'a> {
    pub fn new(oracle: &'a Oracle, terminology: &'a Terminology, limits: Limits, resources: &'a [Value]) -> World<'a> {
        let of = |ty: &'static str| (ty, resources.iter().filter(|r| r["resourceType"] == ty).collect::<Vec<_>>());
        let by_type: BTreeMap<_, _> = TYPES.map(of).into();
        let place = |(ty, all): (&&'static str, &Vec<&'a Value>)| {
            let ty = *ty;
            all.iter().enumerate().map(move |(at, r)| (name(r), (ty, at))).collect::<Vec<_>>()
        };
        let places = by_type.iter().flat_map(place).collect();
        let (held, nodes, links) = (RefCell::default(), RefCell::default(), RefCell::default());
        World { oracle, terminology, limits, by_type, places, held, nodes, links }
    }

    /// The resources of a type.
    pub fn of(&self, ty: &str) -> &[&'a Value] {
        self.by_type.get(ty).map(Vec::as_slice).unwrap_or_default()
    }

    /// Where a resource, named as `Type/id`, is.
    pub fn find(&self, name: &str) -> Option<(&'static str, usize)> {
        self.places.get(name).copied()
    }

    /// What each resource of the type holds for a parameter.
    pub fn held(&self, ty: &str, param: &str) -> Rc<Vec<Held>> {
        let key = (ty.to_string(), param.to_string());
        let all = || self.of(ty).iter().map(|r| self.oracle.held(r, ty, param)).collect();
        self.held.borrow_mut().entry(key).or_insert_with(|| Rc::new(all())).clone()
    }

    /// The nodes that a parameter's expression yields in each resource of the type.
    pub fn nodes(&self, ty: &str, param: &str) -> PerResource<Node<'a>> {
        let key = (ty.to_string(), param.to_string());
        let all = || self.of(ty).iter().map(|r| self.oracle.nodes(r, ty, param)).collect();
        self.nodes.borrow_mut().entry(key).or_insert_with(|| Rc::new(all())).clone()
    }

    /// The references of each resource of the type, by a parameter, to resources that are there.
    pub fn links(&self, ty: &str, param: &str) -> PerResource<Link> {
        let key = (ty.to_string(), param.to_string());
        let all = || self.nodes(ty, param).iter().map(|nodes| self.links_of(nodes)).collect();
        self.links.borrow_mut().entry(key).or_insert_with(|| Rc::new(all())).clone()
    }

    fn links_of(&self, nodes: &[Node<'a>]) -> Vec<Link> {
        let link = |node: &Node<'a>| {
            let reference = node.value["reference"].as_str()?.to_string();
            let Target::Local { ty, id } = super::super::values::target(&reference, &self.oracle.base)? else {
                return None;
            };
            let (ty, at) = self.find(&format!("{ty}/{id}"))?;
            Some(Link { ty, at, versioned: reference.contains("/_history/") })
        };
        nodes.iter().filter_map(link).collect()
    }

    /// The reference parameters of a type, by name.
    pub fn references(&self, ty: &str) -> Vec<String> {
        let own = self.oracle.params.iter().filter(|((of, _), _)| of == ty);
        own.filter(|(_, p)| p.is_reference()).map(|((_, code), _)| code.clone()).collect()
    }

    /// The single values of a parameter in one resource.
    pub fn items(&self, ty: &str, param: &str, at: usize) -> Vec<Item> {
        self.held(ty, param)[at].concat().concat()
    }
}

/// `Type/id`.
pub fn name(resource: &Value) -> String {
    format!("{}/{}", resource["resourceType"].as_str().unwrap_or("?"), resource["id"].as_str().unwrap_or("?"))
}
