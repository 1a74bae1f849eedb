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
    known: Arc<Known>,
    /// The token that these facts were read from before this request; each statement has to show that it is in force.
    mark: Option<TokenMark>,
}

/// What follows from a token's claims. Every grant of a request holds it, so it is shared.
#[derive(Debug)]
struct Known {
    claims: Claims,
    scopes: Vec<Scope>,
    /// What their role may do; none: nothing.
    policy: Option<Arc<RolePolicy>>,
}

/// A token as it was when its claims were read: any change of its row gives it another `row`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenMark {
    pub hash: [u8; 32],
    pub row: String,
}

impl Caller {
    /// The one constructor, for `smart` alone.
    pub(crate) fn verified(claims: Claims, policies: &Policies) -> Caller {
        let scopes = Scope::parse_all(&claims.scope);
        let policy = policies.of_role(&claims.role).cloned();
        Caller { known: Arc::new(Known { claims, scopes, policy }), mark: None }
    }

    /// The same, as long as this token is in force: nothing that their statements bring counts unless it shows that.
    pub(crate) fn marked(self, mark: TokenMark) -> Caller {
        Caller { mark: Some(mark), ..self }
    }

    /// The same, once their token was seen to be in force in this request.
    pub(crate) fn proven(&self) -> Caller {
        Caller { known: Arc::clone(&self.known), mark: None }
    }

    /// The token that a statement in their name has to show in force.
    pub fn mark(&self) -> Option<&TokenMark> {
        self.mark.as_ref()
    }

    /// What the token says.
    pub fn claims(&self) -> &Claims {
        &self.known.claims
    }

    /// What the token allows.
    pub fn scopes(&self) -> &[Scope] {
        &self.known.scopes
    }

    /// What the role may do at all.
    pub fn policy(&self) -> Option<&RolePolicy> {
        self.known.policy.as_deref()
    }

    /// Why the caller looks, for the audit trail.
    pub fn purpose(&self) -> &str {
        self.policy().map_or("TREAT", |policy| policy.purpose.as_str())
    }

    /// Those whose care relationships are the caller's: the user, their teams, their organisation.
    pub fn holders(&self) -> Holders {
        let Claims { user, teams, organisation, .. } = self.claims();
        Holders { user: user.clone(), teams: teams.clone(), organisation: organisation.clone() }
    }
}
