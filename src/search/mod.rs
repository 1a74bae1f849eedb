//! From a query string and a Grant to a Search: every parameter known, every value read, nothing
//! guessed. It knows no SQL and no HTTP.

pub mod across;
mod criteria;
pub mod cursor;
pub mod filter;
pub mod include;
pub mod modifier;
pub mod query;
mod sort;
pub mod value;
mod words;

use crate::access::{Grant, Interaction, Reach};
use crate::fhir::date::{Span, to_text};
use crate::fhir::outcome::{Issue, IssueType};
use crate::fhir::primitive::shorten;
use crate::fhir::subset::Subset;
use crate::resources::spec::ResourceSpec;
use cursor::{Cursor, CursorKey};
pub use filter::Filter;
use include::Include;
pub use sort::SortKey;
use value::Test;

/// What a search may cost, from config.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Rows on a page when the caller does not say.
    pub page: usize,
    /// The most rows on a page.
    pub most_page: usize,
    /// The most parameters in one query.
    pub parameters: usize,
    /// The most alternatives of one parameter.
    pub values: usize,
    /// The most types a chain enters.
    pub chain: usize,
    /// The most resources that come along with a page.
    pub includes: usize,
}

/// What reading a query needs beside the query.
pub struct Context<'a> {
    /// The service's public base URL.
    pub base: &'a str,
    pub limits: Limits,
    pub key: &'a CursorKey,
    /// `Prefer: handling=lenient`: unknown parameters are passed over (R4 §3.1.1.2).
    pub lenient: bool,
    /// The Patient whose compartment is searched, where it is one.
    pub within: Option<&'a str>,
    /// When the care was given, where that bounds the search.
    pub during: Option<Span>,
}

/// A search that may be run: only `Search::read` makes one, and only with a Grant to search.
#[derive(Debug)]
pub struct Search {
    grant: Grant,
    filters: Vec<Filter>,
    during: Option<Span>,
    includes: Vec<Include>,
    most_includes: usize,
    sort: Vec<SortKey>,
    count: usize,
    total: bool,
    count_only: bool,
    subset: Subset,
    cursor: Option<Cursor>,
    used: Vec<(String, String)>,
    warnings: Vec<Issue>,
    hopeless: bool,
}

impl Search {
    /// Reads the query. The errors name every parameter that is wrong.
    pub fn read(grant: Grant, pairs: &[(String, String)], context: &Context<'_>) -> Result<Search, Vec<Issue>> {
        let spec = grant.spec();
        if grant.interaction() != Interaction::Search {
            return Err(vec![Issue::error(IssueType::Forbidden, "the grant is not one to search")]);
        }
        let limits = context.limits;
        if pairs.len() > limits.parameters {
            let words = format!(
                "{} parameters, more than the {} this service takes (limits.parameters)",
                pairs.len(),
                limits.parameters
            );
            return Err(vec![Issue::error(IssueType::TooCostly, words)]);
        }
        let mut search = Search {
            grant,
            filters: Vec::new(),
            during: None,
            includes: Vec::new(),
            most_includes: limits.includes,
            // Of the trail, what is new comes first: its ids are in the order of time.
            sort: spec
                .param("_id")
                .filter(|_| spec.is_trail())
                .map(|param| SortKey { param, descending: true })
                .into_iter()
                .collect(),
            count: limits.page,
            total: false,
            count_only: false,
            subset: Subset::All,
            cursor: None,
            used: Vec::new(),
            warnings: Vec::new(),
            hopeless: false,
        };
        search.filters.extend(context.within.map(|patient| Filter::Compartment { patient: patient.to_owned() }));
        search.during = context.during;
        search.filters.extend(context.during.and_then(|span| filter::during(spec, span)));
        let mut errors = Vec::new();
        let mut sealed = None;
        for (name, value) in pairs {
            let outcome = match name.as_str() {
                "_cursor" => {
                    sealed = Some(value.as_str());
                    continue;
                }
                _ => search.parameter(spec, name, value, context),
            };
            match outcome {
                Ok(Some(used)) => search.used.push((name.clone(), used)),
                Ok(None) => {}
                Err(issue) => errors.push(issue.at(&format!("http.{}", shorten(name)))),
            }
        }
        if search.count_only {
            (search.count, search.total) = (0, true);
        }
        if let Some(text) = sealed {
            search.cursor = context.key.open(text, &search.bound());
            if search.cursor.as_ref().is_none_or(|cursor| cursor.keys.len() != search.key_count()) {
                let words = "this page link was not made for this caller and this query: start the search anew";
                errors.push(Issue::error(IssueType::Value, words).at("http._cursor"));
            }
        }
        if errors.is_empty() { Ok(search) } else { Err(errors) }
    }

    /// One parameter; gives its value as used, or `None` when it was passed over.
    fn parameter(
        &mut self,
        spec: &'static ResourceSpec,
        name: &str,
        value: &str,
        context: &Context<'_>,
    ) -> Result<Option<String>, Issue> {
        let bad = |words: String| Issue::error(IssueType::Value, format!("{}: {words}", shorten(name)));
        match name {
            "_count" => {
                let count = query::number(value)
                    .ok_or_else(|| bad(format!("\"{}\" is not a number of rows, 0 or more", shorten(value))))?;
                let most = context.limits.most_page;
                if count > most {
                    let words = format!(
                        "{count} rows are more than the {most} a page may have here (limits.most_page): follow the next link for the rest"
                    );
                    self.warnings.push(Issue::warning(IssueType::TooCostly, words).at("http._count"));
                }
                self.count = count.min(most);
                self.total |= count == 0;
                return Ok(Some(self.count.to_string()));
            }
            "_total" => {
                match value {
                    "none" => {}
                    // An estimate from the planner would count rows the caller may not see.
                    "accurate" | "estimate" => self.total = true,
                    _ => return Err(bad(format!("\"{}\" is not one of none, estimate, accurate", shorten(value)))),
                }
                return Ok(Some(value.to_owned()));
            }
            "_sort" => {
                self.sort = sort::read(spec, value).map_err(bad)?;
                return Ok(Some(value.to_owned()));
            }
            "_summary" => {
                match Subset::of_summary(value).map_err(bad)? {
                    Some(subset) => self.subset = subset,
                    None => self.count_only = true,
                }
                return Ok(Some(value.to_owned()));
            }
            "_elements" => {
                self.subset = Subset::of_elements(spec.name, value).map_err(bad)?;
                return Ok(Some(value.to_owned()));
            }
            "_format" | "_pretty" => return Ok(Some(value.to_owned())),
            _ => {}
        }
        if let Some(way) = include::Way::of(name) {
            self.includes.extend(include::read(&self.grant, value, way?, context)?);
            return Ok(Some(value.to_owned()));
        }
        let filter = match filter::read(&self.grant, name, value, context, 0) {
            Ok(filter) => filter,
            // Only what is unknown may be passed over; a value that cannot be read is an error all the same.
            Err(issue) if context.lenient && issue.code == IssueType::NotSupported => return Ok(None),
            Err(issue) => return Err(issue),
        };
        if let Filter::Own { param, test } = &filter
            && param.code == "identifier"
            && let Some(words) = value::nhs_number_fault(test)
        {
            self.warnings.push(Issue::warning(IssueType::Value, words).at("http.identifier"));
            self.hopeless |= matches!(test, Test::Tokens(tokens) if tokens.len() == 1);
        }
        if let Filter::Own { param, test: Test::TokenText(_) } = &filter
            && modifier::has_no_text(spec, param)
        {
            let words = format!("{} has no text beside its code: nothing can match", param.code);
            self.warnings.push(Issue::warning(IssueType::Value, words).at(&format!("http.{}", shorten(name))));
        }
        self.filters.push(filter);
        Ok(Some(value.to_owned()))
    }

    /// The name of caller and query that cursors are bound to. What changes no row may change from page to page.
    fn bound(&self) -> String {
        let claims = self.grant.caller().claims();
        let query: Vec<(String, String)> = self
            .used
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "_count" | "_format" | "_pretty"))
            .cloned()
            .collect();
        let user = claims.user.as_deref().unwrap_or_default();
        let patient = claims.patient.as_deref().unwrap_or_default();
        let within = self.within().unwrap_or_default();
        let kind = self.grant.spec().name;
        let during = self.during.map(|span| format!("{}/{}", to_text(span.lo), to_text(span.hi))).unwrap_or_default();
        format!("{}\n{user}\n{patient}\n{within}/{kind}/{during}?{}", claims.client, query::encode(&query))
    }

    /// How many keys a cursor of this search has: the sort keys and what breaks ties.
    fn key_count(&self) -> usize {
        self.sort.len().max(usize::from(self.by_person())) + 1
    }

    /// Whether rows that are in no other order are in that of their people. A source, which says whose its rows are, would learn
    /// from it whom others know.
    pub fn by_person(&self) -> bool {
        !matches!(self.grant.reach(), Reach::Source { .. })
    }

    /// A link's cursor.
    pub fn seal(&self, key: &CursorKey, cursor: &Cursor) -> String {
        key.seal(cursor, &self.bound())
    }

    /// The same search with pages of this size.
    pub fn in_pages_of(self, count: usize) -> Search {
        Search { count, ..self }
    }

    /// The same search of rows that are somebody's.
    pub fn of_somebody(mut self) -> Search {
        self.filters.push(Filter::OfSomebody);
        self
    }

    /// The same search from there on.
    pub fn from(self, cursor: Cursor) -> Search {
        Search { cursor: Some(cursor), ..self }
    }

    /// The leave it runs under.
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// What has to hold.
    pub fn filters(&self) -> &[Filter] {
        &self.filters
    }

    /// The Patient whose compartment is searched, where it is one.
    pub fn within(&self) -> Option<&str> {
        self.filters.iter().find_map(|filter| match filter {
            Filter::Compartment { patient } => Some(patient.as_str()),
            _ => None,
        })
    }

    /// What comes along with the matches.
    pub fn includes(&self) -> &[Include] {
        &self.includes
    }

    /// The most that may come along.
    pub fn most_includes(&self) -> usize {
        self.most_includes
    }

    /// The order; empty: the record's own.
    pub fn sort(&self) -> &[SortKey] {
        &self.sort
    }

    /// Rows on a page.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether the caller wants to know how many match in all.
    pub fn total(&self) -> bool {
        self.total
    }

    /// How much of each resource is shown.
    pub fn subset(&self) -> &Subset {
        &self.subset
    }

    /// Where the page begins.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }

    /// The parameters in force, for the self link.
    pub fn used(&self) -> &[(String, String)] {
        &self.used
    }

    /// What the caller should know of an answer that is given all the same.
    pub fn warnings(&self) -> &[Issue] {
        &self.warnings
    }

    /// Whether no row can match, whatever is stored.
    pub fn hopeless(&self) -> bool {
        self.hopeless
    }
}
