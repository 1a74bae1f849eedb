//! Owns what every step of the authorization server has at hand: the database, the audit trail, and who asks as whom when
//! the record has to be looked at.

use uuid::Uuid;

use super::fault::Fault;
use super::flow::{Flow, SignedIn, Work};
use super::people;
use super::server::Server;
use crate::access::policy::PATIENT;
use crate::access::{Caller, Claims, Interaction};
use crate::fhir::date;
use crate::resources;
use crate::search::cursor::CursorKey;
use crate::search::{Context, Limits, Search};
use crate::store::{AuditRow, AuditTrail, Outcome, Page, Plan, Read, Store, Target};

/// The system of an SDS user id, by which a Practitioner is known to be a user.
const SDS_USER: &str = "https://fhir.nhs.uk/Id/sds-user-id";

/// One request to the authorization server.
pub struct Desk<'a> {
    pub server: &'a Server,
    pub store: &'a Store,
    pub trail: &'a AuditTrail,
    pub key: &'a CursorKey,
    pub limits: Limits,
    pub request_id: Uuid,
    /// Where the request came from.
    pub address: Option<String>,
}

/// Whom an audit row is about.
#[derive(Debug, Clone, Default)]
pub struct Actor {
    pub client: String,
    pub user: Option<String>,
    pub role: String,
    pub organisation: Option<String>,
    /// Whose care relationships are the actor's.
    pub holders: Vec<String>,
}

impl Actor {
    /// A client by itself. What is no client's name is kept short.
    pub fn client(id: &str) -> Actor {
        Actor { client: id.chars().take(100).collect(), role: "client".to_owned(), ..Actor::default() }
    }

    /// Whoever a token speaks for.
    pub fn of(claims: &Claims) -> Actor {
        Actor {
            client: claims.client.clone(),
            user: claims.user.clone(),
            role: claims.role.clone(),
            organisation: claims.organisation.clone(),
            holders: Vec::new(),
        }
    }

    /// Whoever is signing in, as far as is known.
    pub fn signing_in(flow: &Flow) -> Actor {
        let work = flow.work();
        Actor {
            client: flow.ask.as_ref().map_or("consents".to_owned(), |ask| ask.client_id.clone()),
            user: flow.user.as_ref().map(|user| user.user.clone()),
            role: work.map_or("user".to_owned(), |work| work.role.clone()),
            organisation: work.and_then(|work| work.organisation.clone()),
            holders: flow.holders().keys(),
        }
    }
}

impl Desk<'_> {
    /// Commits an audit row; nothing is answered before.
    pub async fn audit(&self, actor: &Actor, what: &str, words: &str, outcome: Outcome) -> Result<(), Fault> {
        Ok(self.trail.record(vec![self.row(actor, what, words, outcome)]).await?)
    }

    /// An audit row of this request, about nobody yet.
    pub fn row(&self, actor: &Actor, what: &str, words: &str, outcome: Outcome) -> AuditRow {
        AuditRow {
            at: date::now(),
            request_id: self.request_id,
            client: actor.client.clone(),
            user: actor.user.clone(),
            role: actor.role.clone(),
            organisation: actor.organisation.clone(),
            address: self.address.clone(),
            holders: actor.holders.clone(),
            purpose: self.server.policies.of_role(&actor.role).map_or("HOPERAT", |policy| &policy.purpose).to_owned(),
            action: "E",
            resource_type: what.to_owned(),
            query: words.to_owned(),
            what: None,
            patient_id: None,
            outcome,
        }
    }

    /// A Fault is audited before it is answered.
    pub async fn audited<T>(&self, actor: &Actor, what: &str, result: Result<T, Fault>) -> Result<T, Fault> {
        if let Err(fault) = &result {
            let words = format!("{}: {}", fault.error, fault.description);
            self.audit(actor, what, &words, Outcome::Refused).await?;
        }
        result
    }

    /// How a Patient is named whom the user may open, as they could over FHIR. Audited as that.
    pub async fn opens(&self, flow: &Flow, id: &str) -> Result<Option<String>, Fault> {
        let Some(caller) = self.speaks(flow, "Patient.rs", Some(id)) else { return Ok(None) };
        let actor = Actor::signing_in(flow);
        let words = format!("Patient/{id} for a launch");
        let target = resources::find("Patient").and_then(|spec| caller.grant(spec, Interaction::Read).ok());
        let read = match target.and_then(|grant| Target::new(grant, id, None)) {
            Some(target) => self.store.read(&target).await?.into_inner(),
            None => Read::Absent,
        };
        let (found, patient_id) = match read {
            Read::Found { patient_id, resource, .. } => {
                (Some(people::label(&resource)), Some(patient_id).filter(|id| *id != 0))
            }
            _ => (None, None),
        };
        let outcome = if found.is_some() { Outcome::Success } else { Outcome::Refused };
        let row = AuditRow { action: "R", patient_id, ..self.row(&actor, "Patient", &words, outcome) };
        self.trail.record(vec![row]).await?;
        Ok(found)
    }

    /// A page of the Patients whom the user may open. Each is audited as seen.
    pub async fn patients(&self, flow: &Flow, query: &[(String, String)]) -> Result<Page, Fault> {
        let caller = self.speaks(flow, "Patient.rs", None).ok_or_else(no_patients)?;
        let page = self.search(&caller, "Patient", query).await?;
        let actor = Actor::signing_in(flow);
        let words = format!("Patient?{} to choose from", crate::search::query::encode(query));
        let row = |patient_id| AuditRow { patient_id, ..self.row(&actor, "Patient", &words, Outcome::Success) };
        let mut people: Vec<i64> = page.rows.iter().map(|found| found.patient_id).filter(|id| *id != 0).collect();
        people.sort_unstable();
        people.dedup();
        let rows =
            if people.is_empty() { vec![row(None)] } else { people.into_iter().map(|id| row(Some(id))).collect() };
        self.trail.record(rows).await?;
        Ok(page)
    }

    /// The resource that says who the user is: the Patient that somebody is, or the Practitioner with the user's id.
    pub async fn fhir_user(&self, user: &SignedIn, work: &Work) -> Result<Option<String>, Fault> {
        if work.role == PATIENT {
            return Ok(user.patient.as_ref().map(|id| format!("Patient/{id}")));
        }
        if resources::find("Practitioner").is_none() {
            return Ok(None);
        }
        let caller = super::speaks_for(claims(user, work, "user/Practitioner.rs", None), &self.server.policies);
        let identifier =
            format!("{SDS_USER}|{}", user.user.replace('\\', "\\\\").replace(',', "\\,").replace('|', "\\|"));
        let query = [("identifier".to_owned(), identifier), ("_count".to_owned(), "1".to_owned())];
        let page = self.search(&caller, "Practitioner", &query).await;
        Ok(page.ok().and_then(|page| page.rows.into_iter().next()).map(|found| format!("Practitioner/{}", found.id)))
    }

    /// The Patient of a person who signed in with an NHS number that is theirs.
    pub async fn patient_of(&self, user: &SignedIn, work: &Work, number: &str) -> Result<Option<String>, Fault> {
        let Some(key) = self.store.id_with_number(number).await? else { return Ok(None) };
        let caller = super::speaks_for(claims(user, work, "patient/Patient.rs", Some(&key)), &self.server.policies);
        let identifier = format!("{}|{number}", crate::fhir::nhs_number::SYSTEM);
        let page = self.search(&caller, "Patient", &[("identifier".to_owned(), identifier)]).await?;
        Ok(page.rows.into_iter().next().map(|found| found.id))
    }

    /// The user as a caller with one scope, in the context that fits their role.
    fn speaks(&self, flow: &Flow, scope: &str, patient: Option<&str>) -> Option<Caller> {
        let (user, work) = (flow.user.as_ref()?, flow.work()?);
        let own = work.role == PATIENT;
        let patient = if own { user.patient.as_deref() } else { patient };
        let scope = format!("{}/{scope}", if own { "patient" } else { "user" });
        let mut claims = claims(user, work, &scope, patient);
        claims.client = flow.ask.as_ref().map_or_else(String::new, |ask| ask.client_id.clone());
        Some(super::speaks_for(claims, &self.server.policies))
    }

    async fn search(&self, caller: &Caller, kind: &str, query: &[(String, String)]) -> Result<Page, Fault> {
        let grant = resources::find(kind).and_then(|spec| caller.grant(spec, Interaction::Search).ok());
        let context = Context {
            base: &self.server.fhir_base,
            limits: self.limits,
            key: self.key,
            lenient: false,
            within: None,
            during: None,
        };
        let search = grant.ok_or_else(no_patients).and_then(|grant| {
            Search::read(grant, query, &context).map_err(|_| Fault::invalid_request("this cannot be searched for"))
        })?;
        Ok(self.store.search(Plan::of(search)).await?.into_inner())
    }
}

fn no_patients() -> Fault {
    Fault::access_denied("the user's role opens no patients")
}

/// What a user in a role may do with a scope.
pub fn claims(user: &SignedIn, work: &Work, scope: &str, patient: Option<&str>) -> Claims {
    Claims {
        client: String::new(),
        scope: scope.to_owned(),
        role: work.role.clone(),
        user: Some(user.user.clone()),
        organisation: work.organisation.clone(),
        teams: work.teams.clone(),
        patient: patient.map(str::to_owned),
        source: None,
        fhir_user: None,
    }
}
