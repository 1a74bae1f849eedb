//! Search parameters of every resource (R4 §3.1.1.4).

use super::index::WORDS;
use super::spec::{Kind, Param, param};

/// Parameters that every type has.
#[rustfmt::skip]
pub const PARAMS: &[Param] = &[
    param("_content", Kind::Words { narrative: false }, "", WORDS, "Resource-content", "Words anywhere in its text: narrative, strings, notes, displays. Words, \"phrases\", OR, and - before what must not be there"),
    param("_id", Kind::Id, "id", "id", "Resource-id", "Logical id of the resource"),
    param("_lastUpdated", Kind::Instant, "meta.lastUpdated", "updated_at", "Resource-lastUpdated", "When the version in the record was written"),
    param("_profile", Kind::Uri, "meta.profile", "profile", "Resource-profile", "Profile the resource claims"),
    param("_security", Kind::Token, "meta.security", "security", "Resource-security", "Security label"),
    param("_source", Kind::Uri, "meta.source", "meta_source", "Resource-source", "Which system shared the resource"),
    param("_tag", Kind::Token, "meta.tag", "tag", "Resource-tag", "Tag"),
    param("_text", Kind::Words { narrative: true }, "", WORDS, "DomainResource-text", "Words of its narrative, as for _content"),
];
