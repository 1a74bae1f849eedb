//! Owns what becomes of a conditional write: R4's rules for none, one and several matches (§3.1.0.4.3, §3.1.0.7.1,
//! §3.1.0.8.1). They count in the transaction, after the locks.

use std::collections::HashSet;

use sqlx::PgConnection;

use super::condition::{Match, matches};
use super::work::{Work, refused};
use super::{Change, NotWritten, Refusal, Write, Written};
use crate::store::person::{self, NOBODY};

impl Work<'_> {
    /// Finds what conditional writes are about, and answers those that have nothing to do. Gives the others.
    pub(super) async fn settle(&mut self, tx: &mut PgConnection, these: Vec<usize>) -> Result<Vec<usize>, NotWritten> {
        let mut left = Vec::new();
        for at in these {
            let Some(condition) = &self.writes[at].condition else {
                left.push(at);
                continue;
            };
            let found = matches(tx, &condition.search).await?;
            let kind = condition.search.grant().spec().name;
            self.seen.extend(found.iter().map(|found| (kind, found.patient_id)));
            let asked = person::asked_about(tx, &condition.search).await?;
            self.seen.extend(asked.into_iter().map(|person| (kind, person)));
            match self.decide(at, found).map_err(|refusal| refused(at, refusal))? {
                None => left.push(at),
                Some(answer) => {
                    let person = Some(answer.patient_id).filter(|id| *id != NOBODY);
                    self.audits.push(self.audit.clone().about(kind, person));
                    self.answers[at] = Some(answer);
                }
            }
        }
        Ok(left)
    }

    /// R4's rules for none, one and several matches. An answer, where nothing is to be done.
    pub(super) fn decide(&mut self, at: usize, mut found: Vec<Match>) -> Result<Option<Written>, Refusal> {
        let write = &mut self.writes[at];
        let Some(condition) = &write.condition else { return Ok(None) };
        if found.len() > 1 {
            return Err(Refusal::Several);
        }
        let one = found.pop();
        match (&mut write.change, one) {
            (Change::Create(_), Some(one)) => {
                write.id.clone_from(&one.id);
                return Ok(Some(one.into()));
            }
            (Change::Update { .. }, Some(one)) if condition.named.as_ref().is_some_and(|named| *named != one.id) => {
                return Err(Refusal::OtherId);
            }
            (_, Some(one)) => write.id = one.id,
            (Change::Create(_), None) => {}
            (Change::Update { if_match: Some(_), .. }, None) => return Err(Refusal::Stale(0)),
            (Change::Update { resource, .. }, None) => {
                let create = condition.create.clone().map_err(Refusal::MayNotCreate)?;
                // Under its own id it is an update that makes what is not there; else the server has chosen one.
                write.is_new = true;
                if condition.named.as_ref() != Some(&write.id) {
                    write.change = Change::Create(std::mem::take(resource));
                    write.grant = create;
                }
            }
            (Change::Patch { .. }, None) => return Err(Refusal::NotFound),
            (Change::Delete { .. }, None) => {
                write.id.clear();
                return Ok(Some(Written::nothing(self.now)));
            }
        }
        match self.locked.holds(&[write.name()]) {
            true => Ok(None),
            false => Err(Refusal::Moved),
        }
    }

    /// Two conditions of one transaction that are about the same resource: each was looked for before the other's was made.
    pub(super) async fn look_back(&mut self, tx: &mut PgConnection) -> Result<(), NotWritten> {
        if self.writes.len() == 1 {
            return Ok(());
        }
        let made: HashSet<String> = self.writes.iter().map(Write::name).collect();
        for (at, write) in self.writes.iter().enumerate() {
            let Some(condition) = &write.condition else { continue };
            // What was deleted may well be followed by another of its kind.
            if matches!(write.change, Change::Delete { .. }) {
                continue;
            }
            let kind = write.grant.spec().name;
            for found in matches(tx, &condition.search).await? {
                if found.id != write.id && made.contains(&format!("{kind}/{}", found.id)) {
                    return Err(refused(at, Refusal::Twice));
                }
            }
        }
        Ok(())
    }
}
