//! Owns what each role may do at all, as data (DESIGN: `role_policy`). Scopes can only narrow it.

use super::grant::Interaction;

/// Confidentiality of a row (HL7 v3 Confidentiality), from unrestricted to very restricted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i16)]
pub enum Confidentiality {
    Unrestricted = 0,
    Low = 1,
    Moderate = 2,
    Normal = 3,
    Restricted = 4,
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

/// What a role may do.
#[derive(Debug)]
pub struct RolePolicy {
    pub role: &'static str,
    /// Types it may read and search; `*` for all.
    pub sees: &'static [&'static str],
    /// Types it may create, update and delete.
    pub writes: &'static [&'static str],
    /// The highest label it may see.
    pub up_to: Confidentiality,
    /// Whether it may create a resource under an id of its own choice.
    pub chooses_ids: bool,
}

const ALL: &[&str] = &["*"];

/// The role of a patient who looks at their own record.
pub const PATIENT: &str = "patient";

/// Every role. One that is not here may do nothing.
#[rustfmt::skip]
pub const ROLES: &[RolePolicy] = &[
    RolePolicy { role: "doctor", sees: ALL, writes: &["CarePlan"], up_to: Confidentiality::Restricted, chooses_ids: false },
    RolePolicy { role: "nurse", sees: ALL, writes: &["CarePlan"], up_to: Confidentiality::Normal, chooses_ids: false },
    RolePolicy { role: "social-worker", sees: &["Patient", "Condition", "AllergyIntolerance", "CarePlan", "Practitioner", "PractitionerRole", "Organization"], writes: &["CarePlan"], up_to: Confidentiality::Normal, chooses_ids: false },
    RolePolicy { role: PATIENT, sees: ALL, writes: &[], up_to: Confidentiality::Restricted, chooses_ids: false },
    RolePolicy { role: "privacy-officer", sees: &["Practitioner", "PractitionerRole", "Organization"], writes: &[], up_to: Confidentiality::Normal, chooses_ids: false },
    RolePolicy { role: "system", sees: ALL, writes: ALL, up_to: Confidentiality::VeryRestricted, chooses_ids: true },
];

impl RolePolicy {
    /// Whether the role may do this with this type.
    pub fn allows(&self, kind: &str, interaction: Interaction) -> bool {
        let list = match interaction {
            Interaction::Read | Interaction::Search => self.sees,
            Interaction::Create | Interaction::Update | Interaction::Delete => self.writes,
        };
        list.iter().any(|known| *known == "*" || *known == kind)
    }
}

/// The policy of a role.
pub fn of_role(role: &str) -> Option<&'static RolePolicy> {
    ROLES.iter().find(|policy| policy.role == role)
}
