//! Owns the functions on collections. Those on texts are in `strings`.

use super::Stopped;
use super::eval::{Evaluation, Items};
use super::node::{Item, Node};
use super::operators::{distinct, holds, one, told, truth};
use super::strings;
use super::tree::{Expr, Function};
use crate::fhir::elements::{is_resource_type, type_def};
use crate::fhir::json::Object;
use crate::fhir::narrative;

impl<'a> Evaluation<'a, '_> {
    /// What the function makes of a collection.
    pub fn call(&self, of: Items<'a>, function: Function, arguments: &'a [Expr]) -> Result<Items<'a>, Stopped> {
        self.burn(of.len())?;
        let first = arguments.first();
        Ok(match function {
            Function::Empty => told(Some(of.is_empty())),
            Function::Exists => told(Some(match first {
                None => !of.is_empty(),
                Some(criteria) => !self.kept(of, criteria)?.is_empty(),
            })),
            Function::All => told(Some(match first {
                Some(criteria) => {
                    let all = of.len();
                    self.kept(of, criteria)?.len() == all
                }
                None => true,
            })),
            Function::Where => match first {
                Some(criteria) => self.kept(of, criteria)?,
                None => of,
            },
            Function::Select => {
                let mut found = Vec::new();
                for (at, item) in of.into_iter().enumerate() {
                    if let Some(projection) = first {
                        found.extend(self.about(item, at).run(projection)?);
                    }
                }
                found
            }
            Function::Iif => {
                // The criteria are about what iif is called on.
                let within = |expr: &'a Expr| match one(&of)? {
                    Some(item) => self.about(item.clone(), 0).run(expr),
                    None => self.run(expr),
                };
                let chosen = match first.map(within).transpose()? {
                    Some(criteria) if truth(&criteria)? == Some(true) => arguments.get(1),
                    _ => arguments.get(2),
                };
                chosen.map(within).transpose()?.unwrap_or_default()
            }
            Function::AllTrue => told(Some(of.iter().all(|item| matches!(item.scalar(), Some(Item::Truth(true)))))),
            Function::AnyTrue => told(Some(of.iter().any(|item| matches!(item.scalar(), Some(Item::Truth(true)))))),
            Function::Not => told(truth(&of)?.map(|truth| !truth)),
            Function::Count => i64::try_from(of.len()).ok().map(Item::Integer).into_iter().collect(),
            Function::HasValue => told(Some(matches!(&of[..], [one] if one.scalar().is_some()))),
            Function::Distinct => distinct(self.pairs(of)?),
            Function::IsDistinct => {
                let all = of.len();
                told(Some(distinct(self.pairs(of)?).len() == all))
            }
            Function::First => of.into_iter().take(1).collect(),
            Function::Last => of.into_iter().next_back().into_iter().collect(),
            Function::Single => one(&of)?.cloned().into_iter().collect(),
            Function::Tail => of.into_iter().skip(1).collect(),
            Function::Skip => match self.number(first)? {
                Some(many) => of.into_iter().skip(many).collect(),
                None => of,
            },
            Function::Take => of.into_iter().take(self.number(first)?.unwrap_or(0)).collect(),
            Function::Children => self.children(&of)?,
            Function::Descendants => {
                let (mut found, mut level) = (Vec::new(), of);
                while !level.is_empty() {
                    level = self.children(&level)?;
                    found.extend(level.iter().cloned());
                }
                found
            }
            Function::Extension => {
                let url = self.text(first)?;
                let mut found = Vec::new();
                for item in &of {
                    if let Item::Node(node) = item {
                        node.children("extension", &mut found);
                    }
                }
                let is_it = |item: &Item<'a>| match item {
                    Item::Node(node) => node.object.and_then(|object| object.text("url")) == url.as_deref(),
                    _ => false,
                };
                found.into_iter().filter(is_it).collect()
            }
            Function::Union | Function::Combine | Function::Intersect | Function::Exclude | Function::SubsetOf => {
                let other = first.map(|expr| self.run(expr)).transpose()?.unwrap_or_default();
                self.burn(of.len().saturating_mul(other.len()) / 8)?;
                match function {
                    Function::Union => distinct(self.pairs(of.into_iter().chain(other).collect())?),
                    Function::Combine => of.into_iter().chain(other).collect(),
                    Function::Intersect => distinct(of.into_iter().filter(|item| holds(&other, item)).collect()),
                    Function::Exclude => of.into_iter().filter(|item| !holds(&other, item)).collect(),
                    _ => told(Some(of.iter().all(|item| holds(&other, item)))),
                }
            }
            Function::Resolve => of.iter().filter_map(|item| self.resolve(item)).collect(),
            Function::MemberOf => {
                let set = self.text(first)?.unwrap_or_default();
                match one(&of)? {
                    Some(item) => told(Some(self.member_of(item, &set))),
                    None => Vec::new(),
                }
            }
            Function::HtmlChecks => {
                told(Some(of.iter().all(|item| item.text().is_none_or(|text| narrative::fault(&text).is_none()))))
            }
            // Passed over when the expression was read.
            Function::Trace => of,
            _ => {
                let texts = arguments.iter().map(|expr| Ok(one(&self.run(expr)?)?.and_then(Item::scalar)));
                strings::call(one(&of)?, function, &texts.collect::<Result<Vec<_>, Stopped>>()?)
            }
        })
    }

    /// The items of which the criteria are true.
    fn kept(&self, of: Items<'a>, criteria: &'a Expr) -> Result<Items<'a>, Stopped> {
        let mut kept = Vec::new();
        for (at, item) in of.into_iter().enumerate() {
            if truth(&self.about(item.clone(), at).run(criteria)?)? == Some(true) {
                kept.push(item);
            }
        }
        Ok(kept)
    }

    /// The items, once it is known that comparing each with each is not too much.
    fn pairs(&self, items: Items<'a>) -> Result<Items<'a>, Stopped> {
        self.burn(items.len().saturating_mul(items.len()) / 8)?;
        Ok(items)
    }

    fn children(&self, of: &[Item<'a>]) -> Result<Items<'a>, Stopped> {
        let mut found = Vec::new();
        for item in of {
            if let Item::Node(node) = item {
                node.all_children(&mut found);
            }
        }
        self.burn(found.len())?;
        Ok(found)
    }

    fn number(&self, argument: Option<&'a Expr>) -> Result<Option<usize>, Stopped> {
        let items = argument.map(|expr| self.run(expr)).transpose()?.unwrap_or_default();
        Ok(match one(&items)?.and_then(Item::scalar) {
            Some(Item::Integer(number)) => Some(usize::try_from(number).unwrap_or(0)),
            _ => None,
        })
    }

    fn text(&self, argument: Option<&'a Expr>) -> Result<Option<String>, Stopped> {
        let items = argument.map(|expr| self.run(expr)).transpose()?.unwrap_or_default();
        Ok(one(&items)?.and_then(Item::text).map(|text| text.into_owned()))
    }

    /// What a reference leads to: a contained resource; of one elsewhere only the type is known, and nothing is fetched.
    fn resolve(&self, item: &Item<'a>) -> Option<Item<'a>> {
        let reference = match item {
            Item::Node(node) if node.is("Reference") => node.object?.text("reference")?.to_owned(),
            other => other.text()?.into_owned(),
        };
        if let Some(id) = reference.strip_prefix('#') {
            let mut contained = self.around.root.objects("contained");
            return match id {
                "" => Node::whole(self.around.root).map(Item::Node),
                _ => contained.find(|inner| inner.text("id") == Some(id)).and_then(Node::whole).map(Item::Node),
            };
        }
        let kind = reference.rsplit('/').find(|part| is_resource_type(part))?;
        type_def(kind).map(Item::Elsewhere)
    }

    /// Whether a code is in a value set. Of a set that nobody here knows it is taken to be.
    fn member_of(&self, item: &Item<'a>, set: &str) -> bool {
        let within = |system: Option<&str>, code: &str| (self.around.members)(set, system, code);
        let coding = |coding: &Object| match coding.text("code") {
            Some(code) => within(coding.text("system"), code),
            None => Some(false),
        };
        let found = match item {
            Item::Node(Node { value: None, object: Some(object), kind }) => match kind.name {
                "CodeableConcept" => {
                    let told: Vec<Option<bool>> = object.objects("coding").map(coding).collect();
                    if told.contains(&Some(true)) {
                        Some(true)
                    } else {
                        told.iter().any(Option::is_none).then_some(true).or(Some(false))
                    }
                }
                _ => coding(object),
            },
            other => other.text().and_then(|code| within(None, &code)),
        };
        found.unwrap_or(true)
    }
}
