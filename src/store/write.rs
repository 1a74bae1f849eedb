//! Owns every change of the record: current row, history row, search columns, person and audit row
//! in one transaction, or none of them.

mod decide;
mod rows;

use std::collections::HashSet;

use sqlx::{PgConnection, Postgres, Transaction};
use time::OffsetDateTime;

use super::audit::{self, AuditRow};
use super::person::{NOBODY, People};
use super::read::read_on;
use super::{Page, Plan, Read, Store, StoreError, Target};
use crate::access::{Grant, Interaction};
use crate::fhir::date;
use crate::fhir::json::Object;
use crate::fhir::nhs_number;
use crate::fhir::reference::Reference;
use crate::resources::index;
use crate::resources::spec::Compartment;
use crate::search::Search;

/// One change: only a Grant of the right kind makes one.
pub struct Write {
    grant: Grant,
    id: String,
    change: Change,
}

/// What is to change. Resources have passed the checks.
pub enum Change {
    Create(Object),
    Update {
        resource: Object,
        /// The version the caller saw.
        if_match: Option<i32>,
        /// Whether a resource equal to the stored one makes no new version.
        skip_same: bool,
    },
    Delete {
        if_match: Option<i32>,
    },
}

/// What came of it.
#[derive(Debug)]
pub struct Written {
    pub id: String,
    pub version: i32,
    pub updated_at: OffsetDateTime,
    pub patient_id: i64,
    /// Whether the resource is new under its id.
    pub created: bool,
    /// Whether anything was written.
    pub changed: bool,
    /// The stored JSON; empty after a delete.
    pub resource: String,
}

/// Why a change was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Not there, or not for this caller.
    NotFound,
    /// If-Match names another version than this one.
    Stale(i32),
    /// It belongs to another source.
    NotYours,
    /// The id is in use where the caller cannot see it.
    IdTaken,
    /// The subject is no patient this caller can write about.
    NoPatient(String),
    /// The NHS number is another person's.
    NumberTaken,
    /// It says in meta.source that it is from another source.
    NotItsSource,
    /// The same resource is changed twice.
    Twice,
}

/// Why nothing was written: the database, or the change at `at`.
#[derive(Debug)]
pub enum NotWritten {
    Store(StoreError),
    Refused { at: usize, refusal: Refusal },
}

impl<E: Into<StoreError>> From<E> for NotWritten {
    fn from(error: E) -> Self {
        NotWritten::Store(error.into())
    }
}

impl Write {
    /// A change under a grant for just that.
    pub fn new(grant: Grant, id: &str, change: Change) -> Option<Write> {
        let fits = matches!(
            (&change, grant.interaction()),
            (Change::Create(_), Interaction::Create)
                | (Change::Update { .. }, Interaction::Update)
                | (Change::Delete { .. }, Interaction::Delete)
        );
        (fits && grant.source().is_some()).then(|| Write { grant, id: id.to_owned(), change })
    }

    fn resource(&self) -> Option<&Object> {
        match &self.change {
            Change::Create(resource) | Change::Update { resource, .. } => Some(resource),
            Change::Delete { .. } => None,
        }
    }

    fn name(&self) -> String {
        format!("{}/{}", self.grant.spec().name, self.id)
    }
}

/// Changes that are made but not yet committed; dropped, they never were.
pub struct Pending {
    tx: Transaction<'static, Postgres>,
}

impl Store {
    /// Writes all of it or nothing. `base` is the public base URL, `audit` the request's audit row without patients.
    pub async fn write(&self, writes: Vec<Write>, base: &str, audit: &AuditRow) -> Result<Vec<Written>, NotWritten> {
        let (pending, written) = self.prepare(writes, base, audit).await?;
        pending.commit().await?;
        Ok(written)
    }

    /// Writes all of it, for the caller to look at and commit.
    pub async fn prepare(
        &self,
        writes: Vec<Write>,
        base: &str,
        audit: &AuditRow,
    ) -> Result<(Pending, Vec<Written>), NotWritten> {
        let mut tx = self.pool.begin().await?;
        let written = write_all(&mut tx, writes, base, audit).await?;
        Ok((Pending { tx }, written))
    }
}

impl Pending {
    /// Reads what is there with the changes made.
    pub async fn read(&mut self, target: &Target) -> Result<Read, StoreError> {
        read_on(&mut self.tx, target).await
    }

    /// Searches what is there with the changes made.
    pub async fn search(&mut self, plan: Plan) -> Result<Page, StoreError> {
        plan.run(&mut self.tx).await
    }

    /// The people within reach whom a search asks about by name.
    pub async fn asked_about(&mut self, search: &Search) -> Result<Vec<i64>, StoreError> {
        super::person::asked_about(&mut self.tx, search).await
    }

    /// Adds audit rows, of what was seen meanwhile.
    pub async fn audited(&mut self, rows: &[AuditRow]) -> Result<(), StoreError> {
        audit::insert(&mut self.tx, rows).await
    }

    /// Makes the changes lasting.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.tx.commit().await?)
    }
}

async fn write_all(
    tx: &mut PgConnection,
    writes: Vec<Write>,
    base: &str,
    audit: &AuditRow,
) -> Result<Vec<Written>, NotWritten> {
    let Some(first) = writes.first() else { return Ok(Vec::new()) };
    let grant = first.grant.clone();
    let mut names = HashSet::new();
    if let Some(at) = writes.iter().position(|write| !names.insert(write.name())) {
        return Err(NotWritten::Refused { at, refusal: Refusal::Twice });
    }
    decide::lock(tx, &writes, base).await?;
    let named = writes.iter().filter_map(Write::resource).filter_map(decide::named_source).map(str::to_owned).collect();
    let (source_id, source_uri, others) = decide::source(tx, &grant, named).await?;
    let known = decide::known(tx, &writes).await?;
    let now = date::now();
    let grants: Vec<&Grant> = writes.iter().map(|write| &write.grant).collect();
    let mut people = People::find(tx, &grants, decide::patient_ids(&writes, base)).await?;
    // Patients first: the rows about them need their keys.
    let mut order: Vec<usize> = (0..writes.len()).collect();
    order.sort_by_key(|at| !writes[*at].grant.spec().is_person());
    let mut written: Vec<Option<(Written, Option<rows::NewRow>)>> = writes.iter().map(|_| None).collect();
    for at in order {
        let write = &writes[at];
        let refused = |refusal| NotWritten::Refused { at, refusal };
        let from = write.resource().and_then(decide::named_source);
        if from.is_some_and(|uri| others.iter().any(|other| other == uri)) {
            return Err(refused(Refusal::NotItsSource));
        }
        let step = decide::step(write, known.get(&write.name()), source_id).map_err(refused)?;
        let person = match write.resource() {
            Some(resource) => person_of(tx, &mut people, write, resource, base).await?.map_err(refused)?,
            None => decide::owner(tx, write).await?.unwrap_or(step.patient_id),
        };
        written[at] = Some(rows::prepare(write, step, person, (source_id, source_uri.as_deref()), now, base));
    }
    let (mut answers, mut rows, mut audits) = (Vec::new(), Vec::new(), Vec::new());
    for (write, prepared) in writes.iter().zip(written.into_iter().flatten()) {
        let (answer, row) = prepared;
        if let Some(row) = row {
            rows.push((write.grant.spec(), row));
        }
        let kind = write.grant.spec().name;
        audits.push(audit.clone().about(kind, Some(answer.patient_id).filter(|id| *id != NOBODY)));
        // A resource that moves is gone from the record it was in: that person's trail says so too.
        let left = known.get(&write.name()).map(|known| known.patient_id);
        audits.extend(
            left.filter(|id| *id != answer.patient_id && *id != NOBODY).map(|id| audit.clone().about(kind, Some(id))),
        );
        answers.push(answer);
    }
    rows::insert(tx, rows).await?;
    audit::insert(tx, &audits).await?;
    Ok(answers)
}

/// The person a resource belongs to.
async fn person_of(
    tx: &mut PgConnection,
    people: &mut People,
    write: &Write,
    resource: &Object,
    base: &str,
) -> Result<Result<i64, Refusal>, StoreError> {
    let spec = write.grant.spec();
    if spec.is_person() {
        let person = people.patient(tx, &write.id, nhs_number::of(resource).next()).await?;
        return Ok(person.ok_or(Refusal::NumberTaken));
    }
    if spec.compartment == Compartment::Nobody {
        return Ok(Ok(NOBODY));
    }
    let source = matches!(write.grant.reach(), crate::access::Reach::Source { .. });
    let number = index::logical_subject(spec, resource);
    match index::subject(spec, resource, base) {
        Some(Reference::Local { kind: "Patient", id }) => {
            let person = people.subject(tx, &write.grant, id).await?;
            Ok(person.ok_or_else(|| Refusal::NoPatient(format!("Patient/{id}"))))
        }
        Some(Reference::Other(condition)) if condition.contains('?') => {
            Ok(Err(Refusal::NoPatient("a conditional reference, which is not supported yet,".to_owned())))
        }
        // A logical reference names the person by NHS number.
        None if source && number.is_some() => {
            Ok(Ok(People::numbered(tx, number.unwrap_or_default()).await?.unwrap_or(NOBODY)))
        }
        // A source may share what is about no patient of this record; a user has no reach there.
        _ if source => Ok(Ok(NOBODY)),
        _ => Ok(Err(Refusal::NoPatient("a patient of this record".to_owned()))),
    }
}
