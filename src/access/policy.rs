//! Owns what each role may do at all, as data (DESIGN: `role_policy`): `roles.toml`, and what the configuration puts in its
//! place. Scopes can only narrow it.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde::Deserialize;

use super::grant::Interaction;
use super::scope;
use crate::resources;

/// Confidentiality of a row (HL7 v3 Confidentiality), from unrestricted to very restricted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[repr(i16)]
pub enum Confidentiality {
    #[serde(rename = "U")]
    Unrestricted = 0,
    #[serde(rename = "L")]
    Low = 1,
    #[serde(rename = "M")]
    Moderate = 2,
    #[serde(rename = "N")]
    Normal = 3,
    #[serde(rename = "R")]
    Restricted = 4,
    #[serde(rename = "V")]
    VeryRestricted = 5,
}

impl Confidentiality {
    /// The label of this v3 code; an unknown one is no label.
    pub fn of_code(code: &str) -> Option<Confidentiality> {
        Some(match code {
            "U" => Confidentiality::Unrestricted,
            "L" => Confidentiality::Low,
            "M" => Confidentiality::Moderate,
            "N" => Confidentiality::Normal,
            "R" => Confidentiality::Restricted,
            "V" => Confidentiality::VeryRestricted,
            _ => return None,
        })
    }
}

/// What a role may do beyond reading and writing within its reach. Each is a scope of its own, too: a token opens it only if
/// role and scope both do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// Open a record without a care relationship, with a reason, for a short time.
    BreakGlass,
    /// Do so of a person who has opted out.
    OverOptOut,
    /// See what is labelled V, and where a restricted person lives.
    OpenSeal,
    /// Say that one is involved in somebody's care.
    SelfClaim,
    /// Set and lift opt-outs and restrictions.
    Protect,
    /// Look at overrides, and end them.
    Review,
    /// Say who is involved in whose care, as a source.
    Relate,
    /// Take out everything within reach at once. For the role of clients without a user alone.
    Export,
}

impl Permission {
    /// The scope that a token needs for it. SMART App Launch 2.2 leaves names with two underscores to servers.
    pub fn scope(self) -> &'static str {
        match self {
            Permission::BreakGlass | Permission::OverOptOut | Permission::OpenSeal => "__break-glass",
            Permission::SelfClaim => "__self-claim",
            Permission::Protect => "__protect",
            Permission::Review => "__review",
            Permission::Relate => "__relate",
            Permission::Export => "__export",
        }
    }

    /// Those that have a scope of their own.
    pub const SCOPED: [Permission; 6] = [
        Permission::BreakGlass,
        Permission::SelfClaim,
        Permission::Protect,
        Permission::Review,
        Permission::Relate,
        Permission::Export,
    ];

    /// The permission that a scope is for.
    pub fn of_scope(word: &str) -> Option<Permission> {
        Permission::SCOPED.into_iter().find(|permission| permission.scope() == word)
    }
}

/// What a role may do.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct RolePolicy {
    /// The letters of SMART per type; `*` for every type of the record.
    pub types: BTreeMap<String, String>,
    /// The highest label it may see.
    pub up_to: Confidentiality,
    /// What it may do beyond that.
    #[serde(default)]
    pub may: Vec<Permission>,
    /// Whether it reads the audit trail of everybody.
    #[serde(default)]
    pub oversees: bool,
    /// Whether it may create a resource under an id of its own choice.
    #[serde(default)]
    pub chooses_ids: bool,
    /// Why it looks, as the audit trail has it: a code of v3 PurposeOfUse.
    #[serde(default = "treatment")]
    pub purpose: String,
}

fn treatment() -> String {
    "TREAT".to_owned()
}

/// The role of a patient who looks at their own record.
pub const PATIENT: &str = "patient";

/// The role of a client without a user.
pub const SYSTEM: &str = "system";

impl RolePolicy {
    /// Whether the role may do this with this type.
    pub fn allows(&self, kind: &str, interaction: Interaction) -> bool {
        let of_all = || self.types.get("*").filter(|_| resources::ALL.iter().any(|spec| spec.name == kind));
        let letters = self.types.get(kind).or_else(of_all);
        letters.is_some_and(|letters| letters.contains(scope::letter(interaction)))
    }

    /// Whether the role holds this permission.
    pub fn may(&self, permission: Permission) -> bool {
        self.may.contains(&permission)
    }

    /// What is wrong with it as the policy of this role, if anything.
    fn fault(&self, role: &str) -> Option<String> {
        if self.may(Permission::Export) && role != SYSTEM {
            return Some(format!("export is for the role {SYSTEM} alone: no user takes out records in bulk"));
        }
        self.types.iter().find_map(|(kind, letters)| {
            let known = kind == "*" || resources::find(kind).is_some();
            let trail = resources::find(kind).is_some_and(|spec| spec.is_trail());
            match (known, scope::letters(letters)) {
                (false, _) => Some(format!("{kind} is no resource type of this record")),
                (_, false) => Some(format!("{kind} = \"{letters}\" should be letters of cruds, in that order")),
                _ if trail && letters.chars().any(|letter| !"rs".contains(letter)) => {
                    Some(format!("{kind} can be read and searched, nothing else"))
                }
                _ => None,
            }
        })
    }
}

/// Every role. One that is not here may do nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Policies(Arc<BTreeMap<String, Arc<RolePolicy>>>);

impl Policies {
    /// The roles that the program brings, with these in place of those of the same name; or what is wrong with one of them.
    pub fn with(own: &BTreeMap<String, RolePolicy>) -> Result<Policies, String> {
        let mut all: BTreeMap<String, RolePolicy> =
            toml::from_str(include_str!("roles.toml")).map_err(|error| error.to_string())?;
        all.extend(own.clone());
        match all.iter().find_map(|(name, policy)| Some(format!("role_policy.{name}: {}", policy.fault(name)?))) {
            Some(fault) => Err(fault),
            None => Ok(Policies(Arc::new(all.into_iter().map(|(name, policy)| (name, Arc::new(policy))).collect()))),
        }
    }

    /// The policy of a role.
    pub fn of_role(&self, role: &str) -> Option<&Arc<RolePolicy>> {
        self.0.get(role)
    }

    /// Every role by name.
    pub fn roles(&self) -> impl Iterator<Item = (&str, &RolePolicy)> {
        self.0.iter().map(|(name, policy)| (name.as_str(), policy.as_ref()))
    }
}

impl Default for Policies {
    /// The roles that the program brings; they are tested to be sound.
    fn default() -> Policies {
        static BROUGHT: OnceLock<Policies> = OnceLock::new();
        BROUGHT.get_or_init(|| Policies::with(&BTreeMap::new()).unwrap_or(Policies(Arc::default()))).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roles_of_the_program_are_sound() {
        let policies = Policies::with(&BTreeMap::new()).expect("roles.toml");
        for role in [
            "doctor",
            "nurse",
            "social-worker",
            "health-assistant",
            "therapist",
            "pharmacist",
            "ambulance",
            "111",
            "receptionist",
            "privacy-officer",
            PATIENT,
            SYSTEM,
        ] {
            assert!(policies.of_role(role).is_some(), "{role}");
        }
        let over: Vec<&str> =
            policies.roles().filter(|(_, policy)| policy.may(Permission::OverOptOut)).map(|(name, _)| name).collect();
        assert!(
            over.is_empty(),
            "an opt-out is the person's word: no role goes over it unless it is configured: {over:?}"
        );
    }

    #[test]
    fn a_star_is_every_type_of_the_record_and_not_its_trail() {
        let policies = Policies::default();
        let doctor = policies.of_role("doctor").expect("doctor");
        assert!(doctor.allows("Observation", Interaction::Search) && doctor.allows("CarePlan", Interaction::Delete));
        assert!(!doctor.allows("AuditEvent", Interaction::Read) && !doctor.allows("Observation", Interaction::Create));
        let officer = policies.of_role("privacy-officer").expect("officer");
        assert!(officer.allows("AuditEvent", Interaction::Search) && !officer.allows("Patient", Interaction::Read));
    }

    #[test]
    fn a_wrong_role_is_named() {
        for (text, words) in [
            ("types = { Encounter = \"rs\" }\nup_to = \"N\"", "Encounter"),
            ("types = { Patient = \"sr\" }\nup_to = \"N\"", "cruds"),
            ("types = { AuditEvent = \"rd\" }\nup_to = \"N\"", "nothing else"),
        ] {
            let role: RolePolicy = toml::from_str(text).expect("a role");
            let error = Policies::with(&BTreeMap::from([("x".to_owned(), role)])).expect_err(text);
            assert!(error.contains("role_policy.x") && error.contains(words), "{error}");
        }
    }
}
