//! What protects a request and what that costs: the statement of a page of results taken apart, its pieces put back one by one,
//! each time measured by pgbench.

use crate::limit::Script;
use crate::measure::Bench;
use crate::results::{Costs, Side, median};
use crate::statements::{Sent, Statement};
use crate::{Failure, say};

/// The kind that is taken apart.
pub const KIND: &str = "results";

/// Measures the steps from the bare statement to the one the service sends, and the audit row.
pub async fn measure(bench: &mut Bench<'_>, side: &Side) -> Result<Costs, Failure> {
    say("what access check, row-level security and audit cost");
    let sent: Vec<Sent> = bench.sent.iter().flatten().filter(|sent| sent.kind == KIND).cloned().collect();
    let with = |change: &dyn Fn(&str) -> Option<String>| -> Option<Vec<Sent>> {
        sent.iter()
            .map(|one| {
                let changed = one.statements.iter().filter(|statement| statement.text.contains("observation"));
                let changed = changed.map(|of| Some(Statement { text: change(&of.text)?, values: of.values.clone() }));
                Some(Sent { statements: changed.collect::<Option<Vec<_>>>()?, ..one.clone() })
            })
            .collect()
    };
    let steps = [
        ("the rows alone", with(&|text| checked(&locked(text)?))),
        ("and the access check", with(&locked)),
        ("and row-level security", with(&|text| Some(text.to_owned()))),
        ("and the token, as the service sends it", Some(sent.clone())),
    ];
    let mut scripts = Vec::new();
    // The bare steps look at the tables themselves: nobody who is bound by their policies sees a row there.
    let bare = 2;
    for (at, (title, rows)) in steps.into_iter().enumerate() {
        let rows = rows.ok_or_else(|| {
            format!("\"{title}\": the statement of a search is not what it was; bench/src/costs.rs takes it apart")
        })?;
        let rows: Vec<Vec<&Sent>> = rows.chunks_exact(10.min(rows.len())).map(|chunk| chunk.iter().collect()).collect();
        let script = Script::of(&mut bench.owner, &bench.record.folder, &format!("cost-{at}"), &rows, None).await?;
        scripts.push((title, if at < bare { script.by_owner() } else { script }));
    }
    let rows: Vec<Vec<&Sent>> = sent.chunks_exact(10.min(sent.len())).map(|chunk| chunk.iter().collect()).collect();
    let all = Script::of(&mut bench.owner, &bench.record.folder, "cost-all", &rows, Some(&bench.trail)).await?;
    scripts.push(("and the audit row", all));
    let mut costs = Costs { steps: Vec::new(), request: 1e6 / median(&side.rates()) };
    costs.steps = scripts.iter().map(|(title, _)| ((*title).to_owned(), Vec::new())).collect();
    let (clients, seconds) = (bench.options.connections, bench.options.kind_seconds);
    let lookups = scripts.iter().map(|(_, script)| script.lookup(bench.record, clients, seconds.div_ceil(2)));
    let lookups = lookups.collect::<Result<Vec<f64>, Failure>>()?;
    for _ in 0..bench.options.rounds {
        for (((_, script), lookup), (_, rates)) in scripts.iter().zip(&lookups).zip(&mut costs.steps) {
            rates.push(script.without(script.measure(bench.record, clients, seconds)?, *lookup));
        }
    }
    Ok(costs)
}

/// The statement without the second lock: the tables in the place of the views, and nothing opened.
fn locked(text: &str) -> Option<String> {
    let text = cut(text, "(SELECT reach_set(")?;
    Some(text.replace("reach.", "public."))
}

/// The statement without the care relationship and the protections.
fn checked(text: &str) -> Option<String> {
    let text = cut(text, "NOT EXISTS (SELECT 1 FROM person_protection")?;
    cut(&text, "EXISTS (SELECT 1 FROM care_relationship")
}

/// The text with `true` for every expression that begins so, to the end of its parentheses; none where there is none.
fn cut(text: &str, begin: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    let mut found = false;
    while let Some(at) = rest.find(begin) {
        found = true;
        out.push_str(&rest[..at]);
        out.push_str("true");
        let mut depth = 0;
        let open = at + begin.find('(')?;
        let end = rest[open..].char_indices().find_map(|(here, letter)| {
            depth += match letter {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            (depth == 0).then_some(open + here + 1)
        })?;
        rest = &rest[end..];
    }
    out.push_str(rest);
    found.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_out_is_true() {
        let text = "SELECT 1 WHERE (SELECT reach_set($1, ARRAY[(2)])) AND a AND EXISTS (SELECT 1 FROM care_relationship r WHERE (r.x))";
        assert_eq!(
            checked(&format!("{text} AND NOT EXISTS (SELECT 1 FROM person_protection p)")).as_deref(),
            Some("SELECT 1 WHERE (SELECT reach_set($1, ARRAY[(2)])) AND a AND true AND true")
        );
        assert!(cut("SELECT 1", "EXISTS (").is_none());
    }
}
