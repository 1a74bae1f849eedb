//! Owns the references within a transaction (R4 §3.1.0.11.2): by the fullUrl of an entry, and by search criteria, which the
//! caller's own grant to search answers, with what the transaction has made.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;

use super::condition::matches;
use super::work::{Work, refused};
use super::{Change, NotWritten, Refusal, Write};
use crate::fhir::bundle::{self, Homes};
use crate::search::Search;
use crate::store::StoreError;
use crate::store::person;

/// How many rounds of references that wait for each other's resources are followed.
const MOST_ROUNDS: usize = 8;

impl Work<'_> {
    /// Where the transaction's resources are, by the URLs they came with.
    pub(super) fn homes(&self) -> Homes {
        let home = |write: &Write| Some((write.full_url.clone()?, write.name()));
        self.writes.iter().filter(|write| !write.id.is_empty()).filter_map(home).collect()
    }

    /// Points references at where their resources are.
    pub(super) fn link(&mut self, these: &[usize], homes: &Homes) {
        if homes.is_empty() {
            return;
        }
        for at in these {
            let write = &mut self.writes[*at];
            if let Change::Create(resource) | Change::Update { resource, .. } = &mut write.change {
                bundle::resolve(resource, write.full_url.as_deref(), homes);
            }
        }
    }

    /// Writes in rounds: a conditional reference may be to what the same transaction makes.
    pub(super) async fn write_with_references(
        &mut self,
        tx: &mut PgConnection,
        these: Vec<usize>,
    ) -> Result<(), NotWritten> {
        let mut homes = self.homes();
        let mut needs: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for at in &these {
            let own = self.writes[*at].resource().map(bundle::conditional).unwrap_or_default();
            needs.insert(*at, own.into_iter().filter(|text| self.search_of(text).is_some()).collect());
        }
        let mut waiting = these;
        for round in 1.. {
            let mut found: BTreeMap<String, usize> = BTreeMap::new();
            let wanted: BTreeSet<&String> = waiting.iter().filter_map(|at| needs.get(at)).flatten().collect();
            for text in wanted {
                if homes.contains_key(text) {
                    continue;
                }
                let matched = self.referred(tx, text).await?;
                found.insert(text.clone(), matched.len());
                if let [one] = &matched[..] {
                    homes.insert(text.clone(), one.clone());
                }
            }
            let is_ready = |at: &usize| needs.get(at).is_none_or(|own| own.iter().all(|text| homes.contains_key(text)));
            let (ready, rest): (Vec<usize>, Vec<usize>) = waiting.iter().copied().partition(is_ready);
            if !rest.is_empty() && !self.lenient && (ready.is_empty() || round >= MOST_ROUNDS) {
                let missing = |at: &usize| {
                    let text = needs.get(at)?.iter().find(|text| !homes.contains_key(*text))?;
                    Some((*at, text.clone(), found.get(text).copied().unwrap_or(0)))
                };
                let (at, text, count) = rest.iter().find_map(missing).unwrap_or((rest[0], String::new(), 0));
                return Err(refused(at, reference(&text, count)));
            }
            let stuck = ready.is_empty() || round >= MOST_ROUNDS;
            let now = if stuck { std::mem::take(&mut waiting) } else { ready };
            self.link(&now, &homes);
            self.write(tx, now).await?;
            if stuck || rest.is_empty() {
                break;
            }
            waiting = rest;
        }
        self.still_refer(tx, &needs, &homes).await
    }

    /// Refuses a reference that what was written since has made ambiguous.
    pub(super) async fn still_refer(
        &mut self,
        tx: &mut PgConnection,
        needs: &BTreeMap<usize, Vec<String>>,
        homes: &Homes,
    ) -> Result<(), NotWritten> {
        let mut checked = BTreeSet::new();
        for (at, text) in needs.iter().flat_map(|(at, own)| own.iter().map(move |text| (*at, text))) {
            let Some(home) = homes.get(text).filter(|_| checked.insert(text)) else { continue };
            let matched = self.referred(tx, text).await?;
            if matched.len() > 1 || (matched.first() != Some(home) && !self.lenient) {
                return Err(refused(at, reference(text, matched.len())));
            }
        }
        Ok(())
    }

    pub(super) fn search_of(&self, text: &str) -> Option<&Search> {
        self.references.iter().find(|(known, _)| known == text).map(|(_, search)| search)
    }

    /// `Type/id` of what a conditional reference matches.
    pub(super) async fn referred(&mut self, tx: &mut PgConnection, text: &str) -> Result<Vec<String>, StoreError> {
        let Some(search) = self.search_of(text) else { return Ok(Vec::new()) };
        let kind = search.grant().spec().name;
        let found = matches(tx, search).await?;
        let asked = person::asked_about(tx, search).await?;
        self.seen.extend(found.iter().map(|found| found.patient_id).chain(asked).map(|person| (kind, person)));
        Ok(found.into_iter().map(|found| format!("{kind}/{}", found.id)).collect())
    }
}

fn reference(text: &str, matched: usize) -> Refusal {
    let kind = text.split_once('?').map_or(text, |(kind, _)| kind).to_owned();
    Refusal::Reference { kind, several: matched > 1 }
}
