//! Owns how what a value set is composed of becomes SQL over the concepts and value sets that are known.

use sqlx::{PgConnection, Row};

use super::StoreError;
use super::sql::{Expr, Sql};
use crate::fhir::terminology::{Filter, Op, Part, split_version};
use crate::resources::index::{entry, escape_bar, token};

/// What the parts need that is not known, in words.
pub async fn fault(
    on: &mut PgConnection,
    parts: impl Iterator<Item = &Part> + Clone,
) -> Result<Option<String>, StoreError> {
    // A part that lists its codes needs nothing else of its system.
    for part in parts.clone().filter(|part| part.codes.is_empty()) {
        let Some(url) = &part.system else { continue };
        let find = "SELECT version, complete, subsumes FROM code_system WHERE url = $1";
        let Some(row) = sqlx::query(find).bind(url).fetch_optional(&mut *on).await? else {
            return Ok(Some(format!(
                "it takes codes from the code system {url}, which is not known here: import that first"
            )));
        };
        let version: Option<String> = row.try_get("version")?;
        if part.system_version.is_some() && version.is_some() && version != part.system_version {
            let (wanted, known) = (part.system_version.as_deref().unwrap_or_default(), version.unwrap_or_default());
            return Ok(Some(format!(
                "it asks for version {wanted} of the code system {url}, which is known here in version {known}"
            )));
        }
        if !row.try_get::<bool, _>("complete")? {
            return Ok(Some(format!("it takes codes from the code system {url}, of which only a part is known here")));
        }
        let by_hierarchy = |filter: &Filter| matches!(filter.op, Op::IsA | Op::DescendentOf | Op::IsNotA);
        if part.filters.iter().any(by_hierarchy) && !row.try_get::<bool, _>("subsumes")? {
            return Ok(Some(format!(
                "it asks what is a what in the code system {url}, whose hierarchy says something else"
            )));
        }
    }
    for canonical in parts.flat_map(|part| &part.sets) {
        let (url, version) = split_version(canonical);
        let find = "SELECT version FROM value_set WHERE url = $1";
        let known: Option<Option<String>> = sqlx::query_scalar(find).bind(url).fetch_optional(&mut *on).await?;
        match known {
            None => {
                return Ok(Some(format!(
                    "it takes in the value set {url}, which is not known here: import that first"
                )));
            }
            Some(known) if version.is_some() && known.as_deref() != version => {
                return Ok(Some(format!(
                    "it takes in the value set {canonical}, which is known here in another version"
                )));
            }
            Some(_) => {}
        }
    }
    Ok(None)
}

/// The tokens of the value set, as a SELECT of `token`.
pub fn select(sql: &mut Sql, include: &[Part], exclude: &[Part]) -> Expr {
    let mut united = |parts: &[Part]| {
        let parts: Vec<Expr> = parts.iter().map(|part| one(sql, part)).collect();
        Expr::join(&parts, " UNION ", "NULL")
    };
    let all = united(include);
    match exclude {
        [] => all,
        _ => Expr::fill("({}) EXCEPT ({})", &[&all, &united(exclude)]),
    }
}

/// What the part's system and every value set it names have in common.
fn one(sql: &mut Sql, part: &Part) -> Expr {
    let mut sources = Vec::new();
    if let Some(system) = &part.system {
        sources.push(match &part.codes[..] {
            [] => of_system(sql, system, &part.filters),
            codes => {
                let tokens: Vec<String> = codes.iter().map(|code| token(Some(system), code)).collect();
                Expr::fill(
                    "SELECT x.token COLLATE \"C\" AS token FROM unnest({}) AS x(token)",
                    &[&sql.bind(tokens, "text[]")],
                )
            }
        });
    }
    for canonical in &part.sets {
        let url = sql.bind(split_version(canonical).0.to_owned(), "text");
        let codes = "SELECT c.token FROM value_set_code c JOIN value_set s USING (value_set_id) WHERE s.url = {}";
        sources.push(Expr::fill(codes, &[&url]));
    }
    Expr::join(&sources, " INTERSECT ", "NULL")
}

fn of_system(sql: &mut Sql, system: &str, filters: &[Filter]) -> Expr {
    let mut conditions = vec![Expr::fill("y.url = {}", &[&sql.bind(system.to_owned(), "text")])];
    conditions.extend(filters.iter().map(|filter| condition(sql, filter)));
    Expr::fill(
        "SELECT (y.prefix || c.code) COLLATE \"C\" AS token FROM code_system y JOIN concept c USING (code_system_id) WHERE {}",
        &[&Expr::all(&conditions)],
    )
}

fn condition(sql: &mut Sql, filter: &Filter) -> Expr {
    let code = sql.bind(escape_bar(&filter.value), "text");
    let below = Expr::fill(
        "EXISTS (SELECT 1 FROM concept_below b WHERE b.code_system_id = y.code_system_id AND b.ancestor = {} AND b.descendant = c.code)",
        &[&code],
    );
    let is_code = filter.property == "concept" || filter.property == "code";
    match filter.op {
        Op::IsA => below,
        Op::IsNotA => Expr::fill("NOT {}", &[&below]),
        Op::DescendentOf => Expr::fill("({} AND c.code <> {})", &[&below, &code]),
        Op::Equals | Op::In => {
            let values: Vec<&str> = match filter.op {
                Op::In => filter.value.split(',').map(str::trim).collect(),
                _ => vec![&filter.value],
            };
            if is_code {
                let codes: Vec<String> = values.into_iter().map(escape_bar).collect();
                return Expr::fill("c.code = ANY({})", &[&sql.bind(codes, "text[]")]);
            }
            let entries: Vec<String> = values.into_iter().map(|value| entry(&filter.property, value)).collect();
            Expr::fill("coalesce(c.properties && {}, false)", &[&sql.bind(entries, "text[]")])
        }
    }
}
