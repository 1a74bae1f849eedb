//! Owns every change of the record: current row, history row, search columns, person and audit row
//! in one transaction, or none of them.

mod condition;
mod decide;
mod literal;
mod lock;
mod owner;
mod refer;
mod rows;
mod settle;
mod work;

use sqlx::{Postgres, Transaction};
use time::OffsetDateTime;

use super::audit::{self, AuditRow};
use super::read::read_on;
use super::statement::timed;
use super::{Page, Plan, Read, Store, StoreError, Target};
use crate::access::{Denied, Grant, Interaction};
use crate::fhir::json::Object;
use crate::fhir::outcome::Issue;
use crate::search::Search;
use condition::Condition;
pub(super) use rows::{label_of, raise_labels};

/// One change: only a Grant of the right kind makes one.
pub struct Write {
    grant: Grant,
    id: String,
    change: Change,
    condition: Option<Condition>,
    /// The URL by which others of its transaction refer to it.
    full_url: Option<String>,
    /// Whether the id may not be in use yet.
    is_new: bool,
    /// What its sender should be told of it.
    notes: Vec<Issue>,
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
    Patch {
        edit: Edit,
        if_match: Option<i32>,
        /// Leave to read what is patched: an operation that fails tells of what is there.
        read: Box<Grant>,
    },
    Delete {
        if_match: Option<i32>,
    },
}

/// Makes what is to be stored, checked, of what is stored, and says what its sender should know. It is asked once to know what it
/// will touch, and again to do it.
pub type Edit = Box<dyn Fn(Object) -> Result<(Object, Vec<Issue>), Vec<Issue>> + Send + Sync>;

/// Changes that go together, all or none.
#[derive(Default)]
pub struct Changes {
    pub writes: Vec<Write>,
    /// The conditional references in the resources (R4 §3.1.0.11.2), each with its search.
    pub references: Vec<(String, Search)>,
    /// Whether a conditional reference that does not match one resource stays as it is.
    pub lenient: bool,
}

impl From<Vec<Write>> for Changes {
    fn from(writes: Vec<Write>) -> Changes {
        Changes { writes, ..Changes::default() }
    }
}

/// What came of it.
#[derive(Debug)]
pub struct Written {
    /// Empty where a conditional delete found nothing.
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
    /// What its sender should be told of it.
    pub notes: Vec<Issue>,
}

impl Written {
    /// What a delete of nothing comes to.
    fn nothing(at: OffsetDateTime) -> Written {
        Written {
            id: String::new(),
            version: 0,
            updated_at: at,
            patient_id: 0,
            created: false,
            changed: false,
            resource: String::new(),
            notes: Vec::new(),
        }
    }
}

/// Why a change was refused.
#[derive(Debug, Clone, PartialEq)]
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
    /// It says in meta.source that it is from another source.
    NotItsSource,
    /// The same resource is changed twice.
    Twice,
    /// It was deleted, and the caller may know.
    Gone,
    /// Several resources match the criteria.
    Several,
    /// The criteria match another resource than the one sent says it is.
    OtherId,
    /// Nothing matches, and the caller may not create.
    MayNotCreate(Denied),
    /// The patch cannot be done here, or what it makes is not fit to be kept.
    Unfit(Vec<Issue>),
    /// A conditional reference to this type matches nothing, or several.
    Reference { kind: String, several: bool },
    /// Others changed meanwhile what the criteria are about.
    Moved,
    /// What was to be written is not what the caller's granular scopes let through.
    OutOfScope,
}

/// Why nothing was written: the database, or the change at `at`.
#[derive(Debug)]
pub enum NotWritten {
    Store(StoreError),
    Refused {
        at: usize,
        refusal: Refusal,
        /// The people whose records the criteria reached all the same.
        seen: Vec<i64>,
    },
}

impl<E: Into<StoreError>> From<E> for NotWritten {
    fn from(error: E) -> Self {
        NotWritten::Store(error.into())
    }
}

impl Write {
    /// A change under a grant for just that.
    pub fn new(grant: Grant, id: &str, change: Change) -> Option<Write> {
        let fits = match (&change, grant.interaction()) {
            (Change::Create(_), Interaction::Create)
            | (Change::Update { .. }, Interaction::Update)
            | (Change::Delete { .. }, Interaction::Delete) => true,
            (Change::Patch { read, .. }, Interaction::Update) => {
                read.interaction() == Interaction::Read && read.spec().name == grant.spec().name
            }
            _ => false,
        };
        let write = Write {
            grant,
            id: id.to_owned(),
            change,
            condition: None,
            full_url: None,
            is_new: false,
            notes: Vec::new(),
        };
        (fits && write.grant.source().is_some()).then_some(write)
    }

    /// The same, of the one resource that a search of the same type finds; where it finds none, a create or update makes
    /// one, under `create`. `named` is the id in the resource sent.
    pub fn of_match(self, search: Search, create: Result<Grant, Denied>, named: Option<String>) -> Option<Write> {
        let fits = search.grant().spec().name == self.grant.spec().name
            && create.as_ref().map_or(true, |grant| grant.interaction() == Interaction::Create);
        fits.then_some(Write { condition: Some(Condition { search, create, named }), ..self })
    }

    /// The same, under the URL by which others of its transaction refer to it.
    pub fn at(self, full_url: Option<String>) -> Write {
        Write { full_url, ..self }
    }

    /// The same, with what its sender should be told when it is done.
    pub fn noting(self, notes: Vec<Issue>) -> Write {
        Write { notes, ..self }
    }

    /// Leave to read that the change needs beside its own.
    fn needs_read(&self) -> Option<&Grant> {
        match &self.change {
            Change::Patch { read, .. } => Some(read),
            _ => None,
        }
    }

    fn resource(&self) -> Option<&Object> {
        match &self.change {
            Change::Create(resource) | Change::Update { resource, .. } => Some(resource),
            Change::Patch { .. } | Change::Delete { .. } => None,
        }
    }

    fn name(&self) -> String {
        format!("{}/{}", self.grant.spec().name, self.id)
    }
}

/// Changes that are made but not yet committed; dropped, they never were.
pub struct Pending {
    tx: Transaction<'static, Postgres>,
    /// Whether the second lock is shut again: what is read now is read as any other caller's is.
    shut: bool,
}

impl Store {
    /// Writes all of it or nothing. `base` is the public base URL, `audit` the request's audit row without patients.
    pub async fn write(
        &self,
        changes: impl Into<Changes>,
        base: &str,
        audit: &AuditRow,
    ) -> Result<Vec<Written>, NotWritten> {
        let (pending, written) = self.prepare(changes, base, audit).await?;
        pending.commit().await?;
        Ok(written)
    }

    /// Writes all of it, for the caller to look at and commit.
    pub async fn prepare(
        &self,
        changes: impl Into<Changes>,
        base: &str,
        audit: &AuditRow,
    ) -> Result<(Pending, Vec<Written>), NotWritten> {
        // What a change touches is looked for in the whole record; what is shown of it, and where, the grants' reach decides.
        let mut tx = self.pool.begin_with("BEGIN; SET LOCAL lcr.whole = 'on'").await?;
        let written = work::all(&mut tx, changes.into(), (base, &self.sensitive), audit).await?;
        Ok((Pending { tx, shut: false }, written))
    }
}

impl Pending {
    /// Reads what is there with the changes made.
    pub async fn read(&mut self, target: &Target) -> Result<Read, StoreError> {
        self.shut().await?;
        Ok(read_on(&mut self.tx, target).await?.into_inner())
    }

    /// Searches what is there with the changes made.
    pub async fn search(&mut self, plan: Plan) -> Result<Page, StoreError> {
        self.shut().await?;
        Ok(plan.run(&mut self.tx).await?.into_inner())
    }

    async fn shut(&mut self) -> Result<(), StoreError> {
        if !self.shut {
            sqlx::query("SET LOCAL lcr.whole = ''").execute(&mut *self.tx).await?;
            self.shut = true;
        }
        Ok(())
    }

    /// Adds audit rows, of what was seen meanwhile.
    pub async fn audited(&mut self, rows: &[AuditRow]) -> Result<(), StoreError> {
        audit::insert(&mut self.tx, rows).await
    }

    /// Makes the changes lasting. Where the answer to that does not come, nobody here knows whether they are.
    pub async fn commit(self) -> Result<(), StoreError> {
        timed("commit", self.tx.commit()).await.map_err(|error| match StoreError::from(error) {
            StoreError::Unavailable(error) => StoreError::InDoubt(error),
            other => other,
        })
    }
}
