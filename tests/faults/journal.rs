//! What clients sent and what they were told: kept here, beside the service, so that it can be held against the database.

use std::sync::Mutex;
use std::time::Instant;

use uuid::Uuid;

/// What a request was to do, about the one patient of its round. Every resource carries its value as an identifier.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// One Observation with this value.
    Create(String),
    /// A new version of an Observation, with this value.
    Update(String),
    /// The end of an Observation.
    Delete(String),
    /// So many Observations, whose values are this and a number.
    Transaction(String, usize),
    /// A search or an `$everything`, complete when it has at least so many resources.
    Read(usize),
}

/// What came of it, as its client knows.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// Nothing: no answer, or one that says that it may be sent again. It may have been done or not.
    Nothing,
    /// It was done. Its request's id, and the id and version that it made where the answer names one.
    Done { request: Uuid, made: Option<(String, i32)>, at: Instant },
}

/// One request.
#[derive(Debug, Clone)]
pub struct Entry {
    pub deed: Deed,
    pub told: Told,
}

/// All requests of a round.
#[derive(Default)]
pub struct Journal {
    entries: Mutex<Vec<Entry>>,
}

impl Journal {
    /// A request that is about to be sent: it counts as sent from now on.
    pub fn sent(&self, deed: Deed) -> usize {
        let mut entries = self.entries.lock().expect("journal");
        entries.push(Entry { deed, told: Told::Nothing });
        entries.len() - 1
    }

    /// Its answer.
    pub fn done(&self, place: usize, request: Uuid, made: Option<(String, i32)>) {
        self.entries.lock().expect("journal")[place].told = Told::Done { request, made, at: Instant::now() };
    }

    pub fn all(&self) -> Vec<Entry> {
        self.entries.lock().expect("journal").clone()
    }

    /// How long after this moment the first write, and the first read, was acknowledged.
    pub fn back_after(&self, moment: Instant) -> Option<std::time::Duration> {
        let first = |reads: bool| {
            let entries = self.all();
            let mine = entries.iter().filter(|entry| matches!(entry.deed, Deed::Read(_)) == reads);
            let times = mine.filter_map(|entry| match entry.told {
                Told::Done { at, .. } if at > moment => Some(at),
                _ => None,
            });
            times.min()
        };
        Some(first(true)?.max(first(false)?).duration_since(moment))
    }
}

impl Entry {
    pub fn is_done(&self) -> bool {
        self.told != Told::Nothing
    }
}
