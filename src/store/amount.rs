//! Owns how a quantity in a search becomes SQL: by its own unit exactly, by the canonical unit across units.

use super::sql::{Expr, Sql};
use crate::search::value::{Prefix, Quantity};

/// One quantity `q`: by its own unit exactly, and by the canonical unit where the value's unit has one.
pub fn of(sql: &mut Sql, wanted: &Quantity) -> Expr {
    let number = &wanted.number;
    let own = {
        let bounds = [&number.low, &number.high, &number.exact, &number.near.0, &number.near.1];
        let [low, high, exact, near_low, near_high] = bounds.map(|text| sql.bind_text(text, "numeric"));
        let bounds = Bounds { low, high, exact, near_low, near_high };
        compare(wanted.prefix, &Expr::literal("q.lo"), &Expr::literal("q.hi"), &bounds)
    };
    let unit = match (&wanted.system, &wanted.code) {
        (None, None) => return own,
        (None, Some(code)) => {
            let code = sql.bind(code.clone(), "text");
            Expr::fill("(q.code = {} OR q.unit = {})", &[&code, &code])
        }
        (Some(system), code) => {
            let system = Expr::fill("q.system = {}", &[&sql.bind(system.clone(), "text")]);
            match code {
                None => system,
                Some(code) => Expr::all(&[system, Expr::fill("q.code = {}", &[&sql.bind(code.clone(), "text")])]),
            }
        }
    };
    let same_unit = Expr::all(&[unit.clone(), own]);
    let Some(canonical) = &wanted.canonical else { return same_unit };
    let canonical_unit = sql.bind(canonical.unit.clone(), "text");
    let bounds = [&number.low, &number.high, &number.exact, &number.near.0, &number.near.1];
    let [low, high, exact, near_low, near_high] = bounds.map(|text| {
        let value = text.parse::<f64>().map_or(f64::NAN, |value| canonical.of(value));
        sql.bind(value, "double precision")
    });
    let bounds = Bounds { low, high, exact, near_low, near_high };
    let converted = compare(wanted.prefix, &Expr::literal("q.canonical_lo"), &Expr::literal("q.canonical_hi"), &bounds);
    let other_unit = Expr::fill("(q.canonical = {} AND NOT {} AND {})", &[&canonical_unit, &unit, &converted]);
    Expr::any(&[same_unit, other_unit])
}

struct Bounds {
    low: Expr,
    high: Expr,
    exact: Expr,
    near_low: Expr,
    near_high: Expr,
}

/// R4 §3.1.1.5.4: eq and ne by the number's precision, the others by the exact number.
fn compare(prefix: Prefix, lo: &Expr, hi: &Expr, b: &Bounds) -> Expr {
    match prefix {
        Prefix::Eq => Expr::fill("({} >= {} AND {} < {})", &[lo, &b.low, hi, &b.high]),
        Prefix::Ne => Expr::fill("NOT ({} >= {} AND {} < {})", &[lo, &b.low, hi, &b.high]),
        Prefix::Gt => Expr::fill("{} > {}", &[hi, &b.exact]),
        Prefix::Lt => Expr::fill("{} < {}", &[lo, &b.exact]),
        Prefix::Ge => Expr::fill("{} >= {}", &[hi, &b.exact]),
        Prefix::Le => Expr::fill("{} <= {}", &[lo, &b.exact]),
        Prefix::Sa => Expr::fill("{} > {}", &[lo, &b.exact]),
        Prefix::Eb => Expr::fill("{} < {}", &[hi, &b.exact]),
        Prefix::Ap => Expr::fill("({} <= {} AND {} >= {})", &[lo, &b.near_high, hi, &b.near_low]),
    }
}
