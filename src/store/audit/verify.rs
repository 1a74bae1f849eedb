//! Owns the proof that the audit trail is whole: every link made again from its rows, from each chain's beginning to its head.
//!
//! Who can change every table of the database could make a chain anew, or cut its end off and set its head back. Heads that
//! were written down elsewhere (`Anchor`) tell that too.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use futures_util::TryStreamExt;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::chain::{self, Entry, Seal};
use crate::store::{Store, StoreError};

/// A chain's head at some time: `chain:link:seal in hex`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    pub chain: i16,
    pub link: i64,
    pub seal: Seal,
}

/// Why a line is no anchor.
#[derive(Debug, thiserror::Error)]
#[error("\"{0}\" is no anchor: chain:link:seal, as `lcr audit verify` prints them")]
pub struct AnchorError(String);

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:", self.chain, self.link)?;
        self.seal.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Anchor {
    type Err = AnchorError;

    fn from_str(text: &str) -> Result<Anchor, AnchorError> {
        let read = || {
            let mut parts = text.trim().split(':');
            let (chain, link, hex) = (parts.next()?, parts.next()?, parts.next()?);
            let mut seal = [0; 32];
            let sound = parts.next().is_none() && hex.len() == 64 && hex.is_ascii();
            for (at, byte) in seal.iter_mut().enumerate().filter(|_| sound) {
                *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
            }
            sound.then_some(Anchor { chain: chain.parse().ok()?, link: link.parse().ok()?, seal })
        };
        read().ok_or_else(|| AnchorError(text.chars().take(100).collect()))
    }
}

/// What was looked at, and what was found.
#[derive(Debug, Default)]
pub struct Verified {
    /// Rows that a seal vouches for.
    pub rows: u64,
    /// Links of all chains.
    pub links: u64,
    /// Rows from before there were chains: nothing vouches for them.
    pub unsealed: u64,
    /// The heads, to be written down elsewhere.
    pub heads: Vec<Anchor>,
    pub faults: Faults,
}

/// What is wrong, in words that name the place: chain, link, and month or time.
#[derive(Debug, Default)]
pub struct Faults {
    pub shown: Vec<String>,
    pub more: usize,
}

impl Faults {
    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    fn add(&mut self, words: String) {
        if self.shown.len() < 100 { self.shown.push(words) } else { self.more += 1 }
    }
}

/// One link as it is stored.
struct Link {
    link: i64,
    entries: Vec<Entry<'static>>,
    bases: Vec<Option<String>>,
    seal: Option<Vec<u8>>,
    /// When its first row says it was.
    at: String,
    in_order: bool,
}

impl Store {
    /// Looks at the whole trail; each of `anchors` has to be in it. `each` hears of every row. It takes the heads first, so that what
    /// is written meanwhile is not missed as a fault.
    pub async fn verify_audit(
        &self,
        anchors: &[Anchor],
        each: &mut (dyn FnMut() + Send),
    ) -> Result<Verified, StoreError> {
        let mut verified = Verified::default();
        let heads: Vec<(i16, i64, Vec<u8>)> =
            sqlx::query_as("SELECT chain, link, seal FROM audit_chain ORDER BY chain").fetch_all(&self.pool).await?;
        let unsealed: i64 =
            sqlx::query_scalar("SELECT count(*) FROM audit WHERE chain = 0").fetch_one(&self.pool).await?;
        verified.unsealed = unsealed.unsigned_abs();
        let strangers = "SELECT DISTINCT chain FROM audit WHERE chain <> 0 AND chain <> ALL ($1)";
        let known: Vec<i16> = heads.iter().map(|head| head.0).collect();
        let strangers: Vec<i16> = sqlx::query_scalar(strangers).bind(known).fetch_all(&self.pool).await?;
        strangers.iter().for_each(|chain| verified.faults.add(format!("chain {chain} has rows and no head")));
        for chain in 1..=8 {
            if heads.iter().all(|head| head.0 != chain) {
                verified.faults.add(format!("chain {chain} has no head"));
            }
        }
        for (chain, link, seal) in heads {
            let Ok(seal) = Seal::try_from(seal) else {
                verified.faults.add(format!("the head of chain {chain} has no seal"));
                continue;
            };
            let head = Anchor { chain, link, seal };
            let mine = anchors.iter().filter(|anchor| anchor.chain == chain);
            let wanted = mine.map(|anchor| (anchor.link, anchor.seal)).collect();
            self.verify_chain(&head, wanted, &mut verified, each).await?;
            verified.heads.push(head);
        }
        Ok(verified)
    }

    async fn verify_chain(
        &self,
        head: &Anchor,
        mut wanted: BTreeMap<i64, Seal>,
        verified: &mut Verified,
        each: &mut (dyn FnMut() + Send),
    ) -> Result<(), StoreError> {
        let chain = head.chain;
        let rows = "SELECT link, place, id, (extract(epoch FROM at) * 1000000)::bigint AS at, at::text AS moment, request_id, client, user_id, \
                    role, organisation, address, purpose, basis, action, resource_type, query, what, patient_id, outcome, seal \
                    FROM audit WHERE chain = $1 AND link <= $2 ORDER BY link, place";
        let mut rows = sqlx::query(rows).bind(chain).bind(head.link).fetch(&self.pool);
        let (mut before, mut next) = (chain::beginning(chain), 1);
        let mut link: Option<Link> = None;
        loop {
            let row = rows.try_next().await?;
            let number: Option<i64> = row.as_ref().map(|row| row.try_get("link")).transpose()?;
            if let Some(done) = link.take_if(|link| number != Some(link.link)) {
                check(chain, &done, &mut before, &mut next, &mut wanted, verified);
            }
            let Some(row) = row else { break };
            each();
            verified.rows += 1;
            take(&mut link, chain, &row)?;
        }
        drop(rows);
        if next <= head.link {
            verified.faults.add(format!("chain {chain}: links {next} to {} are missing at its end", head.link));
        } else if before != head.seal {
            verified.faults.add(format!("chain {chain}: its head is not the seal of its last link, {}", head.link));
        }
        for link in wanted.keys() {
            verified.faults.add(format!("chain {chain}: link {link}, which an anchor names, is not there"));
        }
        let beyond = "SELECT min(link) FROM audit WHERE chain = $1 AND link > (SELECT c.link FROM audit_chain c WHERE c.chain = $1)";
        let beyond: Option<i64> = sqlx::query_scalar(beyond).bind(chain).fetch_one(&self.pool).await?;
        if let Some(link) = beyond {
            verified.faults.add(format!("chain {chain}: link {link} is beyond its head, {}", head.link));
        }
        Ok(())
    }
}

/// Puts a row to its link.
fn take(link: &mut Option<Link>, chain: i16, row: &PgRow) -> Result<(), sqlx::Error> {
    let (number, place): (i64, i32) = (row.try_get("link")?, row.try_get("place")?);
    let text = |column| row.try_get::<String, _>(column).map(Cow::Owned);
    let text_or_none = |column| row.try_get::<Option<String>, _>(column).map(|text| text.map(Cow::Owned));
    let entry = Entry {
        at: row.try_get("at")?,
        request_id: row.try_get("request_id")?,
        client: text("client")?,
        user_id: text_or_none("user_id")?,
        role: text("role")?,
        organisation: text_or_none("organisation")?,
        address: text_or_none("address")?,
        purpose: text("purpose")?,
        action: text("action")?,
        resource_type: text("resource_type")?,
        query: text("query")?,
        what: text_or_none("what")?,
        patient_id: row.try_get("patient_id")?,
        outcome: row.try_get("outcome")?,
    };
    let moment: String = row.try_get("moment")?;
    let own = link.get_or_insert_with(|| Link {
        link: number,
        entries: Vec::new(),
        bases: Vec::new(),
        seal: None,
        at: moment,
        in_order: true,
    });
    let seal: Option<Vec<u8>> = row.try_get("seal")?;
    let id: String = row.try_get("id")?;
    own.in_order &= usize::try_from(place) == Ok(own.entries.len()) && seal.is_some() == (place == 0);
    // Its id says the same once more.
    own.in_order &= id == format!("{:014x}-{chain}-{number}-{place}", entry.at);
    own.seal = own.seal.take().or(seal);
    own.bases.push(row.try_get("basis")?);
    own.entries.push(entry);
    Ok(())
}

/// Judges one link, and goes on from the seal that is stored: one fault is told once.
fn check(
    chain: i16,
    link: &Link,
    before: &mut Seal,
    next: &mut i64,
    wanted: &mut BTreeMap<i64, Seal>,
    verified: &mut Verified,
) {
    let (number, at) = (link.link, &link.at);
    verified.links += 1;
    if number > *next {
        let missing =
            if number == *next + 1 { format!("link {next} is") } else { format!("links {next} to {} are", number - 1) };
        verified.faults.add(format!("chain {chain}: {missing} missing, before {at}"));
    }
    let stored = link.seal.as_ref().and_then(|seal| Seal::try_from(seal.as_slice()).ok());
    let made = chain::seal(before, &link.entries, &link.bases);
    if !link.in_order {
        verified.faults.add(format!("chain {chain}: rows of link {number} are missing or out of order, at {at}"));
    } else if stored != Some(made) && number == *next {
        verified.faults.add(format!("chain {chain}: link {number} was changed, at {at}"));
    }
    if let Some(seal) = wanted.remove(&number)
        && stored != Some(seal)
    {
        verified.faults.add(format!("chain {chain}: link {number} is not the one that an anchor names, at {at}"));
    }
    *before = stored.unwrap_or(made);
    *next = number + 1;
}
