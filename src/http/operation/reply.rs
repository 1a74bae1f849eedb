//! Owns how an operation that answers with values does so: a Parameters resource.

use super::super::Answer;
use crate::fhir::json::Json;

/// A Parameters resource in the making. A value that is None is left out.
#[derive(Default)]
pub struct Reply(Vec<Json>);

impl Reply {
    /// With a value, under its type: `valueString` and so on.
    pub fn with(mut self, name: &str, kind: &str, value: Option<Json>) -> Reply {
        self.0.extend(value.map(|value| Json::object([("name", Json::string(name)), (kind, value)])));
        self
    }

    /// With a text.
    pub fn text(self, name: &str, kind: &str, value: Option<impl Into<String>>) -> Reply {
        self.with(name, kind, value.map(Json::string))
    }

    /// With a reference.
    pub fn reference(self, name: &str, reference: Option<String>) -> Reply {
        let value = reference.map(|reference| Json::object([("reference", Json::String(reference))]));
        self.with(name, "valueReference", value)
    }

    /// With values under one name.
    pub fn part(mut self, name: &str, inner: Reply) -> Reply {
        self.0.push(Json::object([("name", Json::string(name)), ("part", Json::Array(inner.0))]));
        self
    }

    /// The answer.
    pub fn answer(self) -> Answer {
        let mut members = vec![("resourceType".to_owned(), Json::string("Parameters"))];
        if !self.0.is_empty() {
            members.push(("parameter".to_owned(), Json::Array(self.0)));
        }
        Answer::ok(Json::Object(crate::fhir::json::Object(members)).to_string())
    }
}
