//! Owns the locks of a write. They make sure that two writers at the same time end as one after the other would have.
//!
//! There are two kinds, and every transaction takes all it needs of the first before any of the second, each kind in one
//! order, so that no two wait for each other in a circle.
//!
//! 1. **What is looked for.** A conditional write looks for what matches, and then makes something others may look for.
//!    Two of them must not both look before either has made it. A match of `identifier=x` has the value `x`: so each
//!    locks the identifier values in its criteria and in its resources, and of all that look for a value or bring
//!    it, one goes at a time, however different their criteria are. Criteria without an identifier, such as a name and
//!    a birth date, lock the type alone, which the others hold together. So does a conditional patch, which brings
//!    what nobody knows before it is done. Writes without conditions look for nothing: whatever they do at the same
//!    time is as if it had come just before or just after. They take none of these.
//! 2. **What is touched.** Resources by id, the people they are about, NHS numbers. What a condition found is locked
//!    here, and then looked for again.
//!
//! A unique index could not do this: criteria may be any search, two sources may each keep an identifier, and which rows
//! count depends on who asks.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::{Change, Write};
use crate::fhir::json::{Json, Object};
use crate::fhir::nhs_number;
use crate::fhir::reference::Reference;
use crate::resources::index::{self, escape_bar};
use crate::resources::{self, spec::ResourceSpec};
use crate::search::value::Test;
use crate::search::{Filter, Search};
use crate::store::StoreError;
use crate::store::statement::timed;

/// How many locks stand for all names: few enough that large transactions together stay within what the database can hold.
const NAMES: i64 = 1_024;

/// How many stand for all identifier values, and where they and the types' begin.
const VALUES: i64 = 256;
const TYPES_FROM: i64 = 10_000;
const VALUES_FROM: i64 = 20_000;

/// The names a transaction holds.
#[derive(Default)]
pub struct Locked(BTreeSet<i64>);

impl Locked {
    /// Whether it holds them all.
    pub fn holds(&self, names: &[String]) -> bool {
        names.iter().all(|name| self.0.contains(&bucket(name, NAMES)))
    }
}

/// Which of so many locks stands for a name.
fn bucket(name: &str, of: i64) -> i64 {
    let digest = Sha256::digest(name.as_bytes());
    i64::from(u16::from_be_bytes([digest[0], digest[1]])) % of
}

/// Locks what conditional writes look for and bring. Nothing for writes without conditions.
pub async fn looked_for(tx: &mut PgConnection, writes: &[Write], base: &str) -> Result<(), StoreError> {
    if writes.iter().all(|write| write.condition.is_none()) {
        return Ok(());
    }
    let (mut types, mut alone, mut values) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for write in writes {
        let spec = write.grant.spec();
        types.insert(place(spec));
        let value = |code: &str| VALUES_FROM + bucket(&format!("{}/{code}", spec.name), VALUES);
        let criteria = write.condition.as_ref().map(|condition| identifiers(&condition.search));
        match criteria {
            Some(Some(codes)) => values.extend(codes.iter().map(|code| value(code))),
            Some(None) => drop(alone.insert(place(spec))),
            None => {}
        }
        match &write.change {
            Change::Create(resource) | Change::Update { resource, .. } => {
                values.extend(brought(spec, resource, base).iter().map(|code| value(code)));
            }
            Change::Patch { .. } => drop(alone.insert(place(spec))),
            Change::Delete { .. } => {}
        }
    }
    let shared = types.difference(&alone).map(|key| (*key, true));
    let mut keys: Vec<(i64, bool)> = shared.chain(alone.iter().chain(&values).map(|key| (*key, false))).collect();
    keys.sort_unstable();
    let (keys, shared): (Vec<i64>, Vec<bool>) = keys.into_iter().unzip();
    let lock = "SELECT count(CASE WHEN shared THEN pg_advisory_xact_lock_shared(k) ELSE pg_advisory_xact_lock(k) END) \
                FROM (SELECT k, shared FROM unnest($1::bigint[], $2::boolean[]) AS u(k, shared) ORDER BY k) ordered";
    timed("write: lock", sqlx::query(lock).bind(keys).bind(shared).execute(tx)).await?;
    Ok(())
}

/// The lock of a type.
fn place(spec: &ResourceSpec) -> i64 {
    let at = resources::ALL.iter().position(|known| known.name == spec.name).unwrap_or(resources::ALL.len());
    TYPES_FROM + i64::try_from(at).unwrap_or(0)
}

/// Identifier values of which every match has one. `None`: matches may have any, or none.
fn identifiers(search: &Search) -> Option<Vec<String>> {
    let mut named = None;
    for filter in search.filters() {
        let Filter::Own { param, test } = filter else { continue };
        match test {
            Test::Tokens(tokens) if param.code == "identifier" => {
                let codes: Option<Vec<String>> =
                    tokens.iter().map(|token| token.code.as_deref().map(escape_bar)).collect();
                named.get_or_insert_with(Vec::new).extend(codes?);
            }
            // A match by id is locked by that.
            Test::Ids(_) => drop(named.get_or_insert_with(Vec::new)),
            _ => {}
        }
    }
    named
}

/// The identifier values a resource has, as searches compare them.
fn brought(spec: &'static ResourceSpec, resource: &Object, base: &str) -> Vec<String> {
    let columns = index::columns(spec, resource, base);
    let tokens = columns.get("identifier").into_iter().flat_map(Json::items).filter_map(Json::as_str);
    tokens.filter_map(|token| token.split_once('|')).map(|(_, code)| code.to_owned()).collect()
}

/// Locks, until the transaction ends, every name the writes touch, and these.
pub async fn touched(
    tx: &mut PgConnection,
    writes: &[Write],
    more: BTreeSet<String>,
    base: &str,
) -> Result<Locked, StoreError> {
    let mut names = more;
    for write in writes {
        names.extend(names_of(write.grant.spec(), &write.id, write.resource(), base));
    }
    let keys: BTreeSet<i64> = names.iter().map(|name| bucket(name, NAMES)).collect();
    // A transaction that has its number before it takes the time is one that an export can wait for (`store/export.rs`).
    let lock = "SELECT count(pg_advisory_xact_lock(k)) FROM (SELECT k FROM unnest($1::bigint[]) k ORDER BY k) ordered \
                WHERE pg_current_xact_id() IS NOT NULL";
    let lock = sqlx::query(lock).bind(keys.iter().copied().collect::<Vec<i64>>());
    timed("write: lock", lock.execute(tx)).await?;
    Ok(Locked(keys))
}

/// The names one change touches: the resource, the person it is about, NHS numbers.
pub fn names_of(spec: &ResourceSpec, id: &str, resource: Option<&Object>, base: &str) -> Vec<String> {
    let mut names = vec![format!("{}/{id}", spec.name)];
    names.extend(patient_id(spec, id, resource, base).map(|id| format!("Patient/{id}")));
    if spec.is_person() {
        names.extend(resource.into_iter().flat_map(nhs_number::of).map(|number| format!("nhs/{number}")));
    }
    names
}

/// The Patient id that a change is, or refers to as subject.
pub fn patient_id(spec: &ResourceSpec, id: &str, resource: Option<&Object>, base: &str) -> Option<String> {
    if spec.is_person() {
        return Some(id.to_owned());
    }
    match index::subject(spec, resource?, base) {
        Some(Reference::Local { kind: "Patient", id }) => Some(id.to_owned()),
        _ => None,
    }
}
