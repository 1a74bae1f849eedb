//! Owns how what comes along with a page (`_include`, `_revinclude`) becomes SQL: further parts of the
//! page's own statement, each within the reach of the grant for the type it enters.

use super::sql::{Expr, Sql};
use super::{predicate, reach};
use crate::search::Search;
use crate::search::include::Include;

/// The parts, to be united with the page's rows (`page`); none when nothing is to come along.
pub fn render(sql: &mut Sql, search: &Search) -> Option<Expr> {
    if search.includes().is_empty() {
        return None;
    }
    // The row beyond the page only tells that there is another page.
    let count = sql.bind(i64::try_from(search.count()).unwrap_or(i64::MAX), "bigint");
    let parts: Vec<Expr> = search.includes().iter().map(|include| part(sql, search, include, &count)).collect();
    // One more than may come, to know that there are too many.
    let most = sql.bind(i64::try_from(search.most_includes()).unwrap_or(i64::MAX - 1) + 1, "bigint");
    let united = Expr::join(&parts, " UNION ", "NULL");
    let columns = "(SELECT i.id, i.patient_id, i.resource, NULL::text[] AS keys, NULL::bigint AS place, i.kind FROM ({}) i LIMIT {})";
    Some(Expr::fill(columns, &[&united, &most]))
}

fn part(sql: &mut Sql, search: &Search, include: &Include, count: &Expr) -> Expr {
    let matched = search.grant().spec();
    let spec = include.entered.spec();
    let kind = sql.bind(spec.name.to_owned(), "text");
    let mut conditions = vec![reach::rows(sql, &include.entered, "i")];
    let link = if include.reverse {
        predicate::refers(sql, include.param, "i", matched, "p")
    } else {
        predicate::refers(sql, include.param, "p", spec, "i")
    };
    conditions.push(Expr::fill("EXISTS (SELECT 1 FROM page p WHERE p.place <= {} AND {})", &[count, &link]));
    if spec.name == matched.name {
        // A match is not repeated as one that comes along.
        conditions.push(Expr::fill("NOT EXISTS (SELECT 1 FROM page p WHERE p.place <= {} AND p.id = i.id)", &[count]));
    }
    Expr::fill(
        "SELECT i.id, i.patient_id, i.resource, {} AS kind FROM {} i WHERE {}",
        &[&kind, &Expr::literal(spec.table), &Expr::all(&conditions)],
    )
}
