//! The addresses, one file for each group of them, and what every call in them has in common.

mod compartment;
mod export;
mod kind;
mod operation;
mod record;
mod service;
mod sign_in;

use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder};
use utoipa::openapi::{Paths, RefOr, Response};

use super::errors;
use super::parameters::shared as parameter;
use super::responses::shared as answer;
use crate::resources;

/// Every address with its methods.
pub fn all() -> Paths {
    let mut paths = Paths::new();
    service::discovery(&mut paths);
    for spec in resources::served() {
        kind::of_type(&mut paths, spec);
    }
    compartment::all(&mut paths);
    record::all(&mut paths);
    operation::all(&mut paths);
    export::all(&mut paths);
    sign_in::all(&mut paths);
    service::health(&mut paths);
    paths
}

/// A call: its name for programs, its chapter, what it is in a line and, where there is more to say, in several.
fn call(id: &str, tag: &str, summary: &str, words: &str) -> OperationBuilder {
    let words = Some(words).filter(|words| !words.is_empty());
    OperationBuilder::new().operation_id(Some(id)).tag(tag).summary(Some(summary)).description(words)
}

/// What is said of many calls in one word after another.
trait With: Sized {
    /// With parameters of the components.
    fn takes<S: AsRef<str>>(self, names: impl IntoIterator<Item = S>) -> Self;
    /// With an answer.
    fn answers(self, status: u16, response: impl Into<RefOr<Response>>) -> Self;
    /// With refusals.
    fn fails(self, statuses: &[u16]) -> Self;
    /// Open to anyone.
    fn open(self) -> Self;
}

impl With for OperationBuilder {
    fn takes<S: AsRef<str>>(self, names: impl IntoIterator<Item = S>) -> Self {
        names.into_iter().fold(self, |call, name| call.parameter_ref(parameter(name.as_ref())))
    }

    fn answers(self, status: u16, response: impl Into<RefOr<Response>>) -> Self {
        self.response(status.to_string(), response)
    }

    fn fails(self, statuses: &[u16]) -> Self {
        statuses.iter().fold(self, |call, status| call.response(status.to_string(), answer(&errors::name(*status))))
    }

    fn open(self) -> Self {
        self.securities(Some([]))
    }
}

/// Every call about the record can end so.
const ALWAYS: [u16; 10] = [400, 401, 403, 406, 414, 429, 431, 500, 503, 504];

/// A call with a body can end so, too.
const WITH_BODY: [u16; 3] = [408, 413, 415];

fn add(paths: &mut Paths, method: HttpMethod, path: &str, call: impl Into<Operation>) {
    paths.add_path_operation(path, vec![method], call);
}
