//! Owns how slices are told apart: what each discriminator comes to for a slice when it is compiled, and whether an element is of
//! the slice when it is checked.

use super::compile::{Snapshot, texts, types, value};
use super::pattern;
use super::terms::Terms;
use super::tree::{Element, Slice, Step, Test, Wanted};
use crate::fhir::json::{Json, Object};
use crate::fhirpath::{Item, Node};

/// A slice with what tells it apart.
pub fn slice(snapshot: &Snapshot, slicing: &Object, id: &str, name: &str, element: Element) -> Result<Slice, String> {
    let mut tests = Vec::new();
    for discriminator in slicing.objects("discriminator") {
        let path = steps(discriminator.text("path").unwrap_or_default())?;
        let wanted = match discriminator.text("type").unwrap_or_default() {
            "value" | "pattern" => told_by(snapshot, id, &path)?,
            "type" => {
                let at = follow(snapshot, id, &path).0.ok_or_else(|| format!("{id}: its type is nowhere"))?;
                let kinds = snapshot.get(at).into_iter().flat_map(types).filter_map(|kind| kind.text("code"));
                Wanted::Kind(kinds.map(str::to_owned).collect())
            }
            "exists" => {
                let at = follow(snapshot, id, &path).0.and_then(|at| snapshot.get(at));
                Wanted::There(at.is_none_or(|raw| raw.text("max") != Some("0")))
            }
            other => return Err(format!("{id}: slices by {other} are not told apart here")),
        };
        tests.push(Test { path, wanted });
    }
    if tests.is_empty() {
        return Err(format!("{id}: nothing says what is of this slice"));
    }
    Ok(Slice { name: name.to_owned(), tests, element })
}

/// Reads `$this`, `a.b` and `a.extension('url').b`.
fn steps(path: &str) -> Result<Vec<Step>, String> {
    let mut found = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix("extension('") {
            let (url, after) = quoted.split_once("')").ok_or_else(|| format!("{path} is no path"))?;
            found.push(Step::Extension(url.to_owned()));
            rest = after.trim_start_matches('.');
            continue;
        }
        let (word, after) = rest.split_once('.').unwrap_or((rest, ""));
        match word {
            "$this" => {}
            word if word.bytes().all(|b| b.is_ascii_alphanumeric()) => found.push(Step::Child(word.to_owned())),
            _ => return Err(format!("the discriminator's path {path} is not one that is followed here")),
        }
        rest = after;
    }
    Ok(found)
}

/// The element that a path leads to, if the snapshot has it, and what a pattern on the way says of it.
fn follow<'a>(snapshot: &Snapshot<'a>, id: &str, path: &[Step]) -> (Option<&'a str>, Option<&'a Json>) {
    let Some(first) = snapshot.get(id) else { return (None, None) };
    let said = |raw: &'a Object| value(raw, "fixed").or(value(raw, "pattern"));
    let mut at = snapshot.id(id);
    let mut told = said(first);
    for step in path {
        let name = match step {
            Step::Child(name) => name.as_str(),
            Step::Extension(_) => "extension",
        };
        told = told.and_then(|told| within(told, name));
        at = at.and_then(|id| match step {
            Step::Child(name) => snapshot.child(id, name),
            Step::Extension(url) => {
                let slices = snapshot.slices(snapshot.child(id, "extension")?);
                let is_it = |raw: &Object| types(raw).flat_map(|kind| texts(kind, "profile")).any(|own| own == url);
                slices.into_iter().map(|(id, _)| id).find(|id| snapshot.get(id).is_some_and(is_it))
            }
        });
        told = at.and_then(|id| snapshot.get(id)).and_then(said).or(told);
    }
    (at, told)
}

/// What a pattern says of its child.
fn within<'a>(pattern: &'a Json, name: &str) -> Option<&'a Json> {
    let inner = pattern.items().find_map(Json::as_object)?.get(name)?;
    inner.items().next()
}

fn told_by(snapshot: &Snapshot, id: &str, path: &[Step]) -> Result<Wanted, String> {
    let (at, told) = follow(snapshot, id, path);
    if let Some(told) = told {
        let whole = at.and_then(|at| snapshot.get(at)).is_some_and(|raw| value(raw, "fixed").is_some());
        return Ok(if whole { Wanted::Fixed(told.clone()) } else { Wanted::Pattern(told.clone()) });
    }
    // An extension's url is its profile's.
    if path == [Step::Child("url".to_owned())]
        && let Some(url) = snapshot.get(id).into_iter().flat_map(types).flat_map(|kind| texts(kind, "profile")).next()
    {
        return Ok(Wanted::Fixed(Json::string(url)));
    }
    let bound = at.and_then(|at| snapshot.get(at)).and_then(|raw| raw.objects("binding").next());
    match bound.filter(|binding| binding.text("strength") == Some("required")).and_then(|b| b.text("valueSet")) {
        Some(set) => Ok(Wanted::Code(set.split('|').next().unwrap_or(set).to_owned())),
        None => Err(format!("{id}: nothing fixed says what is of this slice")),
    }
}

impl Slice {
    /// Whether an element is of this slice.
    pub fn holds(&self, node: &Node, terms: &Terms) -> bool {
        self.tests.iter().all(|test| {
            let found = reached(node, &test.path);
            match &test.wanted {
                Wanted::There(wanted) => found.is_empty() != *wanted,
                Wanted::Fixed(value) => found.iter().any(|node| pattern::equals(value, node)),
                Wanted::Pattern(value) => found.iter().any(|node| pattern::fits(value, node)),
                Wanted::Kind(kinds) => found.iter().any(|node| kinds.iter().any(|kind| node.kind.name == *kind)),
                Wanted::Code(set) => found.iter().any(|node| terms.holds(set, node) == Some(true)),
            }
        })
    }
}

/// The elements that a discriminator's path leads to.
fn reached<'a>(node: &Node<'a>, path: &[Step]) -> Vec<Node<'a>> {
    let mut here = vec![*node];
    for step in path {
        let name = match step {
            Step::Child(name) => name.as_str(),
            Step::Extension(_) => "extension",
        };
        let mut found = Vec::new();
        for node in &here {
            node.children(name, &mut found);
        }
        let wanted = |node: &Node| match step {
            Step::Child(_) => true,
            Step::Extension(url) => node.object.and_then(|object| object.text("url")) == Some(url),
        };
        let nodes = found.into_iter().filter_map(|item| match item {
            Item::Node(node) => Some(node),
            _ => None,
        });
        here = nodes.filter(wanted).collect();
    }
    here
}
