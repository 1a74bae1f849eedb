//! Owns the way from a Search to one SQL statement, and from its rows to a Page.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::sql::{Expr, Sql};
use super::{Proved, StoreError, includes, person, predicate, proof, reach, terms};
use crate::resources::spec::Kind;
use crate::search::cursor::Cursor;
use crate::search::{Search, SortKey};

/// A statement that answers a Search: only `Plan::of` makes one, and it begins with the grant's reach.
pub struct Plan {
    search: Search,
    sql: Sql,
}

/// One page of an answer.
pub struct Page {
    pub rows: Vec<Found>,
    /// What comes along with them.
    pub included: Vec<Included>,
    /// How many match in all, where asked for.
    pub total: Option<i64>,
    /// The people among them, where they are counted.
    pub counted: Vec<i64>,
    /// The people within reach whom the search asks about by name, beyond those whose rows it found.
    pub asked: Vec<i64>,
    /// Where the pages before and after begin, where there are any.
    pub previous: Option<Cursor>,
    pub next: Option<Cursor>,
    pub search: Search,
}

/// One resource that matched.
pub struct Found {
    pub id: String,
    pub patient_id: i64,
    /// The stored JSON, to be copied out.
    pub resource: String,
    pub(super) keys: Vec<String>,
}

/// One resource that came along.
pub struct Included {
    /// Its type.
    pub kind: String,
    pub id: String,
    pub patient_id: i64,
    pub resource: String,
}

impl Plan {
    /// Renders the search. The caller's reach comes first, then the filters, then the page.
    pub fn of(search: Search) -> Plan {
        let mut sql = Sql::opening_first("search");
        let keys = sort_keys(search.sort(), search.by_person());
        let conditions = conditions(&mut sql, &search);
        let table = Expr::literal(search.grant().spec().seen.current);

        let shown: Vec<Expr> = keys.iter().map(|key| Expr::fill("({})::text", &[&key.expr])).collect();
        let shown = Expr::list(&shown);
        let total = if search.total() {
            let (total, people) = counted(&table, &conditions);
            Expr::fill("{} AS total, {} AS counted", &[&total, &people])
        } else {
            Expr::literal("NULL::bigint AS total, NULL::bigint[] AS counted")
        };
        let proved = proof::column(&mut sql, search.grant().caller());
        let asked = match (person::named(&search).len(), person::asked(&mut sql, &search)) {
            // Rows found for the one person named are that person's: nobody is left to look up.
            (1, Some(asked)) => Expr::fill("CASE WHEN r.id IS NULL THEN {} END", &[&asked]),
            (_, Some(asked)) => asked,
            (_, None) => Expr::literal("NULL::bigint[]"),
        };
        let back = search.cursor().is_some_and(|cursor| cursor.back);
        let page = match search.cursor() {
            Some(cursor) => Expr::all(&[conditions, beyond(&mut sql, &keys, cursor)]),
            None => conditions,
        };
        let order: Vec<Expr> = keys.iter().map(|key| key.order(back)).collect();
        let order = Expr::list(&order);
        // One row more than the page, to know whether another page follows.
        let limit =
            sql.bind(i64::try_from(search.count()).unwrap_or(i64::MAX - 1) + i64::from(search.count() > 0), "bigint");
        let resource = reach::shown(&mut sql, search.grant(), "t");
        let columns = Expr::fill("t.id, t.patient_id, {} AS resource, ARRAY[{}] AS keys", &[&resource, &shown]);
        let from = Expr::fill("FROM {} t WHERE {} ORDER BY {} LIMIT {}", &[&table, &page, &order, &limit]);
        let includes = includes::render(&mut sql, &search);
        // Proof and count come with the first row, or alone when the page is empty: one statement either way.
        let opened = reach::first(&mut sql);
        let first = "SELECT n.*, {} AS asked, r.* FROM (SELECT {}, {}, {}) n";
        let first = Expr::fill(first, &[&asked, &opened, &proved, &total]);
        let statement = match includes {
            None => Expr::fill("{} LEFT JOIN LATERAL (SELECT {} {}) r ON true", &[&first, &columns, &from]),
            // What comes along is found from the page's rows, which are kept for that.
            Some(includes) => Expr::fill(
                "WITH page AS MATERIALIZED (SELECT t.*, ARRAY[{}] AS keys, row_number() OVER (ORDER BY {}) AS place {}) \
                 {} LEFT JOIN LATERAL (\
                 SELECT t.id, t.patient_id, {} AS resource, t.keys, t.place, NULL AS kind FROM page t \
                 UNION ALL {} ORDER BY place) r ON true",
                &[&shown, &order, &from, &first, &resource, &includes],
            ),
        };
        sql.push(&statement);
        Plan { search, sql }
    }

    /// The statement's text, for tests that look at plans.
    pub fn text(&self) -> &str {
        self.sql.text()
    }

    /// Runs it: one statement, once what it names is known.
    pub async fn run(self, on: &mut PgConnection) -> Result<Proved<Page>, StoreError> {
        let Plan { search, sql } = self;
        terms::check(on, &search).await?;
        proof::of(sql.fetch(on).await?, |rows| Page::of(search, rows))
    }
}

impl Page {
    /// Reads the rows of a search's statement.
    fn of(search: Search, answer: Vec<PgRow>) -> Result<Page, StoreError> {
        let (mut total, mut counted, mut asked) = (None, Vec::new(), None);
        let mut rows = Vec::with_capacity(answer.len());
        let mut included = Vec::new();
        for row in answer {
            if search.total() {
                total = Some(row.try_get("total")?);
                counted = row.try_get("counted")?;
            }
            if asked.is_none() {
                asked = row.try_get("asked")?;
            }
            let id: Option<String> = row.try_get("id")?;
            let Some(id) = id else { continue };
            let kind: Option<String> = if search.includes().is_empty() { None } else { row.try_get("kind")? };
            let (patient_id, resource) = (row.try_get("patient_id")?, row.try_get("resource")?);
            match kind {
                None => rows.push(Found { id, patient_id, resource, keys: row.try_get("keys")? }),
                Some(kind) => included.push(Included { kind, id, patient_id, resource }),
            }
        }
        if included.len() > search.most_includes() {
            return Err(StoreError::TooMany {
                what: "included resources",
                most: search.most_includes(),
                remedy: "(limits.includes): ask for a smaller page, or for them by themselves",
            });
        }
        let back = search.cursor().is_some_and(|cursor| cursor.back);
        let more = rows.len() > search.count();
        rows.truncate(search.count());
        if back {
            rows.reverse();
        }
        let at = |row: Option<&Found>, back| row.map(|row| Cursor { keys: row.keys.clone(), back });
        let previous = at(rows.first(), true).filter(|_| if back { more } else { search.cursor().is_some() });
        let next = at(rows.last(), false).filter(|_| back || more);
        Ok(Page { rows, included, total, counted, asked: asked.unwrap_or_default(), previous, next, search })
    }
}

/// What has to hold of a row `t`: the reach of the grant first.
pub(super) fn conditions(sql: &mut Sql, search: &Search) -> Expr {
    let spec = search.grant().spec();
    let mut conditions = vec![reach::rows(sql, search.grant(), "t")];
    if search.hopeless() {
        conditions.push(Expr::literal("false"));
    }
    let of_one = person::named(search).len() == 1 && !spec.is_person();
    conditions.extend(search.filters().iter().map(|filter| match of_one {
        true => predicate::of_one_person(sql, spec, filter),
        false => predicate::of(sql, spec, filter, 0),
    }));
    Expr::all(&conditions)
}

/// How many rows there are, and whose: a count tells of everyone who is counted. The first of them, by a bound, go into
/// the audit trail.
pub(super) fn counted(table: &Expr, conditions: &Expr) -> (Expr, Expr) {
    let total = Expr::fill("(SELECT count(*) FROM {} t WHERE {})", &[table, conditions]);
    let people = Expr::fill("ARRAY(SELECT DISTINCT t.patient_id FROM {} t WHERE {} LIMIT 1000)", &[table, conditions]);
    (total, people)
}

/// One sort key of a row `t`.
pub(super) struct Key {
    pub expr: Expr,
    pub sql_type: &'static str,
    pub descending: bool,
}

impl Key {
    pub fn order(&self, back: bool) -> Expr {
        if self.descending != back { Expr::fill("{} DESC", &[&self.expr]) } else { Expr::fill("{} ASC", &[&self.expr]) }
    }
}

/// The sort keys as expressions that are never NULL: what has no value sorts below everything.
pub(super) fn sort_keys(sort: &[SortKey], by_person: bool) -> Vec<Key> {
    let mut keys: Vec<Key> = sort.iter().map(sort_key).collect();
    // The record's own order follows the primary key; any other is made unique by the id.
    if keys.is_empty() && by_person {
        keys.push(Key { expr: Expr::literal("t.patient_id"), sql_type: "bigint", descending: false });
    }
    keys.push(Key {
        expr: Expr::literal("t.id"),
        sql_type: "text",
        descending: keys.last().is_some_and(|key| key.descending),
    });
    keys
}

fn sort_key(key: &SortKey) -> Key {
    let column = Expr::column("t", key.param.column);
    let lo = Expr::column_part("t", key.param.column, "_lo");
    // Of several values the one that comes first in the order asked for counts (R4 §3.1.1.5.1).
    let first = |low: &'static str, high: &'static str, values: &Expr| {
        Expr::fill(if key.descending { high } else { low }, &[values])
    };
    let (expr, sql_type) = match key.param.kind {
        Kind::Id => (column, "text"),
        Kind::Instant => (column, "timestamptz"),
        Kind::Date => (Expr::fill("coalesce({}, '-infinity'::timestamptz)", &[&lo]), "timestamptz"),
        Kind::Dates => (
            first(
                "coalesce((SELECT min(v) FROM unnest({}) v), '-infinity'::timestamptz)",
                "coalesce((SELECT max(v) FROM unnest({}) v), '-infinity'::timestamptz)",
                &lo,
            ),
            "timestamptz",
        ),
        Kind::Quantity => (
            first(
                "coalesce((SELECT min(q.lo) FROM unnest({}) q), '-Infinity'::numeric)",
                "coalesce((SELECT max(q.hi) FROM unnest({}) q), '-Infinity'::numeric)",
                &column,
            ),
            "numeric",
        ),
        // `patient` shares its column with `subject`, which may refer to another type.
        Kind::Reference(["Patient"]) => (
            first(
                "left(coalesce((SELECT min(v COLLATE \"C\") FROM unnest({}) v WHERE v ^@ 'Patient/'), ''), 200) COLLATE \"C\"",
                "left(coalesce((SELECT max(v COLLATE \"C\") FROM unnest({}) v WHERE v ^@ 'Patient/'), ''), 200) COLLATE \"C\"",
                &column,
            ),
            "text",
        ),
        _ => (
            first(
                "left(coalesce((SELECT min(v COLLATE \"C\") FROM unnest({}) v), ''), 200) COLLATE \"C\"",
                "left(coalesce((SELECT max(v COLLATE \"C\") FROM unnest({}) v), ''), 200) COLLATE \"C\"",
                &column,
            ),
            "text",
        ),
    };
    Key { expr, sql_type, descending: key.descending }
}

/// The rows after the cursor's, or before it.
pub(super) fn beyond(sql: &mut Sql, keys: &[Key], cursor: &Cursor) -> Expr {
    let values: Vec<Expr> =
        keys.iter().zip(&cursor.keys).map(|(key, text)| sql.bind_text(text, key.sql_type)).collect();
    let downward = |key: &Key| key.descending != cursor.back;
    let exprs: Vec<Expr> = keys.iter().map(|key| key.expr.clone()).collect();
    if keys.iter().all(|key| downward(key) == downward(&keys[0])) {
        // All one way: a row comparison, which an index on the keys answers.
        let (rows, limits) = (Expr::join(&exprs, ", ", "NULL"), Expr::join(&values, ", ", "NULL"));
        return if downward(&keys[0]) {
            Expr::fill("{} < {}", &[&rows, &limits])
        } else {
            Expr::fill("{} > {}", &[&rows, &limits])
        };
    }
    let mut steps = Vec::new();
    for (at, key) in keys.iter().enumerate() {
        let mut parts: Vec<Expr> = (0..at).map(|i| Expr::fill("{} = {}", &[&exprs[i], &values[i]])).collect();
        let step = if downward(key) { "{} < {}" } else { "{} > {}" };
        parts.push(Expr::fill(step, &[&exprs[at], &values[at]]));
        steps.push(Expr::all(&parts));
    }
    Expr::any(&steps)
}
