//! Owns what an operation is asked with: the query, and a body that is a form, a Parameters resource or one resource
//! (R4 §3.2.0.5).

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};

use super::super::Call;
use super::super::body::{media, resource_if_any};
use super::super::call::FORM;
use super::super::search::form;
use crate::error::Problem;
use crate::fhir::decode;
use crate::fhir::json::{Json, Object};
use crate::fhir::outcome::IssueType;
use crate::fhir::primitive::shorten;
use crate::operations::Parameter;
use crate::search::query;

/// A body that is read when the caller is known to be let in.
pub struct Body {
    pub request: HttpRequest,
    /// None for a GET.
    pub payload: Option<web::Payload>,
}

/// The parameters of an operation.
#[derive(Debug, Default)]
pub struct Input {
    /// Plain values by name, in order.
    pub values: Vec<(String, String)>,
    /// The parameter `resource`, or the body itself.
    pub resource: Option<Object>,
}

impl Body {
    /// Reads the query and the body.
    pub async fn read(self, call: &Call) -> Result<Input, Problem> {
        let mut input = Input { values: pairs(&call.query)?, resource: None };
        let Some(mut payload) = self.payload else { return Ok(input) };
        if media(call)?.name == FORM {
            // With the parameters of the address.
            input.values = pairs(&form(call, &self.request, &mut payload).await?)?;
            return Ok(input);
        }
        // All parameters may be in the address.
        let Some(resource) = resource_if_any(call, &mut payload).await? else { return Ok(input) };
        if resource.text("resourceType") == Some("Parameters") {
            input.take(resource)?;
        } else {
            input.resource = Some(resource);
        }
        Ok(input)
    }
}

impl Input {
    /// Takes a Parameters resource apart. The resource in it is checked by who asked for it.
    fn take(&mut self, mut parameters: Object) -> Result<(), Problem> {
        let mut parts = match parameters.remove("parameter") {
            None => Vec::new(),
            Some(Json::Array(parts)) => parts,
            Some(other) => vec![other],
        };
        for (at, part) in parts.iter_mut().enumerate() {
            let Json::Object(part) = part else { continue };
            let Some(resource) = part.remove("resource") else { continue };
            let place = format!("Parameters.parameter[{at}]");
            if part.text("name") != Some("resource") {
                return Err(Problem::bad_request(IssueType::Invalid, "only the parameter \"resource\" is a resource")
                    .at(&place));
            }
            let Json::Object(resource) = resource else {
                return Err(Problem::bad_request(IssueType::Structure, "this is not a resource").at(&place));
            };
            if self.resource.replace(resource).is_some() {
                return Err(Problem::bad_request(IssueType::Duplicate, "there is more than one resource").at(&place));
            }
            // What is left of it says nothing that R4 would have to judge but its name.
            part.set("valueBoolean", Json::Bool(true));
        }
        let rest = Json::Array(parts);
        if rest != Json::Array(Vec::new()) {
            parameters.set("parameter", rest);
        }
        let issues = decode::check(&parameters);
        if !issues.is_empty() {
            return Err(Problem::of(StatusCode::BAD_REQUEST, issues));
        }
        for (at, part) in parameters.objects("parameter").enumerate() {
            let name = part.text("name").unwrap_or_default();
            if name == "resource" {
                continue;
            }
            let value = part.0.iter().find(|(key, _)| key.starts_with("value")).and_then(|(_, value)| plain(value));
            let value = value.ok_or_else(|| {
                let words = format!("{}: send the value as a string, a code, a number or a boolean", shorten(name));
                Problem::bad_request(IssueType::Value, words).at(&format!("Parameters.parameter[{at}]"))
            })?;
            self.values.push((name.to_owned(), value));
        }
        Ok(())
    }

    /// The value of a parameter that is there once or not at all; it is taken out.
    pub fn one(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let mut found = Vec::new();
        self.values.retain(|(own, value)| {
            let other = own != name;
            if !other {
                found.push(value.clone());
            }
            other
        });
        if found.len() > 1 {
            let words = format!("{name} is there {} times: send it once", found.len());
            return Err(Problem::bad_request(IssueType::Duplicate, words).at(&format!("http.{name}")));
        }
        Ok(found.pop())
    }

    /// A whole number above 0.
    pub fn number(&mut self, name: &str) -> Result<Option<u32>, Problem> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        let number = text.parse::<u32>().ok().filter(|n| *n > 0 && *n <= i32::MAX as u32);
        number.map(Some).ok_or_else(|| bad(name, &text, "a whole number, 1 or more"))
    }

    /// True or false.
    pub fn truth(&mut self, name: &str) -> Result<bool, Problem> {
        match self.one(name)?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(text) => Err(bad(name, text, "true or false")),
        }
    }

    /// Refuses what is left over, unless the caller wants it passed over (`Prefer: handling=lenient`).
    pub fn no_more(&self, call: &Call, known: &[Parameter]) -> Result<(), Problem> {
        // How the answer is to be written is no parameter of an operation.
        let mut left = self.values.iter().filter(|(name, _)| !matches!(name.as_str(), "_format" | "_pretty"));
        match left.next() {
            Some((name, _)) if !call.prefers("handling=lenient") => Err(not_one(name, known)),
            _ => Ok(()),
        }
    }
}

/// The answer to a parameter that the operation does not have.
pub fn not_one(name: &str, known: &[Parameter]) -> Problem {
    let known: Vec<&str> = known.iter().map(|parameter| parameter.name).collect();
    let words = format!("this operation has no parameter \"{}\"; it has {}", shorten(name), known.join(", "));
    Problem::bad_request(IssueType::NotSupported, words).at(&format!("http.{}", shorten(name)))
}

fn bad(name: &str, text: &str, wanted: &str) -> Problem {
    let words = format!("{name}: \"{}\" is not {wanted}", shorten(text));
    Problem::bad_request(IssueType::Value, words).at(&format!("http.{name}"))
}

fn pairs(text: &str) -> Result<Vec<(String, String)>, Problem> {
    query::pairs(text).map_err(|issue| Problem::of(StatusCode::BAD_REQUEST, vec![issue]))
}

/// A value as it would stand in a query.
fn plain(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(text) => Some(text.clone()),
        Json::Bool(truth) => Some(truth.to_string()),
        Json::Object(reference) => reference.text("reference").map(str::to_owned),
        _ => None,
    }
}
