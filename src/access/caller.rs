//! Owns who asks: the facts about a caller that a token stands for.
//!
//! A Caller is made in one place, from a verified token (`smart`), and never from a request.

use std::sync::Arc;

use super::grant::Holders;
use super::policy::{Policies, RolePolicy};
use super::scope::Scope;

/// What a token says of its holder, as it was when the token was issued. Stored with the token.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize, PartialEq)]
pub struct Claims {
    /// The SMART client that asks.
    pub client: String,
    /// SMART scopes, separated by spaces.
    pub scope: String,
    /// Role under which the user works (`doctor`, `nurse`, …); `system` for a client without a user.
    pub role: String,
    /// The user's identifier: an SDS user id, or the persona's name in the sandbox.
    #[serde(default)]
    pub user: Option<String>,
    /// ODS code of the organisation the caller acts for.
    #[serde(default)]
    pub organisation: Option<String>,
    /// Teams the user works in.
    #[serde(default)]
    pub teams: Vec<String>,
    /// Logical id of the launch patient, or of the patient who signed in.
    #[serde(default)]
    pub patient: Option<String>,
    /// The source under whose name the caller writes.
    #[serde(default)]
    pub source: Option<String>,
    /// The resource that says who the user is: `Practitioner/…` or `Patient/…`.
    #[serde(default)]
    pub fhir_user: Option<String>,
}

/// Who asks. Fields are private: access decides with them, others may only name the caller in an audit row.
#[derive(Debug, Clone)]
pub struct Caller {
    claims: Claims,
    scopes: Vec<Scope>,
    /// What their role may do; none: nothing.
    policy: Option<Arc<RolePolicy>>,
}

impl Caller {
    /// The one constructor, for `smart` alone.
    pub(crate) fn verified(claims: Claims, policies: &Policies) -> Caller {
        let scopes = Scope::parse_all(&claims.scope);
        let policy = policies.of_role(&claims.role).cloned();
        Caller { claims, scopes, policy }
    }

    /// What the token says.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// What the token allows.
    pub fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// What the role may do at all.
    pub fn policy(&self) -> Option<&RolePolicy> {
        self.policy.as_deref()
    }

    /// Why the caller looks, for the audit trail.
    pub fn purpose(&self) -> &str {
        self.policy().map_or("TREAT", |policy| policy.purpose.as_str())
    }

    /// Those whose care relationships are the caller's: the user, their teams, their organisation.
    pub fn holders(&self) -> Holders {
        Holders {
            user: self.claims.user.clone(),
            teams: self.claims.teams.clone(),
            organisation: self.claims.organisation.clone(),
        }
    }
}
