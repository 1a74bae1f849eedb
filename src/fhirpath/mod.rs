//! Owns FHIRPath (HL7 N1) over the strict JSON value: an expression is read once, into a typed tree, and evaluated as often as
//! wanted, without a copy of the resource. No I/O, no state.
//!
//! What the constraints of R4, UK Core and this record use is there; anything else is an error when the expression is read, never
//! when it is evaluated. Patches have a smaller language of their own (`patch::path`): what they name has to be a place.

mod compare;
mod eval;
mod functions;
mod lexer;
mod node;
mod operators;
mod parser;
mod strings;
mod tree;

pub use compare::same;
pub use node::{Item, Node};

use crate::fhir::json::Object;
use eval::Evaluation;
use tree::Expr;

/// An expression, read.
#[derive(Debug)]
pub struct Expression {
    tree: Expr,
}

/// Why an expression cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the FHIRPath \"{expression}\" cannot be used: {words}")]
pub struct Unreadable {
    pub expression: String,
    pub words: String,
}

/// Why an evaluation came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    #[error("it looks at more elements than one evaluation may")]
    TooMuch,
    #[error("it needs one item where the resource has several")]
    Several,
}

/// Whether a code is in a value set, by the set's canonical, the code's system and the code; none: nobody here knows.
pub type Membership<'a> = &'a dyn Fn(&str, Option<&str>, &str) -> Option<bool>;

/// What surrounds an evaluation.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The resource that holds the element (`%resource`).
    pub resource: &'a Object,
    /// The resource that holds that one, where it is contained (`%rootResource`).
    pub root: &'a Object,
    /// What `memberOf` goes by.
    pub members: Membership<'a>,
}

/// How many elements an evaluation may look at: far beyond what a constraint does with a resource that somebody means.
const FUEL: usize = 1_000_000;

impl Expression {
    /// Reads an expression.
    pub fn read(text: &str) -> Result<Expression, Unreadable> {
        let unreadable = |words: String| Unreadable { expression: text.to_owned(), words };
        parser::parse(text).map(|tree| Expression { tree }).map_err(unreadable)
    }

    /// What it comes to at this element.
    pub fn evaluate<'a>(&'a self, at: Node<'a>, around: Around<'a>) -> Result<Vec<Item<'a>>, Stopped> {
        Evaluation::new(around, at, FUEL).run(&self.tree)
    }

    /// Whether it comes to true; none: to nothing at all.
    pub fn holds<'a>(&'a self, at: Node<'a>, around: Around<'a>) -> Result<Option<bool>, Stopped> {
        operators::truth(&self.evaluate(at, around)?)
    }
}
