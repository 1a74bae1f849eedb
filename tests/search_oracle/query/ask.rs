//! A query as it is asked: where, and with which parameters.

use super::result::{Page, result_param};
use std::fmt;

/// One search. The path is a type, `` (the base), `Patient/id/Type` or `Patient/id/*`; values are escaped for FHIR but
/// not for URLs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ask {
    pub path: String,
    pub params: Vec<(String, String)>,
    /// By POST to `_search`, with the parameters in the body.
    pub post: bool,
}

/// What is asked of the compartment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    Base,
    Type(&'a str),
    Compartment { patient: &'a str, ty: Option<&'a str> },
}

impl Ask {
    pub fn get(path: &str, params: &[(&str, &str)]) -> Ask {
        let params = params.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Ask { path: path.to_string(), params, post: false }
    }

    pub fn place(&self) -> Place<'_> {
        let parts: Vec<&str> = self.path.split('/').collect();
        match parts[..] {
            [""] => Place::Base,
            ["Patient", patient, "*"] => Place::Compartment { patient, ty: None },
            ["Patient", patient, ty] => Place::Compartment { patient, ty: Some(ty) },
            _ => Place::Type(&self.path),
        }
    }

    /// The parameters that choose resources.
    pub fn filters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.params.iter().map(|(n, v)| (n.as_str(), v.as_str())).filter(|(name, _)| !result_param(name))
    }

    /// The parameters that say how the answer looks.
    pub fn page(&self) -> Page<'_> {
        Page::of(self.params.iter().map(|(n, v)| (n.as_str(), v.as_str())).filter(|(name, _)| result_param(name)))
    }
}

/// As a row of the table of regressions.
impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params: Vec<String> = self.params.iter().map(|(name, value)| format!("({name:?}, {value:?})")).collect();
        let how = if self.post { "Ask { post: true, ..Ask::get" } else { "Ask::get" };
        let end = if self.post { " }" } else { "" };
        write!(f, "{how}({:?}, &[{}]){end}", self.path, params.join(", "))
    }
}
