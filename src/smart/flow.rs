//! Owns the steps of an authorization, from a checked request to a code, as a machine without I/O: what comes next, and
//! what each answer of the user may change.

use serde::{Deserialize, Serialize};

use super::launch::LaunchContext;
use super::scopes;
use crate::access::Holders;
use crate::access::policy::{PATIENT, Policies};

/// A request that was found right, and what its client may have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    pub client_id: String,
    pub client_name: String,
    pub redirect_uri: String,
    pub state: String,
    /// What the client asked for and may have.
    pub scope: Vec<String>,
    pub challenge: String,
    pub nonce: Option<String>,
    /// Where it came from an EPR.
    pub launch: Option<LaunchContext>,
    /// Whether the user's organisation has consented already.
    pub trusted: bool,
    /// The one organisation whose users may use the client.
    pub organisation: Option<String>,
    /// The source the client writes under.
    pub source: Option<String>,
}

/// The secrets of a request to an upstream provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Upstream {
    pub provider: String,
    pub nonce: String,
    pub verifier: String,
}

/// In what capacity somebody works. A token has one: they are never united.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// A role of the record's policy.
    pub role: String,
    /// The role and place in the user's words.
    pub title: String,
    pub organisation: Option<String>,
    #[serde(default)]
    pub teams: Vec<String>,
    pub source: Option<String>,
}

/// Who signed in, as the provider said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignedIn {
    /// The id by which care relationships know the user.
    pub user: String,
    /// What the user reads of themself.
    pub name: String,
    pub auth_time: i64,
    pub works: Vec<Work>,
    /// The Patient that somebody in the role of a patient is.
    pub patient: Option<String>,
}

/// An authorization under way; without an Ask, a user who looks after what they have consented to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    pub ask: Option<Ask>,
    pub upstream: Option<Upstream>,
    pub user: Option<SignedIn>,
    work: Option<usize>,
    /// The Patient in context, once it is known that the user may open them.
    patient: Option<String>,
    /// How the user is told who that is.
    pub patient_label: Option<String>,
    agreed: Option<Vec<String>>,
    /// What each role may do: of the configuration, and so not kept with it.
    #[serde(skip)]
    policies: Policies,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The user has to sign in upstream.
    SignIn,
    /// The user has several roles, and says which one counts.
    ChooseRole,
    /// Whether the user may open this Patient has to be looked up.
    CheckPatient(String),
    /// The user chooses a Patient.
    ChoosePatient,
    /// The user says what the client may do.
    Consent,
    /// A code can be given.
    Done,
    /// The user sees what they have consented to.
    Manage,
}

/// Why an authorization ends without a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the user did not let the app in")]
    Declined,
    #[error("the launch is for another user than the one who signed in")]
    AnotherUser,
    #[error("the user has no role in this record")]
    NoRole,
    #[error("the client is for users of another organisation")]
    AnotherOrganisation,
    #[error("the patient of this launch is not one the user can open")]
    NotTheirPatient,
    #[error("a patient/ scope needs a patient: ask for launch/patient too, or launch from an EPR with a patient")]
    NoPatient,
    #[error("nothing of the scope asked for can be granted to this user")]
    NothingLeft,
}

/// An answer that does not fit the step, such as an old page sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfTurn;

impl Flow {
    /// A new one.
    pub fn new(ask: Option<Ask>) -> Flow {
        Flow {
            ask,
            upstream: None,
            user: None,
            work: None,
            patient: None,
            patient_label: None,
            agreed: None,
            policies: Policies::default(),
        }
    }

    /// Under these roles.
    pub fn under(self, policies: &Policies) -> Flow {
        Flow { policies: policies.clone(), ..self }
    }

    /// What comes next, or why nothing does.
    pub fn step(&self) -> Result<Step, Refused> {
        let Some(user) = &self.user else { return Ok(Step::SignIn) };
        let Some(ask) = &self.ask else { return Ok(Step::Manage) };
        let launch = ask.launch.as_ref();
        if launch.and_then(|launch| launch.user.as_ref()).is_some_and(|other| *other != user.user) {
            return Err(Refused::AnotherUser);
        }
        let works = self.works();
        if user.works.is_empty() {
            return Err(Refused::NoRole);
        }
        if works.is_empty() {
            return Err(Refused::AnotherOrganisation);
        }
        let Some(work) = self.work() else { return Ok(Step::ChooseRole) };
        if self.patient.is_none() {
            let launched = launch.and_then(|launch| launch.patient.as_ref());
            let own = user.patient.as_ref().filter(|_| work.role == PATIENT);
            if let Some(id) = own.or(launched) {
                // Somebody who is a patient opens nobody else.
                let another = own.is_some() && launched.is_some_and(|launched| Some(launched) != own);
                return if another { Err(Refused::NotTheirPatient) } else { Ok(Step::CheckPatient(id.clone())) };
            }
            if ask.scope.iter().any(|word| word == "launch/patient") {
                return Ok(Step::ChoosePatient);
            }
            if self.grantable().iter().any(|word| word.starts_with("patient/")) {
                return Err(Refused::NoPatient);
            }
        }
        let opens = |word: &String| word.contains('/') && !word.starts_with("launch/") || word == "openid";
        if !self.grantable().iter().any(opens) {
            return Err(Refused::NothingLeft);
        }
        match &self.agreed {
            None if !ask.trusted => Ok(Step::Consent),
            Some(agreed) if !agreed.iter().any(opens) => Err(Refused::Declined),
            _ => Ok(Step::Done),
        }
    }

    /// The roles the user may use this client in.
    pub fn works(&self) -> Vec<&Work> {
        let only = self.ask.as_ref().and_then(|ask| ask.organisation.as_deref());
        let works = self.user.iter().flat_map(|user| &user.works);
        works.filter(|work| only.is_none() || work.organisation.as_deref() == only || work.role == PATIENT).collect()
    }

    /// The role that counts: the one chosen, or the only one.
    pub fn work(&self) -> Option<&Work> {
        let works = self.works();
        match (self.work, works.len()) {
            (Some(at), _) => works.get(at).copied(),
            (None, 1) => works.first().copied(),
            _ => None,
        }
    }

    /// Whose care relationships are the user's, in the role that counts.
    pub fn holders(&self) -> Holders {
        let work = self.work();
        Holders {
            user: self.user.as_ref().map(|user| user.user.clone()),
            teams: work.map(|work| work.teams.clone()).unwrap_or_default(),
            organisation: work.and_then(|work| work.organisation.clone()),
        }
    }

    /// The Patient in context.
    pub fn patient(&self) -> Option<&str> {
        self.patient.as_deref()
    }

    /// What the user in their role can let the client have.
    pub fn grantable(&self) -> Vec<String> {
        let asked = self.ask.as_ref().map(|ask| ask.scope.as_slice()).unwrap_or_default();
        self.work().map_or_else(Vec::new, |work| scopes::of_role(asked, &work.role, &self.policies))
    }

    /// What the client gets.
    pub fn granted(&self) -> Vec<String> {
        self.agreed.clone().unwrap_or_else(|| self.grantable())
    }

    /// The user goes to a provider.
    pub fn sent_upstream(&mut self, upstream: Upstream) -> Result<(), OutOfTurn> {
        self.at(self.user.is_none())?;
        self.upstream = Some(upstream);
        Ok(())
    }

    /// The provider says who it is.
    pub fn signed_in(&mut self, user: SignedIn) -> Result<(), OutOfTurn> {
        self.at(self.user.is_none() && self.upstream.is_some())?;
        (self.user, self.upstream) = (Some(user), None);
        Ok(())
    }

    /// The user chooses a role, by its place in the list.
    pub fn chose_role(&mut self, at: usize) -> Result<(), OutOfTurn> {
        self.at(self.step() == Ok(Step::ChooseRole) && at < self.works().len())?;
        self.work = Some(at);
        Ok(())
    }

    /// It was looked up: the user may open this Patient, whom the launch named or the user chose.
    pub fn may_open(&mut self, patient: &str, label: &str) -> Result<(), OutOfTurn> {
        match self.step() {
            Ok(Step::ChoosePatient) => {}
            Ok(Step::CheckPatient(id)) if id == patient => {}
            _ => return Err(OutOfTurn),
        }
        self.patient = Some(patient.to_owned());
        self.patient_label = Some(label.to_owned());
        Ok(())
    }

    /// The user lets the client have these of the scopes, and whatever opens no data.
    pub fn agreed(&mut self, chosen: &[&str]) -> Result<(), OutOfTurn> {
        self.at(self.step() == Ok(Step::Consent))?;
        let kept = self.grantable().into_iter().filter(|word| !is_choice(word) || chosen.contains(&word.as_str()));
        self.agreed = Some(kept.collect());
        Ok(())
    }

    fn at(&self, fits: bool) -> Result<(), OutOfTurn> {
        if fits { Ok(()) } else { Err(OutOfTurn) }
    }
}

/// Whether the user may take a scope away: what opens data, or lasts. Without the others the launch itself would not work.
pub fn is_choice(word: &str) -> bool {
    !matches!(word, "openid" | "fhirUser" | "profile" | "launch" | "launch/patient" | "launch/encounter")
}

#[cfg(test)]
#[path = "flow_tests.rs"]
mod tests;
