//! Owns how what comes along with a page (`_include`, `_revinclude`, `:iterate`) becomes SQL: further parts of the page's own
//! statement, each within the reach of the grant for the type it enters.

use super::predicate;
use super::reach;
use super::sql::{Expr, Sql};
use crate::resources::spec::{Compartment, Param, ResourceSpec};
use crate::search::Search;
use crate::search::include::Include;

/// The parts, to be united with the page's rows (`page`); none when nothing is to come along.
pub fn render(sql: &mut Sql, search: &Search) -> Option<Expr> {
    if search.includes().is_empty() {
        return None;
    }
    // The row beyond the page only tells that there is another page.
    let count = sql.bind(i64::try_from(search.count()).unwrap_or(i64::MAX), "bigint");
    let matched = sql.bind(search.grant().spec().name.to_owned(), "text");
    let page = Expr::fill("page p WHERE p.place <= {}", &[&count]);
    // What is asked of everything is asked of the matches when it first goes round.
    let (iterated, once): (Vec<Group>, Vec<Group>) = groups(search).into_iter().partition(|group| group.iterate);
    let mut first: Vec<Expr> = once.iter().map(|group| group.render(sql, &page)).collect();
    let came = if iterated.is_empty() {
        Expr::join(&first, " UNION ", "NULL")
    } else {
        let resource = reach::shown(sql, search.grant(), "p");
        let matches = "SELECT {} AS kind, p.id, p.patient_id, {} AS resource FROM {}";
        first.insert(0, Expr::fill(matches, &[&matched, &resource, &page]));
        let rounds: Vec<Expr> = iterated.iter().map(|group| group.render_iterated(sql)).collect();
        // UNION keeps each resource once, so that a circle ends; a LIMIT ends what is too long.
        Expr::fill(
            "WITH RECURSIVE came AS (({}) UNION SELECT r.* FROM came c CROSS JOIN LATERAL ({}) r) SELECT * FROM came",
            &[&Expr::join(&first, " UNION ", "NULL"), &Expr::join(&rounds, " UNION ALL ", "NULL")],
        )
    };
    // One more than may come, to know that there are too many.
    let most = sql.bind(i64::try_from(search.most_includes()).unwrap_or(i64::MAX - 1) + 1, "bigint");
    // Once each, however many matches bring it; and a match is not repeated as one that comes along.
    let columns = "(SELECT DISTINCT ON (i.kind, i.id) i.id, i.patient_id, i.resource, NULL::text[] AS keys, NULL::bigint AS place, i.kind FROM ({}) i \
                   WHERE NOT (i.kind = {} AND EXISTS (SELECT 1 FROM {} AND p.id = i.id)) LIMIT {})";
    Some(Expr::fill(columns, &[&came, &matched, &page, &most]))
}

/// Includes of one direction between the same two types: references out of one row are followed together.
struct Group<'a> {
    from: &'static ResourceSpec,
    first: &'a Include,
    params: Vec<&'static Param>,
    iterate: bool,
}

fn groups(search: &Search) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for include in search.includes() {
        let fits = |group: &&mut Group<'_>| {
            let same = group.from.name == include.from.name
                && group.first.entered.spec().name == include.entered.spec().name
                && group.iterate == include.iterate;
            same && !group.first.reverse && !include.reverse
        };
        match groups.iter_mut().find(fits) {
            Some(group) if group.params.iter().any(|param| param.column == include.param.column) => {}
            Some(group) => group.params.push(include.param),
            None => groups.push(Group {
                from: include.from,
                first: include,
                params: vec![include.param],
                iterate: include.iterate,
            }),
        }
    }
    groups
}

impl Group<'_> {
    /// What comes along with the rows `p` of this FROM and WHERE.
    fn render(&self, sql: &mut Sql, rows: &Expr) -> Expr {
        let entered = self.first.entered.spec();
        let kind = sql.bind(entered.name.to_owned(), "text");
        let reach = reach::rows(sql, &self.first.entered, "i");
        let resource = reach::shown(sql, &self.first.entered, "i");
        let table = Expr::literal(entered.seen.current);
        if self.first.reverse {
            let param = self.first.param;
            let mut link = predicate::refers(sql, param, "i", self.from, "p");
            // Both ends of a reference to the person are in the person's own part of the tables.
            if self.from.is_person() && entered.compartment == Compartment::Subject(param.path) {
                link = Expr::all(&[Expr::literal("i.patient_id = p.patient_id"), link]);
            }
            return Expr::fill(
                "SELECT {} AS kind, i.id, i.patient_id, {} AS resource FROM {} i, {} AND {} AND {}",
                &[&kind, &resource, &table, rows, &link, &reach],
            );
        }
        let prefix = sql.bind(format!("{}/", entered.name), "text");
        let columns: Vec<Expr> = self.params.iter().map(|param| Expr::column("p", param.column)).collect();
        // The ids that the rows refer to, each looked up by itself.
        Expr::fill(
            "SELECT {} AS kind, i.id, i.patient_id, {} AS resource FROM (SELECT DISTINCT substr(v, length({}) + 1) AS id \
             FROM (SELECT p.* FROM {}) p, unnest({}) v WHERE v ^@ {}) x JOIN {} i ON i.id = x.id WHERE {}",
            &[&kind, &resource, &prefix, rows, &Expr::join(&columns, " || ", "NULL"), &prefix, &table, &reach],
        )
    }

    /// What comes along with the resource `c` that came along, if it is of the type this is about.
    fn render_iterated(&self, sql: &mut Sql) -> Expr {
        let kind = sql.bind(self.from.name.to_owned(), "text");
        let table = Expr::literal(self.from.seen.current);
        let rows = Expr::fill("{} p WHERE c.kind = {} AND p.id = c.id", &[&table, &kind]);
        self.render(sql, &rows)
    }
}
