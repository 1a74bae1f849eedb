//! Owns the work of one transaction, in R4's order (§3.1.0.11.2): locks, deletes, creates, updates and patches, and the
//! conditional references in them.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::condition::matches;
use super::lock::{self, Locked};
use super::{Change, Changes, NotWritten, Refusal, Write, Written, decide, owner, rows};
use crate::access::Sensitive;
use crate::fhir::date;
use crate::fhir::json::Json;
use crate::search::Search;
use crate::store::audit::{self, AuditRow};
use crate::store::person::NOBODY;
use crate::store::protection;

/// The transaction's changes, and how far they are.
pub(super) struct Work<'a> {
    pub(super) writes: Vec<Write>,
    pub(super) references: Vec<(String, Search)>,
    pub(super) lenient: bool,
    base: &'a str,
    sensitive: &'a Sensitive,
    pub(super) audit: &'a AuditRow,
    pub(super) locked: Locked,
    pub(super) now: OffsetDateTime,
    pub(super) answers: Vec<Option<Written>>,
    pub(super) audits: Vec<AuditRow>,
    /// Whose records the criteria reached, by type.
    pub(super) seen: BTreeSet<(&'static str, i64)>,
}

/// Does all of it, within a transaction of the caller's.
pub async fn all(
    tx: &mut PgConnection,
    changes: Changes,
    (base, sensitive): (&str, &Sensitive),
    audit: &AuditRow,
) -> Result<Vec<Written>, NotWritten> {
    let Changes { writes, references, lenient } = changes;
    let mut work = Work {
        answers: writes.iter().map(|_| None).collect(),
        writes,
        references,
        lenient,
        base,
        sensitive,
        audit,
        locked: Locked::default(),
        now: date::now(),
        audits: Vec::new(),
        seen: BTreeSet::new(),
    };
    match work.run(tx).await {
        Ok(()) => Ok(work.answers.into_iter().flatten().collect()),
        Err(NotWritten::Refused { at, refusal, .. }) => {
            let seen = work.seen.into_iter().map(|(_, person)| person).collect();
            Err(NotWritten::Refused { at, refusal, seen })
        }
        Err(error) => Err(error),
    }
}

pub(super) fn refused(at: usize, refusal: Refusal) -> NotWritten {
    NotWritten::Refused { at, refusal, seen: Vec::new() }
}

impl Work<'_> {
    async fn run(&mut self, tx: &mut PgConnection) -> Result<(), NotWritten> {
        if self.writes.is_empty() {
            return Ok(());
        }
        self.distinct(|write| write.condition.is_none())?;
        lock::looked_for(tx, &self.writes, self.base).await?;
        let found = self.look_ahead(tx).await?;
        self.locked = lock::touched(tx, &self.writes, found, self.base).await?;
        // The time of the change is the time of its turn: versions follow each other in time.
        self.now = date::now();
        let (deletes, others): (Vec<usize>, Vec<usize>) =
            (0..self.writes.len()).partition(|at| matches!(self.writes[*at].change, Change::Delete { .. }));
        let deletes = self.settle(tx, deletes).await?;
        if self.writes.iter().all(|write| write.condition.is_none()) && self.references.is_empty() {
            self.link(&others, &self.homes());
            self.write(tx, [deletes, others].concat()).await?;
        } else {
            // What is looked for is looked for without what goes.
            self.distinct(|write| write.condition.is_none() || matches!(write.change, Change::Delete { .. }))?;
            self.write(tx, deletes).await?;
            let others = self.settle(tx, others).await?;
            self.distinct(|_| true)?;
            self.write_with_references(tx, others).await?;
            self.look_back(tx).await?;
        }
        self.finish(tx).await
    }

    /// Refuses two changes of one resource.
    fn distinct(&self, counts: impl Fn(&Write) -> bool) -> Result<(), NotWritten> {
        let mut names = HashSet::new();
        let named = |write: &&Write| !write.id.is_empty() && counts(write);
        let twice = self.writes.iter().position(|write| named(&write) && !names.insert(write.name()));
        twice.map_or(Ok(()), |at| Err(refused(at, Refusal::Twice)))
    }

    /// The names of what will be touched and cannot be known from what was sent: matches, and what patches make. Nobody
    /// is told of this look; it is only what to lock, after which it counts.
    async fn look_ahead(&mut self, tx: &mut PgConnection) -> Result<BTreeSet<String>, NotWritten> {
        let mut names = BTreeSet::new();
        for write in &mut self.writes {
            let Some(condition) = &write.condition else { continue };
            let found = matches(tx, &condition.search).await?;
            names.extend(found.iter().map(|found| format!("{}/{}", write.grant.spec().name, found.id)));
            if let (Change::Patch { .. }, [one]) = (&write.change, &found[..]) {
                write.id.clone_from(&one.id);
            }
        }
        for (_, search) in &self.references {
            let kind = search.grant().spec().name;
            names.extend(matches(tx, search).await?.into_iter().map(|found| format!("{kind}/{}", found.id)));
        }
        let patches: Vec<&Write> =
            self.writes.iter().filter(|write| matches!(write.change, Change::Patch { .. })).collect();
        let known = decide::known(tx, &patches).await?;
        for write in patches {
            let Change::Patch { edit, .. } = &write.change else { continue };
            let stored = known.get(&write.name()).filter(|known| known.visible).and_then(|known| known.object());
            let made = stored.and_then(|stored| edit(stored).ok()).map(|(made, _)| made);
            names.extend(lock::names_of(write.grant.spec(), &write.id, made.as_ref(), self.base));
        }
        Ok(names)
    }

    /// Writes these, whose ids are known and whose references lead where they should.
    pub(super) async fn write(&mut self, tx: &mut PgConnection, these: Vec<usize>) -> Result<(), NotWritten> {
        let Some(first) = these.first() else { return Ok(()) };
        let grant = self.writes[*first].grant.clone();
        let known = decide::known(tx, &these.iter().map(|at| &self.writes[*at]).collect::<Vec<_>>()).await?;
        // Also where a clock was set back, or another instance's goes ahead.
        let latest = known.values().map(|known| known.updated_at + Duration::from_millis(1)).max();
        self.now = latest.map_or(self.now, |latest| latest.max(self.now));
        let mut steps = BTreeMap::new();
        let named = these.iter().filter_map(|at| self.writes[*at].resource()).filter_map(decide::named_source);
        let (source_id, mut uri, mut others) =
            decide::source(tx, &grant, named.map(str::to_owned).collect::<Vec<_>>()).await?;
        for at in &these {
            let write = &self.writes[*at];
            let step = match decide::step(write, known.get(&write.name()), source_id) {
                Ok(step) => step,
                Err(refusal) => {
                    // A refusal that tells of a row tells of its person.
                    let seen = known.get(&write.name()).filter(|known| known.visible);
                    self.seen.extend(seen.map(|known| (write.grant.spec().name, known.patient_id)));
                    return Err(refused(*at, refusal));
                }
            };
            if matches!(write.change, Change::Patch { .. }) {
                self.patch(*at, &step).map_err(|refusal| refused(*at, refusal))?;
                let named = self.writes[*at].resource().and_then(decide::named_source);
                let named = named.map(str::to_owned).into_iter().collect();
                let (_, own, more) = decide::source(tx, &grant, named).await?;
                uri = own;
                others.extend(more);
            }
            steps.insert(*at, step);
        }
        let mut people =
            owner::people(tx, &these.iter().map(|at| &self.writes[*at]).collect::<Vec<_>>(), self.base).await?;
        // Patients first: the rows about them need their keys.
        let mut order = these;
        order.sort_by_key(|at| !self.writes[*at].grant.spec().is_person());
        let (mut rows, mut persons) = (Vec::new(), Vec::new());
        for at in order.iter().copied() {
            let (write, Some(step)) = (&self.writes[at], steps.remove(&at)) else { continue };
            let from = write.resource().and_then(decide::named_source);
            if from.is_some_and(|uri| others.iter().any(|other| other == uri)) {
                return Err(refused(at, Refusal::NotItsSource));
            }
            let person = owner::of(tx, &mut people, write, self.base).await?.map_err(|r| refused(at, r))?;
            let person = person.unwrap_or(step.patient_id);
            let (answer, row) =
                rows::prepare(write, step, person, (source_id, uri.as_deref()), self.now, (self.base, self.sensitive));
            let kind = write.grant.spec().name;
            rows.extend(row.map(|row| (write.grant.spec(), row)));
            let about = |id: i64| Some(id).filter(|id| *id != NOBODY);
            let what = Some(format!("{kind}/{}/_history/{}", answer.id, answer.version));
            let audit = AuditRow { what, ..self.audit.clone() };
            self.audits.push(audit.clone().about(kind, about(answer.patient_id)));
            // A resource that moves is gone from the record it was in: that person's trail says so too.
            let left = known.get(&write.name()).map(|known| known.patient_id).filter(|id| *id != answer.patient_id);
            if write.grant.spec().is_person() {
                persons.extend(left.into_iter().chain([answer.patient_id]).filter_map(about));
            }
            self.audits.extend(left.and_then(about).map(|id| audit.about(kind, Some(id))));
            self.answers[at] = Some(answer);
        }
        if !persons.is_empty() {
            protection::lock(tx, &persons).await?;
        }
        rows::insert(tx, rows).await?;
        protection::settle(tx, &persons, self.base).await?;
        for at in order {
            if decide::out_of_scope(tx, &self.writes[at]).await? {
                return Err(refused(at, Refusal::OutOfScope));
            }
        }
        Ok(())
    }

    /// Makes the update that a patch comes to.
    fn patch(&mut self, at: usize, step: &decide::Step) -> Result<(), Refusal> {
        let write = &mut self.writes[at];
        let Change::Patch { edit, .. } = &write.change else { return Ok(()) };
        let stored = step.stored.as_deref().and_then(|text| Json::parse(text.as_bytes()).ok());
        let Some(Json::Object(stored)) = stored else { return Err(Refusal::NotFound) };
        let (resource, notes) = edit(stored).map_err(Refusal::Unfit)?;
        if !self.locked.holds(&lock::names_of(write.grant.spec(), &write.id, Some(&resource), self.base)) {
            return Err(Refusal::Moved);
        }
        write.notes = notes;
        write.change = Change::Update { resource, if_match: None, skip_same: false };
        Ok(())
    }

    /// The rows of the audit trail: one for each change, and one for each person the criteria reached.
    async fn finish(&mut self, tx: &mut PgConnection) -> Result<(), NotWritten> {
        let told: BTreeSet<(String, i64)> =
            self.audits.iter().filter_map(|row| Some((row.resource_type.clone(), row.patient_id?))).collect();
        let reached = self.seen.iter().filter(|(_, person)| *person != NOBODY);
        let reached = reached.filter(|(kind, person)| !told.contains(&((*kind).to_owned(), *person)));
        let more: Vec<AuditRow> = reached.map(|(kind, person)| self.audit.clone().about(kind, Some(*person))).collect();
        self.audits.extend(more);
        audit::insert(tx, &self.audits).await?;
        Ok(())
    }
}
