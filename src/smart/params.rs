//! Owns the parameters of a request: each at most once, and an empty one as if it were not there (RFC 6749 §3.1).

use super::fault::Fault;
use crate::search::query;

/// The parameters of a query or form.
#[derive(Debug, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Takes `a=b&c=d` apart.
    pub fn read(text: &str) -> Result<Params, Fault> {
        let pairs = query::pairs(text).map_err(|issue| Fault::invalid_request(issue.diagnostics))?;
        Ok(Params(pairs))
    }

    /// From members of a JSON object; what is no text counts as its JSON.
    pub fn of_json(members: serde_json::Map<String, serde_json::Value>) -> Params {
        let text = |value: serde_json::Value| match value {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        Params(members.into_iter().map(|(name, value)| (name, text(value))).collect())
    }

    /// The value of a parameter that is there and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Whether it was sent at all.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Every value of it, where a form may repeat it.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first name that comes twice.
    pub fn repeated(&self) -> Option<&str> {
        let twice = |at: usize, name: &str| self.0[..at].iter().any(|(known, _)| known == name);
        self.0.iter().enumerate().find(|(at, (name, _))| twice(*at, name)).map(|(_, (name, _))| name.as_str())
    }

    /// With no parameter twice.
    pub fn once_each(self) -> Result<Params, Fault> {
        match self.repeated() {
            None => Ok(self),
            Some(name) => {
                let name: String = name.chars().take(40).collect();
                Err(Fault::invalid_request(format!("the parameter {name} is there twice: send each once")))
            }
        }
    }
}
