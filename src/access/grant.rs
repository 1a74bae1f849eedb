//! Owns the decision: what this caller may do with this type, taken once, before any SQL.
//!
//! A Grant is the only key to a Search or a Target, and those are the only keys to SQL.

use super::caller::Caller;
use super::policy::{self, Confidentiality};
use super::scope::Context;
use crate::resources::spec::ResourceSpec;

/// What is done with a type, in the letters of SMART.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interaction {
    Create,
    Read,
    Update,
    Delete,
    Search,
}

/// The set of patients, and rows, a grant covers. Rendered by `store` as the first predicate of every statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// The launch patient's own compartment; for staff, who are not that patient, only in a care relationship.
    Patient { id: String, staff: Option<Holders> },
    /// Patients in a care relationship that holds now.
    Relationships(Holders),
    /// A client's own rows, and patients in a care relationship with its organisation.
    Source { source: String, organisation: Option<String> },
}

/// Who holds the relationships that count: the user, their teams, their organisation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holders {
    pub user: Option<String>,
    pub teams: Vec<String>,
    pub organisation: Option<String>,
}

/// Leave to do one kind of thing with one type.
#[derive(Debug, Clone)]
pub struct Grant {
    spec: &'static ResourceSpec,
    interaction: Interaction,
    reach: Reach,
    up_to: Confidentiality,
    source: Option<String>,
    chooses_ids: bool,
    caller: Caller,
}

/// Why there is no grant. Says nothing that depends on data.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum Denied {
    #[error("the token's scopes do not allow {verb} of {kind}: ask for a scope such as {scope}")]
    Scope { verb: &'static str, kind: &'static str, scope: String },
    #[error("the role {role} may not {verb} {kind} in this record")]
    Role { role: String, verb: &'static str, kind: &'static str },
    #[error("a patient/ scope needs a patient in the token's launch context, and there is none: launch with a patient")]
    NoPatient,
    #[error(
        "a system/ scope needs a client that is bound to a source, and this one is not: register the client with its source"
    )]
    NoSource,
    #[error("the caller has no source to write under: its organisation does not share data in")]
    CannotWrite,
}

impl Caller {
    /// Decides. The widest context the scopes allow for this interaction counts; contexts are never united.
    pub fn grant(&self, spec: &'static ResourceSpec, interaction: Interaction) -> Result<Grant, Denied> {
        let claims = self.claims();
        let verb = verb(interaction);
        let allowed = |context| self.scopes().iter().any(|s| s.context == context && s.allows(spec.name, interaction));
        let context = [Context::System, Context::User, Context::Patient].into_iter().find(|context| allowed(*context));
        let Some(context) = context else {
            let scope = format!("user/{}.{}", spec.name, letter(interaction));
            return Err(Denied::Scope { verb, kind: spec.name, scope });
        };
        let policy = policy::of_role(&claims.role)
            .filter(|policy| policy.allows(spec.name, interaction))
            .ok_or_else(|| Denied::Role { role: claims.role.clone(), verb, kind: spec.name })?;
        let holders = Holders {
            user: claims.user.clone(),
            teams: claims.teams.clone(),
            organisation: claims.organisation.clone(),
        };
        let reach = match context {
            Context::Patient => Reach::Patient {
                id: claims.patient.clone().ok_or(Denied::NoPatient)?,
                staff: (claims.role != policy::PATIENT).then_some(holders),
            },
            Context::User => Reach::Relationships(holders),
            Context::System => Reach::Source {
                source: claims.source.clone().ok_or(Denied::NoSource)?,
                organisation: claims.organisation.clone(),
            },
        };
        let writes = !matches!(interaction, Interaction::Read | Interaction::Search);
        if writes && claims.source.is_none() {
            return Err(Denied::CannotWrite);
        }
        Ok(Grant {
            spec,
            interaction,
            reach,
            up_to: policy.up_to,
            source: claims.source.clone(),
            chooses_ids: policy.chooses_ids,
            caller: self.clone(),
        })
    }
}

impl Grant {
    /// The type it is for.
    pub fn spec(&self) -> &'static ResourceSpec {
        self.spec
    }

    /// What it is for.
    pub fn interaction(&self) -> Interaction {
        self.interaction
    }

    /// Which rows it covers.
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// The highest label it shows.
    pub fn up_to(&self) -> Confidentiality {
        self.up_to
    }

    /// The source it writes under.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// Whether an update may create a resource that is not there.
    pub fn chooses_ids(&self) -> bool {
        self.chooses_ids
    }

    /// Who asked.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }
}

fn verb(interaction: Interaction) -> &'static str {
    match interaction {
        Interaction::Create => "create",
        Interaction::Read => "read",
        Interaction::Update => "update",
        Interaction::Delete => "delete",
        Interaction::Search => "search",
    }
}

fn letter(interaction: Interaction) -> char {
    match interaction {
        Interaction::Create => 'c',
        Interaction::Read => 'r',
        Interaction::Update => 'u',
        Interaction::Delete => 'd',
        Interaction::Search => 's',
    }
}

#[cfg(test)]
mod tests {
    use super::super::caller::Claims;
    use super::*;

    fn caller(scope: &str, role: &str) -> Caller {
        let claims = Claims {
            client: "c".into(),
            scope: scope.into(),
            role: role.into(),
            user: Some("u".into()),
            organisation: None,
            teams: Vec::new(),
            patient: None,
            source: Some("s".into()),
        };
        Caller::verified(claims)
    }

    #[test]
    fn scope_and_role_both_have_to_allow() {
        let patient = crate::resources::find("Patient").expect("Patient");
        let observation = crate::resources::find("Observation").expect("Observation");
        let granted =
            |scope, role, spec, interaction| caller(scope, role).grant(spec, interaction).map(|g| g.reach().clone());
        assert!(matches!(granted("user/*.rs", "doctor", patient, Interaction::Read), Ok(Reach::Relationships(_))));
        assert!(matches!(granted("user/*.rs", "doctor", patient, Interaction::Create), Err(Denied::Scope { .. })));
        assert!(matches!(
            granted("user/*.rs", "social-worker", observation, Interaction::Read),
            Err(Denied::Role { .. })
        ));
        assert!(matches!(granted("user/*.rs", "wizard", patient, Interaction::Read), Err(Denied::Role { .. })));
        assert!(matches!(granted("patient/*.rs", "doctor", patient, Interaction::Read), Err(Denied::NoPatient)));
        assert!(matches!(granted("system/*.cruds", "system", patient, Interaction::Delete), Ok(Reach::Source { .. })));
    }
}
