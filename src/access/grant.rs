//! Owns the decision: what this caller may do with this type, taken once, before any SQL.
//!
//! A Grant is the only key to a Search or a Target, and those are the only keys to SQL.

use super::caller::Caller;
use super::policy::{self, Confidentiality, Permission, RolePolicy};
use super::scope::{self, Context, Narrow};
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
    /// The whole audit trail, and nothing of the record.
    Trail,
}

/// Who holds the relationships that count: the user, their teams, their organisation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holders {
    pub user: Option<String>,
    pub teams: Vec<String>,
    pub organisation: Option<String>,
}

impl Holders {
    /// As relationships name them: `practitioner/…`, `team/…`, `organisation/…`.
    pub fn keys(&self) -> Vec<String> {
        let user = self.user.iter().map(|id| format!("practitioner/{id}"));
        let teams = self.teams.iter().map(|id| format!("team/{id}"));
        let organisation = self.organisation.iter().map(|ods| format!("organisation/{ods}"));
        user.chain(teams).chain(organisation).collect()
    }
}

/// Leave to do one kind of thing with one type.
#[derive(Debug, Clone)]
pub struct Grant {
    spec: &'static ResourceSpec,
    interaction: Interaction,
    reach: Reach,
    narrow: Vec<Vec<Narrow>>,
    up_to: Confidentiality,
    opens_seals: bool,
    goes_over_opt_outs: bool,
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
    #[error("{kind} is written by this service alone: it can be read and searched")]
    ReadOnly { kind: &'static str },
    #[error("the token's scopes do not allow this: ask for the scope {scope}")]
    NoPermissionScope { scope: &'static str },
    #[error("the role {role} may not do this in this record")]
    NoPermission { role: String },
}

impl Caller {
    /// Decides. The widest context the scopes allow for this interaction counts; contexts are never united, scopes of one
    /// context are.
    pub fn grant(&self, spec: &'static ResourceSpec, interaction: Interaction) -> Result<Grant, Denied> {
        let claims = self.claims();
        let verb = verb(interaction);
        let writes = !matches!(interaction, Interaction::Read | Interaction::Search);
        if writes && spec.is_trail() {
            return Err(Denied::ReadOnly { kind: spec.name });
        }
        let allowing =
            |context| self.scopes().iter().filter(move |s| s.context == context && s.allows(spec.name, interaction));
        let contexts = [Context::System, Context::User, Context::Patient];
        let context = contexts.into_iter().find(|context| allowing(*context).next().is_some());
        let of_role = |interaction| self.policy().filter(|policy| policy.allows(spec.name, interaction));
        let role_denies = || Denied::Role { role: claims.role.clone(), verb, kind: spec.name };
        let mut narrow: Vec<Vec<Narrow>> =
            context.into_iter().flat_map(allowing).map(|scope| scope.narrow().to_vec()).collect();
        let own = self.own_resource(spec).filter(|_| interaction == Interaction::Read);
        let (context, policy, up_to) = match (context, own) {
            // The scope fhirUser opens the one resource that says who the user is, to whatever role.
            (_, Some(own)) if context.is_none() || of_role(interaction).is_none() => {
                let policy = self.policy().ok_or_else(role_denies)?;
                narrow = vec![vec![own]];
                let context = if claims.role == policy::PATIENT { Context::Patient } else { Context::User };
                (context, policy, policy.up_to.max(Confidentiality::Normal))
            }
            (None, _) => {
                let whose = if claims.role == policy::SYSTEM { "system" } else { "user" };
                let scope = format!("{whose}/{}.{}", spec.name, scope::letter(interaction));
                return Err(Denied::Scope { verb, kind: spec.name, scope });
            }
            (Some(context), own) => {
                narrow.extend(own.map(|own| vec![own]));
                let policy = of_role(interaction).ok_or_else(role_denies)?;
                (context, policy, policy.up_to)
            }
        };
        // A scope that asks nothing of a row lets every row through, whatever others ask.
        if narrow.iter().any(Vec::is_empty) {
            narrow.clear();
        }
        let reach = match context {
            Context::User if spec.is_trail() && policy.oversees => Reach::Trail,
            Context::Patient => Reach::Patient {
                id: claims.patient.clone().ok_or(Denied::NoPatient)?,
                staff: (claims.role != policy::PATIENT).then(|| self.holders()),
            },
            Context::User => Reach::Relationships(self.holders()),
            Context::System => Reach::Source {
                source: claims.source.clone().ok_or(Denied::NoSource)?,
                organisation: claims.organisation.clone(),
            },
        };
        if writes && claims.source.is_none() {
            return Err(Denied::CannotWrite);
        }
        Ok(Grant {
            spec,
            interaction,
            reach,
            narrow,
            up_to,
            opens_seals: policy.may(Permission::OpenSeal),
            goes_over_opt_outs: policy.may(Permission::OverOptOut),
            source: claims.source.clone(),
            chooses_ids: policy.chooses_ids,
            caller: self.clone(),
        })
    }

    /// Leave for what goes beyond reading and writing, where both the role and the token's scopes have it.
    pub fn leave(&self, permission: Permission) -> Result<Leave, Denied> {
        let scope = permission.scope();
        if !self.claims().scope.split_ascii_whitespace().any(|word| word == scope) {
            return Err(Denied::NoPermissionScope { scope });
        }
        if !self.policy().is_some_and(|policy| policy.may(permission)) {
            return Err(Denied::NoPermission { role: self.claims().role.clone() });
        }
        Ok(Leave { permission, caller: self.clone() })
    }

    /// The test that only the resource passes which says who the user is, where the token's scope opens that.
    fn own_resource(&self, spec: &'static ResourceSpec) -> Option<Narrow> {
        let claims = self.claims();
        let (kind, id) = claims.fhir_user.as_deref()?.split_once('/')?;
        let opens = kind == spec.name && claims.scope.split_ascii_whitespace().any(|scope| scope == "fhirUser");
        opens.then(|| Some(Narrow { param: spec.param("_id")?, value: id.to_owned() })).flatten()
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

    /// What granular scopes ask of its rows: one of these alternatives, and of that everything. Empty: nothing.
    pub fn narrow(&self) -> &[Vec<Narrow>] {
        &self.narrow
    }

    /// The highest label it shows.
    pub fn up_to(&self) -> Confidentiality {
        self.up_to
    }

    /// Whether it shows what is sealed, of a person for whom the caller has opened the seal.
    pub fn opens_seals(&self) -> bool {
        self.opens_seals
    }

    /// Whether an opt-out does not hide a person for whom the caller has gone over it.
    pub fn goes_over_opt_outs(&self) -> bool {
        self.goes_over_opt_outs
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

/// Leave to do one thing beyond reading and writing. `store` takes nothing else for it.
#[derive(Debug, Clone)]
pub struct Leave {
    permission: Permission,
    caller: Caller,
}

impl Leave {
    /// What it is for.
    pub fn permission(&self) -> Permission {
        self.permission
    }

    /// Who asked.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Whether the caller's role holds another permission as well.
    pub fn also(&self, permission: Permission) -> bool {
        self.caller.policy().is_some_and(|policy: &RolePolicy| policy.may(permission))
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

#[cfg(test)]
mod tests {
    use super::super::caller::Claims;
    use super::super::policy::Policies;
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
            fhir_user: None,
        };
        Caller::verified(claims, &Policies::default())
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
