//! Owns why a request was answered as it was, in words: the policy's own decision for the caller, then the tests that stand
//! between its grant and the rows, and what the record knows of them. It decides nothing, and is reached in the sandbox alone.

use std::collections::BTreeMap;

use super::among;
use super::question::{Question, Whom};
use crate::access::policy::Permission;
use crate::access::{Caller, Denied, Grant, Interaction, Reach};
use crate::resources;
use crate::resources::spec::ResourceSpec;
use crate::sandbox::Persona;
use crate::store::{Hurdle, Known, Of, Standing, Store, StoreError};

/// Why a request was answered as it was.
#[derive(Debug, Default)]
pub struct Explained {
    /// What it is answered with, now.
    pub answer: &'static str,
    /// Each a word for the kind of reason, and the reason.
    pub reasons: Vec<(&'static str, String)>,
    /// Whom the reasons tell something of, for the audit trail.
    pub people: Vec<i64>,
}

const HIDDEN: &str = "404, as for what never was";
const FORBIDDEN: &str = "403";
const EMPTY: &str = "200 with nothing in it";
const OPEN: &str = "200";

/// What explaining needs.
pub struct Explainer<'a> {
    pub store: &'a Store,
    pub users: &'a BTreeMap<String, Persona>,
    pub caller: &'a Caller,
}

impl Explainer<'_> {
    /// Explains.
    pub async fn explain(&self, question: &Question) -> Result<Explained, StoreError> {
        match question {
            Question::Beyond { operation, permission } => Ok(self.beyond(operation, *permission)),
            Question::Row { kind, id, interaction } => match self.leave(kind, *interaction) {
                Ok(grant) => self.row(&grant, id).await,
                Err(refused) => Ok(refused),
            },
            Question::Rows { kind, interaction, whom } => match self.leave(kind, *interaction) {
                Ok(grant) => self.rows(&grant, whom).await,
                Err(refused) => Ok(refused),
            },
        }
    }

    /// The grant, or why there is none.
    fn leave(&self, kind: &str, interaction: Interaction) -> Result<Grant, Explained> {
        let Some(spec) = resources::find(kind) else {
            let known: Vec<&str> = resources::served().map(|spec| spec.name).collect();
            let words = format!("this record keeps no {kind}: it keeps {}", known.join(", "));
            return Err(Explained { answer: "404", reasons: vec![("Type", words)], ..Explained::default() });
        };
        self.caller.grant(spec, interaction).map_err(|denied| refused(&denied))
    }

    fn beyond(&self, operation: &str, permission: Permission) -> Explained {
        match self.caller.leave(permission) {
            Err(denied) => refused(&denied),
            Ok(_) => {
                let words =
                    format!("role and scope both allow {operation}; what it was about, or its body, was refused");
                Explained { reasons: vec![("Request", words)], ..Explained::default() }
            }
        }
    }

    async fn row(&self, grant: &Grant, id: &str) -> Result<Explained, StoreError> {
        let spec = grant.spec();
        let Some(known) = self.store.known(spec, id).await? else {
            let words = format!("no {} with this id is here, and none ever was", spec.name);
            return Ok(Explained { answer: "404", reasons: vec![("Does not exist", words)], ..Explained::default() });
        };
        let people = vec![known.patient_id];
        if known.deleted {
            let words = "it was deleted: who could see it reads 410, everybody else 404".to_owned();
            return Ok(Explained { answer: "404 or 410", reasons: vec![("Deleted", words)], people });
        }
        let standing = self.store.standing(grant, Of::Id(id)).await?;
        let mut reasons = self.kept(grant, &standing, &known).await?;
        if !reasons.is_empty() {
            return Ok(Explained { answer: HIDDEN, reasons, people });
        }
        let writes = !matches!(grant.interaction(), Interaction::Read | Interaction::Search);
        if writes && grant.source() != Some(&known.source) {
            let own = grant.source().unwrap_or_default();
            let words = format!(
                "{} shared it, and only that source may change or delete it; this token writes as {own}",
                known.source
            );
            reasons.push(("Source", words));
            return Ok(Explained { answer: FORBIDDEN, reasons, people });
        }
        reasons.push(("Open", "nothing stands between this token and it now: it was another token's request, or something has changed since".to_owned()));
        Ok(Explained { answer: OPEN, reasons, people })
    }

    async fn rows(&self, grant: &Grant, whom: &[Whom]) -> Result<Explained, StoreError> {
        let mut all = Explained { answer: OPEN, ..Explained::default() };
        let mut open = 0;
        for whom in whom {
            let id = match whom {
                Whom::Patient(id) => Some(id.clone()),
                Whom::Number(number) => self.store.id_with_number(number).await?,
            };
            let known = match (&id, resources::find("Patient")) {
                (Some(id), Some(spec)) => self.store.known(spec, id).await?,
                _ => None,
            };
            let (Some(id), Some(known)) = (id, known) else {
                all.reasons.push(("Does not exist", "no patient that the search names is here".to_owned()));
                continue;
            };
            let standing = self.store.standing(grant, Of::Patient(&id)).await?;
            all.people.push(known.patient_id);
            open += standing.open;
            if standing.there == 0 {
                all.reasons.push(("Nothing there", format!("the record has no {} of Patient/{id}", grant.spec().name)));
            }
            all.reasons.extend(self.kept(grant, &standing, &known).await?);
        }
        if whom.is_empty() {
            let standing = self.store.standing(grant, Of::Everyone).await?;
            open = standing.open;
            let of = counted(standing.there, grant.spec());
            if standing.kept.iter().any(|(hurdle, count)| *hurdle == Hurdle::Relationship && *count == standing.there) {
                let words = format!(
                    "{} in a care relationship with anybody here, so none of the record's {of} can be seen",
                    self.mine()
                );
                all.reasons.push(("No care relationship", words));
            } else {
                all.reasons.push(("Reach", format!("this token can see {} of the record's {of}", standing.open)));
            }
        }
        if open == 0 {
            all.answer = EMPTY;
        } else if all.reasons.is_empty() {
            let words = format!("this token can see {open} of them: the other conditions of the search decide");
            all.reasons.push(("Open", words));
        }
        Ok(all)
    }

    /// What keeps rows from the grant, each in a sentence.
    async fn kept(
        &self,
        grant: &Grant,
        standing: &Standing,
        known: &Known,
    ) -> Result<Vec<(&'static str, String)>, StoreError> {
        let mut reasons = Vec::new();
        let shown =
            format!("the role {} is shown what is labelled up to {:?}", self.caller.claims().role, grant.up_to());
        for (hurdle, count) in &standing.kept {
            reasons.push(match hurdle {
                Hurdle::Context => ("Another patient", self.other_patient(grant, known)),
                Hurdle::Relationship => ("No care relationship", self.unrelated(known).await?),
                Hurdle::OptOut => {
                    ("Opted out", "the person has opted out of sharing: nobody's care relationship counts".to_owned())
                }
                Hurdle::Seal => ("Sealed", format!("a Patient of the person is labelled above what is shown: {shown}")),
                Hurdle::Source => {
                    let words =
                        "a system client sees what its source shared, and patients in the care of its organisation";
                    ("Source", format!("{words}: this is neither. {} shared it", known.source))
                }
                Hurdle::Label => ("Label", format!("{} labelled above that: {shown}", counted(*count, grant.spec()))),
                Hurdle::Scope => {
                    ("Scope", format!("the token's scope asks more of a {} than this has", grant.spec().name))
                }
            });
        }
        Ok(reasons)
    }

    fn other_patient(&self, grant: &Grant, known: &Known) -> String {
        let own = match grant.reach() {
            Reach::Patient { id, .. } => id.as_str(),
            _ => "another",
        };
        let theirs = known.patient.as_deref().unwrap_or("nobody's");
        format!(
            "the token's launch context is Patient/{own}, and its patient/ scopes open that record alone; this is of Patient/{theirs}"
        )
    }

    /// Why there is no relationship, and who has one.
    async fn unrelated(&self, known: &Known) -> Result<String, StoreError> {
        let holders = self.store.holders(known.patient_id).await?;
        let mine = self.caller.holders().keys();
        let mut words = format!("{} in a care relationship with this patient now", self.mine());
        if let Some(past) = holders.iter().find(|holder| !holder.holds && mine.contains(&holder.key)) {
            words += &format!(" ({} was until {})", past.key, past.until.as_deref().unwrap_or("lately"));
        }
        let said = |key: &str, basis: &str| {
            let who = among(self.users, &[key.to_owned()]).join(", ");
            let who = if who.is_empty() { String::new() } else { format!(": {who}") };
            format!("{key} ({}{who})", basis.replace('_', " "))
        };
        let others: Vec<String> =
            holders.iter().filter(|holder| holder.holds).map(|holder| said(&holder.key, &holder.basis)).collect();
        if others.is_empty() {
            words += ". Nobody is";
        } else {
            words += &format!(". Who is: {}", others.join("; "));
        }
        let ways = [(Permission::BreakGlass, "$break-glass"), (Permission::SelfClaim, "$self-claim")];
        let ways: Vec<&str> =
            ways.into_iter().filter(|(way, _)| self.caller.leave(*way).is_ok()).map(|(_, name)| name).collect();
        if !ways.is_empty() {
            words += &format!(
                ". Role and scopes may open the record all the same, with a reason: POST /fhir/Patient/{}",
                ways.join(" or ")
            );
        }
        Ok(words)
    }

    /// The caller's holders, as the beginning of a sentence.
    fn mine(&self) -> String {
        match &self.caller.holders().keys()[..] {
            [] => "nobody this token speaks for is".to_owned(),
            [one] => format!("of {one}, nobody is"),
            many => format!("of {}, nobody is", many.join(" and ")),
        }
    }
}

/// 403, decided before the record was looked at.
fn refused(denied: &Denied) -> Explained {
    let title = match denied {
        Denied::Scope { .. } | Denied::NoPermissionScope { .. } => "Scope",
        Denied::Role { .. } | Denied::NoPermission { .. } => "Role",
        Denied::NoPatient => "Launch context",
        Denied::NoSource | Denied::CannotWrite => "Source",
        Denied::ReadOnly { .. } => "Read only",
    };
    Explained { answer: FORBIDDEN, reasons: vec![(title, denied.to_string())], ..Explained::default() }
}

fn counted(count: i64, spec: &ResourceSpec) -> String {
    format!("{count} {}{}", spec.name, if count == 1 { "" } else { "s" })
}
