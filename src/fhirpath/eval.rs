//! Owns evaluation: a tree at an element comes to a collection. It never recurses deeper than the tree and the resource are, and
//! looks at no more elements than its fuel lets it.

use std::borrow::Cow;
use std::cell::Cell;

use super::node::{Item, Node};
use super::operators::{apply, logic, one, told, truth};
use super::tree::{Expr, Operator};
use super::{Around, Stopped};
use crate::fhir::json::Object;

pub type Items<'a> = Vec<Item<'a>>;

/// One evaluation, or a part of it that is about one item.
pub struct Evaluation<'a, 'f> {
    pub around: Around<'a>,
    context: Node<'a>,
    /// `$this`
    pub this: Item<'a>,
    index: Option<usize>,
    fuel: Fuel<'f>,
}

enum Fuel<'f> {
    Own(Cell<usize>),
    Shared(&'f Cell<usize>),
}

impl<'a> Evaluation<'a, '_> {
    /// An evaluation at an element.
    pub fn new(around: Around<'a>, at: Node<'a>, fuel: usize) -> Evaluation<'a, 'static> {
        Evaluation { around, context: at, this: Item::Node(at), index: None, fuel: Fuel::Own(Cell::new(fuel)) }
    }

    /// The same about one of several items.
    pub fn about(&self, this: Item<'a>, index: usize) -> Evaluation<'a, '_> {
        Evaluation {
            around: self.around,
            context: self.context,
            this,
            index: Some(index),
            fuel: Fuel::Shared(self.left()),
        }
    }

    fn left(&self) -> &Cell<usize> {
        match &self.fuel {
            Fuel::Own(left) => left,
            Fuel::Shared(left) => left,
        }
    }

    /// Takes note of elements looked at.
    pub fn burn(&self, elements: usize) -> Result<(), Stopped> {
        let left = self.left();
        left.set(left.get().checked_sub(elements).ok_or(Stopped::TooMuch)?);
        Ok(())
    }

    /// What the tree comes to.
    pub fn run(&self, tree: &'a Expr) -> Result<Items<'a>, Stopped> {
        self.burn(1)?;
        Ok(match tree {
            Expr::Nothing => Vec::new(),
            Expr::Text(text) => vec![Item::Text(Cow::Borrowed(text))],
            Expr::Truth(truth) => vec![Item::Truth(*truth)],
            Expr::Integer(number) => vec![Item::Integer(*number)],
            Expr::Decimal(number) => vec![Item::Decimal(number.clone())],
            Expr::Moment(text) => vec![Item::Moment(Cow::Borrowed(text))],
            Expr::This => vec![self.this.clone()],
            Expr::Index => self.index.and_then(|at| i64::try_from(at).ok()).map(Item::Integer).into_iter().collect(),
            Expr::Context => vec![Item::Node(self.context)],
            Expr::Resource => self.resource(self.around.resource),
            Expr::Root => self.resource(self.around.root),
            Expr::Member { of, name, first } => self.member(of, name, *first)?,
            Expr::At { of, at } => {
                let items = self.run(of)?;
                let at = match one(&self.run(at)?)?.and_then(Item::scalar) {
                    Some(Item::Integer(at)) => usize::try_from(at).ok(),
                    _ => None,
                };
                at.and_then(|at| items.into_iter().nth(at)).into_iter().collect()
            }
            Expr::Matches { of, pattern } => match one(&self.run(of)?)? {
                Some(item) => told(
                    item.text().map(|text| self.burn(text.len() / 16).map(|()| pattern.is_match(&text))).transpose()?,
                ),
                None => Vec::new(),
            },
            Expr::Is { of, kind } => told(one(&self.run(of)?)?.map(|item| item.is(kind))),
            Expr::OfType { of, kind } => self.run(of)?.into_iter().filter(|item| item.is(kind)).collect(),
            Expr::Negative(inner) => match one(&self.run(inner)?)?.and_then(Item::scalar) {
                Some(Item::Integer(number)) => number.checked_neg().map(Item::Integer).into_iter().collect(),
                Some(Item::Decimal(number)) => vec![Item::Decimal(-number)],
                _ => Vec::new(),
            },
            Expr::Binary { operator, left, right } => self.binary(*operator, left, right)?,
            Expr::Call { of, function, arguments } => {
                let of = self.run(of)?;
                self.call(of, *function, arguments)?
            }
        })
    }

    fn resource(&self, resource: &'a Object) -> Items<'a> {
        Node::whole(resource).map(Item::Node).into_iter().collect()
    }

    fn member(&self, of: &'a Expr, name: &str, first: bool) -> Result<Items<'a>, Stopped> {
        let from = self.run(of)?;
        // An expression may begin with the type it is about.
        if first && name.starts_with(|c: char| c.is_ascii_uppercase()) {
            return Ok(from.into_iter().filter(|item| item.is(name)).collect());
        }
        let mut found = Vec::new();
        for item in &from {
            if let Item::Node(node) = item {
                node.children(name, &mut found);
            }
        }
        self.burn(from.len() + found.len())?;
        Ok(found)
    }

    fn binary(&self, operator: Operator, left: &'a Expr, right: &'a Expr) -> Result<Items<'a>, Stopped> {
        let left = self.run(left)?;
        if matches!(operator, Operator::And | Operator::Or | Operator::Xor | Operator::Implies) {
            let left = truth(&left)?;
            // What the left side settles needs no right side.
            let settled = matches!(
                (operator, left),
                (Operator::And | Operator::Implies, Some(false)) | (Operator::Or, Some(true))
            );
            let right = if settled { None } else { truth(&self.run(right)?)? };
            return Ok(told(logic(operator, left, right)));
        }
        let right = self.run(right)?;
        // Sets are compared item by item.
        self.burn(match operator {
            Operator::Union => (left.len() + right.len()).saturating_mul(left.len() + right.len()) / 8,
            _ => left.len() + right.len(),
        })?;
        apply(operator, left, right)
    }
}
