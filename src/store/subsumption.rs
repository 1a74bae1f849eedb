//! Owns how a test against value sets and hierarchies of concepts becomes SQL.

use super::sql::{Expr, Sql};
use crate::resources::index::{escape_bar, token};
use crate::resources::spec::{BOOLEANS, Kind, Param};
use crate::search::value::{SetRef, Token};

/// Whether one of the column's tokens is in one of the value sets.
pub fn in_sets(sql: &mut Sql, param: &Param, column: &Expr, sets: &[SetRef]) -> Expr {
    let urls = sql.bind(sets.iter().map(|set| set.url.clone()).collect::<Vec<_>>(), "text[]");
    let ids = sql.bind(sets.iter().filter_map(|set| set.id.clone()).collect::<Vec<_>>(), "text[]");
    let value = stored(sql, param);
    Expr::fill(
        "EXISTS (SELECT 1 FROM unnest({}) v JOIN value_set_code c ON c.token = {} \
         WHERE c.value_set_id = ANY(ARRAY(SELECT s.value_set_id FROM value_set s WHERE s.url = ANY({}) OR s.id = ANY({}))))",
        &[column, &value, &urls, &ids],
    )
}

/// Whether one of the column's tokens is below one of the concepts, or is it; or is above one of them, or is it.
pub fn of(sql: &mut Sql, param: &Param, column: &Expr, above: bool, concepts: &[Token]) -> Expr {
    let systems: Vec<Option<String>> = concepts.iter().map(|concept| concept.system.clone()).collect();
    let codes: Vec<String> = concepts.iter().filter_map(|concept| concept.code.as_deref().map(escape_bar)).collect();
    let (systems, codes) = (sql.bind(systems, "text[]"), sql.bind(codes, "text[]"));
    let value = stored(sql, param);
    let (wanted, found) = if above { ("b.descendant", "b.ancestor") } else { ("b.ancestor", "b.descendant") };
    // The systems are found once; then each token is one look into the index.
    Expr::fill(
        "EXISTS (WITH w AS MATERIALIZED (SELECT y.code_system_id, y.prefix, n.code FROM unnest({}, {}) AS n(system, code) \
         JOIN code_system y ON n.system IS NULL OR y.url = n.system) \
         SELECT 1 FROM unnest({}) v JOIN w ON {} ^@ w.prefix \
         JOIN concept_below b ON b.code_system_id = w.code_system_id AND {} = w.code AND {} = substr({}, length(w.prefix) + 1))",
        &[&systems, &codes, column, &value, &Expr::literal(wanted), &Expr::literal(found), &value],
    )
}

/// The token that a stored value `v` stands for: a bare code has the system that R4 fixes.
fn stored(sql: &mut Sql, param: &Param) -> Expr {
    let system = match param.kind {
        Kind::Code(system) => system,
        Kind::Truth => BOOLEANS,
        _ => return Expr::literal("v"),
    };
    Expr::fill("({} || v)", &[&sql.bind(token(Some(system), ""), "text")])
}
