//! Owns the criteria of a conditional interaction (R4 §3.1.0.4.3): a search that says which resource is meant. They are
//! read more strictly than a search, since the caller relies on every part of them.

use super::{Context, Search, query};
use crate::access::Grant;
use crate::fhir::outcome::{Issue, IssueType};
use crate::fhir::primitive::shorten;

/// What says how a page looks, and nothing of what is meant.
const OF_PAGES: [&str; 8] =
    ["_count", "_cursor", "_elements", "_include", "_revinclude", "_sort", "_summary", "_total"];

impl Search {
    /// Reads criteria. An unknown parameter is an error whatever the caller prefers. Criteria that select nothing are a
    /// conflict: they would match everything.
    pub fn criteria(grant: Grant, text: &str, context: &Context<'_>) -> Result<Search, Vec<Issue>> {
        let text = text.strip_prefix('?').unwrap_or(text);
        let mut pairs = query::pairs(text).map_err(|issue| vec![issue])?;
        pairs.retain(|(name, _)| name != "_format" && name != "_pretty");
        let base = |name: &str| name.split(':').next().unwrap_or_default().to_owned();
        if let Some((name, _)) = pairs.iter().find(|(name, _)| OF_PAGES.contains(&base(name).as_str())) {
            let words =
                format!("{} says nothing of which resource is meant: leave it out of the criteria", shorten(name));
            return Err(vec![Issue::error(IssueType::NotSupported, words).at(&format!("http.{}", shorten(name)))]);
        }
        let strict = Context { lenient: false, ..*context };
        let search = Search::read(grant, &pairs, &strict)?;
        if search.filters.is_empty() {
            let words = "the criteria have no search parameter, so they would match everything: name the resource, \
                         by identifier for instance";
            return Err(vec![Issue::error(IssueType::Conflict, words)]);
        }
        Ok(search)
    }
}
