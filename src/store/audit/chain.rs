//! Owns what the seals of the audit trail are over. PostgreSQL's `audit_append` makes a seal of what is digested here, of the
//! seal before it and of the bases it finds; `verify` makes it again of what is stored.

use std::borrow::Cow;

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A SHA-256.
pub type Seal = [u8; 32];

/// What one row says, whoever wrote or reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Microseconds since 1970.
    pub at: i64,
    pub request_id: Uuid,
    pub client: Cow<'a, str>,
    pub user_id: Option<Cow<'a, str>>,
    pub role: Cow<'a, str>,
    pub organisation: Option<Cow<'a, str>>,
    pub address: Option<Cow<'a, str>>,
    pub purpose: Cow<'a, str>,
    pub action: Cow<'a, str>,
    pub resource_type: Cow<'a, str>,
    pub query: Cow<'a, str>,
    pub what: Option<Cow<'a, str>>,
    pub patient_id: Option<i64>,
    pub outcome: i16,
}

/// The digest of the rows of a link, in their order. Each field goes with its length, so that no two rows read alike.
pub fn digest<'a>(entries: impl IntoIterator<Item = &'a Entry<'a>>) -> Seal {
    let mut hash = Sha256::new();
    let mut field = |value: Option<&[u8]>| match value {
        None => hash.update([0]),
        Some(bytes) => {
            hash.update([1]);
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        }
    };
    for entry in entries {
        field(Some(&entry.at.to_be_bytes()));
        field(Some(entry.request_id.as_bytes()));
        field(Some(entry.client.as_bytes()));
        field(entry.user_id.as_deref().map(str::as_bytes));
        field(Some(entry.role.as_bytes()));
        field(entry.organisation.as_deref().map(str::as_bytes));
        field(entry.address.as_deref().map(str::as_bytes));
        field(Some(entry.purpose.as_bytes()));
        field(Some(entry.action.as_bytes()));
        field(Some(entry.resource_type.as_bytes()));
        field(Some(entry.query.as_bytes()));
        field(entry.what.as_deref().map(str::as_bytes));
        field(entry.patient_id.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice));
        field(Some(&entry.outcome.to_be_bytes()));
    }
    hash.finalize().into()
}

/// The seal before the first link of a chain.
pub fn beginning(chain: i16) -> Seal {
    Sha256::digest(format!("audit chain {chain}").as_bytes()).into()
}

/// The seal of a link, of the one before it, its rows and the bases found for them; no basis is `-`, as PostgreSQL has it.
pub fn seal(before: &Seal, entries: &[Entry], bases: &[Option<String>]) -> Seal {
    let bases: Vec<&str> = bases.iter().map(|basis| basis.as_deref().unwrap_or("-")).collect();
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(digest(entries));
    hash.update(bases.join(",").as_bytes());
    hash.finalize().into()
}
