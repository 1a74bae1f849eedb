//! Owns a change as a request, or an entry of a Bundle, asks for it: leave for it, and the write that it comes to.

use super::call::Call;
use super::patch;
use super::write::{checked, new_id, same_id};
use crate::access::{Denied, Grant, Interaction};
use crate::error::Problem;
use crate::fhir::json::Object;
use crate::fhir::outcome::IssueType;
use crate::fhir::primitive::{is_id, shorten};
use crate::patch::Patch;
use crate::resources::spec::ResourceSpec;
use crate::search::Search;
use crate::store::{Change, Write};

/// A change that is asked for.
pub struct Task {
    pub verb: Verb,
    pub named: Named,
    /// The version the caller saw.
    pub if_match: Option<i32>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Create,
    Update,
    Patch,
    Delete,
}

/// Which resource is meant.
pub enum Named {
    New,
    Id(String),
    /// The one that matches these criteria; for a create, none that does may be there.
    Where(String),
}

/// What comes with it.
pub enum Content {
    Nothing,
    Resource(Object),
    Patch(Patch),
}

impl Task {
    /// The letter of the audit trail, and what it is done to.
    pub fn audited(&self, kind: &str) -> (&'static str, String) {
        let action = match self.verb {
            Verb::Create => "C",
            Verb::Update | Verb::Patch => "U",
            Verb::Delete => "D",
        };
        let query = match &self.named {
            Named::New => kind.to_owned(),
            Named::Id(id) => format!("{kind}/{id}"),
            Named::Where(criteria) => format!("{kind}?{criteria}"),
        };
        (action, query)
    }

    /// Leave for it, taken before the body is looked at: the letter of what is done, `r` for a patch, which tells by
    /// failing what is there, and `s` for criteria, which find what is there.
    pub fn permit(self, call: &Call, spec: &'static ResourceSpec) -> Result<Permit, Problem> {
        let interaction = match self.verb {
            Verb::Create => Interaction::Create,
            Verb::Update | Verb::Patch => Interaction::Update,
            Verb::Delete => Interaction::Delete,
        };
        let grant = call.grant(spec, interaction)?;
        let read = match self.verb {
            Verb::Patch => Some(call.grant(spec, Interaction::Read)?),
            _ => None,
        };
        let condition = match &self.named {
            Named::Where(criteria) => {
                let search = call.criteria(spec, criteria)?;
                Some((search, call.caller.grant(spec, Interaction::Create)))
            }
            // What cannot be an id names nothing; an update says so of the id in its resource.
            Named::Id(id) if !is_id(id) && self.verb != Verb::Update => return Err(Problem::not_found()),
            _ => None,
        };
        Ok(Permit { spec, grant, read, condition, task: self })
    }
}

/// Leave for a task.
pub struct Permit {
    spec: &'static ResourceSpec,
    grant: Grant,
    read: Option<Grant>,
    condition: Option<(Search, Result<Grant, Denied>)>,
    task: Task,
}

impl Permit {
    /// The change, if what comes with it is fit for it.
    pub fn write(self, call: &Call, content: Content) -> Result<Write, Problem> {
        let Permit { spec, grant, read, condition, task } = self;
        let if_match = task.if_match;
        let mut named = None;
        let mut id = match task.named {
            Named::Id(id) => id,
            Named::New | Named::Where(_) => new_id(),
        };
        let strictness = call.state.config.profile.of(grant.source());
        let mut told = Vec::new();
        let change = match (task.verb, content, read) {
            (Verb::Create, Content::Resource(resource), _) => {
                let (resource, notes) = checked(spec, resource, strictness)?;
                told = notes;
                Change::Create(resource)
            }
            (Verb::Update, Content::Resource(resource), _) => {
                let (resource, notes) = checked(spec, resource, strictness)?;
                told = notes;
                match &condition {
                    None => same_id(&resource, &id)?,
                    Some(_) => {
                        named = own_id(&resource)?;
                        // Where nothing matches, who may choose ids has chosen one.
                        id = named.clone().filter(|_| grant.chooses_ids()).unwrap_or(id);
                    }
                }
                Change::Update { resource, if_match, skip_same: false }
            }
            (Verb::Patch, Content::Patch(patch), Some(read)) => Change::Patch {
                edit: patch::edit(patch, spec, call.state.config.limits.body, strictness),
                if_match,
                read: Box::new(read),
            },
            (Verb::Delete, _, _) => Change::Delete { if_match },
            _ => return Err(Problem::bad_request(IssueType::Required, "this change needs a body of its own kind")),
        };
        let write = Write::new(grant, &id, change);
        let write = match condition {
            Some((search, create)) => write.and_then(|write| write.of_match(search, create, named)),
            None => write,
        };
        write.map(|write| write.noting(told)).ok_or_else(Problem::not_found)
    }
}

/// The id in a resource, if there is one.
fn own_id(resource: &Object) -> Result<Option<String>, Problem> {
    match resource.text("id") {
        Some(id) if !is_id(id) => {
            let words = format!("\"{}\" is not an id: 1 to 64 letters, digits, '-' or '.'", shorten(id));
            Err(Problem::bad_request(IssueType::Value, words).at("id"))
        }
        own => Ok(own.map(str::to_owned)),
    }
}
