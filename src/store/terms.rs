//! Owns what a search has to be sure of before it runs: that the value sets and concepts it names are known, and that the
//! columns it looks in are filled.

use sqlx::{PgConnection, Row};

use super::StoreError;
use super::sql::{Expr, Sql};
use crate::resources::index::{EDITION, escape_bar};
use crate::resources::spec::{Kind, ResourceSpec};
use crate::search::value::{SetRef, Test, Token};
use crate::search::{Filter, Search};

/// What a search names that the service may not know.
#[derive(Default)]
struct Terms<'a> {
    sets: Vec<&'a SetRef>,
    concepts: Vec<&'a Token>,
    /// Types of which a column is asked that came after the first rows.
    late: Vec<&'static str>,
}

/// Refuses a search that names what is not known. Most name nothing, and cost nothing.
pub async fn check(on: &mut PgConnection, search: &Search) -> Result<(), StoreError> {
    let mut terms = Terms::default();
    search.filters().iter().for_each(|filter| terms.of_filter(search.grant().spec(), filter));
    if !terms.late.is_empty() {
        let ready = "SELECT k FROM unnest($1::text[]) k WHERE NOT EXISTS (SELECT 1 FROM reindex r WHERE r.kind = k AND r.done AND r.edition >= $2)";
        let waiting = sqlx::query_scalar(ready).bind(&terms.late).bind(EDITION);
        let waiting: Vec<String> = waiting.fetch_all(&mut *on).await?;
        if !waiting.is_empty() {
            return Err(StoreError::Reindexing(waiting));
        }
    }
    if terms.sets.is_empty() && terms.concepts.is_empty() {
        return Ok(());
    }
    let unknown = terms.unknown(on).await?;
    if unknown.is_empty() { Ok(()) } else { Err(StoreError::UnknownTerms(unknown)) }
}

impl<'a> Terms<'a> {
    fn of_filter(&mut self, spec: &'static ResourceSpec, filter: &'a Filter) {
        match filter {
            Filter::Own { param, test } => {
                let late =
                    matches!(param.kind, Kind::Words { .. }) || matches!(test, Test::TokenText(_) | Test::Typed(_));
                // The trail has no rows of an earlier edition.
                self.late.extend((late && !spec.is_trail()).then_some(spec.name));
                self.of_test(test);
            }
            Filter::Chain { entered, inner, .. } | Filter::Has { entered, inner, .. } => {
                self.of_filter(entered.spec(), inner);
            }
            Filter::Any(filters) => filters.iter().for_each(|filter| self.of_filter(spec, filter)),
            Filter::Compartment { .. } | Filter::OfSomebody | Filter::Silent(_) => {}
        }
    }

    fn of_test(&mut self, test: &'a Test) {
        match test {
            Test::InSets(sets) => self.sets.extend(sets),
            Test::Subsumed { concepts, .. } => self.concepts.extend(concepts),
            Test::Not(inner) => self.of_test(inner),
            _ => {}
        }
    }

    /// Words for each that is not known.
    async fn unknown(&self, on: &mut PgConnection) -> Result<Vec<String>, StoreError> {
        let mut sql = Sql::named("terms");
        let texts = |of: &dyn Fn(&SetRef) -> Option<String>| self.sets.iter().map(|set| of(set)).collect::<Vec<_>>();
        let urls = sql.bind(texts(&|set| Some(set.url.clone())), "text[]");
        let ids = sql.bind(texts(&|set| set.id.clone()), "text[]");
        let versions = sql.bind(texts(&|set| set.version.clone()), "text[]");
        let systems: Vec<Option<String>> = self.concepts.iter().map(|concept| concept.system.clone()).collect();
        let codes: Vec<Option<String>> =
            self.concepts.iter().map(|concept| concept.code.as_deref().map(escape_bar)).collect();
        let (systems, codes) = (sql.bind(systems, "text[]"), sql.bind(codes, "text[]"));
        sql.push(&Expr::fill(
            "SELECT 'set' AS what, w.at, (SELECT s.version FROM value_set s WHERE s.url = w.url OR s.id = w.id LIMIT 1) AS known \
             FROM unnest({}, {}, {}) WITH ORDINALITY AS w(url, id, version, at) WHERE NOT EXISTS \
             (SELECT 1 FROM value_set s WHERE (s.url = w.url OR s.id = w.id) AND (w.version IS NULL OR s.version = w.version)) \
             UNION ALL SELECT 'concept', w.at, (SELECT y.url FROM code_system y WHERE y.url = w.system) \
             FROM unnest({}, {}) WITH ORDINALITY AS w(system, code, at) WHERE NOT EXISTS \
             (SELECT 1 FROM concept c JOIN code_system y USING (code_system_id) WHERE c.code = w.code AND (w.system IS NULL OR y.url = w.system)) \
             ORDER BY 1, 2",
            &[&urls, &ids, &versions, &systems, &codes],
        ));
        let mut words = Vec::new();
        for row in sql.fetch(on).await? {
            let (what, at): (String, i64) = (row.try_get("what")?, row.try_get("at")?);
            let known: Option<String> = row.try_get("known")?;
            let at = usize::try_from(at - 1).unwrap_or_default();
            words.extend(match what.as_str() {
                "set" => self.sets.get(at).map(|set| unknown_set(set, known.as_deref())),
                _ => self.concepts.get(at).map(|concept| unknown_concept(concept, known.as_deref())),
            });
        }
        Ok(words)
    }
}

/// A canonical as a message shows it: whole, unless somebody sent a book.
fn shown(text: &str) -> String {
    text.chars().take(250).collect()
}

fn unknown_set(set: &SetRef, known: Option<&str>) -> String {
    let name = shown(&set.text);
    match known {
        Some(version) => format!("the value set \"{name}\" is known here in version {version} only"),
        None => format!("no value set \"{name}\" is known here: have it imported, or search for its codes"),
    }
}

fn unknown_concept(concept: &Token, known: Option<&str>) -> String {
    let code = shown(concept.code.as_deref().unwrap_or_default());
    match (&concept.system, known) {
        (Some(_), Some(system)) => format!("the code system \"{}\" has no code \"{code}\"", shown(system)),
        (Some(system), None) => {
            let system = shown(system);
            format!("no code system \"{system}\" is known here: have it imported, or search for each code by itself")
        }
        (None, _) => format!(
            "no code system known here has a code \"{code}\": give it as system|code, and have the system imported"
        ),
    }
}
