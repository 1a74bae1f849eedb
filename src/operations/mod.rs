//! Operations (R4 §3.2) as data: one table, which drives routes, CapabilityStatement and OpenAPI document. What an operation
//! does is in `http/operation`; nothing here knows HTTP.

mod access;
mod record;

pub use access::*;
pub use record::*;

use crate::profile::CANONICAL;
use crate::resources;

/// What the service can be asked to do beyond REST.
#[derive(Debug)]
pub struct Operation {
    /// Its name, without the dollar sign.
    pub name: &'static str,
    /// The canonical URL of its definition; of one of our own what stands behind ours.
    pub definition: &'static str,
    /// The types it is for; empty: every type of the record.
    pub kinds: &'static [&'static str],
    /// The canonical URL of its definition where it is asked of the whole record too, `$name`.
    pub on_system: Option<&'static str>,
    /// Whether it is asked of the type, `Type/$name`.
    pub on_type: bool,
    /// Whether it is asked of one resource, `Type/id/$name`.
    pub on_instance: bool,
    /// Whether GET asks it too: only where nothing changes and every parameter is a plain value (R4 §3.2.0.1).
    pub by_get: bool,
    /// What a caller gets.
    pub doc: &'static str,
    /// What it is asked with.
    pub parameters: &'static [Parameter],
    /// Whether the search parameters of its type are parameters too.
    pub searches: bool,
    /// The type of its answer.
    pub returns: &'static str,
    /// What carries it out.
    pub run: Run,
}

/// One parameter of an operation.
#[derive(Debug)]
pub struct Parameter {
    pub name: &'static str,
    /// R4's type of its values; the name of a resource type, or `Resource`, where it is one.
    pub kind: &'static str,
    /// Whether it has to be there.
    pub required: bool,
    /// Whether it may be there several times.
    pub many: bool,
    /// The values it may have, where they can be listed.
    pub codes: &'static [&'static str],
    /// What it says.
    pub doc: &'static str,
}

impl Parameter {
    /// Whether its value is a resource.
    pub fn is_resource(&self) -> bool {
        self.kind == "Resource" || resources::kept(self.kind).is_some()
    }

    /// Whether its value is a primitive, which an address or a form can hold.
    pub fn is_plain(&self) -> bool {
        self.kind.starts_with(|first: char| first.is_ascii_lowercase())
    }
}

/// A parameter that may be left out.
const fn may(name: &'static str, kind: &'static str, doc: &'static str) -> Parameter {
    Parameter { name, kind, required: false, many: false, codes: &[], doc }
}

/// A parameter that has to be there.
const fn must(name: &'static str, kind: &'static str, doc: &'static str) -> Parameter {
    Parameter { required: true, ..may(name, kind, doc) }
}

impl Parameter {
    /// With the values it may have.
    const fn of(self, codes: &'static [&'static str]) -> Parameter {
        Parameter { codes, ..self }
    }

    /// Several of it.
    const fn several(self) -> Parameter {
        Parameter { many: true, ..self }
    }
}

/// What carries an operation out.
#[derive(Debug, Clone, Copy)]
pub enum Run {
    Everything,
    Lastn,
    Match,
    Validate,
    Summary,
    Export,
    BreakGlass,
    SelfClaim,
    Relate,
    EndRelationship,
    Relationships,
    Protect,
    AccessAlerts,
    Review,
}

/// Every operation. None of them changes the record; some change who may see it.
pub const ALL: &[&Operation] = &[
    &EVERYTHING,
    &LASTN,
    &MATCH,
    &VALIDATE,
    &SUMMARY,
    &EXPORT,
    &BREAK_GLASS,
    &SELF_CLAIM,
    &RELATE,
    &END_RELATIONSHIP,
    &RELATIONSHIPS,
    &PROTECT,
    &ACCESS_ALERTS,
    &REVIEW,
];

impl Operation {
    /// Whether it is for this type.
    pub fn is_for(&self, kind: &str) -> bool {
        self.kinds.contains(&kind) || self.kinds.is_empty() && resources::kept(kind).is_some()
    }

    /// Whether it is defined by this record.
    pub fn is_ours(&self) -> bool {
        self.definition.starts_with('/')
    }

    /// The canonical URL of its definition.
    pub fn definition_url(&self) -> String {
        if self.is_ours() { format!("{CANONICAL}{}", self.definition) } else { self.definition.to_owned() }
    }
}
