//! Owns the selectors of XML Patch (RFC 5261 §4.1), a part of XPath: element names with or without prefix, `*`, `.`, and of
//! these `[n]`, `[path]`, `[path='text']`; at the end `@name` or `text()`.

use super::Fault;
use super::dom::{Element, Node};
use crate::fhir::primitive::shorten;
use crate::fhir::xml::FHIR;

/// The longest selector read, in bytes, and the deepest nesting of its brackets.
const MOST: usize = 2_000;
const DEEPEST: usize = 8;

/// A selector, read.
#[derive(Debug)]
pub struct Selector {
    steps: Vec<Step>,
    end: End,
}

#[derive(Debug)]
struct Step {
    /// None: any.
    namespace: Option<String>,
    name: Option<String>,
    /// The element itself.
    is_self: bool,
    predicates: Vec<Predicate>,
}

#[derive(Debug)]
enum Predicate {
    Position(usize),
    Has(Selector),
    Is(Selector, String),
}

/// What of the element is meant.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    Element,
    Attribute(String),
    /// The text within, by its number.
    Text(usize),
}

/// What a selector found: the way to an element by child numbers, and what of it is meant.
#[derive(Debug)]
pub struct Found {
    pub way: Vec<usize>,
    pub end: End,
}

impl Selector {
    /// Reads a selector. `namespaces` knows the prefixes in force where it stands; the empty one is the default.
    pub fn parse(text: &str, namespaces: &dyn Fn(&str) -> Option<String>) -> Result<Selector, Fault> {
        if text.len() > MOST {
            return Err(format!("the selector is longer than {MOST} bytes"));
        }
        let mut parser = Parser { rest: text.trim(), namespaces, depth: 0 };
        parser.take("/");
        let selector = parser.selector()?;
        if parser.rest.is_empty() { Ok(selector) } else { Err(parser.unread()) }
    }

    /// The one thing in the document that it means.
    pub fn one(&self, root: &Element) -> Result<Found, Fault> {
        let Some((first, rest)) = self.steps.split_first() else {
            return Err("the selector names no element".to_owned());
        };
        // The first step is the document's own element.
        let mut ways = Vec::new();
        if first.is_self || (first.names(root) && first.holds_all(root, 1)) {
            ways.push(Vec::new());
        }
        for step in rest {
            ways = ways.iter().flat_map(|way| step.walk(root, way)).collect();
        }
        ways.retain(|way| descend(root, way).is_some_and(|element| self.end.is_in(element)));
        match (ways.len(), ways.pop()) {
            (1, Some(way)) => Ok(Found { way, end: self.end.clone() }),
            (0, _) => Err("the selector finds nothing".to_owned()),
            (many, _) => Err(format!("the selector finds {many} places: name one of them")),
        }
    }

    /// The texts it leads to from an element.
    fn texts(&self, from: &Element) -> Vec<String> {
        let mut ways = vec![Vec::new()];
        for step in &self.steps {
            ways = ways.iter().flat_map(|way| step.walk(from, way)).collect();
        }
        let text = |way: &Vec<usize>| {
            let element = descend(from, way)?;
            match &self.end {
                End::Element => Some(element.text()),
                End::Attribute(name) => element.attribute(name).map(str::to_owned),
                End::Text(at) => texts_of(element).nth(*at).cloned(),
            }
        };
        ways.iter().filter_map(text).collect()
    }
}

impl End {
    fn is_in(&self, element: &Element) -> bool {
        match self {
            End::Element => true,
            End::Attribute(name) => element.attribute(name).is_some(),
            End::Text(at) => texts_of(element).nth(*at).is_some(),
        }
    }
}

fn texts_of(element: &Element) -> impl Iterator<Item = &String> {
    element.children.iter().filter_map(|child| match child {
        Node::Text(text) => Some(text),
        Node::Element(_) => None,
    })
}

fn descend<'a>(from: &'a Element, way: &[usize]) -> Option<&'a Element> {
    way.iter().try_fold(from, |here, at| here.children.get(*at)?.element())
}

impl Step {
    fn names(&self, element: &Element) -> bool {
        self.namespace.as_ref().is_none_or(|namespace| *namespace == element.namespace)
            && self.name.as_ref().is_none_or(|name| *name == element.name)
    }

    fn holds_all(&self, element: &Element, position: usize) -> bool {
        self.predicates.iter().all(|predicate| predicate.holds(element, position))
    }

    /// The children of one element that the step means. A position counts among those that the predicates before it leave.
    fn walk(&self, root: &Element, way: &[usize]) -> Vec<Vec<usize>> {
        let Some(here) = descend(root, way) else { return Vec::new() };
        if self.is_self {
            return vec![way.to_vec()];
        }
        let children = here.children.iter().enumerate().filter_map(|(at, child)| Some((at, child.element()?)));
        let mut found: Vec<(usize, &Element)> = children.filter(|(_, child)| self.names(child)).collect();
        for predicate in &self.predicates {
            let kept = found.into_iter().enumerate();
            found = kept.filter(|(n, (_, child))| predicate.holds(child, n + 1)).map(|(_, child)| child).collect();
        }
        found.into_iter().map(|(at, _)| way.iter().copied().chain([at]).collect()).collect()
    }
}

impl Predicate {
    fn holds(&self, element: &Element, position: usize) -> bool {
        match self {
            Predicate::Position(at) => *at == position,
            Predicate::Has(path) => !path.texts(element).is_empty(),
            Predicate::Is(path, wanted) => path.texts(element).iter().any(|text| text == wanted),
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
    namespaces: &'a dyn Fn(&str) -> Option<String>,
    depth: usize,
}

impl Parser<'_> {
    fn unread(&self) -> Fault {
        match self.rest.is_empty() {
            true => "the selector ends too early".to_owned(),
            false => format!("the selector cannot be read at \"{}\"", shorten(self.rest)),
        }
    }

    fn take(&mut self, symbol: &str) -> bool {
        let rest = self.rest.strip_prefix(symbol);
        self.rest = rest.map_or(self.rest, str::trim_start);
        rest.is_some()
    }

    fn name(&mut self) -> Result<String, Fault> {
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).unwrap_or(self.rest.len());
        let name = &self.rest[..end];
        if name.is_empty() {
            return Err(self.unread());
        }
        self.rest = &self.rest[end..];
        Ok(name.to_owned())
    }

    fn selector(&mut self) -> Result<Selector, Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("the selector is nested too deep".to_owned());
        }
        let mut selector = Selector { steps: Vec::new(), end: End::Element };
        loop {
            if self.take("@") {
                let name = self.name()?;
                let name = if self.take(":") { format!("{name}:{}", self.name()?) } else { name };
                selector.end = End::Attribute(name);
                break;
            }
            if self.take("text()") {
                let at = if self.take("[") { self.position()? } else { 1 };
                selector.end = End::Text(at.checked_sub(1).ok_or("positions begin with 1")?);
                break;
            }
            let step = self.step()?;
            selector.steps.push(step);
            if !self.take("/") {
                break;
            }
        }
        self.depth -= 1;
        Ok(selector)
    }

    fn position(&mut self) -> Result<usize, Fault> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let number = self.rest[..end].parse().map_err(|_| self.unread())?;
        self.rest = self.rest[end..].trim_start();
        if self.take("]") { Ok(number) } else { Err(self.unread()) }
    }

    fn step(&mut self) -> Result<Step, Fault> {
        let mut step = Step { namespace: None, name: None, is_self: false, predicates: Vec::new() };
        if self.take(".") {
            step.is_self = true;
            return Ok(step);
        }
        if !self.take("*") {
            let first = self.name()?;
            if self.take(":") {
                let known = (self.namespaces)(&first);
                step.namespace = Some(known.ok_or_else(|| format!("the prefix {} is not declared", shorten(&first)))?);
                step.name = if self.take("*") { None } else { Some(self.name()?) };
            } else {
                step.namespace = Some((self.namespaces)("").unwrap_or_else(|| FHIR.to_owned()));
                step.name = Some(first);
            }
        }
        self.rest = self.rest.trim_start();
        while self.take("[") {
            if self.rest.starts_with(|c: char| c.is_ascii_digit()) {
                step.predicates.push(Predicate::Position(self.position()?));
                continue;
            }
            let path = self.selector()?;
            self.rest = self.rest.trim_start();
            let predicate = if self.take("=") { Predicate::Is(path, self.literal()?) } else { Predicate::Has(path) };
            step.predicates.push(predicate);
            if !self.take("]") {
                return Err(self.unread());
            }
        }
        Ok(step)
    }

    fn literal(&mut self) -> Result<String, Fault> {
        let quote = self.rest.chars().next().filter(|c| matches!(c, '\'' | '"')).ok_or_else(|| self.unread())?;
        let (text, rest) = self.rest[1..].split_once(quote).ok_or("a text in the selector has no closing quote")?;
        self.rest = rest.trim_start();
        Ok(text.to_owned())
    }
}
